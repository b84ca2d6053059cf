"""Stages, variants, levels and a person's word: the clauses of FORMAT.md 6 that a rubric of one stage does not need, each on a case worked out by hand."""

from __future__ import annotations

from itertools import combinations
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings

from funnels import (
    ALL,
    ANN,
    by_level,
    completions,
    door,
    every_code,
    gated,
    hiring,
    rated,
    referring,
    refused,
    score,
    staffed,
    two,
)
from packs import (
    checklist,
    choice,
    entries,
    evidence,
    funnel,
    mark,
    number,
    override,
    pack,
    raters,
    rating,
    rubric,
    section,
    stage,
    verdict,
)
from scoring import RubricError, canonical
from scoring.engine.rubric import Rubric
from strategies import funnel_cases

MIXED = {"licence": "yes", "n1": "70", "n2": "7", "word": "median", "clarity": rated("good")}
BEST = MIXED | {"n2": "70"}
DESK = ANN | {"variant": "desk"}
BACK = {"reason": "clerical-error", "stage": "door"}
PARTLY = {"licence": "yes", "n1": "70", "n2": None}
FAILING = {"licence": "yes", "n1": "7", "n2": "7"}


class TestDoor:
    """'A stage ends the case if an item of it raised knock_out.'"""

    def test_a_knock_out_ends_the_case_and_later_stages_are_not_evaluated(self) -> None:
        decision = score(hiring(), {"licence": "no"}, handed_in=["door"])
        assert ("ended", "weak", "decline", ("knock_out",)) == (
            decision.status,
            decision.verdict,
            decision.action,
            decision.determined_by,
        )
        assert {"door": ["ended", None], "test": ["not_evaluated", None], "talk": ["not_evaluated", None]} == (
            decision.data["stages"]
        )
        assert (None, (), None) == (decision.score, decision.awaited, decision.reachable)
        assert {"entry": "0", "maths": None, "words": None, "talk": None} == decision.data["sections"]
        assert ["unopened"] * 4 == [decision.outcomes[name] for name in ("n1", "n2", "word", "clarity")]

    def test_it_ends_at_once_without_the_stage_being_handed_in(self) -> None:
        assert ("ended", ()) == ((d := score(hiring(), {"licence": "no"})).status, d.awaited)

    def test_it_ends_while_its_own_stage_still_waits_and_only_that_is_awaited(self) -> None:
        """'Where ended, what is awaited is what the evaluated stages await'; there is no band."""
        document = funnel(stage("one", section("a", door(), number("n"))), stage("two", section("b", number("m"))))
        decision = score(document, {"licence": "no"})
        assert ("ended", ("n",), "weak", ("knock_out",), None) == (
            decision.status,
            decision.awaited,
            decision.verdict,
            decision.determined_by,
            decision.data["sections"]["a"],
        )

    @pytest.mark.parametrize("late", ["70", "wrong", None])
    def test_answers_after_the_end_are_refused_and_the_stage_is_named(self, late: Any) -> None:
        [(path, message)] = refused(hiring(), {"licence": "no", "n1": late})
        assert ("answers/n1", True) == (path, "ended at stage door" in message)

    def test_every_late_answer_is_named_and_none_is_repeated(self) -> None:
        told = refused(hiring(), {"licence": "no", "word": "a secret", "clarity": rated("good")}, facts=ANN)
        assert ["answers/word", "answers/clarity"] == [path for path, _ in told]
        assert not [message for _, message in told if "secret" in message or "good" in message]

    def test_the_other_answer_opens_the_next_stage(self) -> None:
        decision = score(hiring(), {"licence": "yes"})
        assert ("pending", "wait", None, ("n1", "n2", "word", "clarity")) == (
            decision.status,
            decision.action,
            decision.verdict,
            decision.awaited,
        )
        assert [("door", "passed"), ("test", "pending"), ("talk", "waiting")] == [
            (name, status) for name, (status, _) in decision.stages.items()
        ]


