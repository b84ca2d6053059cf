"""
The oracle against funnels worked out by hand: stages and gates, raters, variants, levels, a person's last word.

Each expected value was derived from `docs/reading.md` and `audit/FORMAT.md` with pencil and paper. Nothing here imports `scoring`.
"""

from __future__ import annotations

from typing import Any

import pytest

import oracle
from packs import (
    checklist,
    choice,
    entries,
    evidence,
    funnel,
    item,
    mark,
    number,
    override,
    raters,
    rating,
    section,
    stage,
    verdict,
)

VERDICTS = [
    verdict("strong", "4/5", "advance"),
    verdict("middling", "3/5", "review"),
    verdict("weak", "0", "decline"),
    verdict("out", None, "decline"),
]


def decide(pack: dict, answers: dict, level: str | None = None, **more: Any) -> dict:
    return oracle.decide(pack, "0" * 64, None, {"answers": answers, **more}, level)


def part(found: dict, *fields: str) -> list:
    return [found[field] for field in fields]


# ---- What raters say ------------------------------------------------------------------------------------------------------------------------

PANEL = {"ann": "examiner", "bob": "examiner", "cy": "peer", "dee": "guest"}
TICKED = {
    "positive": ["plans", "asks"],
    "negative": ["blames"],
    "criteria": ["clear"],
    "deliverables": ["slides"],
    "evidence": ["notes"],
    "ground_rules": ["no-phone"],
    "constraints": ["budget"],
    "tensions": ["speed"],
    "conduct": ["kept-time"],
}


def combining(how: str, top: int = 3, **needs: int) -> dict:
    return rating("r", by=raters(how, top, **(needs or {"examiner": 2})), records=TICKED)


def listing(how: str, top: int = 3, **needs: int) -> dict:
    return checklist("l", by=raters(how, top, **(needs or {"examiner": 2})), records=TICKED)


def says(**values: Any) -> dict:
    """A form for each rater: a value's id, or None for an abstention."""
    return {who: {"abstained": "I know her"} if v is None else {"rating": v} for who, v in values.items()}


def ticks(**lines: Any) -> dict:
    """A form for each rater; `+` observed, `-` not observed, `0` not probed, for asks and tests; None for an abstention."""
    marks = {"+": "observed", "-": "not_observed", "0": "not_probed"}
    return {
        who: {"abstained": "I know her"}
        if said is None
        else {"lines": {line: marks[tick] for line, tick in zip(("asks", "tests"), said, strict=False)}}
        for who, said in lines.items()
    }


THREE = {"ann": "examiner", "bob": "examiner", "cy": "examiner"}
TWO = {"ann": "examiner", "bob": "examiner"}

READING = [
    # (what it shows, item, forms, panel, outcome)
    ("nobody said anything", combining("median"), {}, TWO, "blank"),
    ("null is blank", combining("median"), None, TWO, "blank"),
    ("an empty list is blank for every kind", combining("median"), [], TWO, "blank"),
    ("one of two", combining("median"), says(ann="good"), TWO, "awaited"),
    ("the lower of the middle two", combining("median"), says(ann="good", bob="fair"), TWO, "fair"),
    ("the middle of three", combining("median"), says(ann="good", bob="poor", cy="good"), THREE, "good"),
    ("one on the panel has not spoken", combining("median"), says(ann="good", bob="good"), THREE, "awaited"),
    ("an abstention counts as spoken", combining("median"), says(ann="good", bob="good", cy=None), THREE, "good"),
    ("and not as a rating", combining("median"), says(ann="good", bob=None), TWO, "awaited"),
    ("everybody abstained", combining("median"), says(ann=None, bob=None), TWO, "awaited"),
    ("a panel that is too small", combining("median"), says(ann="good"), {"ann": "examiner"}, "awaited"),
    ("a role that is not needed is not waited for", combining("median"), says(ann="good", bob="poor"), PANEL, "poor"),
    (
        "a quorum of two roles",
        combining("lowest", 3, examiner=1, peer=1),
        says(ann="good", bob="fair"),
        PANEL,
        "awaited",
    ),
    (
        "both roles have spoken",
        combining("lowest", 3, examiner=1, peer=1),
        says(ann="good", bob="fair", cy="good"),
        PANEL,
        "fair",
    ),
    ("consensus", combining("consensus"), says(ann="fair", bob="fair"), TWO, "fair"),
    ("no consensus", combining("consensus"), says(ann="fair", bob="good"), TWO, "awaited"),
    ("mean of 1/2 and 1", combining("mean"), says(ann="fair", bob="good"), TWO, "3/4"),
    ("mean of 0, 1/2 and 1/2", combining("mean"), says(ann="poor", bob="fair", cy="fair"), THREE, "1/3"),
    ("a line each by itself", listing("lowest"), ticks(ann="+-", bob="++"), TWO, "1"),
    ("the lower middle of two", listing("median"), ticks(ann="+-", bob="++"), TWO, "1"),
    ("lines agree", listing("consensus"), ticks(ann="-+", bob="-+"), TWO, "2"),
    ("a line is disputed", listing("consensus"), ticks(ann="-+", bob="++"), TWO, "awaited"),
    ("halves of lines", listing("mean"), ticks(ann="+-", bob="++"), TWO, "2"),  # 1 + 2 x 1/2
    ("not probed abstains on a line", listing("mean"), ticks(ann="+0", bob="++"), TWO, "awaited"),
    ("with enough others it does not matter", listing("mean"), ticks(ann="+0", bob="++", cy="-+"), THREE, "8/3"),
    ("an unfinished form", listing("median", 3, examiner=1), ticks(ann="++", bob="+"), TWO, "awaited"),
    ("an unfinished form without any line", listing("median", 3, examiner=1), ticks(ann="++", bob=""), TWO, "awaited"),
    ("somebody abstained altogether", listing("median", 3, examiner=1), ticks(ann="++", bob=None), TWO, "3"),
    ("evidence in words", evidence("e"), "see folder 7", {}, "given"),
    ("white space is no evidence", evidence("e"), " \n", {}, "blank"),
    ("evidence by reference", evidence("e"), {"reference": "a", "sha256": "0" * 64, "seconds": 0}, {}, "given"),
]

