"""
The shipped rubrics: they load without a doubt left, say what their source says, and their examples hold.

The tables below are typed from the source, not read from the rubric; the numbers in brackets are the rows of the list of requirements.
"""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

import oracle
from scoring.change.example_file import read_examples
from scoring.change.examples import ExampleReport, run
from scoring.engine.rubric import Rubric
from scoring.errors import RubricError
from scoring.rubric.check import Checked, check
from test_audit_scripts import script

RULES = Path(__file__).parent.parent / "rules"
WRITTEN = RULES / "ml-engineer-mid-written" / "rubric.yaml"

# [54] five sections of one question each, three of them from the source
SECTIONS = {
    "cognitive": ("job-run-time", "project, not seed"),
    "hard-skills": ("pandas-filtered-sum", "seed B"),
    "judgement": ("messy-data-deadline", "seed B"),
    "communication": ("plain-words", "project, not seed"),
    "accuracy": ("outlier-age", "seed B"),
}
# [55] one point each, equally weighted; [56] hard skills and accuracy double; [57] 10/30/20 stated, the rest assumed
SHARES = {
    "equal": ["1/5", "1/5", "1/5", "1/5", "1/5"],
    "critical-double": ["1/7", "2/7", "1/7", "1/7", "2/7"],
    "stated-20-20": ["1/10", "3/10", "1/5", "1/5", "1/5"],
    "stated-10-30": ["1/10", "3/10", "1/5", "1/10", "3/10"],
}
ASSUMED = {"equal": False, "critical-double": False, "stated-20-20": True, "stated-10-30": True}
# [58] 4/5 or more, 3/5, less than 3/5; [59] as shares, so that they fit every weighting
VERDICTS = [("strong_pass", "4/5", "advance"), ("borderline", "3/5", "review"), ("fail", "0", "decline")]
# [44] points: 1 for B alone; [64] A and C are held, [62] D fails
OPTIONS = {"A": ("0", "refer"), "B": ("1", None), "C": ("0", "refer"), "D": ("0", "fatal")}
# [47] [51] item: how it is read, its key
NUMBERS = {
    "pandas-filtered-sum": ("stated", "70"),
    "outlier-age": ("contains", "141"),
    "job-run-time": ("stated", "20"),
}
# [47] the ages; [51] [53] the frame, and the two statements on lines of their own
AGES = "25, 32, 37, 45, 141, 29, 33"
FRAME = ["[1, 2, 3, 4]", "[10, 20, 30, 40]", " > 2]", ".sum()\n    print(result)"]


@pytest.fixture(scope="module")
def checked() -> Checked:
    return check(WRITTEN)


@pytest.fixture(scope="module")
def rubric(checked: Checked) -> Rubric:
    assert checked.pack is not None
    return Rubric(checked.pack)


@pytest.fixture(scope="module")
def report() -> ExampleReport:
    return run(WRITTEN)


@pytest.fixture(scope="module")
def items(rubric: Rubric) -> dict[str, dict]:
    return {item["id"]: item for stage in rubric.plan.pack["stages"] for s in stage["sections"] for item in s["items"]}


def test_the_rubric_has_neither_an_error_nor_an_unaccepted_warning(checked):
    assert [str(problem) for problem in checked.problems] == []


