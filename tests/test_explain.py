"""What people are told about a decision: the whole story, and never too much."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given

from packs import AWAITS_ALL, choice, mark, number, pack, rubric, section, selection
from scoring import explain
from scoring.engine.rubric import Rubric
from strategies import cases, pack_bytes

NOTICED = {
    "notice": {"sha256": "", "at": "2026-01-01T09:00:00Z"},
    "started_at": "2026-01-01T09:00:00Z",
}


def proven(handle: Any) -> dict[str, Any]:
    """Facts that prove notice for this rubric."""
    return {**NOTICED, "notice": {**NOTICED["notice"], "sha256": handle.plan.notice_digest}}


def exam() -> Any:
    """Three items worth a third each; the middle one can be fatal or refer."""
    judgement = choice("dilemma", A=("0", "refer"), B=("1", None), D=("0", "fatal"))
    judgement["options"][2]["about"] = {"why": "invents data"}
    return rubric(pack(section("all", number("sum"), judgement, selection("set"))))


class TestReasons:
    def test_what_determined_comes_first_and_losses_follow_by_size(self) -> None:
        handle = exam()
        decision = handle.score({"answers": {"sum": "71", "dilemma": "D", "set": ["A"]}, "facts": proven(handle)})
        assert ["band", "fatal", "lost", "lost", "lost"] == [reason.code for reason in decision.reasons]
        assert [None, "dilemma", "sum", "dilemma", "set"] == [reason.item for reason in decision.reasons]
        assert ["1/3", "1/3", "1/6"] == [str(reason.lost) for reason in decision.reasons[2:]]

    def test_a_perfect_sheet_lost_nothing(self) -> None:
        decision = exam().score({"answers": {"sum": "70", "dilemma": "B", "set": ["A", "B"]}})
        assert ["the score of 100.00 % is in the band strong"] == [reason.text for reason in decision.reasons]


class TestMargins:
    def test_exactly_on_a_cut_is_zero_and_a_hair_below_is_not(self) -> None:
        handle = rubric(pack(section("a", mark("m", "100", "1/1000"))))
        on, below = (handle.score({"answers": {"m": m}}) for m in ("80", "79.999"))
        assert ("strong", {"strong": "0.00", "middling": "+20.00"}) == (on.verdict, on.shown_margins)
        assert ("middling", "79.99 %", "-0.01") == (below.verdict, below.percent, below.shown_margins["strong"])


class TestChanges:
    def test_a_fatal_answer_is_the_only_one_that_would_have_changed_it(self) -> None:
        """'Which single answers, changed alone, would have changed verdict or action.'"""
        handle = exam()
        decision = handle.score({"answers": {"sum": "70", "dilemma": "D", "set": ["A", "B"]}, "facts": proven(handle)})
        story = explain(decision)
        assert {"dilemma"} == {change["item"] for change in story.data["changes"]}
        assert "  dilemma to A, several, several_flagged, absent, blank and 1 more: middling, review" in story.text()
        assert "  dilemma to B: strong, advance" in story.text()

    def test_two_fatal_answers_leave_none(self) -> None:
        two = [selection(name) for name in ("p", "q")]
        for item in two:
            item["options"][2]["flag"] = "fatal"
        handle = rubric(pack(section("all", *two, number("sum"))))
        decision = handle.score({"answers": {"p": ["C"], "q": ["C"], "sum": "70"}, "facts": proven(handle)})
        assert [] == explain(decision).data["changes"]
        assert "No single answer, changed alone" in explain(decision).text()

    @given(cases())
    def test_they_are_exactly_the_single_changes_that_judging_again_finds(self, case: Any) -> None:
        """Against trying every other outcome of every item, one by one."""
        document, profile, submission = case
        handle = Rubric(pack_bytes(document), profile)
        decision = handle.score(submission)
        told = {
            (change["item"], name): (change["verdict"], change["action"])
            for change in explain(decision).data["changes"]
            for name in change["outcomes"]
        }
        tried = {}
        for item in handle.plan.items if decision.verdict is not None else ():
            now = decision.standing.codes[item.place]
            for code in item.codes() if now not in (3, 4) else ():
                if code in (now, 3, 4) or code in item.awaits:
                    continue
                changed = [*decision.standing.codes]
                changed[item.place] = code
                other = _rejudged(handle, decision, changed)
                if (other.verdict, other.action) != (decision.verdict, decision.action):
                    tried[item.id, item.name(code)] = (other.verdict, other.action)
        assert tried == told


def _rejudged(handle: Any, decision: Any, codes: list[int]) -> Any:
    from scoring.engine.decision import encode_outcomes

    return handle.rejudge({**decision.data, "outcomes": encode_outcomes(handle.plan, codes)})


class TestAudiences:
    def test_a_candidate_is_told_no_key_and_no_other_outcome(self) -> None:
        handle = exam()
        decision = handle.score({"answers": {"sum": "71", "dilemma": "A", "set": ["C"]}, "facts": proven(handle)})
        told = json.dumps(explain(decision, "candidate").data)
        assert not [secret for secret in ("key-1", '"B"', "A+B", '"outcomes"', "invents data") if secret in told]
        assert '"B"' in json.dumps(explain(decision, "auditor").data).replace("B, ", '"B"')

    def test_a_candidate_is_told_points_flags_reasons_and_margins(self) -> None:
        handle = exam()
        decision = handle.score({"answers": {"sum": "70", "dilemma": "D", "set": ["A", "B"]}, "facts": proven(handle)})
        story = explain(decision, "candidate")
        items = {item["item"]: item for item in story.data["items"]}
        assert (["fatal"], ["invents data"], "0", "1") == tuple(
            items["dilemma"][key] for key in ("flags", "why", "points", "best")
        )
        assert "accepted" == items["sum"]["outcome"]
        assert story.data["margins"]
        assert "fatal answer" in story.text()

    def test_another_audience_is_refused(self) -> None:
        with pytest.raises(ValueError, match="auditor, candidate"):
            explain(exam().score({"answers": {}}), "manager")

    @given(cases())
    def test_every_decision_can_be_told_to_both(self, case: Any) -> None:
        document, profile, submission = case
        decision = Rubric(pack_bytes(document), profile).score(submission)
        for audience in ("auditor", "candidate"):
            story = explain(decision, audience)
            assert json.loads(json.dumps(story.data)) == story.data
            assert all(item["item"] in story.text() for item in story.data["items"])

    def test_a_candidate_is_told_the_reason_of_a_flagged_pick_only(self) -> None:
        item = selection("s")
        for option, why in zip(
            item["options"], ("the first right one", "the second right one", "breaks the law"), strict=True
        ):
            option["about"] = {"why": why}
        item["options"][2]["flag"] = "refer"
        story = explain(rubric(pack(section("a", item))).score({"answers": {"s": ["A", "C"]}}), "candidate")
        assert ["breaks the law"] == story.data["items"][0]["why"]

    def test_a_candidate_is_pointed_only_to_what_would_have_been_better(self) -> None:
        """The right answer beside a flagged option is not held against anybody."""
        handle = exam()
        perfect = handle.score({"answers": {"sum": "70", "dilemma": "B", "set": ["A", "B"]}})
        assert [] == explain(perfect, "candidate").data["changes"]
        assert [] != explain(perfect, "auditor").data["changes"]

    def test_what_a_key_is_called_says_nothing_to_a_candidate(self) -> None:
        item = number(
            "n",
            keys=[{"about": {"why": "secret"}, "flag": None, "id": "accepted", "points": "0", "low": "1", "high": "1"}],
        )
        other = number("m")
        story = explain(rubric(pack(section("a", item, other))).score({"answers": {"n": "1", "m": "70"}}), "candidate")
        assert ["not accepted", "accepted"] == [entry["outcome"] for entry in story.data["items"]]
        assert "secret" not in story.text()

    def test_a_reason_belongs_to_the_key_that_was_met(self) -> None:
        """A key may be called `others`, and `x+others` is another outcome than that key."""
        keys = [
            {"about": {"why": f"why {name}"}, "flag": None, "id": name, "points": "1", "low": low, "high": low}
            for name, low in (("x", "1"), ("others", "2"))
        ]
        handle = rubric(pack(section("a", number("n", read="contains", keys=keys))))
        whys = [
            explain(handle.score({"answers": {"n": n}})).data["items"][0].get("why")
            for n in ("1, 7", "2", "2, 7", "9", "x")
        ]
        assert [["why x"], ["why others"], ["why others"], None, None] == whys


class TestLosses:
    def test_below_a_floor_one_item_alone_would_have_added_nothing(self) -> None:
        two = [choice(name, R=("1", None), W=("-3", None)) for name in ("p", "q")]
        handle = rubric(pack(section("a", *two), section("b", number("n"))))
        decision = handle.score({"answers": {"p": "W", "q": "W", "n": "70"}})
        assert ["1/2", []] == [decision.data["score"], explain(decision).data["lost"]]


class TestPending:
    def test_what_is_awaited_and_still_reachable_is_told(self) -> None:
        handle = rubric(pack(section("a", number("n")), section("b", mark("m")), shares=["1/5", "4/5"]))
        story = explain(handle.score({"answers": {"n": "70"}}))
        assert ("wait", ["m"], ["strong", "middling", "weak"]) == tuple(
            story.data[key] for key in ("action", "awaited", "reachable")
        )
        assert "waits for m" in story.text()

    def test_a_knock_out_ends_the_case_while_others_wait(self) -> None:
        handle = rubric(
            pack(section("a", choice("door", yes=("1", None), no=("0", "knock_out")) | AWAITS_ALL, mark("m")))
        )
        decision = handle.score({"answers": {"door": "no"}})
        assert ("ended", "weak", "decline", None, ("knock_out",)) == (
            decision.status,
            decision.verdict,
            decision.action,
            decision.score,
            decision.determined_by,
        )


def test_the_named_outcomes_of_a_line_are_few_and_the_rest_is_counted() -> None:
    handle = rubric(pack(section("a", mark("m", "100"))))
    story = explain(handle.score({"answers": {"m": 85}}))
    assert "and 15 more: middling, review" in story.text()
    assert 20 == len(next(c["outcomes"] for c in story.data["changes"] if c["verdict"] == "middling"))
    assert sorted(map(str, itertools.chain(range(60, 80)))) == sorted(
        next(c["outcomes"] for c in story.data["changes"] if c["verdict"] == "middling")
    )
