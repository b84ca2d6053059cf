"""The laws of scoring: the engine against the oracle, and what must hold for any rubric and any submission."""

from __future__ import annotations

import contextlib
import json
import random
import unicodedata
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import oracle
from scoring import RubricError, SubmissionError
from scoring.engine.circumstances import Circumstances
from scoring.engine.decision import items_in
from scoring.engine.judge import judge
from scoring.engine.rubric import Rubric
from scoring.engine.submission import read_submission
from scoring.engine.table import OWN
from strategies import (
    cases,
    funnel_cases,
    funnels,
    hostile_cases,
    hostile_submissions,
    pack_bytes,
    pack_digest,
    packs,
    reading_cases,
    submissions,
)

# The oracle reads with the tables of the running Python; ours are fixed to Unicode 14, which is what Python 3.11 has.
unicode_14 = pytest.mark.skipif(
    unicodedata.unidata_version != "14.0.0", reason="the oracle needs the tables of Unicode 14"
)


def both(pack: dict[str, Any], profile: str | None, submission: Any, level: str | None = None) -> tuple[Any, Any]:
    """What the oracle and the engine make of a submission; None where they refuse it."""
    try:
        expected = oracle.decide(pack, pack_digest(pack), profile, submission, level)
    except oracle.Refused:
        expected = None
    try:
        found = Rubric(pack_bytes(pack), profile, level).score(submission)
    except SubmissionError:
        found = None
    return expected, found


@unicode_14
class TestLaw1TheEngineEqualsTheOracle:
    @given(cases())
    def test_on_ordinary_submissions(self, case: tuple[dict[str, Any], str, dict[str, Any]]) -> None:
        """Every field of the decision is what the oracle says, and replaying the outcomes alone gives it again."""
        expected, found = both(*case)
        assert expected is not None
        assert found is not None
        assert [] == oracle.differences(expected, found.data)
        assert found == Rubric(pack_bytes(case[0]), case[1]).rejudge(found.data)

    @given(funnel_cases())
    def test_on_whole_funnels(self, case: tuple[dict[str, Any], str | None, dict[str, Any], str | None]) -> None:
        """Stages, gates, raters, variants, levels, instalments, reinstatements: the same decision or the same refusal."""
        expected, found = both(*case)
        assert (expected is None) == (found is None)
        if found is not None:
            assert [] == oracle.differences(expected, found.data)
            assert found == Rubric(pack_bytes(case[0]), case[1], case[3]).rejudge(found.data)

    @given(hostile_cases())
    def test_on_hostile_submissions_to_funnels(self, case: tuple[dict[str, Any], str | None, Any, str | None]) -> None:
        expected, found = both(*case)
        assert (expected is None) == (found is None)
        if found is not None:
            assert [] == oracle.differences(expected, found.data)

    @pytest.mark.parametrize("kind", ["choice", "selection", "number", "text", "mark"])
    @given(st.data())
    def test_on_odd_answers_to_one_kind(self, kind: str, data: st.DataObject) -> None:
        pack, submission = data.draw(reading_cases(kind))
        rubric = Rubric(pack_bytes(pack))
        try:
            expected = oracle.read_submission(pack, submission)
        except oracle.Refused:
            expected = None
        try:
            codes, _ = read_submission(rubric.plan, submission)
            found = [item.name(code) for item, code in zip(rubric.plan.items, codes, strict=True)]
        except SubmissionError:
            found = None
        assert expected == found

    @given(st.data())
    def test_on_hostile_submissions_it_refuses_what_the_oracle_refuses(self, data: st.DataObject) -> None:
        """Wrong types, unknown ids, huge numbers, NaN, surrogates: a SubmissionError exactly where the oracle refuses, else the same decision."""
        pack = data.draw(packs())
        expected, found = both(pack, None, data.draw(hostile_submissions(pack)))
        assert (expected is None) == (found is None)
        if found is not None:
            assert [] == oracle.differences(expected, found.data)

    @given(st.data())
    def test_a_refusal_names_the_place_and_never_repeats_the_answer(self, data: st.DataObject) -> None:
        pack = data.draw(packs())
        answer = data.draw(
            st.sampled_from([{"secret-marker": 1}, ["secret-marker", 7], "secret-marker" * 2000, "secret-marker\ud800"])
        )
        items = [item["id"] for section in pack["stages"][0]["sections"] for item in section["items"]]
        submission = {"answers": dict.fromkeys(items, answer)}
        with pytest.raises(SubmissionError) as caught:
            Rubric(pack_bytes(pack)).score(submission)
        assert {f"answers/{item}" for item in items} >= {problem.path for problem in caught.value.problems}
        assert "secret-marker" not in str(caught.value)
        assert "secret-marker" not in repr(caught.value)