class TestGates:
    """'Or if it awaits nothing and the condition of an override in its gate holds.'"""

    def test_it_does_not_end_before_its_stage_awaits_nothing(self) -> None:
        """Maths is lost already, so the cap is sure; but the word is still to come."""
        decision = score(hiring(), FAILING)
        assert ("pending", None, ("word", "clarity"), {"gate:half-of-maths": "weak"}, ("weak",)) == (
            decision.status,
            decision.verdict,
            decision.awaited,
            decision.caps,
            decision.reachable,
        )

    @pytest.mark.parametrize("word", [{"answers": {"word": "median"}}, {"handed_in": ["test"]}])
    def test_it_ends_once_the_last_answer_is_there_or_the_stage_is_handed_in(self, word: dict[str, Any]) -> None:
        decision = score(hiring(), FAILING | word.get("answers", {}), handed_in=word.get("handed_in", []))
        assert ("ended", "weak", ("gate:half-of-maths",), "not_evaluated", ()) == (
            decision.status,
            decision.verdict,
            decision.determined_by,
            decision.data["stages"]["talk"][0],
            decision.awaited,
        )

    def test_a_share_exactly_on_the_limit_passes(self) -> None:
        decision = score(hiring(), MIXED, facts=ANN)
        assert ("decided", "passed", "1/2") == (
            decision.status,
            decision.data["stages"]["test"][0],
            decision.data["sections"]["maths"],
        )

    @pytest.mark.parametrize(("limit", "status"), [("2/3", "passed"), ("67/100", "ended")])
    def test_a_gate_on_the_share_of_its_stage_is_exact(self, limit: str, status: str) -> None:
        """The test's share is 2/3 x 1/2 + 1/3 x 1 = 2/3."""
        document = hiring()
        document["stages"][1]["gate"] = [override("g", "weak", {"stage": "test", "below": limit})]
        answers = {name: MIXED[name] for name in ("licence", "n1", "n2", "word")}
        assert [status, "2/3"] == score(document, answers).data["stages"]["test"]

    def test_an_end_at_the_last_stage_has_a_band_and_the_worst_of_band_and_caps(self) -> None:
        """Stage one 1, two 0: the total is 1/2, the band weak, and the gate's cap middling: the band decides."""
        last = stage("two", section("b", number("m")), gate=[override("g", "middling", {"section": "b", "below": "1"})])
        decision = score(funnel(stage("one", section("a", number("n"))), last), {"n": "70", "m": "7"})
        assert ("ended", "1/2", "weak", ("band",), {"gate:g": "middling"}) == (
            decision.status,
            decision.data["score"],
            decision.verdict,
            decision.determined_by,
            decision.caps,
        )

    def test_a_gate_on_an_empty_section_never_holds(self) -> None:
        """The section has no weight, so that nothing waits for it either."""
        gate = [override("g", "weak", {"section": "a", "below": "1"})]
        document = funnel(
            stage("one", section("a", number("n")), section("b", number("m")), gate=gate),
            stage("two", section("c", number("k"))),
            shares={"a": "0", "b": "1"},
        )
        passed = score(document, {"m": "70"}, not_administered={"n": "lost"})
        assert ("passed", {}) == (passed.stages["one"][0], passed.caps)
        assert "ended" == score(document, {"m": "70", "n": "7"}).status

    def test_flags_of_later_stages_do_not_count_in_it_and_those_of_earlier_ones_do(self) -> None:
        """One refer in each of two stages: two are there at the second gate, and never at the first."""
        odd = {"flag": "refer", "at_least": 2}
        document = funnel(
            stage("one", section("a", referring("p")), gate=[override("g1", "weak", odd)]),
            stage("two", section("b", referring("q")), gate=[override("g2", "weak", odd)]),
            stage("three", section("c", referring("r"))),
        )
        decision = score(document, {"p": "odd", "q": "odd"})
        assert ({"gate:g2": "weak"}, ["passed", "ended", "not_evaluated"]) == (
            decision.caps,
            [status for status, _ in decision.stages.values()],
        )
        assert "passed" == score(document, {"p": "odd", "q": "fine"}).stages["two"][0]

    def test_an_override_counts_the_flags_of_all_evaluated_stages(self) -> None:
        limit = override("o", "middling", {"flag": "refer", "at_least": 2})
        document = two(referring("p"), referring("q"), overrides=[limit])
        assert {"override:o": "middling"} == score(document, {"p": "odd", "q": "odd"}).caps
        assert {} == score(document, {"p": "odd", "q": "fine"}).caps

    def test_an_is_condition_ends_it(self) -> None:
        listed = ["poor", "poor+noted", "awaited", "absent", "blank", "invalid"]
        document = two(
            rating("r"), number("n"), [override("g", "weak", {"item": "r", "is": [n for n in listed if "+" not in n]})]
        )
        shown = [score(document, {"r": rated(value)}, facts=ANN).status for value in ("poor", "fair")]
        assert ["ended", "pending"] == shown


class TestWaiting:
    """'Answers in a stage after a pending one are checked and wait.'"""

    def test_they_stay_unopened_until_the_stage_before_is_passed(self) -> None:
        early = score(hiring(), {"licence": "yes", "n1": "70", "clarity": rated("good")}, facts=ANN)
        assert ("waiting", "unopened", ("n2", "word", "clarity")) == (
            early.data["stages"]["talk"][0],
            early.outcomes["clarity"],
            early.awaited,
        )
        assert "good" == score(hiring(), MIXED, facts=ANN).outcomes["clarity"]

    def test_they_raise_nothing_while_they_wait(self) -> None:
        waiting = score(two(number("n"), referring("q")), {"q": "odd"})
        assert ({}, ()) == (waiting.flags, waiting.holds)
        assert ("refer",) == score(two(number("n"), referring("q")), {"n": "70", "q": "odd"}).holds

    def test_a_knock_out_that_waits_does_not_end_the_case(self) -> None:
        document = two(number("n"), door())
        assert ["pending", "ended"] == [
            score(document, answers).status for answers in ({"licence": "no"}, {"n": "70", "licence": "no"})
        ]

    def test_they_are_checked_all_the_same(self) -> None:
        told = refused(hiring(), {"licence": "yes", "clarity": rated("splendid")}, facts=ANN)
        assert [("answers/clarity", True)] == [(path, "poor, fair, good" in message) for path, message in told]


class TestHandedIn:
    """'Absent and blank answers of a stage that was not handed in are awaited whatever awaits says.'"""

    def test_absent_and_blank_are_unopened_before_and_earn_nothing_after(self) -> None:
        before = score(hiring(), PARTLY)
        after = score(hiring(), PARTLY, handed_in=["test"])
        assert ["unopened", "unopened"] == [before.outcomes[name] for name in ("n2", "word")]
        assert (("n2", "word", "clarity"), ["pending", None]) == (before.awaited, before.data["stages"]["test"])
        assert ["blank", "absent"] == [after.outcomes[name] for name in ("n2", "word")]
        assert (("clarity",), ["passed", "1/3"]) == (after.awaited, after.data["stages"]["test"])

    def test_what_must_be_answered_is_awaited_even_after(self) -> None:
        """The door awaits absent, blank and invalid."""
        for answers in ({}, {"licence": None}, {"licence": "perhaps"}):
            decision = score(hiring(), answers, handed_in=ALL)
            assert ("pending", "licence") == (decision.status, decision.awaited[0])

    def test_an_invalid_answer_counts_where_it_is_not_awaited(self) -> None:
        document = two(choice("q", A=("1", None), B=("0", None)), number("n"))
        decision = score(document, {"q": "C"})
        assert ("invalid", "passed", ("n",)) == (decision.outcomes["q"], decision.stages["one"][0], decision.awaited)

    def test_stages_are_listed_in_the_packs_order_and_one_stage_counts_as_handed_in(self) -> None:
        assert ("door", "talk") == score(hiring(), {}, handed_in=["talk", "door"]).handed_in
        assert ("main",) == score(pack(section("a", number("n"))), {}).handed_in

    @pytest.mark.parametrize("stages", ["door", ["gate"], ["door", "door"], [["door"]], None, {}])
    def test_what_is_no_list_of_stages_is_refused_with_those_that_there_are(self, stages: Any) -> None:
        assert [("handed_in", True)] == [
            (path, "door, test, talk" in message) for path, message in refused(hiring(), {}, handed_in=stages)
        ]


