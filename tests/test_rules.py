"""
The shipped rubrics: they load without a doubt left, say what their source says, and their examples hold.

The tables below are typed from the source, not read from the rubric; the numbers in brackets are the rows of the list of requirements.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from scoring.change.examples import ExampleReport, run
from scoring.engine.rubric import Rubric
from scoring.errors import RubricError
from scoring.rubric.check import Checked, check

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
    text = WRITTEN.read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / "rubric.yaml").write_text(text.replace(old, new), encoding="utf-8")
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