class TestFacts:
    def test_sections_are_five_in_order_with_one_item_each_whose_origin_is_told(self, rubric):
        (stage,) = rubric.plan.pack["stages"]
        found = {s["id"]: tuple((i["id"], i["about"]["origin"]) for i in s["items"]) for s in stage["sections"]}
        assert {name: (item,) for name, item in SECTIONS.items()} == found
        assert [*SECTIONS] == [*found]

    def test_every_item_is_worth_one_point(self, rubric):
        assert {name: 1 for name, _ in SECTIONS.values()} == {
            item.id: Fraction(item.best, rubric.plan.sections[item.section].unit) for item in rubric.plan.items
        }

    def test_the_profiles_weigh_as_the_source_says_and_the_completed_ones_say_that_they_are_assumed(self, rubric):
        profiles = rubric.plan.pack["profiles"]
        assert SHARES == {p["id"]: [p["shares"][section] for section in SECTIONS] for p in profiles}
        assert ASSUMED == {p["id"]: p["assumed"] for p in profiles}
        assert rubric.plan.pack["default_profile"] == "equal"

    def test_an_assumed_profile_says_so_in_every_decision(self, checked):
        found = {name: Rubric(checked.pack, profile=name).score({"answers": {}}).data["assumed"] for name in ASSUMED}
        assert {name: [f"profile:{name}"] if assumed else [] for name, assumed in ASSUMED.items()} == found

    def test_the_bands(self, rubric):
        assert VERDICTS == [(v["id"], v["from"], v["action"]) for v in rubric.plan.pack["verdicts"]]

    def test_the_options_of_the_judgement_question_and_their_flags(self, items):
        options = items["messy-data-deadline"]["options"]
        assert OPTIONS == {option["id"]: (option["points"], option["flag"]) for option in options}

    def test_a_fatal_answer_fails_the_test(self, rubric):
        # [62] [63] whatever the score
        assert rubric.plan.pack["caps"]["fatal"] == "fail"

    def test_no_other_item_raises_a_flag_that_reaches_a_person(self, items):
        # [65] only what the rubric flags openly
        flags = {n: {p["flag"] for p in i.get("options", i.get("keys", []))} for n, i in items.items()}
        assert {n: {None} for n in items if n != "messy-data-deadline"} == {
            n: f for n, f in flags.items() if n != "messy-data-deadline"
        }

    @pytest.mark.parametrize(("item", "read", "key"), [(item, *facts) for item, facts in NUMBERS.items()])
    def test_the_keys_of_the_number_items(self, items, item, read, key):
        (only,) = items[item]["keys"]
        assert (read, key, key, "1") == (items[item]["read"], only["low"], only["high"], only["points"])

    def test_the_ages_and_the_frame_are_those_of_the_source(self, items):
        assert AGES in items["outlier-age"]["about"]["ask"]
        ask = items["pandas-filtered-sum"]["about"]["ask"]
        assert [part for part in FRAME if part not in ask] == []

    def test_the_restored_line_break_is_told(self, items):
        # [53]
        assert "line break" in items["pandas-filtered-sum"]["about"]["audit_note"]

    def test_every_number_item_of_the_prompts_is_right(self):
        """The keys follow from the prompts: 8 minutes for 12,000 of 30,000 rows; rows whose first column is above 2."""
        frame = zip([1, 2, 3, 4], [10, 20, 30, 40], strict=True)
        ages = [int(age) for age in AGES.split(", ")]
        computed = (Fraction(8 * 30_000, 12_000), sum(b for a, b in frame if a > 2), max(ages))
        assert computed == tuple(int(NUMBERS[n][1]) for n in ("job-run-time", "pandas-filtered-sum", "outlier-age"))

    def test_blank_and_absent_earn_nothing_and_wait_for_nobody(self, items):
        # [60]
        assert {name: [] for name in items} == {name: item["awaits"] for name, item in items.items()}

    def test_candidates_are_told_that_answers_can_disqualify_and_how_long_they_have(self, rubric):
        # [67] [33]
        notice = rubric.notice or ""
        assert "rule a candidate out, whatever" in notice
        assert "30 minutes" in notice

    def test_every_item_says_what_it_has_to_do_with_the_work(self, items):
        assert [name for name, item in items.items() if not item["about"].get("job_related")] == []

    def test_every_option_and_key_has_its_reason(self, items):
        # [46]
        parts = [(n, p) for n, item in items.items() for p in item.get("options", item.get("keys", []))]
        assert [(n, p["id"]) for n, p in parts if not p["about"].get("why")] == []


class TestExamples:
    def test_all_hold(self, report):
        assert [problem.show() for problem in report.problems] == []

    def test_there_are_at_least_thirty_four(self, report):
        assert len(report.results) >= 34

    def test_every_verdict_profile_flag_option_and_key_is_reached(self, report):
        assert [(row.kind, row.name) for row in report.coverage if not row.examples] == []

    def test_what_is_counted_as_reached_is_everything_there_is(self, report):
        counted = {(row.kind, row.name) for row in report.coverage}
        wanted = {
            *(("verdict", verdict) for verdict, _, _ in VERDICTS),
            *(("profile", profile) for profile in SHARES),
            *(("flag", flag) for flag in ("fatal", "refer", "note")),
            *(("outcome", f"messy-data-deadline/{name}") for name in (*OPTIONS, "several", "several_flagged")),
            *(("outcome", f"plain-words/{option}") for option in "ABCDE"),
            *(
                ("outcome", f"{i}/{n}")
                for i, (_, key) in NUMBERS.items()
                for n in (key, "wrong", "unclear", "no_digits")
            ),
            ("outcome", "outlier-age/141+others"),
        }
        assert wanted == counted

    @pytest.mark.parametrize("flag", ["fatal", "refer", "note"])
    def test_both_polarities_of_every_flag_occur(self, report, flag):
        """For each flag, one example raises it, and one with the same score and notice does not."""
        raised = {(r.decision.score, r.decision.data["notice"]) for r in report.results if flag in r.decision.flags}
        silent = {(r.decision.score, r.decision.data["notice"]) for r in report.results if flag not in r.decision.flags}
        assert raised & silent

    @pytest.mark.parametrize(("verdict", "cut"), [(v, Fraction(c)) for v, c, _ in VERDICTS if c != "0"])
    def test_every_cut_is_met_exactly_and_missed(self, report, verdict, cut):
        """An example stands exactly on the cut and reaches the band; one stands at the next lower share that some weights give, and does not."""
        bands = {
            (r.decision.score, r.decision.verdict) for r in report.results if r.decision.determined_by == ("band",)
        }
        below = max(share for share in _shares_of_subsets() if share < cut)
        assert (cut, verdict) in bands
        assert [found for share, found in bands if share == below] not in ([], [verdict])