class TestComposite:
    """'Total = max(0, sum of stage weight times stage share).'"""

    def test_shares_and_weights_are_exact(self) -> None:
        """Test 2/3 x 1/2 + 1/3 = 2/3; total 2/3 x 2/3 + 1/3 x 1 = 7/9, short of 4/5."""
        decision = score(hiring(), MIXED, facts=ANN)
        assert {"door": ["passed", None], "test": ["passed", "2/3"], "talk": ["passed", "1"]} == decision.data["stages"]
        assert ("7/9", "middling", "decided", ("band",)) == (
            decision.data["score"],
            decision.verdict,
            decision.status,
            decision.determined_by,
        )

    def test_a_total_exactly_on_a_band_reaches_it(self) -> None:
        """1/2 x 1 + 1/2 x 3/5 = 4/5."""
        fifths = [number(f"n{n}") for n in range(5)]
        document = funnel(stage("one", section("a", number("n"))), stage("two", section("b", *fifths)))
        right = {"n": "70", "n0": "70", "n1": "70", "n2": "70", "n3": "7", "n4": "7"}
        assert ("4/5", "strong") == ((d := score(document, right)).data["score"], d.verdict)
        assert "middling" == score(document, right | {"n2": "7"}).verdict  # 7/10

    def test_a_stage_of_weight_0_only_gates(self) -> None:
        """It has a share of its own, which moves no total."""
        gate = [override("g", "weak", {"stage": "one", "below": "1/2"})]
        document = funnel(
            stage("one", section("a", number("p"), number("q")), gate=gate),
            stage("two", section("b", number("m"))),
            weights=["0", "1"],
        )
        half = score(document, {"p": "70", "q": "7", "m": "70"})
        none = score(document, {"p": "7", "q": "7"})
        assert (["passed", "1/2"], "1", "strong") == (half.data["stages"]["one"], half.data["score"], half.verdict)
        assert (["ended", "0"], None, "weak") == (none.data["stages"]["one"], none.data["score"], none.verdict)

    def test_a_negative_stage_lowers_the_total_down_to_0(self) -> None:
        """The stage comes to -1/2: with a 1 beside it 1/4, with a 0 beside it not below 0."""
        minus = choice("q", A=("1", None), B=("-1/2", None))
        document = funnel(stage("one", section("a", minus, floor="-1")), stage("two", section("b", number("n"))))
        shown = [score(document, {"q": "B", "n": n}).data["score"] for n in ("70", "7")]
        assert ["1/4", "0"] == shown
        assert "-1/2" == score(document, {"q": "B", "n": "7"}).data["stages"]["one"][1]

    def test_a_section_that_was_not_administered_keeps_its_stage_waiting(self) -> None:
        answers = {name: value for name, value in MIXED.items() if name not in {"word", "clarity"}}
        decision = score(hiring(), answers, not_administered={"word": "fire alarm"})
        assert ("pending", ("word", "clarity")) == (decision.status, decision.awaited)

    def test_part_of_a_section_that_was_not_administered_leaves_its_maximum(self) -> None:
        """Maths is n1 alone then, all right: the test is 1, and the total 1."""
        answers = {name: value for name, value in MIXED.items() if name != "n2"}
        decision = score(hiring(), answers, facts=ANN, not_administered={"n2": "fire alarm"})
        assert ("1", "1") == (decision.data["sections"]["maths"], decision.data["score"])


class TestMinima:
    """A minimum for an area, beside the sum: the worst of band and caps."""

    @pytest.mark.parametrize(
        ("when", "capped"),
        [
            ({"section": "words", "below": "1/2"}, True),
            ({"section": "maths", "below": "1/2"}, False),
            ({"stage": "test", "below": "9/10"}, True),
            ({"stage": "test", "below": "2/3"}, False),
            ({"all": [{"section": "words", "below": "1"}, {"stage": "talk", "below": "1"}]}, False),
            ({"any": [{"section": "words", "below": "1"}, {"stage": "talk", "below": "1"}]}, True),
        ],
    )
    def test_it_caps_a_strong_total(self, when: dict[str, Any], capped: bool) -> None:
        """Maths 1, words 0, talk 1: the test is 2/3; weights 1/4 and 3/4 make 11/12."""
        document = hiring(overrides=[override("least", "middling", when)])
        document["profiles"][0]["stages"] = {"door": "0", "test": "1/4", "talk": "3/4"}
        decision = score(document, BEST | {"word": "mean"}, facts=ANN)
        assert "11/12" == decision.data["score"]
        assert (("middling", ("override:least",)) if capped else ("strong", ("band",))) == (
            decision.verdict,
            decision.determined_by,
        )

    def test_it_never_holds_for_what_was_not_evaluated(self) -> None:
        least = [
            override("s", "weak", {"section": "maths", "below": "1"}),
            override("t", "weak", {"stage": "talk", "below": "1"}),
        ]
        assert {"knock_out": "weak"} == score(hiring(overrides=least), {"licence": "no"}).caps


