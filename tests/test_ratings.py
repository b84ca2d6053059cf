"""What raters say, by docs/reading.md: how several forms become one outcome, what is refused, what is noted, and how far raters agree."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnels import refused, score
from packs import checklist, evidence, number, pack, raters, rating, rubric, section
from scoring import explain
from scoring.engine.ratings import agreement

PANEL = {"ann": "examiner", "bob": "examiner", "cy": "examiner", "dee": "examiner"}


def forms(*values: str) -> dict[str, Any]:
    """What ann, bob, cy and dee rate, in this order."""
    return {rater: {"rating": value} for rater, value in zip(PANEL, values, strict=False)}


def lines(*marks: tuple[str, str]) -> dict[str, Any]:
    """What ann, bob, ... saw of `asks` and `tests`."""
    return {rater: {"lines": {"asks": a, "tests": t}} for rater, (a, t) in zip(PANEL, marks, strict=False)}


def come_to(item: dict[str, Any], answer: Any, **panel: str) -> tuple[str, str | None]:
    """The outcome of one rated item, and its section's share; by default all who said something are the panel."""
    everybody = panel or {rater: PANEL[rater] for rater in answer}
    decision = score(pack(section("a", item)), {item["id"]: answer}, facts={"raters": everybody})
    return decision.outcomes[item["id"]], decision.data["sections"]["a"]


def by(combine: str, top: int = 4, **needs: int) -> dict[str, Any]:
    return rating("r", by=raters(combine, top, **needs))


class TestCombining:
    """Of poor 0, fair 1/2 and good 1."""

    @pytest.mark.parametrize(
        ("combine", "values", "outcome", "share"),
        [
            ("median", "fair", "fair", "1/2"),
            ("median", "poor fair good", "fair", "1/2"),
            ("median", "good poor good", "good", "1"),
            ("median", "good poor", "poor", "0"),  # of two in the middle the lower
            ("median", "good fair poor good", "fair", "1/2"),
            ("median", "good good poor good", "good", "1"),
            ("lowest", "good good fair", "fair", "1/2"),
            ("lowest", "good poor good", "poor", "0"),
            ("lowest", "good", "good", "1"),
            ("consensus", "fair fair fair", "fair", "1/2"),
            ("consensus", "fair fair good", "awaited", None),
            ("mean", "fair", "1/2", "1/2"),
            ("mean", "poor fair", "1/4", "1/4"),
            ("mean", "poor poor good", "1/3", "1/3"),
            ("mean", "fair fair good", "2/3", "2/3"),
            ("mean", "poor fair fair fair", "3/8", "3/8"),
            ("mean", "good good good good", "1", "1"),
        ],
    )
    def test_what_ratings_come_to(self, combine: str, values: str, outcome: str, share: str | None) -> None:
        assert (outcome, share) == come_to(by(combine), forms(*values.split()))

    def test_the_order_of_raters_says_nothing(self) -> None:
        answer = forms("poor", "fair", "good")
        turned = dict(reversed(answer.items()))
        for combine in ("median", "mean", "lowest"):
            assert come_to(by(combine), answer) == come_to(by(combine), turned)

    def test_means_of_points_that_are_no_halves_are_exact(self) -> None:
        """Of 0, 1/3 and 1/7: (1/3 + 1/7) / 2 = 5/21, of a best of 1/3: 5/7."""
        item = rating("r", by=raters("mean"), none="0", some="1/7", all="1/3")
        assert ("5/21", "5/7") == come_to(item, forms("some", "all"))

    def test_every_mean_of_one_to_three_has_its_code(self) -> None:
        """Of one 0 1/2 1; of two quarters of them; of three sixths; each once, by size, plain, then noted, then awaited."""
        means = ["0", "1/6", "1/4", "1/3", "1/2", "2/3", "3/4", "5/6", "1"]
        item = rubric(pack(section("a", by("mean", top=3)))).plan.items[0]
        assert [*means, *(f"{mean}+noted" for mean in means), "awaited"] == [item.name(code) for code in item.codes()][
            5:
        ]

    def test_means_begin_with_as_many_ratings_as_are_needed(self) -> None:
        """Two needed and two at most: no mean of one or three."""
        item = rubric(pack(section("a", by("mean", top=2, examiner=2)))).plan.items[0]
        assert ["0", "1/4", "1/2", "3/4", "1"] == [item.name(code) for code in item.codes()][5:10]