ONE_RATER = combining("median", 3, examiner=1)
NOTED = [
    # (what it shows, value, further keys of the form, whether it is noted)
    ("nothing to note", "good", {"note": "fine", "criteria": {"clear": "not_probed"}}, False),
    ("a concern", "fair", {"concern": "shouted"}, True),
    ("a breached ground rule", "fair", {"ground_rules": {"no-phone": "breached"}}, True),
    ("a kept one", "fair", {"ground_rules": {"no-phone": "kept"}}, False),
    ("conduct is not the candidate's", "fair", {"conduct": {"kept-time": "breached"}}, False),
    ("the best value beside a negative indicator", "good", {"indicators": {"blames": "observed"}}, True),
    ("the middle value beside one", "fair", {"indicators": {"blames": "observed"}}, False),
    ("the best value beside one not observed", "good", {"indicators": {"blames": "not_observed"}}, False),
    ("the best value without its deliverable", "good", {"deliverables": {"slides": "missing"}}, True),
    ("the best value without its evidence", "good", {"evidence": {"notes": "missing"}}, True),
    (
        "the worst value beside all that is good",
        "poor",
        {"indicators": {"plans": "observed", "asks": "observed"}},
        True,
    ),
    ("the worst value beside half of it", "poor", {"indicators": {"plans": "observed"}}, False),
    ("the worst value, missing things", "poor", {"deliverables": {"slides": "missing"}}, False),
    (
        "what is never a conflict",
        "good",
        {"constraints": {"budget": "not_revealed"}, "tensions": {"speed": "not_delivered"}},
        False,
    ),
]

REFUSED = [
    ("a text", "good"),
    ("a number", 1),
    ("a list", ["good"]),
    ("a form that is none", {"ann": "good"}),
    ("an empty form", {"ann": {}}),
    ("a form of null", {"ann": None}),
    ("nobody on the panel", {"eve": {"rating": "good"}}),
    ("a role that is not needed", {"dee": {"rating": "good"}}),
    ("a guest who abstains", {"dee": {"abstained": "x"}}),
    ("more raters than may rate", says(ann="good", bob="good", cy="good", al="good")),
    ("an unknown value", says(ann="excellent")),
    ("a value that is no text", says(ann=1)),
    ("lines of a checklist", {"ann": {"lines": {}}}),
    ("both", {"ann": {"rating": "good", "lines": {}}}),
    ("an unknown key", {"ann": {"rating": "good", "mood": "x"}}),
    ("an unknown indicator", {"ann": {"rating": "good", "indicators": {"smiles": "observed"}}}),
    ("an unknown tick", {"ann": {"rating": "good", "indicators": {"plans": "kept"}}}),
    ("a tick of another list", {"ann": {"rating": "good", "deliverables": {"notes": "present"}}}),
    ("ticks in a list", {"ann": {"rating": "good", "indicators": ["plans"]}}),
    ("a concern without words", {"ann": {"rating": "good", "concern": ""}}),
    ("a concern that is too long", {"ann": {"rating": "good", "concern": "x" * 2_001}}),
    ("a note that is too long", {"ann": {"rating": "good", "note": "x" * 16_385}}),
    ("a lone surrogate", {"ann": {"rating": "good", "note": "\ud800"}}),
    ("an abstention without a reason", {"ann": {"abstained": ""}}),
    ("an abstention of many words", {"ann": {"abstained": "x" * 501}}),
    ("an abstention with a rating", {"ann": {"abstained": "x", "rating": "good"}}),
]