class TestReinstate:
    """'Unless a reinstate is in force whose stage is this one or a later one.'"""

    def test_a_knock_out_is_lifted_and_still_recorded_as_a_flag(self) -> None:
        """The door earns nothing and weighs nothing; all else is right."""
        decision = score(hiring(), BEST | {"licence": "no"}, facts=ANN, reinstate=BACK)
        assert ("decided", "strong", {}, {"knock_out": ("licence",)}, BACK) == (
            decision.status,
            decision.verdict,
            decision.caps,
            decision.flags,
            decision.reinstate,
        )

    def test_a_later_gate_is_not_lifted(self) -> None:
        answers = {"licence": "no", "n1": "7", "n2": "7", "word": "median"}
        decision = score(hiring(), answers, reinstate=BACK)
        assert ("ended", {"gate:half-of-maths": "weak"}) == (decision.status, decision.caps)

    def test_up_to_a_later_stage_knock_outs_and_gates_are_lifted_together(self) -> None:
        """Maths 0, words 1: the test is 1/3; with the talk 1, 2/9 + 3/9 = 5/9."""
        answers = BEST | {"licence": "no", "n1": "7", "n2": "7"}
        decision = score(hiring(), answers, facts=ANN, reinstate=BACK | {"stage": "test"})
        assert ("decided", "5/9", {}) == (decision.status, decision.data["score"], decision.caps)

    def test_a_knock_out_of_a_later_stage_is_not_lifted(self) -> None:
        document = two(door("first"), door("second"))
        back = {"reason": "r", "stage": "one"}
        decision = score(document, {"first": "no", "second": "no"}, reinstate=back)
        assert ("ended", {"knock_out": "weak"}, ["passed", "ended"]) == (
            decision.status,
            decision.caps,
            [status for status, _ in decision.stages.values()],
        )
        assert {} == score(document, {"first": "no", "second": "yes"}, reinstate=back).caps

    def test_it_lifts_a_knock_out_in_a_rubric_of_one_stage(self) -> None:
        """1 of 2: weak by its band and no longer by the knock-out."""
        decision = score(
            pack(section("a", door(), number("n"))),
            {"licence": "no", "n": "70"},
            reinstate={"reason": "r", "stage": "main"},
        )
        assert ("decided", "weak", ("band",), {}) == (
            decision.status,
            decision.verdict,
            decision.determined_by,
            decision.caps,
        )

    def test_a_stage_that_is_reinstated_while_it_waits_goes_on_waiting(self) -> None:
        document = two(door(), number("m"))
        document["stages"][0]["sections"][0]["items"].append(number("n"))
        decision = score(document, {"licence": "no"}, reinstate={"reason": "r", "stage": "one"})
        assert ("pending", ("n", "m"), {}) == (decision.status, decision.awaited, decision.caps)

    def test_a_fatal_cap_and_an_override_are_not_lifted(self) -> None:
        deadly = choice("q", A=("1", None), D=("0", "fatal"))
        document = two(deadly, number("n"), overrides=[override("o", "middling", {"section": "a", "below": "1"})])
        shown = {"sha256": rubric(document).notice_digest, "at": "2026-01-01T09:00:00Z"}
        facts = {"notice": shown, "started_at": "2026-01-01T09:00:00Z"}
        decision = score(document, {"q": "D", "n": "70"}, facts=facts, reinstate={"reason": "r", "stage": "two"})
        assert {"fatal": "weak", "override:o": "middling"} == decision.caps

    @pytest.mark.parametrize(
        ("entry", "path"),
        [
            ({"reason": "r", "stage": "gone"}, "reinstate/stage"),
            ({"reason": "r", "stage": 7}, "reinstate/stage"),
            ({"reason": "two words", "stage": "door"}, "reinstate"),
            ({"stage": "door"}, "reinstate"),
            (None, "reinstate"),
            ("door", "reinstate"),
        ],
    )
    def test_what_is_none_is_refused(self, entry: Any, path: str) -> None:
        assert [path] == [where for where, _ in refused(hiring(), {}, reinstate=entry)]


class TestVoid:
    """'Void if a void is in force'; 'where void, void alone is.'"""

    @pytest.mark.parametrize("answers", [{}, {"licence": "no"}, MIXED], ids=["pending", "ended", "decided"])
    def test_whatever_was_answered_there_is_no_verdict_and_a_person_acts(self, answers: dict[str, Any]) -> None:
        decision = score(hiring(), answers, facts=ANN | {"irregularities": ["noise"]}, void="impersonation")
        assert ("void", None, None, None, "review", ("void",), (), "impersonation") == (
            decision.status,
            decision.verdict,
            decision.score,
            decision.reachable,
            decision.action,
            decision.holds,
            decision.determined_by,
            decision.void,
        )

    def test_what_was_answered_is_still_written_down(self) -> None:
        plain, void = (score(hiring(), MIXED, facts=ANN, **more).data for more in ({}, {"void": "x"}))
        for key in ("outcomes", "stages", "sections", "flags", "caps", "awaited", "irregularities"):
            assert plain[key] == void[key]

    @pytest.mark.parametrize("reason", [None, "", "two words", 7, ["x"], "x" * 49])
    def test_a_reason_that_is_no_code_is_refused(self, reason: Any) -> None:
        assert ["void"] == [path for path, _ in refused(hiring(), {}, void=reason)]