class TestPanels:
    """'Awaited until everyone on the panel whose role is in needs has rated or abstained, and every role has at least so many ratings.'"""

    ALL_GOOD = ("good", "1")
    OPEN = ("awaited", None)

    @pytest.mark.parametrize(
        ("needs", "panel", "answer", "complete"),
        [
            ({"examiner": 1}, {"ann": "examiner"}, forms("good"), True),
            ({"examiner": 1}, {"ann": "examiner", "bob": "examiner"}, forms("good"), False),
            ({"examiner": 1}, {"ann": "examiner", "bob": "lead"}, forms("good"), True),
            ({"examiner": 2}, {"ann": "examiner"}, forms("good"), False),
            ({"examiner": 2}, {"ann": "examiner", "bob": "examiner"}, forms("good", "good"), True),
            ({"examiner": 1, "lead": 1}, {"ann": "examiner", "bob": "lead"}, forms("good", "good"), True),
            ({"examiner": 1, "lead": 1}, {"ann": "examiner", "bob": "examiner"}, forms("good", "good"), False),
            ({"examiner": 1, "lead": 1}, {"ann": "examiner", "bob": "lead"}, forms("good"), False),
        ],
    )
    def test_who_has_to_speak(
        self, needs: dict[str, int], panel: dict[str, str], answer: dict[str, Any], complete: bool
    ) -> None:
        assert (self.ALL_GOOD if complete else self.OPEN) == come_to(by("median", **needs), answer, **panel)

    def test_who_abstains_has_spoken_and_does_not_count(self) -> None:
        """Of poor and an abstention the median is poor; of good and poor it would be poor as well, so the mean is shown too."""
        answer = forms("good") | {"bob": {"abstained": "knows the candidate"}}
        assert ("good", "1") == come_to(by("median"), answer)
        assert ("1", "1") == come_to(by("mean"), answer)

    @pytest.mark.parametrize("who", [("ann",), ("ann", "bob")])
    def test_abstentions_can_leave_too_few(self, who: tuple[str, ...]) -> None:
        """Two are needed of a panel of two."""
        answer = forms("good", "good") | {name: {"abstained": "was ill"} for name in who}
        assert self.OPEN == come_to(by("median", examiner=2), answer)

    @pytest.mark.parametrize("blank", [{}, None, [], " "])
    def test_nothing_said_is_blank_and_waits(self, blank: Any) -> None:
        submission = {"answers": {"r": blank}, "facts": {"raters": PANEL}}
        decision = rubric(pack(section("a", by("median")))).score(submission)
        assert ("blank", ("r",), "pending") == (decision.outcomes["r"], decision.awaited, decision.status)
        assert [] == explain(decision, submission=submission).data["remarks"]

    def test_a_panel_that_is_too_small_is_said_to_be(self) -> None:
        """'A panel of fewer people than that is awaited for ever, and says so.'"""
        assert ["r: needs 2 of role examiner, and the panel has 1: awaited until it has more"] == self.warned(
            ("ann",), {}
        )
        assert [] == self.warned(("ann", "bob"), {})

    def test_an_abstention_that_leaves_too_few_is_said(self) -> None:
        abstained = {"bob": {"abstained": "was ill"}}
        assert ["r: needs 2 of role examiner, and the panel has 1: awaited until it has more"] == self.warned(
            ("ann", "bob"), abstained
        )
        assert [] == self.warned(("ann", "bob", "cy"), abstained)

    def test_a_panel_of_more_than_the_item_takes_is_said(self) -> None:
        """All of them would have to rate, and one form is too many."""
        assert ["r: the panel has 4 who must rate it, and it takes 3 at most"] == self.warned(tuple(PANEL), {})

    def warned(self, who: tuple[str, ...], answer: dict[str, Any]) -> list[str]:
        submission = {"answers": {"r": answer}, "facts": {"raters": {name: PANEL[name] for name in who}}}
        decision = rubric(pack(section("a", by("median", top=3, examiner=2)))).score(submission)
        assert "pending" == decision.status
        told = explain(decision, submission=submission).data["remarks"]
        return [line for line in told if "panel" in line]


SECRET = "said-in-confidence"
RICH = {
    "positive": ["listens"],
    "negative": ["interrupts"],
    "criteria": ["depth"],
    "deliverables": ["slides"],
    "evidence": ["recording"],
    "ground_rules": ["time"],
    "constraints": ["budget"],
    "tensions": ["deadline"],
    "conduct": ["neutral"],
}