class TestReading:
    @pytest.mark.parametrize(
        ("rated", "forms", "panel", "outcome"), [r[1:] for r in READING], ids=[r[0] for r in READING]
    )
    def test_what_is_said_becomes_the_outcome_that_the_page_names(
        self, rated: dict, forms: Any, panel: dict, outcome: str
    ) -> None:
        assert outcome == oracle.read(rated, forms, panel)

    @pytest.mark.parametrize(("value", "more", "noted"), [r[1:] for r in NOTED], ids=[r[0] for r in NOTED])
    def test_a_note_is_raised_by_what_conflicts(self, value: str, more: dict, noted: bool) -> None:
        forms = {"ann": {"rating": value, **more}, "bob": {"abstained": "x"}}
        assert value + ("+noted" if noted else "") == oracle.read(ONE_RATER, forms, TWO)
        assert "awaited" == oracle.read(combining("median"), forms, TWO)  # "An awaited item is not noted"

    def test_one_of_several_raters_is_enough_to_note_it(self) -> None:
        forms = {"ann": {"rating": "poor"}, "bob": {"rating": "good", "concern": "x"}}
        assert "poor+noted" == oracle.read(combining("lowest"), forms, TWO)
        assert "1/2+noted" == oracle.read(combining("mean"), forms, TWO)

    @pytest.mark.parametrize("forms", [r[1] for r in REFUSED], ids=[r[0] for r in REFUSED])
    def test_what_no_rater_may_say_is_refused(self, forms: Any) -> None:
        with pytest.raises(oracle.Refused):
            oracle.read(combining("median", 3, examiner=1, peer=1), forms, {**PANEL, "al": "peer"})

    @pytest.mark.parametrize(
        "answer",
        [{}, {"reference": ""}, {"reference": 1}, {"reference": "x", "sha256": "0"}, {"reference": "x", "seconds": -1},
         {"reference": "x", "seconds": True}, {"reference": "x", "by": "me"}, {"reference": "x" * 501}, 7, ["x"]],
    )  # fmt: skip
    def test_evidence_that_is_none_is_refused(self, answer: Any) -> None:
        with pytest.raises(oracle.Refused):
            oracle.read(evidence("e"), answer)


class TestOutcomes:
    def table(self, rated: dict, expected: str | None = None) -> list[tuple[str, str, tuple]]:
        return [(name, str(points), flags) for name, points, flags in oracle.outcome_table(rated, expected)]

    def test_a_rating_lists_values_then_noted_ones_then_awaited(self) -> None:
        assert self.table(combining("median")) == [
            ("poor", "0", ()),
            ("fair", "1/2", ()),
            ("good", "1", ()),
            ("poor+noted", "0", ("note",)),
            ("fair+noted", "1/2", ("note",)),
            ("good+noted", "1", ("note",)),
            ("awaited", "0", ()),
        ]

    def test_by_mean_every_mean_of_two_to_three(self) -> None:
        names = [name for name, _, _ in self.table(rating("r", by=raters("mean", 3, examiner=2), lo="0", hi="1"))]
        assert names[:5] == ["0", "1/3", "1/2", "2/3", "1"]
        assert names[5:] == ["0+noted", "1/3+noted", "1/2+noted", "2/3+noted", "1+noted", "awaited"]

    def test_a_checklist_lists_its_sums(self) -> None:
        assert [row[0] for row in self.table(listing("median"))][:4] == ["0", "1", "2", "3"]
        assert len(self.table(listing("median"))) == 9
        halved = checklist("l", by=raters("mean", 2, examiner=2), a="1", b="2")
        assert [row[0] for row in self.table(halved)][:7] == ["0", "1/2", "1", "3/2", "2", "5/2", "3"]

    @pytest.mark.parametrize(
        ("expected", "points"), [("poor", ["1", "2", "2"]), ("fair", ["0", "1", "2"]), ("good", ["0", "0", "1"])]
    )
    def test_level_points_move_with_what_the_level_expects(self, expected: str, points: list[str]) -> None:
        moved = rating("r", poor="0", fair="0", good="0") | {
            "competency": "c",
            "level_points": {"above": "2", "at": "1", "below": "0"},
        }
        assert [row[1] for row in self.table(moved, expected)][:3] == points

    def test_a_floor_lifts_ratings_too(self) -> None:
        negative = combining("median") | {"floor": "-1/2"}
        negative["values"][0]["points"] = "-3"
        assert [row[1] for row in self.table(negative)][:3] == ["-1/2", "1/2", "1"]

    def test_evidence_is_given(self) -> None:
        assert self.table(evidence("e")) == [("given", "0", ())]


# ---- Stages ---------------------------------------------------------------------------------------------------------------------------------

DOOR = item(
    "permit",
    "choice",
    awaits=["absent", "blank", "invalid"],
    options=[
        {"about": {}, "flag": None, "id": "yes", "points": "1"},
        {"about": {}, "flag": "knock_out", "id": "no", "points": "0"},
    ],
)
LOW_TEST = override("test-minimum", "out", {"section": "test", "below": "1/2"})
CAPS = {"fatal": "weak", "knock_out": "out"}
THREE_STAGES = funnel(
    stage("door", section("door", DOOR)),
    stage("test", section("test", mark("task"), number("sum")), gate=[LOW_TEST]),
    stage("talk", section("talk", choice("dilemma", A=("0", "refer"), B=("1", None)))),
    shares={"door": "0"},
    weights=["0", "1/2", "1/2"],
    caps=CAPS,
    notice=None,
    verdicts=VERDICTS,
)  # items: permit, task, sum, dilemma
HANDED = {"handed_in": ["door", "test", "talk"]}


