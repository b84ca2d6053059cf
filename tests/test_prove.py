"""Proofs about all candidates, against every case of small rubrics one by one, and on rubrics that nobody could enumerate."""

from __future__ import annotations

import json
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import brute
import changes
from packs import (
    AWAITS_ALL,
    choice,
    funnel,
    mark,
    number,
    override,
    pack,
    raters,
    rating,
    sample,
    section,
    stage,
    verdict,
)
from scoring import RubricError
from scoring.change.joint import questions
from scoring.change.prove import ACTIONS, moves, prove
from scoring.change.witness import condition_holds
from scoring.engine.plan import Plan, compile_plan
from scoring.engine.rubric import Rubric
from scoring.rubric.check import check
from strategies_packs import conditions, funnels, pack_bytes, packs

FEW = settings.default.max_examples // 20  # seconds; `make prove-sweep` tries thousands


def plan_of(document: dict[str, Any], **more: Any) -> Plan:
    level = document["levels"][0]["id"] if document["levels"] else None
    return compile_plan(pack_bytes(document), level=level, **more)


def counted(rows: Any) -> dict[tuple[str, str], int]:
    assert all(row.exact and row.possible == (row.most > 0) for row in rows)
    return {(row.old, row.new): row.most for row in rows if row.most}


@st.composite
def questions_of_all(draw: Any, shape: Any) -> tuple[dict[str, Any], dict[str, Any] | None, int]:
    """A pack, a condition as guarantees have it, and a seed for the verdicts that are allowed."""
    document = draw(shape)
    sections = [part for each in document["stages"] for part in each["sections"]]
    weighed = [
        each["id"]
        for each in document["stages"]
        if any(one["stages"][each["id"]] != "0" for one in document["profiles"])
    ]
    view = {**document, "scored": weighed} if len(document["stages"]) > 1 else None
    nothing = {"every": ["absent", "blank", "invalid", "wrong", "a", "B"]}
    when = draw(st.one_of(st.none(), conditions(sections, document["notice"] is not None, 0, view), st.just(nothing)))
    if when and draw(st.booleans()):
        when = {draw(st.sampled_from(["all", "any"])): [when, nothing]}
    return document, when, draw(st.integers(0, 2**32))


def check_moves_to_itself(document: dict[str, Any]) -> None:
    plan = plan_of(document)
    assume(brute.size(plan) <= 600)
    for by in ("verdict", "action"):
        expected: Counter[str] = Counter()
        brute.count_labels(plan, lambda decision, by=by: getattr(decision, by), expected)
        found = moves(plan, plan, by=by)
        if found.why is None:
            assert {(label, label): ways for label, ways in expected.items()} == counted(found.rows)
        else:
            assert all(row.most >= expected[row.old] for row in found.rows if row.old == row.new)


def check_change(document: dict[str, Any], lot: random.Random) -> None:
    old = plan_of(document)
    try:
        new = plan_of(changes.changed(document, lot))
    except RubricError:
        assume(False)
    assume(brute.size(old) * brute.size(new) <= 8_000)
    both = [question for question in questions(old, new) if None not in question.places]
    pairs = [*brute.every_pair(old, new, {one.id: {o.codes for o in one.outcomes} for one in both})]
    for by in ("verdict", "action"):
        expected = Counter((getattr(a, by), getattr(b, by)) for a, b in pairs)
        for bound in (2_000_000, 60):
            found = moves(old, new, by=by, bound=bound)
            for row in found.rows:
                ways = expected[row.old, row.new]
                assert row.most >= ways
                assert row.possible in (None, ways > 0) or (row.possible and not row.exact)
                if found.why is None:
                    assert row.fewest == row.most == ways
                    assert (row.witness is not None) == (ways > 0 and row.old != row.new)


def check_guarantee(case: tuple[dict[str, Any], dict[str, Any] | None, int]) -> None:
    document, when, seed = case
    plan = plan_of(document)
    assume(brute.size(plan) <= 600)
    lot = random.Random(seed)
    allowed = [name for name in plan.verdicts if lot.random() < 0.5] or [plan.verdicts[0]]
    failing = [one for one in brute.every_case(plan) if condition_holds(one, when) and one.verdict not in allowed]
    for bound in (2_000_000, 40):
        found = prove(plan, {"id": "g", "when": when, "allowed": allowed}, bound=bound)
        if found.why is None:
            assert (not failing, len(failing)) == (found.holds, found.failing)
        elif "panel" not in found.why:
            assert found.holds in (None, not failing)
            assert found.failing in (None, len(failing))
        if found.why is None and failing:
            least = min(
                sum(name not in {"absent", "excluded", "unopened"} for name in one.outcomes.values()) for one in failing
            )
            assert found.witness is not None
            assert least == len(found.witness["outcomes"])