class TestRefused:
    """What cannot be read is the sender's fault: the item is named, and nothing of what was said is repeated."""

    WRONG: tuple[tuple[str, Any, str], ...] = (
        ("no object", SECRET, "expected an object: rater to form, got text"),
        ("a list", [SECRET], "expected an object: rater to form, got a list"),
        ("not on the panel", {"eve": {"rating": "good"}}, 'rater "eve" is not on the panel'),
        ("a name with a space", {SECRET + " x": {"rating": "good"}}, "a rater is not on the panel"),
        ("the wrong role", {"lea": {"rating": "good"}}, "is there as lead; it takes examiner"),
        ("too many", forms("good", "good", "good", "good"), "more raters than the 3"),
        ("no form", {"ann": SECRET}, "expected a form, an object"),
        ("no rating", {"ann": {"note": SECRET}}, "needs a rating, one of poor, fair, good"),
        ("no such value", {"ann": {"rating": SECRET}}, "needs a rating, one of poor, fair, good"),
        ("the noted value", {"ann": {"rating": "good+noted"}}, "needs a rating, one of"),
        ("a value that is none", {"ann": {"rating": ["good"]}}, "needs a rating, one of"),
        ("lines", {"ann": {"rating": "good", "lines": {}}}, 'a form has no "lines"; it has rating, indicators'),
        ("an unknown key", {"ann": {"rating": "good", "hunch": SECRET}}, 'a form has no "hunch"'),
        ("an odd key", {"ann": {"rating": "good", SECRET + "!": 1}}, "a form has no one of these keys"),
        ("no such indicator", {"ann": {"rating": "good", "indicators": {"lies": "observed"}}}, 'does not have "lies"; it has interrupts, listens'),
        ("an indicator's mark", {"ann": {"rating": "good", "indicators": {"listens": SECRET}}}, "indicators/listens: expected one of observed"),
        ("a mark that is none", {"ann": {"rating": "good", "indicators": {"listens": True}}}, "indicators/listens: expected one of"),
        ("another list's mark", {"ann": {"rating": "good", "deliverables": {"slides": "observed"}}}, "expected one of present, missing"),
        ("indicators as a list", {"ann": {"rating": "good", "indicators": ["listens"]}}, "indicators: expected an object, got a list"),
        ("no such criterion", {"ann": {"rating": "good", "criteria": {"x": "observed"}}}, "it has depth"),
        ("a rule's mark", {"ann": {"rating": "good", "ground_rules": {"time": SECRET}}}, "expected one of kept, breached"),
        ("a constraint's mark", {"ann": {"rating": "good", "constraints": {"budget": "kept"}}}, "expected one of asked, volunteered"),
        ("a tension's mark", {"ann": {"rating": "good", "tensions": {"deadline": "kept"}}}, "expected one of delivered, not_delivered"),
        ("evidence's mark", {"ann": {"rating": "good", "evidence": {"recording": "kept"}}}, "expected one of present, missing"),
        ("conduct's mark", {"ann": {"rating": "good", "conduct": {"neutral": "present"}}}, "expected one of kept, breached"),
        ("an empty concern", {"ann": {"rating": "good", "concern": ""}}, "concern is empty: leave it out"),
        ("a long concern", {"ann": {"rating": "good", "concern": "x" * 2001}}, "longer than 2000"),
        ("a long note", {"ann": {"rating": "good", "note": "x" * 16_385}}, "longer than 16384"),
        ("a note of no text", {"ann": {"rating": "good", "note": 7}}, "expected text, got a number"),
        ("a lone surrogate", {"ann": {"rating": "good", "note": "\ud800"}}, "lone surrogate"),
        ("an abstention and a rating", {"ann": {"rating": "good", "abstained": SECRET}}, "holds the reason, 1 to 500 characters, and nothing else"),
        ("an abstention without a reason", {"ann": {"abstained": ""}}, "holds the reason"),
        ("a long reason", {"ann": {"abstained": "x" * 501}}, "longer than 500"),
    )  # fmt: skip

    @pytest.mark.parametrize(("answer", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
    def test_a_form_that_does_not_fit(self, answer: Any, message: str) -> None:
        document = pack(section("a", rating("r", records=RICH)))
        panel = {**PANEL, "lea": "lead"}
        [(path, said)] = refused(document, {"r": answer}, facts={"raters": panel})
        assert ("answers/r", True) == (path, message in said)
        assert SECRET not in said

    @pytest.mark.parametrize(
        ("form", "message"),
        [
            ({}, "needs its lines"),
            ({"lines": ["asks"]}, "needs its lines"),
            ({"lines": {"sings": "observed"}}, 'lines: the item does not have "sings"; it has asks, tests'),
            ({"lines": {"asks": SECRET}}, "lines/asks: expected one of observed, not_observed, not_probed"),
            ({"lines": {}, "rating": "good"}, 'a form has no "rating"; it has lines, indicators'),
        ],
    )
    def test_a_checklists_form_that_does_not_fit(self, form: dict[str, Any], message: str) -> None:
        [(path, said)] = refused(pack(section("a", checklist("c"))), {"c": {"ann": form}}, facts={"raters": PANEL})
        assert ("answers/c", True, False) == (path, message in said, SECRET in said)

    def test_all_items_are_told_at_once(self) -> None:
        document = pack(section("a", rating("r"), checklist("c"), number("n")))
        told = refused(document, {"r": "x", "c": {"eve": {}}, "n": 7}, facts={"raters": PANEL})
        assert {"answers/r", "answers/c", "answers/n"} == {path for path, _ in told}

    @given(
        st.recursive(
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(-5, 5),
                st.text(max_size=5),
                st.sampled_from(["good", "observed", "breached"]),
            ),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(
                    st.sampled_from(
                        [
                            "ann",
                            "rating",
                            "lines",
                            "asks",
                            "indicators",
                            "listens",
                            "conduct",
                            "neutral",
                            "abstained",
                            "note",
                        ]
                    ),
                    inner,
                    max_size=4,
                ),
            ),
            max_leaves=12,
        )
    )
    def test_any_json_is_either_read_or_refused(self, answer: Any) -> None:
        document = pack(section("a", rating("r", records=RICH), checklist("c", records=RICH), evidence("e")))
        for name in ("r", "c", "e"):
            told = refused(document, {name: answer}, facts={"raters": PANEL})
            if told:
                assert [f"answers/{name}"] == [path for path, _ in told]
            else:
                assert "invalid" != score(document, {name: answer}, facts={"raters": PANEL}).outcomes[name]