class TestStages:
    def test_nothing_yet(self) -> None:
        found = decide(THREE_STAGES, {})
        assert part(found, "status", "action", "verdict", "score", "holds") == ["pending", "wait", None, None, []]
        assert found["stages"] == {"door": ["pending", None], "test": ["waiting", None], "talk": ["waiting", None]}
        assert part(found, "awaited", "outcomes", "handed_in") == ["8", "EEEE", []]  # 111100
        assert found["reachable"] == ["strong", "middling", "weak", "out"]

    def test_a_stage_passes_and_the_next_awaits(self) -> None:
        found = decide(THREE_STAGES, {"permit": "yes"}, handed_in=["door"])
        assert found["stages"] == {"door": ["passed", None], "test": ["pending", None], "talk": ["waiting", None]}
        assert part(found, "awaited", "outcomes", "sections") == [
            "c",
            "FEEE",
            {"door": "1", "test": None, "talk": None},
        ]

    def test_a_stage_that_awaits_nothing_passes_without_being_handed_in(self) -> None:
        assert decide(THREE_STAGES, {"permit": "yes"})["stages"]["door"] == ["passed", None]

    def test_a_knock_out_at_the_door_ends_it(self) -> None:
        found = decide(THREE_STAGES, {"permit": "no"}, handed_in=["door"])
        assert part(found, "status", "verdict", "action", "determined_by") == ["ended", "out", "decline", ["knock_out"]]
        assert found["stages"] == {
            "door": ["ended", None],
            "test": ["not_evaluated", None],
            "talk": ["not_evaluated", None],
        }
        assert part(found, "awaited", "outcomes", "score", "reachable") == ["A", "GEEE", None, None]
        assert found["sections"] == {"door": "0", "test": None, "talk": None}

    def test_answers_after_an_ended_stage_are_refused(self) -> None:
        for later in ({"task": 3}, {"dilemma": None}):
            with pytest.raises(oracle.Refused) as caught:
                decide(THREE_STAGES, {"permit": "no", **later})
            assert list(later) == list(caught.value.places)

    def test_answers_after_a_pending_stage_are_checked_and_wait(self) -> None:
        found = decide(THREE_STAGES, {"permit": "yes", "dilemma": "A"}, handed_in=["door"])
        assert part(found, "outcomes", "flags", "holds") == ["FEEE", {}, []]
        with pytest.raises(oracle.Refused):
            decide(THREE_STAGES, {"permit": "yes", "dilemma": 1}, handed_in=["door"])

    def test_a_gate_ends_it_once_its_stage_awaits_nothing(self) -> None:
        # (0 + 0) / 2 is below 1/2; before `sum` is handed in, it might still be.
        waits = decide(THREE_STAGES, {"permit": "yes", "task": 0}, handed_in=["door"])
        assert part(waits, "status", "awaited", "reachable") == ["pending", "M", ["middling", "weak", "out"]]
        ended = decide(THREE_STAGES, {"permit": "yes", "task": 0}, handed_in=["door", "test"])
        assert part(ended, "status", "verdict", "determined_by") == ["ended", "out", ["gate:test-minimum"]]
        assert ended["stages"]["test"] == ["ended", "0"]
        assert part(ended, "score", "outcomes") == [None, "FFAE"]

    def test_a_gate_that_holds_in_every_completion_is_listed_while_pending(self) -> None:
        # `sum` was answered wrong, `task` waits: at most 1/2, which is not below; so nothing lasts.
        found = decide(THREE_STAGES, {"permit": "yes", "sum": "7"}, **HANDED)
        assert part(found, "caps", "reachable") == [[], ["middling", "weak", "out"]]
        strict = {**THREE_STAGES, "stages": [*THREE_STAGES["stages"]]}
        strict["stages"][1] = stage(
            "test",
            section("test", mark("task"), number("sum")),
            gate=[override("test-minimum", "out", {"section": "test", "below": "3/5"})],
        )
        found = decide(strict, {"permit": "yes", "sum": "7"}, **HANDED)
        assert part(found, "status", "caps", "reachable") == [
            "pending",
            [{"by": "gate:test-minimum", "verdict": "out"}],
            ["out"],
        ]

    def test_all_the_way(self) -> None:
        answers = {"permit": "yes", "task": 4, "sum": "70", "dilemma": "B"}
        found = decide(THREE_STAGES, answers, **HANDED)
        assert part(found, "status", "verdict", "score") == ["decided", "strong", "17/20"]  # (7/10 + 1) / 2
        assert found["stages"] == {"door": ["passed", None], "test": ["passed", "7/10"], "talk": ["passed", "1"]}

    def test_absent_answers_earn_nothing_only_once_handed_in(self) -> None:
        answers = {"permit": "yes", "task": 10, "dilemma": "B"}
        assert decide(THREE_STAGES, answers, **HANDED)["score"] == "3/4"
        waits = decide(THREE_STAGES, answers, handed_in=["talk", "door"])
        assert part(waits, "outcomes", "handed_in", "awaited") == ["FPEE", ["door", "talk"], "M"]
        # `sum` is unopened; what was said of talk waits, and with `dilemma` free: 1/2 to 1 each
        assert waits["reachable"] == ["strong", "middling", "weak"]

    def test_the_last_stage_ends_with_its_band(self) -> None:
        lasting = {**THREE_STAGES, "stages": [*THREE_STAGES["stages"]]}
        lasting["stages"][2] = stage(
            "talk",
            section("talk", choice("dilemma", A=("0", "refer"), B=("1", None))),
            gate=[override("rushed", "middling", {"item": "dilemma", "is": ["A"]})],
        )
        answers = {"permit": "yes", "task": 3, "sum": "70", "dilemma": "A"}
        found = decide(lasting, answers, **HANDED)  # (13/20 + 0) / 2 is in the last band
        assert part(found, "status", "verdict", "score") == ["ended", "weak", "13/40"]
        assert part(found, "determined_by", "caps", "holds") == [
            ["band"],
            [{"by": "gate:rushed", "verdict": "middling"}],
            ["refer"],
        ]

    def test_a_knock_out_ends_a_stage_that_still_awaits(self) -> None:
        rules = funnel(
            stage("door", section("door", DOOR, mark("form"))),
            stage("rest", section("rest", mark("task"))),
            caps=CAPS,
            verdicts=VERDICTS,
        )
        found = decide(rules, {"permit": "no"}, handed_in=["door"])
        assert part(found, "status", "awaited", "verdict", "sections") == [
            "ended",
            "Q",  # 010000
            "out",
            {"door": None, "rest": None},
        ]