# What somebody might change in the rubric without meaning to, each of them noticed by some example.
SLIPS = {
    "upper cut a hair higher": ("from: 80%", "from: 80.0001%"),
    "upper cut lower": ("from: 80%", "from: 71%"),
    "lower cut a hair higher": ("from: 60%", "from: 60.0001%"),
    "lower cut lower": ("from: 60%", "from: 57%"),
    "borderline advances": ("from: 60%, action: review", "from: 60%, action: advance"),
    "fail goes to a person": ("from: 0%, action: decline", "from: 0%, action: review"),
    "another default": ("default: equal", "default: critical-double"),
    "weights exchanged": ("communication: 10%, accuracy: 30%", "communication: 30%, accuracy: 10%"),
    "heavy section exchanged": ("hard-skills: 2/7, judgement: 1/7", "hard-skills: 1/7, judgement: 2/7"),
    "A is no flag": (
        "points: 0\n            flag: refer\n            text: Build",
        "points: 0\n            text: Build",
    ),
    "C is no flag": (
        "points: 0\n            flag: refer\n            text: Answer",
        "points: 0\n            text: Answer",
    ),
    "D is held only": ("flag: fatal", "flag: refer"),
    "D is no flag": ("            flag: fatal\n", ""),
    "A earns something": ("A:\n            points: 0", "A:\n            points: 1/100"),
    "age read strictly": ("read: contains", "read: stated"),
    "sum read loosely": ("print(result)\n        read: stated", "print(result)\n        read: contains"),
    "sum read strictly": ("print(result)\n        read: stated", "print(result)\n        read: sole"),
    "time read strictly": ("to end?\n        read: stated", "to end?\n        read: sole"),
    "age with a tolerance": ("is: 141,", "is: 141, absolute: 1269,"),
    "another sum": ("is: 70,", "is: 100,"),
    "a unit forgotten": ("[min, mins, minute, minutes]", "[mins, minute, minutes]"),
    "part of a selection": ("mode: exact", "mode: net"),
    "D counts as right": ("right: false\n            text: The model", "right: true\n            text: The model"),
    "no answer waits": ("missing: zero", "missing: await"),
    "fatal leads elsewhere": ("\nweights:", "\ncaps: {fatal: borderline}\n\nweights:"),
}


@pytest.mark.parametrize(("old", "new"), SLIPS.values(), ids=SLIPS)
def test_an_example_notices_every_slip(tmp_path, old, new):
    text, mark, guarantees = WRITTEN.read_text(encoding="utf-8").partition("\nguarantees:")
    assert text.count(old) == 1
    (tmp_path / "rubric.yaml").write_text(text.replace(old, new) + mark + guarantees, encoding="utf-8")
    examples = WRITTEN.with_name("examples.yaml")
    try:
        problems = run(tmp_path / "rubric.yaml", examples).problems
    except RubricError as error:  # an example names what is no longer there
        problems = error.problems
    assert {str(examples)} == {problem.file for problem in problems}


def _shares_of_subsets() -> set[Fraction]:
    """Every total that right and wrong answers can give under some profile."""
    totals = set()
    for shares in SHARES.values():
        sums = {Fraction(0)}
        for share in shares:
            sums |= {total + Fraction(share) for total in sums}
        totals |= sums
    return totals


# ---------------------------------------------------------------------- the two funnels, and every example by its name

FUNNELS = ("data-scientist", "ml-engineer-mid-hiring")


def _example_ids(name: str) -> list[str]:
    lines = (RULES / name / "examples.yaml").read_text(encoding="utf-8").splitlines()
    return [line.partition(": ")[2] for line in lines if line.startswith("  - id: ")]


EXAMPLES = [(name, example) for name in (WRITTEN.parent.name, *FUNNELS) for example in _example_ids(name)]