class TestNoted:
    """'The outcome is the noted one, which earns the same and raises note, if ...'"""

    @pytest.mark.parametrize(
        ("value", "more", "noted"),
        [
            ("fair", {}, False),
            ("fair", {"note": "quiet"}, False),
            ("fair", {"concern": "was coached"}, True),
            ("fair", {"ground_rules": {"time": "breached"}}, True),
            ("fair", {"ground_rules": {"time": "kept"}}, False),
            ("good", {"indicators": {"interrupts": "observed"}}, True),
            ("good", {"indicators": {"interrupts": "not_observed"}}, False),
            ("good", {"indicators": {"interrupts": "not_probed", "listens": "not_observed"}}, False),
            ("fair", {"indicators": {"interrupts": "observed"}}, False),
            ("poor", {"indicators": {"interrupts": "observed"}}, False),
            ("good", {"deliverables": {"slides": "missing"}}, True),
            ("good", {"deliverables": {"slides": "present"}}, False),
            ("fair", {"deliverables": {"slides": "missing"}}, False),
            ("good", {"evidence": {"recording": "missing"}}, True),
            ("good", {"evidence": {"recording": "present"}}, False),
            ("poor", {"evidence": {"recording": "missing"}}, False),
            ("poor", {"indicators": {"listens": "observed", "plans": "observed"}}, True),
            ("poor", {"indicators": {"listens": "observed"}}, False),
            ("poor", {"indicators": {"listens": "observed", "plans": "not_observed"}}, False),
            ("fair", {"indicators": {"listens": "observed", "plans": "observed"}}, False),
            ("good", {"criteria": {"depth": "not_observed"}}, False),
            ("good", {"constraints": {"budget": "volunteered"}, "tensions": {"deadline": "not_delivered"}}, False),
            ("fair", {"conduct": {"neutral": "breached"}}, False),
        ],
    )
    def test_each_reason_and_what_is_none(self, value: str, more: dict[str, Any], noted: bool) -> None:
        item = rating("r", records=RICH | {"positive": ["listens", "plans"]})
        decision = score(
            pack(section("a", item)), {"r": {"ann": {"rating": value, **more}}}, facts={"raters": {"ann": "examiner"}}
        )
        assert value + ("+noted" if noted else "") == decision.outcomes["r"]
        assert ({"note": ("r",)} if noted else {}) == decision.flags
        assert {"poor": "0", "fair": "1/2", "good": "1"}[value] == decision.data["score"]
        assert "note" not in decision.holds

    def test_the_worst_value_without_any_positive_indicator_is_no_conflict(self) -> None:
        assert "poor" == come_to(rating("r", records={"negative": ["interrupts"]}), forms("poor"))[0]

    def test_the_conflict_is_with_a_raters_own_rating(self) -> None:
        """Ann rates good and saw something missing; the lowest is bob's poor."""
        item = rating("r", by=raters("lowest"), records=RICH)
        missing = {"deliverables": {"slides": "missing"}}
        with_own = forms("good", "poor")
        with_own["ann"] |= missing
        with_others = forms("good", "poor")
        with_others["bob"] |= missing
        assert ("poor+noted", "poor") == (come_to(item, with_own)[0], come_to(item, with_others)[0])

    def test_what_is_awaited_is_not_noted(self) -> None:
        answer = {"ann": {"rating": "good", "concern": "x"}}
        decision = score(pack(section("a", rating("r"))), {"r": answer}, facts={"raters": PANEL})
        assert ("awaited", {}) == (decision.outcomes["r"], decision.flags)

    def test_a_mean_and_a_sum_are_noted_too(self) -> None:
        concern = {"concern": "was coached"}
        mean, listed = forms("poor", "fair"), lines(("observed", "observed"))
        mean["bob"] |= concern
        listed["ann"] |= concern
        assert ("1/4+noted", "1/4") == come_to(by("mean"), mean)
        assert ("3+noted", "1") == come_to(checklist("c"), listed)

    @pytest.mark.parametrize(
        "more",
        [
            {"indicators": {"interrupts": "observed"}},
            {"deliverables": {"slides": "missing"}},
            {"evidence": {"recording": "missing"}},
        ],
    )
    def test_a_checklist_has_no_rating_to_conflict_with(self, more: dict[str, Any]) -> None:
        answer = lines(("observed", "observed"))
        answer["ann"] |= more
        assert "3" == come_to(checklist("c", records=RICH), answer)[0]
        answer["ann"]["ground_rules"] = {"time": "breached"}
        assert "3+noted" == come_to(checklist("c", records=RICH), answer)[0]