class TestConditions:
    """FORMAT.md 5: conditions across stages."""

    def rules(self, when: dict, gate: dict | None = None) -> dict:
        flagged = {"a": choice("a", A=("0", "refer"), B=("1", None)), "b": choice("b", A=("0", "refer"), B=("1", None))}
        return funnel(
            stage("one", section("s1", flagged["a"])),
            stage("two", section("s2", flagged["b"]), gate=[override("g", "weak", gate)] if gate else []),
            overrides=[override("o", "weak", when)],
            notice=None,
        )

    def caps(self, rules: dict, **answers: str) -> list[str]:
        return [cap["by"] for cap in decide(rules, answers, handed_in=["one", "two"])["caps"]]

    def test_a_stage_below_its_share(self) -> None:
        rules = self.rules({"stage": "two", "below": "1"})
        assert self.caps(rules, a="B", b="A") == ["override:o"]
        assert self.caps(rules, a="A", b="B") == []

    def test_a_stage_that_was_not_evaluated_is_not_below(self) -> None:
        rules = self.rules({"stage": "two", "below": "1"})
        assert decide(rules, {}, handed_in=["two"])["caps"] == []

    def test_a_gate_counts_flags_up_to_its_stage(self) -> None:
        two = {"flag": "refer", "at_least": 2}
        assert self.caps(self.rules(two, gate=two), a="A", b="A") == ["gate:g", "override:o"]
        assert self.caps(self.rules(two, gate=two), a="B", b="A") == []

    def test_a_gate_of_an_earlier_stage_does_not_count_later_flags(self) -> None:
        rules = self.rules({"flag": "refer", "at_least": 2})
        rules["stages"][0]["gate"] = [override("early", "weak", {"flag": "refer", "at_least": 2})]
        found = decide(rules, {"a": "A", "b": "A"}, handed_in=["one", "two"])
        assert [cap["by"] for cap in found["caps"]] == ["override:o"]
        assert found["status"] == "decided"


class TestCompletions:
    def test_a_completion_may_end_at_a_gate_and_later_items_then_do_not_count(self) -> None:
        # Whoever fails the gate comes to `middling` and nothing worse; whoever passes scores (1 + 0) / 2 or 1.
        rules = funnel(
            stage(
                "one",
                section("s1", choice("a", A=("0", None), B=("1", None))),
                gate=[override("g", "middling", {"section": "s1", "below": "1"})],
            ),
            stage("two", section("s2", choice("b", A=("0", None), B=("1", None)))),
            notice=None,
        )
        assert decide(rules, {})["reachable"] == ["strong", "middling", "weak"]
        passed = decide(rules, {"a": "B"})
        assert passed["reachable"] == ["strong", "weak"]
        ended = decide(rules, {"a": "A"})
        assert part(ended, "status", "verdict", "holds", "action") == ["ended", "middling", ["verdict"], "review"]

    def test_a_waiting_item_is_free_whatever_was_said(self) -> None:
        rules = funnel(stage("one", section("s1", mark("a", "1"))), stage("two", section("s2", mark("b", "1"))))
        found = decide(rules, {"b": 0}, handed_in=["two"])
        assert found["reachable"] == ["strong", "weak"]

    def test_an_awaited_rating_may_come_to_any_value(self) -> None:
        rules = funnel(stage("main", section("s", rating("r"))), notice=None)
        found = decide(rules, {}, facts={"raters": TWO})
        assert part(found, "status", "reachable") == ["pending", ["strong", "weak"]]  # 0, 1/2, 1
        rules["overrides"] = [override("noted", "weak", {"flag": "note", "at_least": 1})]
        assert decide(rules, {})["reachable"] == ["strong", "weak"]