class TestVariants:
    """'The items that are not of the decision's variant are excluded in every decision.'"""

    def test_only_its_own_items_count(self) -> None:
        """Desk: n right, d wrong: 1/2; the skill 1: 3/4."""
        answers = {"n": "70", "d": "7", "skill": rated("good")}
        decision = score(staffed(), answers, level="junior", facts=DESK)
        assert ("excluded", "wrong", "3/4", "desk", "decided") == (
            decision.outcomes["f"],
            decision.outcomes["d"],
            decision.data["score"],
            decision.variant,
            decision.status,
        )

    def test_an_answer_to_an_item_of_another_is_refused(self) -> None:
        told = refused(staffed(), {"n": "70", "f": "70"}, level="junior", facts=DESK)
        assert [("answers/f", "this item is for variant field; the case takes desk")] == told

    @pytest.mark.parametrize(
        ("facts", "message"),
        [
            ({}, "is missing; it has desk, field"),
            ({"variant": "dusk"}, 'no such variant; it has desk, field; did you mean "desk"?'),
            ({"variant": None}, "the id of a variant"),
        ],
    )
    def test_one_of_them_has_to_be_named(self, facts: dict[str, Any], message: str) -> None:
        told = refused(staffed(), {}, level="junior", facts=facts)
        assert ("facts/variant", True) in [(path, message in said) for path, said in told]

    def test_where_there_are_none_none_may_be_named(self) -> None:
        assert [("facts/variant", "this rubric has no variants: leave it out")] == refused(
            hiring(), {}, facts={"variant": "desk"}
        )

    def test_a_rating_of_another_observes_nothing_of_the_case(self) -> None:
        document = staffed()
        away = rating("away", poor="0", fair="1/2", good="1") | {"competency": "craft", "only": "field"}
        document["stages"][0]["sections"][1]["items"].append(away)
        shown = score(document, {}, level="junior", facts=DESK).competencies
        assert ["skill"] == [competency.item for competency in shown]

    def test_a_condition_on_an_item_of_another_does_not_hold(self) -> None:
        listed = {"item": "f", "is": ["wrong", "unclear", "no_digits", "absent", "blank", "invalid"]}
        either = {"any": [listed, {"item": "d", "is": ["wrong", "absent", "blank", "invalid"]}]}
        document = staffed(overrides=[override("o", "weak", either)])
        answers = {"n": "70", "d": "70", "skill": rated("good")}
        assert {} == score(document, answers, level="junior", facts=DESK).caps
        assert {"override:o": "weak"} == score(document, answers | {"d": "7"}, level="junior", facts=DESK).caps


class TestLevels:
    """'Which values level_points calls at is the one that the item's competency expects at the decision's level.'"""

    @pytest.mark.parametrize(
        ("level", "shares", "gaps"),
        [("junior", ["0", "1/2", "1"], [-1, 0, 1]), ("senior", ["0", "0", "1"], [-2, -1, 0])],
    )
    def test_a_value_earns_by_where_it_stands_to_what_the_level_expects(
        self, level: str, shares: list[str], gaps: list[int]
    ) -> None:
        """Below 0, at 1/2, above 1. A senior can come to 1/2 at most, which is then the whole."""
        document = staffed(by_level("0", "1/2", "1"))
        answers = {"n": "70", "d": "70"}
        decisions = [
            score(document, answers | {"skill": rated(value)}, level=level, facts=DESK)
            for value in ("poor", "fair", "good")
        ]
        assert shares == [decision.data["sections"]["skills"] for decision in decisions]
        assert gaps == [decision.competencies[0].gap for decision in decisions]
        assert {level} == {decision.level for decision in decisions}

    def test_without_points_by_level_the_level_moves_only_what_is_expected(self) -> None:
        answers = {"n": "70", "d": "70", "skill": rated("fair")}
        junior, senior = (score(staffed(), answers, level=level, facts=DESK) for level in ("junior", "senior"))
        assert ("3/4", "3/4") == (junior.data["score"], senior.data["score"])
        assert [("craft", "skill", "fair", "fair", 0), ("craft", "skill", "good", "fair", -1)] == [
            (c.competency, c.item, c.expected, c.observed, c.gap) for d in (junior, senior) for c in d.competencies
        ]

    def test_nothing_is_observed_while_it_is_awaited_or_by_mean(self) -> None:
        facts = DESK
        by_mean = staffed({"raters": {"combine": "mean", "max": 3, "needs": {"examiner": 1}}})
        open_ = score(staffed(), {"n": "70", "d": "70"}, level="junior", facts=facts)
        mean = score(by_mean, {"n": "70", "d": "70", "skill": rated("good")}, level="junior", facts=facts)
        assert [(None, None)] * 2 == [(d.competencies[0].observed, d.competencies[0].gap) for d in (open_, mean)]

    def test_a_noted_value_is_observed_all_the_same(self) -> None:
        answers = {"n": "70", "d": "70", "skill": rated("good", concern="talks over people")}
        [seen] = score(staffed(), answers, level="junior", facts=DESK).competencies
        assert ("good", 1) == (seen.observed, seen.gap)

    @pytest.mark.parametrize(
        ("level", "message"),
        [
            (None, "needs a level; it has junior, senior"),
            ("seniro", 'no such level; it has junior, senior; did you mean "senior"?'),
        ],
    )
    def test_a_level_has_to_be_chosen_where_the_rubric_is_loaded(self, level: str | None, message: str) -> None:
        with pytest.raises(RubricError) as caught:
            score(staffed(), {}, level=level)
        assert [True] == [message in problem.message for problem in caught.value.problems]

    def test_and_none_where_there_are_none(self) -> None:
        with pytest.raises(RubricError, match="no levels; leave the level out"):
            score(hiring(), {}, level="junior")


class TestAssumed:
    def test_what_a_decision_rests_on_is_named_in_order_and_only_where_it_is_used(self) -> None:
        """The profile; the expectation at senior, not at junior, and only of a competency that an item names; then the rubric's own."""
        document = staffed(assumed=entries("z-last", "a-first"))
        document["profiles"][0]["assumed"] = True
        document["competencies"].append(document["competencies"][0] | {"id": "unused"})
        shown = {level: score(document, {}, level=level, facts=DESK).data["assumed"] for level in ("junior", "senior")}
        own = ["rubric:z-last", "rubric:a-first"]
        assert {
            "junior": ["profile:equal", *own],
            "senior": ["profile:equal", "expected:craft", *own],
        } == shown
        assert [] == score(hiring(), {}).data["assumed"]