class TestAgainstEveryCase:
    @settings(max_examples=2 * FEW)
    @given(packs())
    def test_every_verdict_and_every_action_is_counted_as_often_as_it_occurs(self, document: dict[str, Any]) -> None:
        check_moves_to_itself(document)

    @settings(max_examples=FEW)
    @given(funnels())
    def test_so_are_those_of_funnels_whose_cases_end_early(self, document: dict[str, Any]) -> None:
        check_moves_to_itself(document)

    @settings(max_examples=FEW)
    @given(packs(), st.integers(0, 2**32))
    def test_what_a_change_moves_is_counted_pair_by_pair(self, document: dict[str, Any], seed: int) -> None:
        check_change(document, random.Random(seed))

    @settings(max_examples=FEW)
    @given(funnels(), st.integers(0, 2**32))
    def test_so_is_what_a_change_of_a_funnel_moves(self, document: dict[str, Any], seed: int) -> None:
        check_change(document, random.Random(seed))

    @settings(max_examples=FEW)
    @given(questions_of_all(packs()))
    def test_a_guarantee_holds_exactly_where_no_case_breaks_it(self, case: Any) -> None:
        """And where it does not, the witness has as few answers as any case that breaks it."""
        check_guarantee(case)

    @settings(max_examples=FEW)
    @given(questions_of_all(funnels()))
    def test_so_it_is_in_funnels(self, case: Any) -> None:
        check_guarantee(case)


def sixty(best: str = "1/3") -> dict[str, Any]:
    """Sixty items with thirds in five sections under weights 10/30/20/20/20, with caps and flags."""
    sections = []
    for s, size in enumerate((7, 11, 13, 12, 17)):
        items = []
        for n in range(size):
            options: dict[str, Any] = {"A": ("0", None), "B": ("1/3", None), "C": ("2/3", None), "D": ("1", None)}
            if n < 2:
                options["E"] = (best if n else "0", "refer" if n else "fatal")
            items.append(choice(f"i{s}-{n}", **options))
        sections.append(section(f"s{s}", *items))
    return pack(
        *sections,
        shares=["1/10", "3/10", "1/5", "1/5", "1/5"],
        overrides=[
            override("core", "middling", {"section": "s1", "below": "1/2"}),
            override("both", "weak", {"all": [{"section": "s3", "below": "2/5"}, {"flag": "refer", "at_least": 2}]}),
        ],
    )


class TestOnSixtyItems:
    def test_a_guarantee_is_proved(self) -> None:
        found = prove(
            plan_of(sixty()), {"id": "core", "when": {"section": "s1", "below": "1/2"}, "allowed": ["middling", "weak"]}
        )
        assert (True, 0, None) == (found.holds, found.failing, found.why)

    def test_a_counterexample_at_odds_below_one_in_a_thousand_million_is_found(self) -> None:
        """All of s4 but one third right, half of s1: the only way to 4/5 with s0 empty, and the witness has no answer too many."""
        plan = plan_of(sixty())
        when = {"section": "s0", "below": "1/7"}
        found = prove(plan, {"id": "s0", "when": when, "allowed": ["middling", "weak"]})
        every = prove(plan, {"id": "all", "when": None, "allowed": []})
        assert found.holds is False
        assert found.failing is not None
        assert every.failing is not None
        assert 10**9 * found.failing < every.failing
        assert found.witness is not None
        assert "strong" == found.witness["verdict"]
        decision = Rubric(pack_bytes(sixty())).score(found.witness["submission"])
        assert ("strong", True) == (decision.verdict, condition_holds(decision, when))

    def test_what_a_lower_cut_moves_is_counted(self) -> None:
        document = sixty()
        document["verdicts"][0]["from"] = "3/4"
        found = moves(plan_of(sixty()), plan_of(document))
        moved = {pair for pair, ways in counted(found.rows).items() if pair[0] != pair[1] and ways}
        assert {("middling", "strong")} == moved
        witness = next(row.witness for row in found.rows if (row.old, row.new) == ("middling", "strong"))
        assert witness is not None
        assert witness["old"] == witness["new"]


RULES = Path(__file__).parent.parent / "rules"


class TestOnTheSeeds:
    @pytest.mark.parametrize("name", ["ml-engineer-mid-written", "ml-engineer-mid-hiring", "data-scientist"])
    def test_every_profile_and_level_is_decided_exactly(self, name: str) -> None:
        """A best verdict that begins 5 points lower: some who were below it move up, nobody moves otherwise, and each is counted."""
        data = check(RULES / name / "rubric.yaml").pack
        assert data is not None
        document = json.loads(data)
        best, second = document["verdicts"][:2]
        best["from"] = str(Fraction(best["from"]) - Fraction(1, 20))
        for profile in document["profiles"]:
            for level in [one["id"] for one in document["levels"]] or [None]:
                old = compile_plan(data, profile["id"], level)
                found = moves(old, compile_plan(pack_bytes(document), profile["id"], level))
                moved = {pair for pair in counted(found.rows) if pair[0] != pair[1]}
                assert moved <= {(second["id"], best["id"])}
                assert found.why is None
                lowest = prove(old, {"id": "g", "when": {"every": ["absent", "blank"]}, "allowed": [old.verdicts[-1]]})
                assert (True, 0) == (lowest.holds, lowest.failing)