# ---- Variants, void items, excerpts, levels -------------------------------------------------------------------------------------------------

BOTH = funnel(
    stage(
        "main",
        section(
            "code",
            mark("common"),
            mark("with-ai") | {"only": "ai"},
            mark("by-hand") | {"only": "hand"},
            mark("broken") | {"void": True},
            declared=4,
        ),
    ),
    variants=entries("ai", "hand"),
    excerpt=True,
    notice=None,
)


class TestVariants:
    def test_only_the_items_of_the_variant_count(self) -> None:
        found = decide(BOTH, {"common": 10, "with-ai": 5}, facts={"variant": "ai"})
        assert part(found, "variant", "outcomes", "score") == ["ai", "PKDD", "3/4"]
        assert decide(BOTH, {"common": 10}, facts={"variant": "hand"})["awaited"] == "I"  # 001000

    def test_an_answer_to_another_variants_item_is_refused(self) -> None:
        with pytest.raises(oracle.Refused) as caught:
            decide(BOTH, {"common": 10, "by-hand": 5}, facts={"variant": "ai"})
        assert caught.value.item == "by-hand"

    def test_an_answer_to_a_void_item_is_taken_and_counts_for_nothing(self) -> None:
        answers = {"common": 10, "with-ai": 5, "broken": 0}
        assert decide(BOTH, answers, facts={"variant": "ai"})["score"] == "3/4"
        with pytest.raises(oracle.Refused):
            decide(BOTH, {**answers, "broken": [0]}, facts={"variant": "ai"})

    def test_fewer_items_than_declared_are_an_excerpt_and_hold(self) -> None:
        """The one that was taken out afterwards is counted among those that are there."""
        found = decide(BOTH, {"common": 10, "with-ai": 10}, facts={"variant": "ai"})
        assert part(found, "excerpts", "holds", "action") == [{"code": [3, 4]}, ["excerpt"], "review"]
        pending = decide(BOTH, {"common": 10}, facts={"variant": "ai"})
        assert part(pending, "holds", "action") == [["excerpt"], "wait"]
        whole = {**BOTH, "stages": [stage("main", {**BOTH["stages"][0]["sections"][0], "declared": 3})]}
        assert decide(whole, {"common": 10, "with-ai": 10}, facts={"variant": "ai"})["excerpts"] == {}

    @pytest.mark.parametrize("facts", [{}, {"variant": "other"}, {"variant": None}, {"variant": ["ai"]}])
    def test_a_variant_must_be_named(self, facts: dict) -> None:
        with pytest.raises(oracle.Refused) as caught:
            decide(BOTH, {}, facts=facts)
        assert caught.value.item == "facts"

    def test_and_is_refused_where_there_is_none(self) -> None:
        with pytest.raises(oracle.Refused):
            decide(THREE_STAGES, {}, facts={"variant": "ai"})

    def test_an_empty_section_is_imagined_without_what_is_not_of_the_case(self) -> None:
        found = decide(BOTH, {}, facts={"variant": "ai"}, not_administered={"common": "x", "with-ai": "x"})
        # 0 to 2 of 2; the items of the other variant and the void one neither count nor wait
        assert part(found, "status", "awaited", "reachable") == ["pending", "w", ["strong", "middling", "weak"]]


SCALE = {"poor": "0", "fair": "0", "good": "0"}
MOVED = rating("r", **SCALE) | {"competency": "craft", "level_points": {"above": "2", "at": "1", "below": "0"}}
LEVELLED = funnel(
    stage("main", section("s", MOVED, rating("q") | {"competency": "craft"})),
    competencies=[
        {"about": {}, "assumed": ["senior"], "expected": {"junior": "fair", "senior": "good"}, "id": "craft"},
        {"about": {}, "assumed": ["senior"], "expected": {"junior": "fair", "senior": "good"}, "id": "unused"},
    ],
    levels=entries("junior", "senior"),
    assumed=entries("b-first", "a-second"),
    notice=None,
)


class TestLevels:
    @pytest.mark.parametrize(("level", "score"), [("junior", "1/2"), ("senior", "1/4")])
    def test_the_level_moves_level_points_and_nothing_else(self, level: str, score: str) -> None:
        # junior: fair is expected: 1 of 2, and 1/2 of 1; senior: fair is below: 0 of 1 (the best there is), and 1/2 of 1
        forms = {"ann": {"rating": "fair"}}
        found = decide(LEVELLED, {"r": forms, "q": forms}, level, facts={"raters": {"ann": "examiner"}})
        assert part(found, "level", "score") == [level, score]

    def test_what_is_assumed_is_named(self) -> None:
        assert decide(LEVELLED, {}, "junior")["assumed"] == ["rubric:b-first", "rubric:a-second"]
        assert decide(LEVELLED, {}, "senior")["assumed"] == ["expected:craft", "rubric:b-first", "rubric:a-second"]


