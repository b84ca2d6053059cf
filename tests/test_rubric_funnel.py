"""From a funnel in YAML to its pack: FORMAT.md 5 to the letter, the weights that are not written, other rubrics as stages, and what goes out with it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from rubric_files import FULL, FUNNEL, examined
from rubric_files import changed as changed_in
from scoring import canonical
from scoring.engine.plan import compile_plan
from scoring.engine.rubric import Rubric
from scoring.rubric.check import check
from scoring.rubric.load import load
from scoring.rubric.paper import paper
from scoring.rubric.reader import read
from scoring.rubric.schema import decision_schema, rubric_schema, submission_schema
from test_rubric_schema import faults, typed

if TYPE_CHECKING:
    from pathlib import Path

Packed = dict[str, Any]


def changed(old: str, new: str, text: str = FUNNEL) -> str:
    """The funnel with one thing changed."""
    return changed_in(old, new, text)


def packed(text: str = FUNNEL) -> Packed:
    """The pack of a rubric without errors, as JSON values."""
    checked = examined(text)
    assert checked.pack is not None, [problem.show() for problem in checked.problems]
    pack: Packed = json.loads(checked.pack)
    return pack


def items_of(pack: Packed) -> dict[str, Packed]:
    return {item["id"]: item for stage in pack["stages"] for section in stage["sections"] for item in section["items"]}


def common(name: str, kind: str, about: Packed, **more: Any) -> Packed:
    return {"about": about, "awaits": [], "floor": None, "id": name, "kind": kind, "only": None, "void": False} | more


NOTHING: dict[str, list[Packed]] = {
    name: []
    for name in (
        "positive", "negative", "criteria", "deliverables", "evidence", "ground_rules", "constraints", "tensions", "conduct",
    )
}  # fmt: skip
ALL = ["absent", "blank", "invalid"]
PEERS = {"combine": "mean", "max": 3, "needs": {"peer": 2}}
LEAD = {"combine": "lowest", "max": 1, "needs": {"lead": 1}}


def record(name: str, text: str) -> list[Packed]:
    return [{"about": {"text": text}, "id": name}]


def checklist(name: str, variant: str) -> Packed:
    lines = [
        {"about": {"text": "Had an agenda"}, "id": "agenda", "points": "1"},
        {"about": {"text": "Summed up"}, "id": "recap", "points": "2"},
    ]
    about = {"round": "second"}
    return common(name, "checklist", about, awaits=ALL, only=variant, lines=lines, raters=PEERS, records=NOTHING)


# written by hand from the tables of FORMAT.md 5
DOOR = {
    "about": {"title": "Door", "note": "no points here", "job_related": "The law asks for it."},
    "gate": [],
    "id": "door",
    "sections": [
        {
            "about": {},
            "declared": None,
            "floor": "0",
            "id": "knock-outs",
            "items": [
                common(
                    "permit",
                    "choice",
                    {"ask": "Do you have a work permit, yes or no?"},
                    awaits=ALL,
                    options=[
                        {"about": {}, "flag": None, "id": "yes", "points": "0"},
                        {"about": {}, "flag": "knock_out", "id": "no", "points": "0"},
                    ],
                ),
                common("resume", "evidence", {"ask": "Send your resume."}),
            ],
        }
    ],
}
PLAN = common(
    "plan",
    "rating",
    {
        "ask": "Present your plan.",
        "round": "first",
        "limit": "30 min",
        "format": "A talk with questions",
        "prepare": ["Read the case", "Bring a laptop"],
        "audience": ["Team lead", "Host"],
        "persona": ["A busy customer"],
        "guidance": ["Let them finish"],
        "scale_why": "three steps are told apart best",
    },
    awaits=ALL,
    competency=None,
    level_points=None,
    raters=PEERS,
    records={
        "positive": record("asks", "Asks first"),
        "negative": record("guesses", "Guesses"),
        "criteria": record("goal", "Says what the goal is"),
        "deliverables": record("slides", "Five slides"),
        "evidence": record("notes", "Notes were taken"),
        "ground_rules": record("alone", "Nobody helps"),
        "constraints": record("budget", "The budget is fixed"),
        "tensions": record("rush", "The host presses for time"),
        "conduct": record("calm", "The host stays calm"),
    },
    values=[
        {"about": {"text": "not shown"}, "id": "poor", "points": "0"},
        {"about": {"text": "gaps"}, "id": "fair", "points": "2"},
        {"about": {"text": "shown throughout"}, "id": "good", "points": "4"},
    ],
)
WORK = {
    "about": {
        "title": "Work sample",
        "job_related": "It is the work.",
        "panel": ["lead", "peer"],
        "rounds": ["first", "second"],
    },
    "gate": [
        {
            "about": {"why": "cannot be learned here"},
            "cap": "no-hire",
            "id": "craft-minimum",
            "when": {
                "any": [
                    {"below": "1/2", "section": "craft"},
                    {"is": ["absent", "blank", "invalid", "0"], "item": "tests"},
                ]
            },
        }
    ],
    "id": "work",
    "sections": [
        {
            "about": {"title": "Craft"},
            "declared": 4,
            "floor": "0",
            "id": "craft",
            "items": [PLAN, checklist("handover", "call"), checklist("handover-onsite", "onsite")],
        },
        {
            "about": {},
            "declared": None,
            "floor": "0",
            "id": "manner",
            "items": [
                common("tests", "mark", {"ask": "Make the tests pass."}, awaits=ALL, max="3", points="1", step="1"),
                common(
                    "broken",
                    "number",
                    {"ask": "How many rows are there?", "void": "the file was damaged"},
                    awaits=["absent", "blank"],
                    void=True,
                    keys=[
                        {
                            "about": {"written": "7"},
                            "flag": None,
                            "high": "7",
                            "id": "key-1",
                            "low": "7",
                            "points": "1",
                        }
                    ],
                    points="1",
                    read="sole",
                    separators=[],
                    units=[],
                ),
            ],
        },
    ],
}
TALK = {
    "about": {"job_related": "The level shows here."},
    "gate": [],
    "id": "talk-stage",
    "sections": [
        {
            "about": {},
            "declared": None,
            "floor": "0",
            "id": "depth",
            "items": [
                common(
                    "modelling-talk",
                    "rating",
                    {"requirement": "Builds models alone"},
                    awaits=ALL,
                    competency="modelling",
                    level_points={"above": "3", "at": "2", "below": "0"},
                    raters=LEAD,
                    records=NOTHING,
                    values=[
                        {"about": {}, "id": "none", "points": "0"},
                        {"about": {"text": "with help"}, "id": "some", "points": "0"},
                        {"about": {}, "id": "all", "points": "0"},
                    ],
                )
            ],
        }
    ],
}
EXPECTED = {
    "about": {
        "title": "Hiring, from door to offer",
        "roles": ["lead: Team lead", "peer: Colleague", "host: Host"],
        "accepted": ["excerpt: the source prints three of four"],
    },
    "assumed": [{"about": {"what": "The pool is as it was last year", "why": "nobody counted"}, "id": "pool"}],
    "caps": {"fatal": "no-hire", "knock_out": "out"},
    "competencies": [
        {
            "about": {
                "title": "Modelling",
                "discipline": "Craft",
                "requirements": ["mid: Builds models with help", "senior: Builds models alone"],
            },
            "assumed": ["senior"],
            "expected": {"mid": "some", "senior": "all"},
            "id": "modelling",
        }
    ],
    "default_profile": "agreed",
    "excerpt": True,
    "format": 1,
    "levels": [{"about": {}, "id": "mid"}, {"about": {"title": "Senior"}, "id": "senior"}],
    "notice": "Some answers disqualify, whatever the score.",
    "overrides": [
        {
            "about": {},
            "cap": "talk",
            "id": "depth-minimum",
            "when": {
                "all": [
                    {
                        "is": ["absent", "blank", "invalid", "none", "some", "none+noted", "some+noted", "awaited"],
                        "item": "modelling-talk",
                    },
                    {"below": "3/5", "stage": "work"},
                ]
            },
        },
        {"about": {}, "cap": "talk", "id": "noted-often", "when": {"at_least": 3, "flag": "note"}},
    ],
    "profiles": [
        {
            "about": {"justification": "work samples say most"},
            "assumed": False,
            "id": "agreed",
            "shares": {"knock-outs": "0", "craft": "3/5", "manner": "2/5", "depth": "1"},
            "stages": {"door": "0", "work": "7/10", "talk-stage": "3/10"},
        }
    ],
    "rubric": "data-hire",
    "stages": [DOOR, WORK, TALK],
    "variants": [{"about": {"title": "On a call"}, "id": "call"}, {"about": {}, "id": "onsite"}],
    "verdicts": [
        {"about": {}, "action": "advance", "from": "7/10", "id": "hire"},
        {"about": {}, "action": "review", "from": "2/5", "id": "talk"},
        {"about": {}, "action": "decline", "from": "0", "id": "no-hire"},
        {"about": {}, "action": "decline", "from": None, "id": "out"},
    ],
    "version": "1",
}


class TestPack:
    """FORMAT.md 5 for stages, people, variants and levels."""

    def test_it_has_no_problems(self) -> None:
        assert [] == [problem.show() for problem in examined(FUNNEL).problems]

    @pytest.mark.parametrize("key", sorted(EXPECTED))
    def test_it_is_what_the_tables_say(self, key: str) -> None:
        pack = packed()
        assert {*EXPECTED} == {*pack}
        assert EXPECTED[key] == pack[key]

    def test_the_engine_takes_it_at_every_level(self) -> None:
        data = canonical.dumps(EXPECTED)
        assert ["mid", "senior"] == [compile_plan(data, level=level).level for level in ("mid", "senior")]

    @pytest.mark.parametrize(
        ("scale", "points", "earned"),
        [
            ("{a: {number: 0}, b: {number: 1}, c: {number: 3}}", "points: 1", ["0", "1/3", "1"]),
            ("{a: {number: -1}, b: {number: 1}, c: {number: 2}}", "points: 4", ["-2", "2", "4"]),
            ("{a: {number: 1}, b: {number: 1}, c: {number: 5}}", "points: 1/2", ["1/10", "1/10", "1/2"]),
        ],
    )
    def test_a_value_earns_its_part_of_the_highest_number(self, scale: str, points: str, earned: list[str]) -> None:
        text = changed(
            "{poor: {number: 0, text: not shown}, fair: {number: 1}, good: {number: 2, text: shown throughout}}", scale
        )
        text = changed("points: 4", points, changed("anchors: {fair: gaps}", "anchors: {a: gaps}", text))
        assert earned == [value["points"] for value in items_of(packed(text))["plan"]["values"]]

    @pytest.mark.parametrize(
        ("drop", "raters"),
        [
            ("", PEERS),
            (
                "        raters: {needs: {peer: 2}, max: 3, combine: mean}\n",
                {"combine": "median", "max": 2, "needs": {"lead": 1, "peer": 1}},
            ),
        ],
    )
    def test_raters_are_taken_from_the_nearest_and_never_merged(self, drop: str, raters: Packed) -> None:
        assert raters == items_of(packed(changed(drop, "")))["plan"]["raters"]
        text = changed(
            "            only: call\n",
            "            only: call\n            raters: {needs: {lead: 1}, combine: consensus}\n",
            changed(drop, ""),
        )
        assert {"combine": "consensus", "max": 1, "needs": {"lead": 1}} == items_of(packed(text))["handover"]["raters"]

    def test_the_sum_of_needs_is_the_most_who_may_rate(self) -> None:
        assert 2 == items_of(packed(changed(", max: 3", "")))["plan"]["raters"]["max"]

    def test_sums_and_means_are_named_by_their_number(self) -> None:
        text = changed('{item: tests, is: ["0"]}', '{item: plan, is: ["0", "2/3", "1"]}')
        when = packed(text)["stages"][1]["gate"][0]["when"]["any"][1]
        assert when["is"] == [
            "absent",
            "blank",
            "invalid",
            "0",
            "2/3",
            "1",
            "0+noted",
            "2/3+noted",
            "1+noted",
            "awaited",
        ]

    def test_one_stage_may_stand_in_a_list_too(self) -> None:
        text = changed("sections:\n", "stages:\n  - id: main\n    sections:\n", FULL)
        start, end = text.index("  - id: skills\n"), text.index("overrides:")
        inner = "".join(f"    {line}\n" for line in text[start:end].splitlines())
        pack = packed(text[:start] + inner + text[end:])
        assert packed(FULL) == pack

    def test_a_rubric_of_one_stage_has_the_new_keys_with_nothing_in_them(self) -> None:
        pack = packed(FULL)
        names = ("assumed", "competencies", "excerpt", "levels", "variants")
        assert {"assumed": [], "competencies": [], "excerpt": False, "levels": [], "variants": []} == {
            name: pack[name] for name in names
        }
        (stage,) = pack["stages"]
        assert ({}, [], "main") == (stage["about"], stage["gate"], stage["id"])
        assert {("main", "1")} == {item for profile in pack["profiles"] for item in profile["stages"].items()}


PROFILE = FUNNEL[FUNNEL.index("weights:") : FUNNEL.index("stages:\n  - id: door")]


class TestWeights:
    """Weights within a stage by a profile, else by `weight`, else alike; between stages only where they are written."""

    def shares(self, text: str) -> tuple[Packed, Packed]:
        (profile,) = packed(text)["profiles"]
        return profile["shares"], profile["stages"]

    def test_sections_of_a_stage_that_no_profile_names_weigh_alike(self) -> None:
        shares, stages = self.shares(changed("      shares: {craft: 60%, manner: 40%}\n", ""))
        assert {"knock-outs": "0", "craft": "1/2", "manner": "1/2", "depth": "1"} == shares
        assert {"door": "0", "work": "7/10", "talk-stage": "3/10"} == stages

    def test_or_by_their_weight(self) -> None:
        text = changed("      shares: {craft: 60%, manner: 40%}\n", "")
        text = changed("        title: Craft\n", "        title: Craft\n        weight: 1/3\n", text)
        text = changed("      - id: manner\n", "      - id: manner\n        weight: 2/3\n", text)
        assert {"knock-outs": "0", "craft": "1/3", "manner": "2/3", "depth": "1"} == self.shares(text)[0]

    def test_the_one_stage_that_earns_weighs_everything(self) -> None:
        """Row 72: no composite needs weights where there is nothing to compose."""
        text = changed(
            PROFILE, "", changed("points: {below: 0, at: 2, above: 3}", "points: {below: 0, at: 0, above: 0}")
        )
        text = changed(
            "{all: [{item: modelling-talk, is: [none, some]}, {stage: work, below: 60%}]}",
            "{stage: work, below: 60%}",
            text,
        )
        shares, stages = self.shares(text)
        assert {"door": "0", "work": "1", "talk-stage": "0"} == stages
        assert "0" == shares["depth"]

    def test_a_stage_may_be_left_out_and_keeps_a_share_of_its_own(self) -> None:
        shares, stages = self.shares(changed("{work: 70%, talk-stage: 30%}", "{work: 100%}"))
        assert ("1", {"door": "0", "work": "1", "talk-stage": "0"}) == (shares["depth"], stages)


INNER = changed(
    "when: {any: [{flag: refer, at_least: 2}, {all:", "when: {any: [{section: skills, below: 10%}, {all:", FULL
)
OUTER = changed(
    "  - id: talk-stage\n",
    "  - {id: written, title: Written test, rubric: inner.yaml, caps: {look: talk, fail: no-hire}}\n  - id: talk-stage\n",
    changed("{work: 70%, talk-stage: 30%}", "{work: 50%, talk-stage: 30%, written: 20%}"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner.yaml").write_text(INNER, encoding="utf-8")
    (tmp_path / "outer.yaml").write_text(OUTER, encoding="utf-8")
    return tmp_path


def outer(folder: Path, text: str = OUTER) -> Packed:
    (folder / "outer.yaml").write_text(text, encoding="utf-8")
    checked = check(folder / "outer.yaml")
    assert checked.pack is not None, [problem.show() for problem in checked.problems]
    pack: Packed = json.loads(checked.pack)
    return pack


class TestRubricAsStage:
    """A rubric of one stage, as a file or as a pack, is a stage of another: its ids become `stage/id`."""

    def test_its_sections_and_items_are_called_by_the_stage(self, folder: Path) -> None:
        inner, whole = packed(INNER), outer(folder)
        stage = whole["stages"][2]
        assert ("written", []) == (stage["id"], stage["gate"])
        assert ["written/skills", "written/manner", "written/legal"] == [section["id"] for section in stage["sections"]]
        bare = json.loads(json.dumps(stage["sections"]).replace('"written/', '"'))
        assert inner["stages"][0]["sections"] == bare
        digest = sha256(canonical.dumps(inner)).hexdigest()
        assert {"title": "Written test", "from": f"support-agent 2026.1 {digest}"} == stage["about"]

    def test_its_overrides_become_ours_with_our_caps(self, folder: Path) -> None:
        assert outer(folder)["overrides"][2:] == [
            {
                "about": {"why": "cannot be learned on the job"},
                "cap": "talk",
                "id": "written/skills-minimum",
                "when": {"below": "2/5", "section": "written/skills"},
            },
            {
                "about": {},
                "cap": "no-hire",
                "id": "written/rude",
                "when": {
                    "any": [
                        {"below": "1/10", "section": "written/skills"},
                        {
                            "all": [
                                {
                                    "is": ["absent", "blank", "invalid", "B", "C", "several"],
                                    "item": "written/angry-customer",
                                },
                                {"below": "3/5", "section": "written/manner"},
                            ]
                        },
                    ]
                },
            },
        ]

    @pytest.mark.parametrize(
        ("more", "shares", "assumed"),
        [
            ("", ["1/3", "1/3", "1/3"], ["pool"]),
            (", profile: skills-first", ["1/2", "2/5", "1/10"], ["pool", "written.skills-first"]),
        ],
    )
    def test_its_weights_are_those_of_a_profile_of_its_own(
        self, folder: Path, more: str, shares: list[str], assumed: list[str]
    ) -> None:
        pack = outer(folder, changed("rubric: inner.yaml", f"rubric: inner.yaml{more}", OUTER))
        (profile,) = pack["profiles"]
        assert shares == [profile["shares"][f"written/{name}"] for name in ("skills", "manner", "legal")]
        assert "1/5" == profile["stages"]["written"]
        assert assumed == [entry["id"] for entry in pack["assumed"]]
        assert not more or pack["assumed"][1]["about"] == {"what": "agreed with the lead"}

    def test_a_pack_does_as_well_as_its_file(self, folder: Path) -> None:
        (folder / "inner.json").write_bytes(canonical.dumps(packed(INNER)))
        by_pack = outer(folder, changed("inner.yaml", "inner.json", OUTER))
        assert by_pack == outer(folder)

    def test_our_conditions_name_its_parts(self, folder: Path) -> None:
        conditions = "{any: [{section: written/legal, below: 50%}, {item: written/permit, is: no}]}"
        text = changed("{flag: note, at_least: 3}", conditions, OUTER)
        when = outer(folder, text)["overrides"][1]["when"]
        assert {"any": [{"below": "1/2", "section": "written/legal"}, {"is": ["no"], "item": "written/permit"}]} == when

    def test_an_override_of_ours_takes_the_place_of_the_one_of_its_name(self, folder: Path) -> None:
        text = changed(
            "  - {id: noted-often,",
            "  - {id: rude, when: {section: written/manner, below: 10%}, cap: talk}\n  - {id: noted-often,",
            OUTER,
        )
        assert ["depth-minimum", "rude", "noted-often", "written/skills-minimum"] == [
            override["id"] for override in outer(folder, text)["overrides"]
        ]

    def test_it_scores_as_a_whole(self, folder: Path) -> None:
        rubric = load(folder / "outer.yaml", level="mid")
        assert ("door", "work", "written", "talk-stage") == rubric.stages


class TestPaper:
    """What the candidate of a funnel reads, and what not."""

    def test_stages_sections_and_questions_are_three_levels(self) -> None:
        text = paper(packed())
        assert "\n## Door\n\n### knock-outs\n\n#### Question 1\n\nDo you have a work permit, yes or no?\n\n" in text
        assert (
            "#### Question 3 (30 min)\n\nPresent your plan.\n\nA talk with questions\n\nWho is there:\n\n- Team lead\n- Host\n"
            in text
        )
        assert "Prepare:\n\n- Read the case\n- Bring a laptop\n\nHand over:\n\n- Five slides\n" in text
        assert text.endswith(
            "People rate this.\n\n### manner\n\n#### Question 4\n\nMake the tests pass.\n\nAn examiner marks this.\n\n## talk-stage\n"
        )

    @pytest.mark.parametrize(
        "word",
        [
            "gaps", "not shown", "shown throughout", "Asks first", "Guesses", "The budget is fixed", "presses for time", "stays calm", "Let them finish",
            "A busy customer", "Notes were taken", "Had an agenda", "How many rows", "Builds models", "knock_out", "no points here", "job_related", "first\n",
        ],
    )  # fmt: skip
    def test_nothing_that_raters_or_readers_are_told_is_in_it(self, word: str) -> None:
        assert word in json.dumps(packed(), indent=1) or word == "first\n"
        assert word not in paper(packed())

    def test_what_belongs_to_one_variant_says_so(self) -> None:
        text = changed("            only: call\n", "            only: call\n            ask: Hand the work over.\n")
        assert "#### Question 4\n\nOnly for: On a call.\n\nHand the work over.\n\nPeople rate this.\n" in paper(
            packed(text)
        )


FORM = {
    "rating": "fair",
    "indicators": {"asks": "observed", "guesses": "not_probed"},
    "criteria": {"goal": "observed"},
    "deliverables": {"slides": "present"},
    "evidence": {"notes": "present"},
    "ground_rules": {"alone": "kept"},
    "constraints": {"budget": "asked"},
    "tensions": {"rush": "delivered"},
    "conduct": {"calm": "kept"},
    "note": "steady",
}
PANEL = {"Ann": "lead", "Bo": "peer", "Cy": "peer"}
SUBMISSION = {
    "answers": {
        "permit": "yes",
        "resume": {"reference": "store/1", "sha256": "0" * 64, "seconds": 60},
        "plan": {"Bo": FORM, "Cy": {"rating": "good", "concern": "read from notes"}},
        "handover": {"Bo": {"lines": {"agenda": "observed", "recap": "not_observed"}}, "Cy": {"lines": {"agenda": "observed", "recap": "observed"}}},
        "tests": 2,
        "modelling-talk": {"Ann": {"rating": "some"}},
    },
    "facts": {
        "accommodation": "3/2", "elapsed": {"plan": 1700}, "raters": PANEL, "started_at": "2026-11-21T09:05:00Z", "variant": "call",
    },
    "handed_in": ["door", "work", "talk-stage"],
}  # fmt: skip


class TestSchemas:
    """What a host of a funnel sends, and what comes back."""

    def rubric(self) -> Rubric:
        return Rubric(examined(FUNNEL).pack or b"", level="mid")

    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"handed_in": ["door"], "answers": {"permit": "no"}},
            {"answers": {"plan": {"Bo": {"abstained": "knows the candidate"}}, "permit": None}},
            {"void": "wrong-room"},
            {"reinstate": {"reason": "permit-came", "stage": "door"}, "answers": {"permit": "no"}},
        ],
    )
    def test_what_the_schema_takes_is_scored_and_the_decision_fits_its_schema(self, change: Packed) -> None:
        rubric = self.rubric()
        submission = SUBMISSION | change
        schema = submission_schema(rubric.plan.pack)
        assert [] == faults(submission, schema, schema)
        decision = json.loads(rubric.score(submission).canonical())
        back = decision_schema(rubric.plan.pack)
        assert [] == faults(decision, back, back)
        assert {*decision} == {*back["properties"]} == {*back["required"]}

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("answers/plan", {"Bo": {"rating": "superb"}}),
            ("answers/plan", {"Bo": {"rating": "fair", "indicators": {"asks": "seen"}}}),
            ("answers/plan", {"Bo": {"rating": "fair", "stars": 5}}),
            ("answers/plan", {"Bo": {"abstained": ""}}),
            ("answers/handover", {"Bo": {"lines": {"agenda": True}}}),
            ("answers/resume", {"sha256": "0" * 64}),
            ("facts/variant", "online"),
            ("facts/raters", {"Ann": "team lead"}),
            ("handed_in", ["offer"]),
            ("void", "wrong room"),
        ],
    )
    def test_what_the_engine_refuses_the_schema_does_not_take(self, path: str, value: Any) -> None:
        rubric = self.rubric()
        submission = json.loads(json.dumps(SUBMISSION))
        *above, last = path.split("/")
        inner = submission
        for step in above:
            inner = inner[step]
        inner[last] = value
        schema = submission_schema(rubric.plan.pack)
        assert [] != faults(submission, schema, schema)
        with pytest.raises(Exception, match=r".") as caught:
            rubric.score(submission)
        assert "SubmissionError" == type(caught.value).__name__

    def test_a_variant_has_to_be_named(self) -> None:
        schema = submission_schema(packed())
        assert ["/facts"] == faults({"answers": {}}, schema, schema)
        assert ["/facts/variant"] == faults({"answers": {}, "facts": {}}, schema, schema)

    def test_the_schema_of_a_submission_shows_no_anchor_and_no_points(self) -> None:
        schema = json.dumps(submission_schema(packed()))
        for word in (
            "gaps",
            "shown throughout",
            "Guesses",
            "budget is fixed",
            "no-hire",
            "points",
            "knock_out",
            "expected",
        ):
            assert word not in schema

    def test_an_editor_takes_the_file(self) -> None:
        schema = rubric_schema()
        for text in (FUNNEL, OUTER):
            assert [] == faults(typed(read(text.encode(), "f")), schema, schema)

    @pytest.mark.parametrize(
        ("old", "new", "path"),
        [
            ("combine: lowest", "combine: mode", "/raters/combine"),
            ("levels: [mid,", "levels: [mid level,", "/levels/0"),
            ("excerpt: allowed\n", "excerpt: yes\n", "/excerpt"),
            ("points: {below: 0, at: 2, above: 3}", "points: {below: 0, at: 2}", "/stages/2"),
            ("lines: {agenda: {text: Had an agenda}", "lines: {agenda: {points: 1}", "/stages/1"),
        ],
    )
    def test_an_editor_complains_where_the_reader_does(self, old: str, new: str, path: str) -> None:
        schema = rubric_schema()
        text = changed(old, new, FUNNEL)
        assert path in faults(typed(read(text.encode(), "f")), schema, schema)
        assert [] != [problem for problem in examined(text).problems if problem.severity == "error"]