def yes_no(name: str, **more: Any) -> dict[str, Any]:
    return choice(name, yes=("1", None), no=("0", None)) | more


class TestByHand:
    def test_the_counts_of_two_items_can_be_counted_on_fingers(self) -> None:
        """Each item has absent, blank, invalid, yes, no, several: 36 combinations, of which one has both right and ten one."""
        document = pack(section("a", yes_no("one"), yes_no("two")))
        document["verdicts"] = [
            verdict("good", "1", "advance"),
            verdict("half", "1/2", "review"),
            verdict("bad", "0", "decline"),
        ]
        document |= {"caps": {"fatal": "bad", "knock_out": "bad"}, "notice": None}
        plan = plan_of(document)
        assert {("good", "good"): 1, ("half", "half"): 10, ("bad", "bad"): 25} == counted(moves(plan, plan).rows)

    def test_the_same_rubric_moves_nothing_and_says_so_of_every_pair(self) -> None:
        plan = plan_of(sample())
        found = moves(plan, plan, by="action")
        assert [(a, b) for a in ACTIONS for b in ACTIONS] == [(row.old, row.new) for row in found.rows]
        assert all(row.possible is False for row in found.rows if row.old != row.new)
        assert (True, None, ()) == (found.decided, found.why, found.remarks)

    def test_a_case_that_ends_early_is_counted_once_whatever_comes_after(self) -> None:
        """A door with two answers (and several): yes goes on to six outcomes, no and several end it or fail."""
        door = choice("door", yes=("1", None), no=("0", "knock_out")) | AWAITS_ALL
        document = funnel(stage("one", section("a", door)), stage("two", section("b", yes_no("q"))), weights=["0", "1"])
        plan = plan_of(document)
        total = sum(row.most for row in moves(plan, plan).rows)
        # yes and several go on (6 outcomes each), several_flagged too; no ends.
        assert 3 * 6 + 1 == total

    def test_a_guarantee_of_nobody_says_so(self) -> None:
        document = pack(section("a", mark("m")))
        found = prove(plan_of(document), {"id": "g", "when": {"every": ["absent", "blank"]}, "allowed": ["weak"]})
        assert found.holds is True
        assert ("No complete submission meets the condition, so it says nothing.",) == found.remarks

    def test_what_differs_without_proof_of_notice_is_said_beside_the_proof(self) -> None:
        found = prove(plan_of(sample()), {"id": "g", "when": {"flag": "fatal", "at_least": 1}, "allowed": ["weak"]})
        assert found.holds is True
        assert "Without proof of notice" in found.remarks[0]

    def test_raters_whom_no_panel_suits_leave_counts_as_bounds(self) -> None:
        """One item takes one examiner at most, the other needs two: what each can come to by itself, they cannot together."""
        document = pack(section("a", rating("r", by=raters(top=1)), rating("q", by=raters(top=2, examiner=2))))
        found = moves(plan_of(document), plan_of(document))
        assert found.why is not None
        assert "panel" in found.why
        assert all(row.fewest <= row.most for row in found.rows)

    def test_past_the_bound_nothing_is_claimed_that_is_not_so(self) -> None:
        document = sixty()
        document["verdicts"][0]["from"] = "3/4"
        found = moves(plan_of(sixty()), plan_of(document), bound=2_000)
        assert found.why is not None
        assert not any(
            row.possible for row in found.rows if (row.old, row.new) in {("strong", "weak"), ("weak", "strong")}
        )

    def test_by_is_one_of_two_words(self) -> None:
        plan = plan_of(sample())
        with pytest.raises(ValueError, match="verdict or action"):
            moves(plan, plan, by="score")

    def test_an_unclear_answer_holds_the_action_only_where_it_would_change_the_verdict(self) -> None:
        document = pack(section("a", number("n"), yes_no("q"), yes_no("p")))
        document |= {"verdicts": [verdict("good", "2/3", "advance"), verdict("bad", "0", "decline")], "notice": None}
        document["caps"] = {"fatal": "bad", "knock_out": "bad"}
        plan = plan_of(document)
        expected: Counter[str] = Counter()
        brute.count_labels(plan, lambda decision: decision.action, expected)
        assert expected["review"] == 10
        assert {(a, a): n for a, n in expected.items()} == counted(moves(plan, plan, by="action").rows)