class TestExcerpts:
    """'Fewer items than the source says that there are': named, and every decision held."""

    def document(self, *items: dict[str, Any]) -> dict[str, Any]:
        return pack(section("a", *items, declared=3), section("b", number("z")), excerpt=True)

    def test_it_holds_whatever_the_verdict_and_says_how_many_there_are(self) -> None:
        decision = score(self.document(number("n"), number("m")), {"n": "70", "m": "70", "z": "70"})
        assert ("strong", "review", ("excerpt",), {"a": [2, 3]}) == (
            decision.verdict,
            decision.action,
            decision.holds,
            decision.data["excerpts"],
        )

    def test_it_holds_while_pending_too_and_the_action_is_to_wait(self) -> None:
        decision = score(self.document(rating("r")), {})
        assert ("wait", ("excerpt",), {"a": [1, 3]}) == (decision.action, decision.holds, decision.data["excerpts"])

    def test_all_declared_items_are_none(self) -> None:
        decision = score(
            self.document(number("n"), number("m"), number("k")), {"n": "70", "m": "70", "k": "70", "z": "70"}
        )
        assert ("advance", (), {}) == (decision.action, decision.holds, decision.data["excerpts"])

    def test_a_voided_item_is_still_there_and_one_of_another_variant_is_not(self) -> None:
        voided = score(self.document(number("n"), number("m"), number("k", void=True)), {"n": "70"})
        document = staffed(excerpt=True)
        document["stages"][0]["sections"][0]["declared"] = 3
        desk = score(document, {}, level="junior", facts=DESK)
        assert ({}, {"task": [2, 3]}) == (voided.data["excerpts"], desk.data["excerpts"])


class TestCircumstances:
    def test_irregularities_hold_and_never_lower(self) -> None:
        """Sorted, each once; nothing but the hold and the action differs."""
        plain = score(hiring(), BEST, facts=ANN)
        odd = score(hiring(), BEST, facts=ANN | {"irregularities": ["power-cut", "noise", "power-cut"]})
        changed = {key for key in plain.data if plain.data[key] != odd.data[key]}
        assert {"irregularities", "holds", "action"} == changed
        assert (["noise", "power-cut"], ("irregularity",), "review", "strong") == (
            odd.data["irregularities"],
            odd.holds,
            odd.action,
            odd.verdict,
        )

    @pytest.mark.parametrize(
        "facts",
        [
            {"elapsed": {"n1": 0}},
            {"elapsed": {"n1": 61, "clarity": 10**9}},
            {"accommodation": "1"},
            {"accommodation": "10"},
            {"accommodation": "3/2", "elapsed": {"n1": 91}},
        ],
    )
    def test_time_and_accommodation_never_change_a_byte(self, facts: dict[str, Any]) -> None:
        document = hiring()
        document["stages"][1]["sections"][0]["items"][0]["about"]["limit"] = "60 s"
        assert score(document, MIXED, facts=ANN).canonical() == score(document, MIXED, facts=ANN | facts).canonical()

    @pytest.mark.parametrize(
        ("facts", "path"),
        [
            ({"accommodation": "9/10"}, "facts/accommodation"),
            ({"accommodation": "101/10"}, "facts/accommodation"),
            ({"accommodation": "1.5"}, "facts/accommodation"),
            ({"accommodation": 2}, "facts/accommodation"),
            ({"elapsed": {"n1": -1}}, "facts/elapsed"),
            ({"elapsed": {"n1": True}}, "facts/elapsed"),
            ({"elapsed": {"n9": 1}}, "facts/elapsed/n9"),
            ({"irregularities": ["two words"]}, "facts/irregularities"),
            ({"irregularities": [f"c{n}" for n in range(21)]}, "facts/irregularities"),
            ({"raters": {"ann": "two words"}}, "facts/raters"),
            ({"raters": {"": "examiner"}}, "facts/raters"),
            ({"raters": {f"r{n}": "examiner" for n in range(101)}}, "facts/raters"),
            ({"raters": ["ann"]}, "facts/raters"),
        ],
    )
    def test_facts_out_of_range_are_refused(self, facts: dict[str, Any], path: str) -> None:
        assert [path] == [where for where, _ in refused(hiring(), {}, facts=facts)]


class TestVoidItems:
    """'Answers to it are taken and count for nothing.'"""

    def test_they_leave_points_maximum_flags_and_conditions(self) -> None:
        """Of door and n only n is left, and right."""
        void = door() | {"void": True}
        document = pack(section("a", void, number("n")))
        decision = score(document, {"licence": "no", "n": "70"})
        assert ("excluded", "1", {}, {}, "decided") == (
            decision.outcomes["licence"],
            decision.data["score"],
            decision.flags,
            decision.caps,
            decision.status,
        )
        assert decision.canonical() == score(document, {"n": "70"}).canonical()

    def test_nothing_waits_for_one(self) -> None:
        document = two(rating("r") | {"void": True}, number("n"), shares={"a": "0"}, weights=["0", "1"])
        assert ("decided", ()) == ((d := score(document, {"n": "70"})).status, d.awaited)

    @pytest.mark.parametrize("kind", [rating, checklist, evidence])
    def test_whatever_people_said_about_one_is_taken(self, kind: Any) -> None:
        document = pack(section("a", kind("r") | {"void": True}, number("n")))
        assert "1" == score(document, {"r": None, "n": "70"}).data["score"]