def _examples(name: str) -> tuple[bytes, str]:
    return (RULES / name / "examples.yaml").read_bytes(), "examples.yaml"


@cache
def _report(name: str) -> ExampleReport:
    return run(RULES / name / "rubric.yaml")


@cache
def _checked(name: str) -> Checked:
    return check(RULES / name / "rubric.yaml")


def _pack(name: str) -> dict:
    data = _checked(name).pack
    assert data is not None, [problem.show() for problem in _checked(name).problems]
    return json.loads(data)


def _placed(pack: dict) -> list[tuple[str, str, dict]]:
    """Each item with the ids of its stage and its section."""
    return [(stage["id"], s["id"], item) for stage in pack["stages"] for s in stage["sections"] for item in s["items"]]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[f"{name}/{example}" for name, example in EXAMPLES])
def test_the_example_holds(name, example):
    (result,) = [result for result in _report(name).results if result.id == example]
    assert [problem.show() for problem in result.problems] == []


def test_there_are_a_hundred_and_ninety_examples_or_more():
    assert len(EXAMPLES) >= 190


@pytest.mark.parametrize("name", [WRITTEN.parent.name, *FUNNELS])
def test_the_oracle_and_the_auditors_script_come_to_the_same_in_every_example(name):
    """Answers to a decision by what was written from the pages alone, outcomes to a decision by the script for strangers."""
    data, pack, recompute = _checked(name).pack, _pack(name), script("recompute")
    examples = read_examples(
        Rubric(data, level=next((level["id"] for level in pack["levels"]), None)), *_examples(name)
    )
    assert len(examples) == len(_example_ids(name))
    for example in examples:
        found = Rubric(data, example.profile, example.level).score(example.submission).data
        expected = oracle.decide(pack, found["pack"], example.profile, example.submission, example.level)
        assert (example.id, []) == (example.id, oracle.differences(expected, found))
        assert found == {**found, **recompute.recompute(pack, found)}


@pytest.mark.parametrize("name", FUNNELS)
class TestFunnels:
    def test_neither_an_error_nor_an_unaccepted_warning(self, name):
        assert [problem.show() for problem in _checked(name).problems] == []

    def test_every_verdict_level_variant_flag_gate_override_and_outcome_is_reached(self, name):
        assert [(row.kind, row.name) for row in _report(name).coverage if not row.examples] == []

    def test_every_gate_and_override_holds_in_one_example_and_not_in_another(self, name):
        seen = {(by, by in result.decision.caps) for result in _report(name).results for by in _limits(_pack(name))}
        assert {(by, holds) for by in _limits(_pack(name)) for holds in (True, False)} == seen

    def test_every_item_that_people_rate_waits_in_one_example_and_not_in_another(self, name):
        rated = [item["id"] for _, _, item in _placed(_pack(name)) if item["kind"] == "rating"]
        outcomes = [result.decision.outcomes for result in _report(name).results]
        assert {(item, waits) for item in rated for waits in (True, False)} == {
            (item, outcome[item] == "awaited") for outcome in outcomes for item in rated
        }

    def test_every_item_says_what_it_has_to_do_with_the_work(self, name):
        sections = {s["id"]: s["about"] for stage in _pack(name)["stages"] for s in stage["sections"]}
        assert [] == [
            item["id"]
            for _, section, item in _placed(_pack(name))
            if not (item["about"].get("job_related") or sections[section].get("job_related"))
        ]

    def test_what_is_assumed_stands_in_every_decision(self, name):
        pack = _pack(name)
        named = {f"rubric:{entry['id']}" for entry in pack["assumed"]}
        assert named
        assert [] == [r.id for r in _report(name).results if not named <= {*r.decision.data["assumed"]}]


def _limits(pack: dict) -> list[str]:
    gates = [f"gate:{gate['id']}" for stage in pack["stages"] for gate in stage["gate"]]
    return [*gates, *(f"override:{override['id']}" for override in pack["overrides"])]


# What can hold a decision, and in which rubric an example shows it; `excerpt` holds all of one and none of the other.
HOLDS_SHOWN = {
    "void": FUNNELS,
    "refer": FUNNELS,
    "verdict": FUNNELS,
    "irregularity": FUNNELS,
    "notice": ("ml-engineer-mid-hiring",),
    "unclear": ("ml-engineer-mid-hiring",),
    "excerpt": ("data-scientist",),
}


@pytest.mark.parametrize(("hold", "names"), HOLDS_SHOWN.items(), ids=HOLDS_SHOWN)
def test_every_hold_occurs_and_does_not_occur(hold, names):
    found = {(name, hold in result.decision.holds) for name in FUNNELS for result in _report(name).results}
    assert {name for name, holds in found if holds} == {*names}
    assert {holds for _, holds in found} == {True, False}