# ---- Circumstances, reinstatement, void -----------------------------------------------------------------------------------------------------


class TestCircumstances:
    def test_breached_conduct_is_an_irregularity_and_holds(self) -> None:
        rules = funnel(stage("main", section("s", rating("r", records={"conduct": ["time"]}))), notice=None)
        forms = {"ann": {"rating": "good", "conduct": {"time": "breached"}}}
        found = decide(rules, {"r": forms}, facts={"raters": {"ann": "examiner"}, "irregularities": ["alarm"]})
        assert part(found, "verdict", "irregularities", "holds") == ["strong", ["alarm", "conduct"], ["irregularity"]]
        assert found["flags"] == {}
        forms["ann"]["conduct"] = {"time": "kept"}
        assert decide(rules, {"r": forms}, facts={"raters": {"ann": "examiner"}})["irregularities"] == []

    def test_time_and_accommodation_change_nothing(self) -> None:
        answers = {"permit": "yes", "task": 4, "sum": "70", "dilemma": "B"}
        facts = {"accommodation": "3/2", "elapsed": {"task": 99_999, "sum": 0}, "raters": PANEL}
        assert decide(THREE_STAGES, answers, **HANDED) == decide(THREE_STAGES, answers, **HANDED, facts=facts)

    @pytest.mark.parametrize(
        "facts",
        [{"accommodation": 2}, {"accommodation": "1/2"}, {"accommodation": "4/2"}, {"accommodation": "21/2"},
         {"accommodation": "1.5"}, {"accommodation": "03/2"}, {"accommodation": "3/1"}, {"accommodation": "-2"},
         {"elapsed": {"nothing": 1}}, {"elapsed": {"task": -1}}, {"elapsed": {"task": True}}, {"elapsed": []},
         {"elapsed": {"task": 2**53}}, {"raters": ["ann"]}, {"raters": {"": "x"}}, {"raters": {"ann": "two words"}},
         {"raters": {"a" * 201: "x"}}, {"raters": {str(n): "x" for n in range(101)}}, {"level": "senior"}],
    )  # fmt: skip
    def test_facts_that_are_none_are_refused(self, facts: dict) -> None:
        with pytest.raises(oracle.Refused) as caught:
            decide(THREE_STAGES, {}, facts=facts)
        assert caught.value.item == "facts"

    @pytest.mark.parametrize(
        ("key", "value"),
        [("void", ""), ("void", None), ("void", "two words"), ("reinstate", None), ("reinstate", {"reason": "x"}),
         ("reinstate", {"reason": "x", "stage": "nowhere"}), ("reinstate", {"reason": "", "stage": "door"}),
         ("reinstate", {"reason": "x", "stage": "door", "who": "me"}), ("handed_in", ["door", "door"])],
    )  # fmt: skip
    def test_a_persons_word_of_the_wrong_form_is_refused(self, key: str, value: Any) -> None:
        with pytest.raises(oracle.Refused) as caught:
            decide(THREE_STAGES, {}, **{key: value})
        assert caught.value.item == key


class TestReinstated:
    def test_a_knock_out_is_lifted_and_the_case_goes_on(self) -> None:
        word = {"reason": "permit-arrived", "stage": "door"}
        found = decide(THREE_STAGES, {"permit": "no", "task": 4, "sum": "70", "dilemma": "B"}, **HANDED, reinstate=word)
        assert part(found, "status", "verdict", "caps", "reinstate") == ["decided", "strong", [], word]
        assert found["flags"] == {"knock_out": "g"}

    def test_it_covers_the_stages_up_to_its_own(self) -> None:
        answers = {"permit": "no", "task": 0, "sum": "7"}
        word = {"reason": "x", "stage": "door"}
        found = decide(THREE_STAGES, answers, **HANDED, reinstate=word)
        assert part(found, "status", "determined_by") == ["ended", ["gate:test-minimum"]]
        found = decide(THREE_STAGES, {**answers, "dilemma": "B"}, **HANDED, reinstate={**word, "stage": "test"})
        assert part(found, "status", "verdict", "caps", "score") == ["decided", "weak", [], "1/2"]

    def test_a_reinstated_stage_waits_for_what_it_lacks(self) -> None:
        found = decide(THREE_STAGES, {"permit": "no"}, handed_in=["door"], reinstate={"reason": "x", "stage": "talk"})
        assert part(found, "status", "reachable") == ["pending", ["strong", "middling", "weak"]]

    def test_overrides_are_not_lifted(self) -> None:
        rules = THREE_STAGES | {"overrides": [override("o", "weak", {"flag": "knock_out", "at_least": 1})]}
        answers = {"permit": "no", "task": 10, "sum": "70", "dilemma": "B"}
        found = decide(rules, answers, **HANDED, reinstate={"reason": "x", "stage": "door"})
        assert part(found, "verdict", "determined_by") == ["weak", ["override:o"]]