class TestUnclear:
    """'Would change the verdict (to none, where a stage is passed that had ended the case).'"""

    def document(self, limit: str) -> dict[str, Any]:
        gate = [override("g", "weak", {"section": "a", "below": limit})]
        return funnel(
            stage("one", section("a", number("n"), number("m")), gate=gate), stage("two", section("b", number("k")))
        )

    def test_it_holds_where_the_right_reading_would_have_passed_the_gate(self) -> None:
        decision = score(self.document("1/2"), {"n": "70 or 80", "m": "7"})
        assert ("ended", "weak", ("unclear",), "review") == (
            decision.status,
            decision.verdict,
            decision.holds,
            decision.action,
        )

    def test_it_does_not_where_the_gate_would_hold_all_the_same(self) -> None:
        decision = score(self.document("1"), {"n": "70 or 80", "m": "7"})
        assert ("ended", (), "decline") == (decision.status, decision.holds, decision.action)

    def test_it_is_not_considered_while_pending(self) -> None:
        assert () == score(self.document("1/2"), {"n": "70 or 80"}).holds

    def test_an_unclear_answer_that_waits_for_its_stage_does_not_hold(self) -> None:
        """The case ended at the first stage, so nothing after it was looked at; here the last stage is the one that ends it."""
        document = two(door(), number("k"))
        assert () == score(document, {"licence": "yes", "k": "7"}).holds
        assert ("unclear",) == score(document, {"licence": "yes", "k": "70 80"}).holds


ORDER = ["strong", "middling", "weak", "barred"]
OPEN = ["licence", "n1", "odd1", "deadly", "r", "n3"]
SAID = {"licence": "yes", "n1": "70", "odd1": "fine", "deadly": "A", "r": rated("fair"), "n3": "70"}


LISTED = {"ann": {"lines": {"asks": "observed", "tests": "not_observed"}}}
SO_FAR: list[dict[str, Any]] = [
    {},
    {"licence": "yes"},
    {"licence": "yes", "n1": "7"},
    {"licence": "yes", "n1": "70"},
    {"licence": "yes", "n1": "70", "odd1": "odd"},
    {"licence": "yes", "n1": "70", "odd1": "odd", "deadly": "D"},
    {"licence": "yes", "n1": "70", "odd1": "odd", "deadly": "A"},
    {"licence": "yes", "n1": "70", "odd1": "odd", "deadly": "A", "n3": "7"},
    {"licence": "yes", "n1": "70", "odd1": "fine", "deadly": "D", "r": rated("poor")},
    {"licence": "yes", "n1": "70", "odd1": "fine", "deadly": "A", "r": rated("fair")},
    {"licence": "yes", "n1": "70", "odd1": "fine", "deadly": "A", "n3": "70"},
]


class TestReachable:
    """'While pending: the verdicts that some completion reaches', against trying every way to go on."""

    @pytest.mark.parametrize(
        ("said", "told", "back"),
        [
            pytest.param(said, told, back, id=f"{'-'.join(said) or 'nothing'}-{'told' if told else 'untold'}-{back}")
            for said in SO_FAR
            for told in (True, False)
            for back in (None, "one", "two")
            if len(said) > 1 or (told and back is None)
        ],
    )
    def test_it_is_what_brute_force_finds(self, said: dict[str, Any], told: bool, back: str | None) -> None:
        document = gated()
        submission: dict[str, Any] = {"answers": said, "facts": dict(ANN)}
        if told:
            shown = {"sha256": rubric(document).notice_digest, "at": "2026-01-01T09:00:00Z"}
            submission["facts"] |= {"notice": shown, "started_at": "2026-01-01T09:00:00Z"}
        if back:
            submission["reinstate"] = {"reason": "r", "stage": back}
        decision = rubric(document).score(submission)
        if decision.status == "ended":  # nothing can follow, so nothing is claimed
            assert decision.reachable is None
            return
        done = completions(document, submission, [name for name in OPEN if name not in said])
        found = {finished.verdict for finished in done}
        assert tuple(name for name in ORDER if name in found) == decision.reachable
        sure = {*done[0].caps}.intersection(*(finished.caps for finished in done))
        assert {*decision.caps} <= sure
        evaluated = ["gate:ga", "gate:gb"][
            : sum(share[0] in {"passed", "pending"} for share in decision.stages.values())
        ]
        assert sure.intersection(evaluated) == {*decision.caps}.intersection(evaluated)

    @pytest.mark.parametrize(
        "told", [{"p": "C"}, {"n": "70"}, {"n": "7"}, {"n": "70", "list": LISTED}, {"n": "70", "p": "B"}]
    )
    @pytest.mark.parametrize("left_out", [{}, {"empty": "lost"}])
    @pytest.mark.parametrize("gate", ["1/100", "1/2"])
    def test_it_is_what_judging_every_outcome_finds(
        self, told: dict[str, Any], left_out: dict[str, str], gate: str
    ) -> None:
        """A mean of two, a checklist, points below 0, an empty section and a gate on the share of a stage."""
        minus = choice("p", A=("1", None), B=("-1", None), C=("-1/2", None))
        document = funnel(
            stage(
                "one",
                section("a", number("n"), minus, floor="-1"),
                section("b", mark("empty", "2")),
                gate=[override("g", "middling", {"stage": "one", "below": gate})],
            ),
            stage("two", section("c", rating("r", by=raters("mean", 2))), section("d", checklist("list"))),
            shares={"a": "2/3", "b": "1/3", "c": "1/4", "d": "3/4"},
            weights=["1/3", "2/3"],
            overrides=[override("o", "weak", {"section": "d", "below": "1/3"})],
        )
        handle = rubric(document)
        decision = handle.score({"answers": told, "not_administered": left_out, "facts": ANN})
        found = every_code(handle, decision, 2_000)
        assert found is not None
        assert tuple(name for name in ORDER if name in found) == decision.reachable

    @given(funnel_cases())
    @settings(max_examples=40)
    def test_it_is_what_judging_every_outcome_finds_in_any_small_funnel(self, case: Any) -> None:
        document, profile, submission, level = case
        handle = Rubric(canonical.dumps(document), profile, level)
        decision = handle.score(submission)
        left_out = any(decision.outcomes[name] == "excluded" for name in decision.awaited)
        if decision.reachable is None or left_out:
            return
        found = every_code(handle, decision, 200)
        if found is not None:
            assert [name for name in handle.plan.verdicts if name in found] == decision.data["reachable"]

    def test_a_later_answer_that_waits_may_still_be_anything(self) -> None:
        """What waits counts for nothing, so the completions leave it open."""
        document = gated()
        waiting = rubric(document).score({"answers": {"r": rated("poor"), "n3": "7"}, "facts": ANN})
        assert waiting.reachable == rubric(document).score({"answers": {}, "facts": ANN}).reachable

    def test_an_empty_section_may_come_to_any_share_that_it_could_have_had(self) -> None:
        """Neither half was read: 1/2 is sure, and the section that was not administered adds 0 or 1/2."""
        document = two(number("n"), number("m"))
        decision = score(document, {"n": "70"}, not_administered={"m": "lost"})
        assert ("pending", ("m",), ("strong", "weak")) == (decision.status, decision.awaited, decision.reachable)