class TestConduct:
    """'What the one who ran the session did, not the candidate.'"""

    def decide(self, mark: str, *, item: dict[str, Any] | None = None, panel: Any = None, **facts: Any) -> Any:
        rated = rating("r", records=RICH) | (item or {})
        answer = {"ann": {"rating": "good", "conduct": {"neutral": mark}}}
        return score(
            pack(section("a", rated), section("b", number("n"))),
            {"r": answer, "n": "70"},
            facts={"raters": panel or {"ann": "examiner"}, **facts},
        )

    def test_a_breach_is_an_irregularity_and_holds_and_lowers_nothing(self) -> None:
        kept, breached = self.decide("kept"), self.decide("breached")
        assert ([], (), "advance") == (kept.data["irregularities"], kept.holds, kept.action)
        assert (["conduct"], ("irregularity",), "review") == (
            breached.data["irregularities"],
            breached.holds,
            breached.action,
        )
        assert ("strong", "1", {}, "good") == (
            breached.verdict,
            breached.data["score"],
            breached.flags,
            breached.outcomes["r"],
        )

    def test_it_stands_beside_what_else_went_wrong(self) -> None:
        both = self.decide("breached", irregularities=["noise", "alarm"])
        assert ["alarm", "conduct", "noise"] == both.data["irregularities"]

    def test_it_counts_while_the_rating_is_awaited(self) -> None:
        decision = self.decide("breached", panel=PANEL)
        assert ("awaited", ["conduct"], ("irregularity",)) == (
            decision.outcomes["r"],
            decision.data["irregularities"],
            decision.holds,
        )

    def test_it_counts_where_its_stage_is_not_evaluated_yet(self) -> None:
        from funnels import two

        answer = {"ann": {"rating": "good", "conduct": {"neutral": "breached"}}}
        document = two(number("n"), rating("r", records=RICH))
        decision = score(document, {"r": answer}, facts={"raters": {"ann": "examiner"}})
        assert ("unopened", ["conduct"]) == (decision.outcomes["r"], decision.data["irregularities"])

    def test_forms_of_a_void_item_count_for_nothing_here_too(self) -> None:
        document = pack(section("a", rating("r", records=RICH) | {"void": True}, number("n")))
        answer = {"ann": {"rating": "good", "conduct": {"neutral": "breached"}}}
        assert [] == score(document, {"r": answer, "n": "70"}, facts={"raters": PANEL}).data["irregularities"]


SEEN, NOT, SKIPPED = "observed", "not_observed", "not_probed"