class TestLaw2BetterOutcomesNeverWorsenTheVerdict:
    @given(st.data())
    def test_within_a_stage_an_unflagged_outcome_of_at_least_the_points(self, data: st.DataObject) -> None:
        """'Replacing an unflagged outcome by an unflagged one with at least its points never worsens the verdict, both cases being decided.'"""
        pack = data.draw(packs())
        plan = Rubric(pack_bytes(pack)).plan
        codes = [data.draw(st.sampled_from([0, 1, *range(OWN, len(item.words))])) for item in plan.items]
        item = data.draw(st.sampled_from(plan.items))
        now = codes[item.place]
        better = [
            code
            for code in item.codes()
            if code not in (3, 4) and not item.words[code] and item.points[code] >= item.points[now]
        ]
        assume(not item.words[now] and better)
        changed = [*codes]
        changed[item.place] = data.draw(st.sampled_from(better))
        before, after = (judge(plan, some, Circumstances(True)) for some in (codes, changed))
        assume(before.status == after.status == "decided")
        assert after.verdict <= before.verdict

    @given(funnels(), st.data())
    def test_within_a_stage_of_a_funnel(self, pack: dict[str, Any], data: st.DataObject) -> None:
        """The same in any stage, with gates before and behind it, whatever the variant and the level."""
        level = data.draw(st.sampled_from([entry["id"] for entry in pack["levels"]] or [None]))
        plan = Rubric(pack_bytes(pack), level=level).plan
        variant = data.draw(st.sampled_from([*plan.frames]))
        frame, around = plan.frames[variant], Circumstances(True, variant=variant)
        own = [item for item in plan.items if item.place not in frame.outside]
        codes = list(frame.blank)
        for item in own:
            codes[item.place] = data.draw(
                st.sampled_from([c for c in item.codes() if c >= OWN and c not in item.awaits])
            )
        item = data.draw(st.sampled_from(own))
        now = codes[item.place]
        better = [c for c in item.codes() if c >= OWN and not item.words[c] and item.points[c] >= item.points[now]]
        assume(not item.words[now] and better)
        changed = [*codes]
        changed[item.place] = data.draw(st.sampled_from(better))
        before, after = (judge(plan, some, around) for some in (codes, changed))
        assume(before.status == after.status == "decided")
        assert after.verdict <= before.verdict


class TestLaw3AFlagNeverBettersTheVerdict:
    @given(funnel_cases(), st.data())
    def test_in_funnels(
        self, case: tuple[dict[str, Any], str | None, dict[str, Any], str | None], data: st.DataObject
    ) -> None:
        pack, profile, submission, level = case
        every = [item for stage in pack["stages"] for section in stage["sections"] for item in section["items"]]
        flagged = [option for item in every if item["kind"] == "choice" for option in item["options"] if option["flag"]]
        assume(flagged)
        with_flag = Rubric(pack_bytes(pack), profile, level)
        option = data.draw(st.sampled_from(flagged))
        option["flag"] = None
        try:
            without = Rubric(pack_bytes(pack), profile, level)
            before, after = without.score(submission), with_flag.score(submission)
        except (
            RubricError,
            SubmissionError,
        ):  # an `is` condition may have to list the option now; an end may come later
            assume(False)
        assume(before.status == after.status == "decided")
        assume(before.outcomes == after.outcomes)
        order = without.plan.verdicts
        assert order.index(after.verdict) >= order.index(before.verdict)

    @given(st.data())
    def test_taking_every_flag_off_an_option_never_worsens_the_verdict(self, data: st.DataObject) -> None:
        pack, profile, submission = data.draw(cases())
        flagged = [
            option
            for section in pack["stages"][0]["sections"]
            for item in section["items"]
            if item["kind"] == "choice"
            for option in item["options"]
            if option["flag"]
        ]
        assume(flagged)
        with_flag = Rubric(pack_bytes(pack), profile)
        option = data.draw(st.sampled_from(flagged))
        option["flag"] = None
        try:
            without = Rubric(pack_bytes(pack), profile)
        except RubricError:  # an `is` condition may have to list the option now
            assume(False)
        before, after = without.score(submission), with_flag.score(submission)
        assume(before.status == after.status == "decided")
        assume(before.outcomes == after.outcomes)  # `several` becomes `several_flagged` and earns the same
        order = without.plan.verdicts
        assert order.index(after.verdict) >= order.index(before.verdict)