class TestInstalments:
    """A case comes in pieces; the decision is the one of the last submission, whatever was scored before."""

    @pytest.mark.parametrize("last", [SAID, SAID | {"n1": "7"}, SAID | {"licence": "no"}, SAID | {"r": rated("poor")}])
    def test_every_piece_leaves_the_end_within_what_it_said_was_reachable(self, last: dict[str, Any]) -> None:
        """And a cap that is listed early is there in the end. Pieces that come after the end are not handed in."""
        handle = rubric(gated())
        [final] = completions(gated(), {"answers": last, "facts": ANN}, [])
        entrance = {name: last[name] for name in ("licence", "n1")}
        waited = 0
        for size in range(len(last) + 1):
            for names in combinations(
                entrance if handle.score({"answers": entrance}).status == "ended" else last, size
            ):
                decision = handle.score({"answers": {name: last[name] for name in names}, "facts": ANN})
                if decision.status == "pending":
                    waited += 1
                    assert final.verdict in (decision.reachable or ())
                    assert {*decision.caps} <= {*final.caps}
        assert waited

    def test_the_newest_submission_alone_says_what_it_comes_to(self) -> None:
        """The same handle after six instalments, and a new one that saw only the last, to the byte."""
        used = rubric(gated())
        so_far: dict[str, Any] = {}
        seen = []
        for name, answer in SAID.items():
            so_far[name] = answer
            seen.append(used.score({"answers": dict(so_far), "facts": ANN}))
        assert ["pending"] * 5 + ["decided"] == [decision.status for decision in seen]
        assert seen[-1].canonical() == rubric(gated()).score({"answers": SAID, "facts": ANN}).canonical()

    def test_a_decision_is_recomputed_from_what_it_holds(self) -> None:
        for answers in ({}, {"licence": "no"}, {"licence": "yes", "n1": "7"}, SAID):
            decision = rubric(gated()).score({"answers": answers, "facts": ANN})
            assert decision.canonical() == rubric(gated()).rejudge(decision.data).canonical()


class TestLeftOut:
    """FORMAT 6.9: 'what could have ended or capped the case was not asked.'"""

    def test_a_knock_out_that_was_not_asked_holds_the_case(self) -> None:
        """The door is passed without its one question, so a person looks; asked and answered well, nothing holds."""
        whole = {"n1": "70", "n2": "70", "word": "median", "clarity": rated("good")}
        left_out = score(hiring(), whole, handed_in=ALL, facts=ANN, not_administered={"licence": "the page failed"})
        assert ("decided", "review", ("excluded",)) == (left_out.status, left_out.action, left_out.holds)
        asked = score(hiring(), {**whole, "licence": "yes"}, handed_in=ALL, facts=ANN)
        assert ("decided", "advance", ()) == (asked.status, asked.action, asked.holds)

    def test_an_item_that_a_condition_names_holds_and_another_does_not(self) -> None:
        capped = override(
            "no-sum", "middling", {"item": "n1", "is": ["absent", "blank", "invalid", "wrong", "unclear", "no_digits"]}
        )
        document = hiring(overrides=[capped])
        answers = {"licence": "yes", "n1": "70", "n2": "70", "word": "median", "clarity": rated("good")}
        for item, holds in (("n1", ("excluded",)), ("n2", ())):
            given = {name: answer for name, answer in answers.items() if name != item}
            decision = score(document, given, handed_in=ALL, facts=ANN, not_administered={item: "the page failed"})
            assert holds == decision.holds


class TestWork:
    def test_a_case_that_would_take_minutes_claims_nothing_and_takes_seconds(self) -> None:
        """Marks of 400 beside 44 choices under bands that no sum reaches: past the bound `reachable` is null, and the caps still stand there."""
        sections = [
            section(
                name,
                *(
                    choice(f"{name}{n}", a=("0", "refer"), b=("0", "note"), c=("0", None))
                    | {"awaits": ["absent", "blank"]}
                    for n in range(22)
                ),
                mark(f"{name}m", "400"),
            )
            for name in ("x", "y")
        ]
        bands = [verdict(f"v{n}", f"{500000000 - n}/1000000007", "advance") for n in range(14)]
        limits = [override(flag, "weak", {"flag": flag, "at_least": 44}) for flag in ("refer", "note")]
        document = pack(
            *sections,
            verdicts=[*bands, verdict("weak", "0", "decline")],
            overrides=limits,
            caps={"fatal": "weak", "knock_out": "weak"},
        )
        before = process_time()
        decision = rubric(document).score({"answers": {}})
        assert (None, {}) == (decision.reachable, decision.caps)
        assert process_time() - before < 20

    def test_of_an_empty_section_only_the_cases_own_items_are_awaited(self) -> None:
        """The question of the other variant was never this candidate's, so nobody waits for it."""
        own, others = number("own") | {"only": "desk"}, number("others") | {"only": "lab"}
        document = pack(section("a", own, others), section("b", number("both")), variants=entries("desk", "lab"))
        facts = {"facts": {"variant": "desk"}, "not_administered": {"own": "the page failed"}}
        assert ("own",) == score(document, {"both": "70"}, **facts).awaited