class TestChecklist:
    """'Each line is rated by itself': `asks` is worth 1, `tests` 2."""

    @pytest.mark.parametrize(
        ("combine", "marks", "outcome", "share"),
        [
            ("median", [(SEEN, NOT)], "1", "1/3"),
            ("median", [(NOT, SEEN)], "2", "2/3"),
            ("median", [(SEEN, SEEN), (NOT, SEEN)], "2", "2/3"),  # of two the lower
            ("median", [(SEEN, SEEN), (NOT, SEEN), (SEEN, NOT)], "3", "1"),
            ("lowest", [(SEEN, SEEN), (NOT, SEEN), (SEEN, SEEN)], "2", "2/3"),
            ("consensus", [(SEEN, NOT), (SEEN, NOT)], "1", "1/3"),
            ("consensus", [(SEEN, NOT), (SEEN, SEEN)], "awaited", None),
            ("mean", [(SEEN, SEEN), (NOT, SEEN)], "5/2", "5/6"),
            ("mean", [(SEEN, SEEN), (NOT, NOT), (NOT, SEEN)], "5/3", "5/9"),  # 1/3 of 1, 2/3 of 2
            ("median", [(SKIPPED, SEEN), (SEEN, NOT)], "1", "1/3"),  # asks by bob alone; of tests the lower
            ("mean", [(SKIPPED, SEEN), (SEEN, NOT)], "2", "2/3"),  # 1 + 1/2 of 2
            ("median", [(SKIPPED, SEEN)], "awaited", None),
            ("consensus", [(SKIPPED, SEEN), (SEEN, SEEN)], "3", "1"),
        ],
    )
    def test_lines_are_combined_one_by_one(
        self, combine: str, marks: list[tuple[str, str]], outcome: str, share: str | None
    ) -> None:
        assert (outcome, share) == come_to(checklist("c", by=raters(combine, 3)), lines(*marks))

    def test_a_line_that_is_left_out_makes_the_form_unfinished(self) -> None:
        answer = {"ann": {"lines": {"asks": SEEN}}}
        assert ("awaited", None) == come_to(checklist("c"), answer)
        answer["bob"] = lines(("x", "x"), (SEEN, SEEN))["bob"]
        assert ("awaited", None) == come_to(checklist("c"), answer)

    def test_who_abstains_from_the_whole_leaves_it_to_the_others(self) -> None:
        answer: dict[str, Any] = {**lines((SEEN, NOT)), "bob": {"abstained": "came late"}}
        assert ("1", "1/3") == come_to(checklist("c"), answer)

    def test_a_line_on_which_too_few_of_a_role_spoke_is_awaited(self) -> None:
        two = checklist("c", by=raters("median", 3, examiner=2))
        assert ("awaited", None) == come_to(two, lines((SEEN, SEEN), (SKIPPED, SEEN)))
        assert ("2", "2/3") == come_to(two, lines((SEEN, SEEN), (SKIPPED, SEEN), (NOT, SEEN)))

    def test_its_outcomes_are_the_sums_by_size(self) -> None:
        """0, 1, 2, 1 + 2."""
        item = rubric(pack(section("a", checklist("c")))).plan.items[0]
        assert ["0", "1", "2", "3", "0+noted", "1+noted", "2+noted", "3+noted", "awaited"] == [
            item.name(code) for code in item.codes()
        ][5:]

    def test_by_mean_every_sum_of_shares_of_lines(self) -> None:
        """Of one to two ratings each line comes to 0, 1/2 or 1 of its points: 0 1/2 1 and 0 1 2 make 0 1/2 1 3/2 2 5/2 3."""
        item = rubric(pack(section("a", checklist("c", by=raters("mean", 2))))).plan.items[0]
        assert ["0", "1/2", "1", "3/2", "2", "5/2", "3"] == [item.name(code) for code in item.codes()][5:12]