class TestDataScientist:
    """Everything that seed A lists is there; the figures are typed from it."""

    pack = property(lambda _: _pack("data-scientist"))
    items = property(lambda _: {item["id"]: item for _, _, item in _placed(_pack("data-scientist"))})

    def ids(self, item: str, records: str) -> list[str]:
        return [entry["id"] for entry in self.items[item]["records"][records]]

    def test_the_stages_stand_in_their_order(self):
        # [1]
        assert ["application", "resume", "interviews"] == [stage["id"] for stage in self.pack["stages"]]

    def test_sections_declare_what_the_source_counts_and_hold_what_it_shows(self):
        # [5] to [9]: for either variant one coding test of two
        declared = {
            section: (entry["declared"], len({item["only"] or item["id"] for item in entry["items"]}))
            for stage in self.pack["stages"]
            for entry in stage["sections"]
            for section in [entry["id"]]
            if entry["declared"] is not None
        }
        wanted = {"knock-outs": (2, 1), "video-replies": (3, 1), "competencies": (20, 1), "attitudes": (15, 1)}
        assert {**wanted, "coding-test": (2, 2)} == declared
        assert {"without-ai", "with-ai"} == {self.items[i]["only"] for i in ("churn-model", "churn-model-with-ai")}
        assert self.pack["excerpt"] is True

    def test_every_decision_says_how_much_of_the_rubric_is_there(self):
        # [5]
        (result,) = [result for result in _report("data-scientist").results if result.id == "meets-everything"]
        assert result.decision.data["excerpts"] == {
            "attitudes": [1, 15],
            "coding-test": [1, 2],
            "competencies": [1, 20],
            "knock-outs": [1, 2],
            "video-replies": [1, 3],
        }

    def test_only_less_than_a_year_knocks_out(self):
        # [10] [11]
        options = self.items["production-years"]["options"]
        assert [("less-than-1", "knock_out"), ("1-to-2", None), ("3-to-5", None), ("5-plus", None)] == [
            (option["id"], option["flag"]) for option in options
        ]
        assert ["absent", "blank", "invalid"] == self.items["production-years"]["awaits"]

    def test_years_as_a_number_have_a_map_that_is_written_down(self):
        # [10]
        assert "up to but not including 1, 1 to below 3, 3 to below 5, and 5 or more" in " ".join(
            self.items["production-years"]["about"]["audit_note"].split()
        )

    def test_nothing_of_the_application_can_earn_points(self):
        # [4] [12]
        rubric = Rubric(_checked("data-scientist").pack, level="mid")
        application = [item for stage, _, item in _placed(self.pack) if stage == "application"]
        places = [rubric.plan.index[item["id"]] for item in application]
        assert [("choice", 0), ("evidence", 0)] == [
            (item["kind"], rubric.plan.items[place].best) for item, place in zip(application, places, strict=True)
        ]
        assert "2 min" == self.items["early-launch-video"]["about"]["limit"]

    def test_the_resume_has_four_statements_and_four_questions_of_two_scales(self):
        # [14]
        scales = {
            section: [[value["id"] for value in item["values"]] for _, s, item in _placed(self.pack) if s == section]
            for section in ("capabilities", "resume-questions")
        }
        assert scales == {
            "capabilities": [["1", "2", "3", "4", "5"]] * 4,
            "resume-questions": [["no", "not_evident", "yes"]] * 4,
        }

    def test_two_reviewers_rate_each_criterion_and_the_middle_counts(self):
        # [13] [74]
        raters = [item["raters"] for stage, _, item in _placed(self.pack) if stage == "resume"]
        assert [{"combine": "median", "max": 5, "needs": {"reviewer": 2}}] * 8 == raters

    def test_the_gate_of_the_resume_is_a_threshold_and_not_a_rank(self):
        # [16]
        (gate,) = self.pack["stages"][1]["gate"]
        assert ({"below": "3/5", "stage": "resume"}, "archived") == (gate["when"], gate["cap"])

    def test_what_is_a_risk_of_adverse_impact_says_so(self):
        # [15]
        assert "keep out whole groups" in self.items["credentials"]["about"]["audit_note"]
        assert "second language" in self.items["resume-form"]["about"]["audit_note"]

    def test_only_the_interviews_weigh_and_their_five_parts_alike(self):
        # [18]
        (profile,) = self.pack["profiles"]
        assert {"application": "0", "resume": "0", "interviews": "1"} == profile["stages"]
        interviews = [section["id"] for section in self.pack["stages"][2]["sections"]]
        assert ["1/5"] * 5 == [profile["shares"][section] for section in interviews]
        assert profile["assumed"] is True

    def test_every_interview_item_belongs_to_a_round_of_the_stage(self):
        # [19]
        rounds = self.pack["stages"][2]["about"]["rounds"]
        found = {item["about"]["round"] for stage, _, item in _placed(self.pack) if stage == "interviews"}
        assert {*rounds} == found
        core = ("dashboard-walkthrough", "accountability")
        assert {"Hiring Manager Technical"} == {self.items[item]["about"]["round"] for item in core}

    def test_a_level_has_to_be_named(self):
        # [20] [78]
        with pytest.raises(RubricError) as raised:
            Rubric(_checked("data-scientist").pack)
        assert ["level"] == [problem.code for problem in raised.value.problems]
        assert ["junior", "mid", "senior", "principal"] == [level["id"] for level in self.pack["levels"]]

    def test_the_competency_question_expects_three_at_mid_and_only_that_is_the_sources(self):
        # [22]
        expected = {entry["id"]: (entry["expected"], entry["assumed"]) for entry in self.pack["competencies"]}
        values = {"junior": "2", "mid": "3", "senior": "4", "principal": "5"}
        assert [values] * 9 == [entry for entry, _ in expected.values()]
        assert ["junior", "senior", "principal"] == expected.pop("bi-dashboards")[1]
        assert [["junior", "mid", "senior", "principal"]] * 8 == [assumed for _, assumed in expected.values()]

    def test_the_progression_table_has_nine_competencies_and_thirty_six_cells(self):
        # [23]
        cells = [entry["about"]["requirements"] for entry in self.pack["competencies"]]
        levels = ["junior", "mid", "senior", "principal"]
        assert [levels] * 9 == [[cell.partition(": ")[0] for cell in row] for row in cells]
        assert 36 == len({cell.partition(": ")[2] for row in cells for cell in row})

    def test_four_competencies_are_of_one_discipline_and_five_of_the_other(self):
        # [23]
        disciplines = [entry["about"]["discipline"] for entry in self.pack["competencies"]]
        assert [4, 5] == [disciplines.count(name) for name in dict.fromkeys(disciplines)]

    def test_the_requirement_of_the_question_is_the_cell_of_the_table(self):
        # [21]
        (row,) = [e["about"]["requirements"] for e in self.pack["competencies"] if e["id"] == "bi-dashboards"]
        assert f"mid: {self.items['dashboard-walkthrough']['about']['requirement']}" in row

    @pytest.mark.parametrize(
        ("item", "positive", "negative"),
        [
            ("dashboard-walkthrough", 3, 3),
            ("accountability", 3, 3),
            ("churn-model", 4, 4),
            ("churn-model-with-ai", 8, 8),
            ("ambiguous-project", 5, 5),
            ("discovery-interview", 4, 4),
        ],
    )
    def test_there_are_as_many_indicators_as_in_the_source(self, item, positive, negative):
        # [24] [25] [27]
        assert (positive, negative) == (len(self.ids(item, "positive")), len(self.ids(item, "negative")))

    def test_the_first_four_indicators_are_of_both_variants_and_the_rest_of_one(self):
        # [27]
        for side in ("positive", "negative"):
            with_ai = self.ids("churn-model-with-ai", side)
            assert self.ids("churn-model", side) == with_ai[:4]
            assert ["ai"] * 4 == [name.partition("-")[0] for name in with_ai[4:]]

    def test_only_the_variant_with_a_machine_wants_its_work_validated(self):
        # [28]
        assert ["ai-validation", "leakage-shown", "metrics-shown"] == self.ids("churn-model-with-ai", "evidence")
        assert [] == self.ids("churn-model", "evidence")

    def test_both_variants_want_a_class_skeleton(self):
        # [29]
        assert [True, True] == [
            "class-skeleton" in self.ids(i, "deliverables") for i in ("churn-model", "churn-model-with-ai")
        ]

    def test_the_scale_of_the_coding_test_is_borrowed_and_says_so(self):
        # [30]
        assert "coding-anchors" in {entry["id"] for entry in self.pack["assumed"]}
        presented = [(v["id"], v["points"]) for v in self.items["ambiguous-project"]["values"]]
        for item in ("churn-model", "churn-model-with-ai"):
            assert presented == [(value["id"], value["points"]) for value in self.items[item]["values"]]
            assert "coding-anchors" in self.items[item]["about"]["assumption"]

    def test_presentation_and_simulation_have_anchors_of_their_own_and_numbers_that_are_assumed(self):
        # [31]
        anchors = {
            i: [v["about"]["text"] for v in self.items[i]["values"]]
            for i in ("ambiguous-project", "discovery-interview")
        }
        assert 6 == len({text for texts in anchors.values() for text in texts})
        assert ["0", "3/4", "1"] == [value["points"] for value in self.items["discovery-interview"]["values"]]
        assert "anchor-numbers" in {entry["id"] for entry in self.pack["assumed"]}

    def test_limits_and_formats(self):
        # [32] [33]
        limits = {name: item["about"]["limit"] for name, item in self.items.items() if "limit" in item["about"]}
        assert limits == {
            "early-launch-video": "2 min",
            "churn-model": "20 min",
            "churn-model-with-ai": "20 min",
            "ambiguous-project": "20 min",
            "discovery-interview": "40 min",
        }
        formats = [self.items[item]["about"]["format"] for item in ("ambiguous-project", "discovery-interview")]
        assert [True, True] == [text.endswith("about two hours to prepare") for text in formats]

    def test_the_audience_rates_because_the_rubric_says_so(self):
        # [34]
        item = self.items["ambiguous-project"]
        roles = ["product-manager", "senior-data-scientist", "engineering-lead"]
        assert dict.fromkeys(roles, 1) == item["raters"]["needs"]
        assert 3 == len(item["about"]["audience"])
        assert "because the rubric says so" in item["about"]["audit_note"]

    def test_preparation_deliverables_and_ground_rules(self):
        # [35] [36]
        assert ["deck", "discussion"] == self.ids("ambiguous-project", "deliverables")
        assert 2 == len(self.items["ambiguous-project"]["about"]["prepare"])
        assert [2, 3] == [len(self.ids(i, "ground_rules")) for i in ("ambiguous-project", "discovery-interview")]

    def test_the_simulation_is_there_in_full(self):
        # [37] to [40]
        item = "discovery-interview"
        lists = {name: len(self.ids(item, name)) for name in ("criteria", "constraints", "tensions", "conduct")}
        assert {"criteria": 3, "constraints": 3, "tensions": 3, "conduct": 3} == lists
        about = self.items[item]["about"]
        assert (2, 3, 3) == (len(about["persona"]), len(about["guidance"]), len(about["prepare"]))
        assert "5 %" in self.items[item]["records"]["constraints"][0]["about"]["text"]

    def test_the_notice_tells_what_to_review_beforehand(self):
        # [41]
        assert "A/B tests" in self.pack["notice"]
        assert "series B" in self.pack["notice"]

    def test_advice_is_kept_as_a_note_and_scores_nothing(self):
        # [17] [42]
        assert "withdrew themselves" in self.pack["about"]["note"]
        assert "save everybody's" in " ".join(self.pack["about"]["note"].split())