class TestLaw4OrderNeverMatters:
    @given(cases(), st.randoms(use_true_random=False))
    def test_of_answers_and_json_keys_to_any_byte(
        self, case: tuple[dict[str, Any], str, dict[str, Any]], rng: random.Random
    ) -> None:
        pack, profile, submission = case
        rubric = Rubric(pack_bytes(pack), profile)
        shuffled = _shuffled_keys(submission, rng)
        assert rubric.score(submission).canonical() == rubric.score(shuffled).canonical()
        as_text = json.dumps(shuffled, indent=1).encode()
        assert rubric.score(submission).canonical() == rubric.score(as_text).canonical()

    @given(funnel_cases(), st.randoms(use_true_random=False))
    def test_of_answers_and_forms_of_a_funnel_to_any_byte(
        self, case: tuple[dict[str, Any], str | None, dict[str, Any], str | None], rng: random.Random
    ) -> None:
        pack, profile, submission, level = case
        rubric = Rubric(pack_bytes(pack), profile, level)
        results = []
        for sent in (submission, _shuffled_keys(submission, rng)):
            try:
                results.append(rubric.score(sent).canonical())
            except SubmissionError as error:
                results.append(str(error).encode())
        assert results[0] == results[1]

    @given(cases(), st.randoms(use_true_random=False))
    def test_of_sections_items_options_and_overrides(
        self, case: tuple[dict[str, Any], str, dict[str, Any]], rng: random.Random
    ) -> None:
        """'The order of sections, items, options and overrides never changes score, verdict, flags or the set of caps and holds.'"""
        pack, profile, submission = case
        before = Rubric(pack_bytes(pack), profile).score(submission)
        sections = pack["stages"][0]["sections"]
        rng.shuffle(sections)
        rng.shuffle(pack["overrides"])
        for section in sections:
            rng.shuffle(section["items"])
            for item in section["items"]:
                rng.shuffle(item.get("options", []))
        names = _renamed_sets(pack)
        after = Rubric(pack_bytes(names), profile).score(submission)
        for field in ("score", "verdict", "status", "action", "holds", "reachable", "sections"):
            assert before.data[field] == after.data[field]
        assert before.caps == after.caps
        assert {flag: {*items} for flag, items in before.flags.items()} == {
            flag: {*items} for flag, items in after.flags.items()
        }
        assert {*before.awaited} == {*after.awaited}


def _shuffled_keys(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        entries = [(key, _shuffled_keys(member, rng)) for key, member in value.items()]
        rng.shuffle(entries)
        return dict(entries)
    return value


def _renamed_sets(pack: dict[str, Any]) -> dict[str, Any]:
    """Name the sets of selections in `is` conditions by the new order of their options."""
    orders = {
        item["id"]: [option["id"] for option in item["options"]]
        for section in pack["stages"][0]["sections"]
        for item in section["items"]
        if item["kind"] == "selection"
    }

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(member) for member in value]
        if not isinstance(value, dict):
            return value
        if value.get("item") in orders:
            order = orders[value["item"]]
            sets = [
                "+".join(sorted(name.split("+"), key=order.index)) if {*name.split("+")} <= {*order} else name
                for name in value["is"]
            ]
            return {**value, "is": sets}
        return {key: walk(member) for key, member in value.items()}

    return {**pack, "overrides": walk(pack["overrides"])}