class TestEvidence:
    """'What is kept and never scored.'"""

    def decide(self, answer: Any) -> Any:
        return score(pack(section("a", evidence("e"), number("n"))), {"e": answer, "n": "70"})

    @pytest.mark.parametrize(
        "answer",
        [
            "a link",
            {"reference": "tape 7"},
            {"reference": "tape 7", "sha256": "0" * 64, "seconds": 0},
        ],
    )
    def test_it_is_given_and_earns_nothing(self, answer: Any) -> None:
        decision = self.decide(answer)
        assert ("given", "1", {}) == (decision.outcomes["e"], decision.data["score"], decision.flags)

    @pytest.mark.parametrize("answer", ["", None, " \t"])
    def test_nothing_is_blank_and_costs_nothing(self, answer: Any) -> None:
        decision = self.decide(answer)
        assert ("blank", "1", "decided") == (decision.outcomes["e"], decision.data["score"], decision.status)

    @pytest.mark.parametrize(
        "answer",
        [
            7,
            ["tape 7"],
            {"sha256": "0" * 64},
            {"reference": ""},
            {"reference": "x" * 501},
            {"reference": SECRET, "sha256": "F" * 64},
            {"reference": SECRET, "seconds": -1},
            {"reference": SECRET, "seconds": True},
            {"reference": SECRET, "length": 3},
            "x" * 16_385,
        ],
    )
    def test_anything_else_is_refused_and_not_repeated(self, answer: Any) -> None:
        document = pack(section("a", evidence("e"), number("n")))
        [(path, said)] = refused(document, {"e": answer})
        assert ("answers/e", False) == (path, SECRET in said)


class TestAgreement:
    """Exact share, and Cohen's kappa with linear weights: 1 - observed / expected disagreement."""

    def told(self, *pairs: tuple[str, str], **values: Any) -> dict[str, Any]:
        """What ann and bob come to over one item for each pair."""
        items = [rating(f"r{n}", **values) for n in range(len(pairs))]
        [pair] = agreement(items, {f"r{n}": forms(*pair) for n, pair in enumerate(pairs)})
        return pair

    def test_three_values_worked_by_hand(self) -> None:
        """
        Ranks of ann 0 1 2 2, of bob 0 1 1 2: they differ by 1 in one of 4.

        Expected: the 16 pairs of one of ann's and one of bob's differ by 4 + 2 + 4 + 4 = 14 in all. Kappa = 1 - (1/4) / (14/16) = 5/7.
        """
        pair = self.told(("poor", "poor"), ("fair", "fair"), ("good", "fair"), ("good", "good"))
        assert (["ann", "bob"], 4, Fraction(3, 4), {"poor fair good": Fraction(5, 7)}) == (
            pair["raters"],
            pair["items"],
            pair["exact"],
            pair["kappa"],
        )

    def test_two_values_against_the_table_of_fifty_grant_proposals(self) -> None:
        """Both yes 20, only the first 5, only the second 10, neither 15: observed 0.7, by chance 0.5, kappa 0.4."""
        table = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
        pair = self.told(*table, no="0", yes="1")
        assert (Fraction(7, 10), {"no yes": Fraction(2, 5)}) == (pair["exact"], pair["kappa"])

    def test_two_steps_apart_weigh_twice_as_much_as_one(self) -> None:
        """Ann 0 2, bob 2 0: observed 4, expected (2 + 0 + 0 + 2) / 2 = 2: kappa -1. Ann 0 2, bob 1 2: 1 against (1 + 2 + 1 + 0) / 2: 1/2."""
        far = self.told(("poor", "good"), ("good", "poor"))
        near = self.told(("poor", "fair"), ("good", "good"))
        assert ([Fraction(-1)], [Fraction(1, 2)]) == ([*far["kappa"].values()], [*near["kappa"].values()])

    def test_where_chance_alone_would_make_them_agree_there_is_none(self) -> None:
        pair = self.told(("good", "good"), ("good", "good"))
        assert (Fraction(1), {"poor fair good": None}) == (pair["exact"], pair["kappa"])

    def test_scales_are_kept_apart_and_pairs_are_sorted(self) -> None:
        """Cy rated one item of each scale; abstentions and items that only one rated are left out."""
        items = [rating("r"), rating("s", no="0", yes="1"), rating("t"), checklist("c")]
        answers = {
            "r": {"cy": {"rating": "good"}, "ann": {"rating": "good"}},
            "s": {"cy": {"rating": "no"}, "ann": {"rating": "yes"}, "bob": {"abstained": "late"}},
            "t": {"ann": {"rating": "poor"}},
            "c": lines((SEEN, SEEN), (SEEN, SEEN)),
        }
        [pair] = agreement(items, answers)
        assert (["ann", "cy"], 2, Fraction(1, 2), ["poor fair good", "no yes"]) == (
            pair["raters"],
            pair["items"],
            pair["exact"],
            [*pair["kappa"]],
        )

    def test_it_gates_nothing(self) -> None:
        """Raters who disagree as far as they can come to the same as others who agree, where the median does."""
        document = pack(section("a", by("median", top=3)))
        shown = [
            score(document, {"r": forms(*values)}, facts={"raters": {r: PANEL[r] for r in ("ann", "bob", "cy")}})
            for values in (("poor", "fair", "good"), ("fair", "fair", "fair"))
        ]
        assert shown[0].canonical() == shown[1].canonical()