class TestHiring:
    """The written test as a stage, an interview beside it; the figures are typed from seed B."""

    pack = property(lambda _: _pack("ml-engineer-mid-hiring"))

    def test_the_written_test_is_there_as_it_stands_in_its_own_rubric(self):
        inner = _pack(WRITTEN.parent.name)
        moved = [item for stage, _, item in _placed(self.pack) if stage == "written-test"]
        assert [{**item, "id": f"written-test/{item['id']}"} for _, _, item in _placed(inner)] == moved
        digest = Rubric(_checked(WRITTEN.parent.name).pack).digest
        assert f"{inner['rubric']} {inner['version']} {digest}" == self.pack["stages"][1]["about"]["from"]

    def test_five_interview_questions_in_three_areas(self):
        # [71] [73]
        areas = {section["id"]: len(section["items"]) for section in self.pack["stages"][2]["sections"]}
        assert {"technical": 3, "soft-skills": 1, "attitude": 1} == areas

    def test_the_two_questions_that_the_source_cuts_say_so(self):
        # [71]
        cut = [i["id"] for _, _, i in _placed(self.pack) if "cut-questions" in i["about"].get("assumption", "")]
        assert ["past-project", "keeps-learning"] == cut

    def test_each_area_has_a_minimum_beside_the_sum(self):
        # [73]
        conditions = [override["when"] for override in self.pack["overrides"]]
        assert [{"below": "1/2", "section": area} for area in ("technical", "soft-skills", "attitude")] == conditions

    def test_the_weights_of_the_stages_are_written_down_and_assumed(self):
        # [72]
        profiles = {profile["id"]: profile for profile in self.pack["profiles"]}
        assert {
            "equal": {"application": "0", "written-test": "1/2", "interview": "1/2"},
            "interview-heavy": {"application": "0", "written-test": "2/5", "interview": "3/5"},
        } == {name: profile["stages"] for name, profile in profiles.items()}
        assert [True, True] == [profile["assumed"] for profile in profiles.values()]
        assert "justification" in profiles["interview-heavy"]["about"]

    def test_no_concern_of_an_interviewer_leads_anywhere_by_itself(self):
        # [69]
        conditions = json.dumps([*(o["when"] for o in self.pack["overrides"]), self.pack["stages"][2]["gate"]])
        assert "flag" not in conditions