class TestVoid:
    def test_there_is_no_verdict_and_a_person_looks(self) -> None:
        answers = {"permit": "yes", "task": 4, "sum": "70", "dilemma": "A"}
        found = decide(THREE_STAGES, answers, **HANDED, void="fire-alarm")
        assert part(found, "status", "verdict", "score", "reachable") == ["void", None, None, None]
        assert part(found, "action", "holds", "determined_by", "void") == ["review", ["void"], [], "fire-alarm"]
        assert part(found, "flags", "outcomes") == [{"refer": "E"}, "FJFF"]  # 000100

    def test_an_unfinished_case_may_be_void(self) -> None:
        found = decide(THREE_STAGES, {}, void="x")
        assert part(found, "status", "action", "reachable", "awaited") == ["void", "review", None, "8"]


# ---- Unclear answers in funnels -------------------------------------------------------------------------------------------------------------


class TestUnclear:
    def test_it_holds_where_the_best_reading_passes_the_gate(self) -> None:
        found = decide(THREE_STAGES, {"permit": "yes", "task": 2, "sum": "70%"}, handed_in=["door", "test"])
        assert part(found, "status", "verdict", "holds", "action") == ["ended", "out", ["unclear"], "review"]

    def test_it_does_not_where_the_gate_holds_all_the_same(self) -> None:
        strict = {**THREE_STAGES, "stages": [*THREE_STAGES["stages"]]}
        low = override("test-minimum", "out", {"section": "test", "below": "1"})
        strict["stages"][1] = stage("test", section("test", mark("task"), number("sum")), gate=[low])
        found = decide(strict, {"permit": "yes", "task": 2, "sum": "70%"}, handed_in=["door", "test"])
        assert part(found, "status", "holds") == ["ended", []]

    def test_it_is_not_considered_while_pending(self) -> None:
        found = decide(THREE_STAGES, {"permit": "yes", "sum": "70%"}, handed_in=["door", "test"])
        assert part(found, "status", "holds") == ["pending", []]

    def test_with_more_than_one_stage_every_subset_is_tried_and_with_more_than_ten_none(self) -> None:
        def holds(count: int) -> list[str]:
            numbers = [number(f"n{i}") for i in range(count)]
            rules = funnel(
                stage("one", section("s", *numbers)),
                stage("two", section("t", mark("task"))),
                weights=["0", "1"],
                notice=None,
            )
            answers = {"task": 10} | {f"n{i}": "70%" for i in range(count)}
            return decide(rules, answers, handed_in=["one", "two"])["holds"]

        assert holds(3) == []  # the first stage weighs nothing, so no reading changes the verdict
        assert holds(11) == ["unclear"]  # untried, though none of the best outcomes raises a flag


class TestNotAdministered:
    FREE = funnel(
        stage("one", section("s1", mark("a", "1"))),
        stage("two", section("s2", mark("b", "1"), mark("c", "1"))),
        notice=None,
    )

    def test_in_an_evaluated_stage_it_leaves_the_maximum(self) -> None:
        found = decide(self.FREE, {"a": 1, "b": 1}, not_administered={"c": "x"})
        assert part(found, "status", "score", "outcomes") == ["decided", "1", "GGD"]

    def test_in_a_waiting_stage_it_is_unopened_like_all_of_it(self) -> None:
        found = decide(self.FREE, {}, not_administered={"b": "x", "c": "x"})
        assert part(found, "outcomes", "awaited") == ["EEE", "4"]  # 111000
        assert found["reachable"] == ["strong", "middling", "weak"]  # (0 or 1, and 0, 1/2 or 1) / 2: 0 to 1

    def test_a_weighted_section_with_nothing_administered_awaits_in_its_turn(self) -> None:
        found = decide(self.FREE, {"a": 1}, not_administered={"b": "x", "c": "x"}, handed_in=["one", "two"])
        assert part(found, "status", "outcomes", "awaited") == ["pending", "GDD", "Y"]  # 011000
        assert found["stages"]["two"] == ["pending", None]
        assert found["reachable"] == ["strong", "middling", "weak"]  # 1/2, 3/4, 1

    def test_a_stage_of_which_nothing_is_of_the_variant_passes(self) -> None:
        rules = funnel(
            stage("one", section("s1", mark("a", "1"))),
            stage("two", section("s2", evidence("tape") | {"only": "live"})),
            shares={"s2": "0"},
            weights=["1", "0"],
            variants=entries("live", "home"),
            notice=None,
        )
        found = decide(rules, {"a": 1}, facts={"variant": "home"})
        assert part(found, "status", "score", "outcomes") == ["decided", "1", "GD"]
        assert part(found, "stages", "handed_in") == [{"one": ["passed", "1"], "two": ["passed", None]}, []]
        live = decide(rules, {"a": 1}, facts={"variant": "live"})
        assert part(live, "status", "awaited") == ["pending", "Q"]  # whether handed in or not, nothing was given yet
        live = decide(rules, {"a": 1}, facts={"variant": "live"}, handed_in=["two"])
        assert part(live, "status", "score", "sections") == ["decided", "1", {"s1": "1", "s2": None}]