class TestRemarks:
    """What an auditor is told of a submission beyond its outcomes."""

    def told(self, answers: dict[str, Any], document: dict[str, Any] | None = None, **facts: Any) -> list[str]:
        timed = number("n")
        timed["about"]["limit"] = "1 min"
        handle = rubric(document or pack(section("a", timed, rating("r", records=RICH), rating("s"))))
        submission = {"answers": answers, "facts": {"raters": {"ann": "examiner", "bob": "examiner"}} | facts}
        told: list[str] = explain(handle.score(submission), submission=submission).data["remarks"]
        return told

    @pytest.mark.parametrize(
        ("facts", "over"),
        [
            ({"elapsed": {"n": 60}}, None),
            ({"elapsed": {"n": 61}}, "n: took 61 s, the limit was 60 s"),
            ({"elapsed": {"n": 90}, "accommodation": "3/2"}, None),
            ({"elapsed": {"n": 91}, "accommodation": "3/2"}, "n: took 91 s, the limit was 90 s"),
            ({"elapsed": {"n": 85}, "accommodation": "10/7"}, None),
            ({"elapsed": {"n": 86}, "accommodation": "10/7"}, "n: took 86 s, the limit was 600/7 s"),
            ({"elapsed": {"r": 10**6}}, None),  # it has no limit
        ],
    )
    def test_a_second_over_the_limit_is_of_note_and_the_limit_itself_is_not(
        self, facts: dict[str, Any], over: str | None
    ) -> None:
        told = [line for line in self.told({"n": "70"}, **facts) if "took" in line]
        assert ([over] if over else []) == told

    @pytest.mark.parametrize(
        ("limit", "seconds"), [("90 s", 90), ("90 sec", 90), ("2 min", 120), ("1 h", 3600), ("1 hr", 3600)]
    )
    def test_limits_in_every_unit(self, limit: str, seconds: int) -> None:
        timed = number("n")
        timed["about"]["limit"] = limit
        document = pack(section("a", timed))
        shown = [len(self.told({}, document, elapsed={"n": s})) for s in (seconds, seconds + 1)]
        assert [0, 1] == shown

    @pytest.mark.parametrize("limit", ["~2 hr", "soon", ["2", "hr"], "", "9" * 5000 + " s", "1 day"])
    def test_advice_and_what_is_no_limit_is_never_passed(self, limit: Any) -> None:
        """A hand-made pack may have any text there, or a list of it."""
        timed = number("n")
        timed["about"]["limit"] = limit
        assert [] == self.told({}, pack(section("a", timed)), elapsed={"n": 2**53 - 1})

    def test_every_single_rating_is_told_with_what_was_ticked(self) -> None:
        answer = {
            "bob": {"abstained": "knows the candidate"},
            "ann": {
                "rating": "fair",
                "indicators": {"listens": "observed", "interrupts": "not_observed"},
                "criteria": {"depth": "not_observed"},
                "deliverables": {"slides": "missing"},
                "evidence": {"recording": "present"},
                "ground_rules": {"time": "breached"},
                "constraints": {"budget": "volunteered"},
                "tensions": {"deadline": "not_delivered"},
                "conduct": {"neutral": "breached"},
                "concern": "was coached",
            },
        }
        assert [
            "r: ann rated fair",
            "  ann: observed: listens",
            "  ann: criterion not observed: depth",
            "  ann: deliverable missing: slides",
            "  ann: ground rule breached: time",
            "  ann: constraint given away unasked: budget",
            "  ann: tension not brought in: deadline",
            "  ann: conduct rule breached by the one who ran the session: neutral",
            "  ann has a concern: was coached",
            "r: bob abstained",
        ] == self.told({"r": answer})

    def test_how_far_two_raters_agree_is_told(self) -> None:
        """They agree on r and differ by one on s: ranks 2 1 and 2 0: observed 1, expected (0 + 2 + 1 + 1) / 2 = 2: kappa 1/2."""
        told = self.told({"r": forms("good", "good"), "s": forms("fair", "poor")})
        assert "ann and bob rated 2 items both, 1/2 of them alike; weighted kappa 1/2" == told[-1]

    def test_an_accommodation_is_told(self) -> None:
        assert ["accommodation: time limits are multiplied by 5/4"] == self.told({}, accommodation="5/4")

    def test_they_are_plain_text(self) -> None:
        told = self.told({"r": forms("good", "poor")})
        assert told == json.loads(json.dumps(told))