# What somebody might change in a funnel without meaning to, each of them noticed by some example.
FUNNEL_SLIPS = {
    "offers from less": ("data-scientist", "from: 75%", "from: 72%"),
    "offers from more": ("data-scientist", "from: 75%", "from: 75.1%"),
    "considers less": ("data-scientist", "from: 60%, action: review", "from: 60.1%, action: review"),
    "nobody is knocked out": ("data-scientist", "flag: knock_out, text", "flag: note, text"),
    "a higher gate": ("data-scientist", "{stage: resume, below: 60%}", "{stage: resume, below: 62.6%}"),
    "a lower gate": ("data-scientist", "{stage: resume, below: 60%}", "{stage: resume, below: 59%}"),
    "one reviewer is enough": ("data-scientist", "{reviewer: 2}", "{reviewer: 1}"),
    "reviews by the lowest": ("data-scientist", "max: 5, combine: median", "max: 5, combine: lowest"),
    "the core without consensus": ("data-scientist", "combine: consensus", "combine: lowest"),
    "the coding test by consensus": (
        "data-scientist",
        "max: 4, combine: lowest",
        "max: 4, combine: consensus",
    ),
    "the simulation by the middle": ("data-scientist", "combine: mean", "combine: median"),
    "points above the level": ("data-scientist", "{below: 0, at: 1, above: 1}", "{below: 0, at: 1, above: 2}"),
    "nobody waits for the video": ("data-scientist", "            missing: await\n", ""),
    "a weaker competency rule": ("data-scientist", "    cap: no-hire\n", "    cap: consider\n"),
    "a stronger attitude rule": ("data-scientist", "{section: attitudes, below: 75%}\n", "{section: attitudes, below: 76%}\n"),
    "another expectation": (
        "data-scientist",
        'expected: {junior: "2", mid: "3", senior: "4", principal: "5"}\n    assumed: [junior, senior, principal]',
        'expected: {junior: "2", mid: "2", senior: "4", principal: "5"}\n    assumed: [junior, senior, principal]',
    ),
    "meets counts less": ("data-scientist", "number: 3, text: Reaches", "number: 2, text: Reaches"),
    "what is not evident counts": ("data-scientist", "not_evident: {number: 0,", "not_evident: {number: 1,"),
    "a role less in the audience": ("data-scientist", "1, engineering-lead: 1}\n          max: 5", "1}\n          max: 5"),
    "knocked out to the archive": ("data-scientist", "{knock_out: declined-at-the-door}", "{knock_out: archived}"),
    "a minimum of the core forgotten": ("data-scientist", "below: 50%}\n    cap: consider", "below: 50%}\n    cap: hire"),
    "fatal fails less": ("ml-engineer-mid-hiring", "fatal: test-failed", "fatal: no-offer"),
    "a lower gate of the test": ("ml-engineer-mid-hiring", "{stage: written-test, below: 60%}", "{stage: written-test, below: 40%}"),
    "other weights": ("ml-engineer-mid-hiring", "{written-test: 40%, interview: 60%}", "{written-test: 41%, interview: 59%}"),
    "an area without a minimum": ("ml-engineer-mid-hiring", "{section: attitude, below: 50%}", "{section: soft-skills, below: 40%}"),
    "interviews by the middle": ("ml-engineer-mid-hiring", "max: 3, combine: lowest", "max: 3, combine: mean"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new"), FUNNEL_SLIPS.values(), ids=FUNNEL_SLIPS)
def test_an_example_of_a_funnel_notices_every_slip(tmp_path, name, old, new):
    text, mark, guarantees = (RULES / name / "rubric.yaml").read_text(encoding="utf-8").partition("\nguarantees:")
    assert text.count(old) == 1
    (tmp_path / name).mkdir()
    (tmp_path / WRITTEN.parent.name).symlink_to(WRITTEN.parent)
    (tmp_path / name / "rubric.yaml").write_text(text.replace(old, new) + mark + guarantees, encoding="utf-8")
    examples = RULES / name / "examples.yaml"
    try:
        problems = run(tmp_path / name / "rubric.yaml", examples).problems
    except RubricError as error:  # an example names what is no longer there
        problems = error.problems
    assert {str(examples)} == {problem.file for problem in problems}
