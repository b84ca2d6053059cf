"""What one answer comes to under two versions: real answers to changed items, read by both, against the pairs that proofs rest on."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import changes
from packs import checklist, choice, mark, number, pack, part, raters, rating, section, selection, text
from scoring import RubricError
from scoring.change.joint import UNKNOWN, Question, is_read_alike, questions
from scoring.engine.plan import Plan, compile_plan
from scoring.engine.table import NO_ENTRY, Refused
from strategies_answers import answers_to
from strategies_packs import ITEM, ITEMS, pack_bytes, packs

PANEL = {"ann": "examiner", "bob": "examiner", "cy": "peer"}


def plan_of(*items: dict[str, Any]) -> Plan:
    document = pack(section("s", *items, mark("rescue")))
    return compile_plan(pack_bytes(document))


def asked(before: dict[str, Any], after: dict[str, Any]) -> Question:
    return questions(plan_of(before), plan_of(after))[0]


def named(before: dict[str, Any], after: dict[str, Any]) -> set[tuple[str, str]]:
    """The pairs that are sure, by name, without what says nothing."""
    old, new = plan_of(before).items[0], plan_of(after).items[0]
    found = {
        (old.name(one.codes[0]), new.name(one.codes[1]))
        for one in asked(before, after).outcomes
        if one.sure and one.codes[0] is not None and one.codes[1] is not None
    }
    return found - {("absent", "absent"), ("blank", "blank")}


def number_of(*keys: tuple[str, str, str], read: str = "sole") -> dict[str, Any]:
    rows = [part(name, points="1", low=low, high=high) for name, low, high in keys]
    return number("n", read=read, keys=rows)


def text_of(*keys: tuple[str, str, list[str]]) -> dict[str, Any]:
    return text("t", keys=[part(name, points="1", match=match, texts=texts) for name, match, texts in keys])


@st.composite
def changed_items(draw: Any, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    make = ITEMS[kind]
    fatal = kind in ("choice", "selection")
    body = draw(make(True) if fatal else make())
    item = {**ITEM, "awaits": ["absent", "blank", "invalid"], "id": "i", **body}
    document = pack(section("s", item))
    lot = random.Random(draw(st.integers(0, 2**32)))
    left = changes.changed(document, lot)["stages"][0]["sections"][0]["items"]
    assume(left)
    return item, left[0]


def both_plans(before: dict[str, Any], after: dict[str, Any]) -> tuple[Plan, Plan]:
    try:
        plans = plan_of(before), plan_of({**after, "id": "i"})
    except RubricError:
        assume(False)
        raise
    return plans


class TestNoRealAnswerIsMissed:
    @settings(max_examples=settings.default.max_examples // 6)
    @pytest.mark.parametrize("kind", ["choice", "selection", "number", "text", "mark"])
    @given(st.data())
    def test_what_a_person_answers_comes_to_one_of_the_pairs(self, kind: str, data: st.DataObject) -> None:
        before, after = data.draw(changed_items(kind))
        assume(after.get("kind") == kind)
        old, new = both_plans(before, after)
        found = {one.codes for one in questions(old, new)[0].outcomes}
        for item in (before, after):
            for _ in range(5):
                answer = data.draw(answers_to({**item, "id": "i"}))
                try:
                    pair = old.items[0].read(answer), new.items[0].read(answer)
                except Refused:
                    continue
                assert pair in found

    @settings(max_examples=settings.default.max_examples // 6)
    @pytest.mark.parametrize("kind", ["rating", "checklist"])
    @given(st.data())
    def test_nor_is_what_raters_say(self, kind: str, data: st.DataObject) -> None:
        before, after = data.draw(changed_items(kind))
        assume(after.get("kind") == kind)
        old, new = both_plans(before, after)
        one, other = old.items[0], new.items[0]
        assert one.table.rate is not None
        assert other.table.rate is not None
        found = {outcome.codes for outcome in questions(old, new)[0].outcomes}
        for item in (before, after):
            answer = data.draw(answers_to({**item, "id": "i"}, PANEL))
            try:
                pair = one.table.rate(answer, PANEL)[0], other.table.rate(answer, PANEL)[0]
            except Refused:
                continue
            if pair[0] != one.table.awaited and pair[1] != other.table.awaited:
                assert pair in found

    @settings(max_examples=settings.default.max_examples // 8)
    @given(packs(), st.integers(0, 2**32))
    def test_an_answer_that_stands_with_a_pair_is_read_so_by_both(self, document: dict[str, Any], seed: int) -> None:
        old = compile_plan(pack_bytes(document))
        try:
            new = compile_plan(pack_bytes(changes.changed(document, random.Random(seed))))
        except RubricError:
            assume(False)
        for question in questions(old, new):
            before, after = question.places
            if before is None or after is None:
                continue
            for outcome in question.outcomes:
                if outcome.answer is not UNKNOWN:
                    assert outcome.sure
                    read = old.items[before].read(outcome.answer), new.items[after].read(outcome.answer)
                    assert outcome.codes == read
                else:
                    assert not outcome.sure or is_read_alike(old.items[before], new.items[after])


class TestByHand:
    def test_an_item_that_did_not_change_goes_outcome_by_outcome(self) -> None:
        item = choice("q", A=("1", None), B=("0", None))
        again = choice("q", A=("0", None), B=("1", "note"))
        same = {("invalid", "invalid"), ("A", "A"), ("B", "B"), ("several", "several")}
        assert same == named(item, again)

    def test_options_are_matched_by_id_whatever_their_order(self) -> None:
        turned = choice("q", C=("0", None), B=("0", None), A=("1", None))
        item = choice("q", A=("1", None), B=("0", None), C=("0", None))
        pairs = {pair for pair in named(item, turned) if pair[0] in "ABC"}
        assert {("A", "A"), ("B", "B"), ("C", "C")} == pairs

    def test_an_option_that_is_new_was_invalid_and_with_another_one_still_several(self) -> None:
        item = choice("q", A=("1", None), B=("0", None))
        more = choice("q", A=("1", None), B=("0", None), C=("0", None))
        expected = {
            ("invalid", "invalid"), ("invalid", "C"), ("invalid", "several"), ("A", "A"), ("B", "B"), ("several", "several"),
        }  # fmt: skip
        assert expected == named(item, more)

    def test_a_flag_that_makes_an_option_severe_changes_what_several_are(self) -> None:
        item = choice("q", A=("1", None), B=("0", None), C=("0", None))
        severe = choice("q", A=("1", None), B=("0", None), C=("0", "refer"))
        expected = {("several", "several"), ("several", "several_flagged")}
        assert expected == {pair for pair in named(item, severe) if pair[0] == "several"}

    def test_a_key_that_moved_tells_the_numbers_between_apart(self) -> None:
        pairs = named(number_of(("k", "70", "75")), number_of(("k", "72", "80")))
        assert {
            ("k", "k"),
            ("k", "wrong"),
            ("wrong", "k"),
            ("wrong", "wrong"),
            ("unclear", "unclear"),
            ("no_digits", "no_digits"),
        } == pairs

    def test_a_key_that_got_narrower_gains_nobody(self) -> None:
        assert ("wrong", "k") not in named(number_of(("k", "70", "75")), number_of(("k", "71", "74")))

    def test_a_third_has_no_decimals_so_nobody_can_say_it(self) -> None:
        pairs = named(number_of(("k", "1/3", "1/3"), ("l", "1", "1")), number_of(("k", "1/3", "1/3"), ("l", "2", "2")))
        assert not [pair for pair in pairs if "k" in pair]

    def test_under_contains_several_numbers_may_hit_two_keys(self) -> None:
        one = number_of(("a", "1", "1"), ("b", "2", "2"), read="contains")
        other = number_of(("b", "2", "2"), ("a", "1", "1"), read="contains")
        pairs = {pair for pair in named(one, other) if pair[0].startswith("a")}
        assert {("a", "a"), ("a+others", "a+others"), ("a+others", "b+others")} == pairs

    def test_a_text_key_with_a_text_more_loses_nobody_and_that_is_sure(self) -> None:
        before, after = text_of(("k", "is", ["median"])), text_of(("k", "is", ["median", "the median"]))
        assert {("k", "k"), ("wrong", "k"), ("wrong", "wrong")} == named(before, after)
        assert all(outcome.sure for outcome in asked(before, after).outcomes)

    def test_texts_that_may_stand_together_go_with_each_other(self) -> None:
        before, after = text_of(("a", "contains_any", ["mean"])), text_of(("b", "contains_any", ["mode"]))
        assert {("a", "b"), ("a", "wrong"), ("wrong", "b"), ("wrong", "wrong")} == named(before, after)

    def test_a_selection_with_an_option_less_makes_sets_with_it_invalid(self) -> None:
        less = selection("s", options=[part("A", right=True), part("B", right=True)])
        pairs = named(selection("s"), less)
        assert {("invalid", "invalid")} | {(f"{n}", f"{n}") for n in ("A", "B", "A+B")} | {
            (name, "invalid") for name in ("C", "A+C", "B+C", "A+B+C")
        } == pairs

    def test_a_mark_on_another_grid_is_the_same_number_or_invalid(self) -> None:
        pairs = named(mark("m", "2", "1"), mark("m", "2", "1/2"))
        assert {
            ("0", "0"),
            ("1", "1"),
            ("2", "2"),
            ("invalid", "1/2"),
            ("invalid", "3/2"),
            ("invalid", "invalid"),
        } == pairs

    def test_a_value_that_is_gone_is_no_rating_of_both(self) -> None:
        item = rating("r")
        less = rating("r", poor="0", good="1")
        values = {pair for pair in named(item, less) if "+" not in pair[0]}
        assert {("poor", "poor"), ("good", "good")} == values

    def test_means_of_other_points_go_together_by_who_rated_what(self) -> None:
        by = raters("mean", 2)
        item, other = rating("r", by=by, a="0", b="1", c="2"), rating("r", by=by, a="0", b="1", c="3")
        values = {pair for pair in named(item, other) if "+" not in pair[0]}
        sums = {1: [(0, 0), (1, 1), (2, 3)]}
        worth = {(f"{a}", f"{b}") for a, b in sums[1]}
        halves = {"0": "0", "1": "1/2", "2": "1", "3": "3/2", "4": "2", "5": "5/2", "6": "3"}
        worth |= {(halves[f"{a + x}"], halves[f"{b + y}"]) for a, b in sums[1] for x, y in sums[1]}
        assert worth == values

    def test_a_line_that_is_new_may_have_been_observed_or_not(self) -> None:
        item, more = checklist("c", asks="1"), checklist("c", asks="1", tests="2")
        values = {pair for pair in named(item, more) if "+" not in pair[0]}
        assert {("0", "0"), ("0", "2"), ("1", "1"), ("1", "3")} == values

    def test_items_of_one_version_alone_are_answered_for_it_alone(self) -> None:
        found = questions(plan_of(choice("q", A=("1", None), B=("0", None))), plan_of(mark("m")))
        assert [("m", (None, 0)), ("rescue", (1, 1)), ("q", (0, None))] == [(one.id, one.places) for one in found]

    def test_an_item_of_another_kind_is_another_question(self) -> None:
        found = questions(plan_of(text("q")), plan_of(number("q")))
        assert [("q", (None, 0)), ("q", (0, None))] == [(one.id, one.places) for one in found if one.id == "q"]

    def test_no_entry_is_absent_under_both(self) -> None:
        item, other = choice("q", A=("1", None), B=("0", None)), choice("q", B=("0", None), A=("1", None))
        assert any(outcome.answer is NO_ENTRY and outcome.codes == (0, 0) for outcome in asked(item, other).outcomes)

    def test_two_options_decide_what_more_of_them_come_to(self) -> None:
        """The pairs found with one and two entries are those of every set of up to four."""
        flags = [None, "refer", None, "fatal"]
        item = choice("q", **{name: ("1", flag) for name, flag in zip("ABCD", flags, strict=True)})
        other = choice("q", **{name: ("1", flag) for name, flag in zip("BCDE", flags, strict=True)})
        old, new = plan_of(item).items[0], plan_of(other).items[0]
        every = {
            (old.read(list(some)), new.read(list(some))) for n in (1, 2, 3, 4) for some in combinations("ABCDEZ", n)
        }
        assert every == {outcome.codes for outcome in asked(item, other).outcomes} - {(0, 0), (1, 1)}