class TestLaw9WhatIsShownNeverCrossesACut:
    @given(cases())
    def test_a_shown_percentage_and_margin_lie_on_the_side_where_the_score_lies(
        self, case: tuple[dict[str, Any], str, dict[str, Any]]
    ) -> None:
        pack, profile, submission = case
        decision = Rubric(pack_bytes(pack), profile).score(submission)
        assume(decision.score is not None)
        shown = int(decision.percent.replace(".", "").removesuffix(" %"))
        for verdict, margin in decision.margins.items():
            cut = decision.score - margin
            assert (decision.score >= cut) == (margin >= 0)
            if decision.score < cut:
                assert shown < cut * 10_000
            assert ("-" in decision.shown_margins[verdict]) == (margin < 0)
            assert (decision.shown_margins[verdict] == "0.00") == (margin == 0)


class TestLaw11PendingReachesWhatCompletionsReach:
    @unicode_14
    @given(st.data())
    def test_reachable_verdicts_and_lasting_caps_are_those_of_all_completions(self, data: st.DataObject) -> None:
        """Against the oracle's enumeration of every completion, both ways, on cases in which much is left open."""
        pack = data.draw(packs())
        submission = data.draw(submissions(pack))
        items = [item for section in pack["stages"][0]["sections"] for item in section["items"]]
        for item in items:
            if data.draw(st.booleans()):
                item["awaits"] = ["absent", "blank", "invalid"]
                submission["answers"].pop(item["id"], None)
        expected, found = both(pack, None, submission)
        assume(found is not None and found.status == "pending")
        assume(expected["reachable"] is not oracle.UNKNOWN)
        assert expected["reachable"] == found.data["reachable"]
        assert expected["caps"] == found.data["caps"]

    @unicode_14
    @given(funnel_cases())
    def test_in_funnels_too(self, case: tuple[dict[str, Any], str | None, dict[str, Any], str | None]) -> None:
        """Completions that end at a gate or a knock-out on the way count with the verdict that they end with."""
        pack, profile, submission, level = case
        submission = {key: value for key, value in submission.items() if key != "void"}
        submission["handed_in"] = submission.get("handed_in", [])[:1]
        expected, found = both(pack, profile, submission, level)
        assume(found is not None and found.status == "pending")
        assume(expected["reachable"] is not oracle.UNKNOWN)
        assert expected["reachable"] == found.data["reachable"]
        assert expected["caps"] == found.data["caps"]


class TestInstalments:
    @given(funnel_cases(), st.data())
    def test_a_case_scored_in_instalments_ends_as_its_last_submission_alone(
        self, case: tuple[dict[str, Any], str | None, dict[str, Any], str | None], data: st.DataObject
    ) -> None:
        """One rubric object that has scored every earlier instalment decides the last one as a fresh rubric does."""
        pack, profile, submission, level = case
        rubric = Rubric(pack_bytes(pack), profile, level)
        order = data.draw(st.permutations([*submission["answers"]]))
        for size in range(len(order)):
            instalment = {**submission, "answers": {name: submission["answers"][name] for name in order[:size]}}
            with contextlib.suppress(SubmissionError):
                rubric.score(instalment)
        try:
            last = rubric.score(submission).canonical()
        except SubmissionError:
            assume(False)
        assert Rubric(pack_bytes(pack), profile, level).score(submission).canonical() == last


def test_item_sets_come_back() -> None:
    """What `awaited` and `flags` hold names exactly the items that went in."""
    rng = random.Random(7)
    for _ in range(200):
        places = sorted(rng.sample(range(1000), rng.randrange(20)))
        assert places == items_in(_encode(places, 1000))


def _encode(places: list[int], size: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bits = "".join("1" if place in places else "0" for place in range(size)).ljust(-(-size // 6) * 6, "0")
    return "".join(alphabet[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))
