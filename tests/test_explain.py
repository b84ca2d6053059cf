"""What people are told about a decision: the whole story, and never too much."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from funnels import ANN, BOTH, gated, hiring, rated, staffed
from packs import AWAITS_ALL, choice, mark, number, pack, rubric, section, selection
from scoring import canonical, explain, load
from scoring.engine.rubric import Rubric
from strategies import cases, pack_bytes

RULES = Path(__file__).parents[1] / "rules"
NOTICED: dict[str, Any] = {
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
        assert tried(handle, decision) == told


def tried(handle: Any, decision: Any) -> dict[tuple[str, str], tuple[str | None, str]]:
    """What every other outcome of every item would have come to, one by one, where that is another verdict or action."""
    found = {}
    for item in handle.plan.items if decision.verdict is not None else ():
        now = decision.standing.codes[item.place]
        for code in item.codes() if now not in (3, 4) else ():
            if code in (now, 3, 4) or code in item.awaits:
                continue
            changed = [*decision.standing.codes]
            changed[item.place] = code
            other = _rejudged(handle, decision, changed)
            if (other.verdict, other.action) != (decision.verdict, decision.action):
                found[item.id, item.name(code)] = (other.verdict, other.action)
    return found


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

    def test_an_answer_that_earns_nothing_and_is_read_by_a_person_is_no_better_one(self) -> None:
        """D declines; A and C, which earn as little, are held for a person; B, the best, declines as D does."""
        handle = load(RULES / "ml-engineer-mid-written" / "rubric.yaml")
        fatal = handle.score({"answers": {"messy-data-deadline": "D"}, "facts": proven(handle)})
        told = [change for change in explain(fatal).data["changes"] if change["item"] == "messy-data-deadline"]
        assert [("review", ["A", "C", "several_flagged"])] == [
            (change["action"], change["outcomes"]) for change in told
        ]
        story = explain(fatal, "candidate")
        assert [] == story.data["changes"]
        assert "No better answer to a single question would alone have given a better result." in story.text()

    def test_an_answer_without_the_flag_that_ruled_the_case_out_is_a_better_one_though_it_earns_as_little(self) -> None:
        """A permit earns nothing and knocks out whoever lacks it."""
        permit = choice("permit", yes=("0", None), no=("0", "knock_out")) | AWAITS_ALL
        out = rubric(pack(section("all", number("sum"), permit))).score({"answers": {"sum": "70", "permit": "no"}})
        assert [{"item": "permit"}] == explain(out, "candidate").data["changes"]

    @given(cases())
    def test_what_a_candidate_is_pointed_to_has_an_answer_that_is_better_and_comes_to_more(self, case: Any) -> None:
        """Worked out from what an auditor is told, outcome by outcome."""
        document, profile, submission = case
        decision = Rubric(pack_bytes(document), profile).score(submission)
        plan, actions = decision.plan, ["advance", "review", "decline"]
        better = set()
        for change in explain(decision).data["changes"]:
            item = next(item for item in plan.items if item.id == change["item"])
            now = item.name(decision.standing.codes[item.place])
            points = {item.name(code): item.points[code] for code in item.codes()}
            flags = {item.name(code): item.words[code] for code in item.codes()}
            came = [
                (plan.verdicts.index(r["verdict"]), actions.index(r["action"]))
                for r in (change, decision.data)
                if r["verdict"] is not None and r["action"] in actions
            ]
            if len(came) == 2 and came[0] < came[1]:
                own = {*change["outcomes"]} - {"absent", "blank", "invalid"}
                if any(points[name] > points[now] for name in change["outcomes"]) or (
                    flags[now] and any(points[name] == points[now] and not flags[name] for name in own)
                ):
                    better.add(item.id)
        assert better == {change["item"] for change in explain(decision, "candidate").data["changes"]}

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


ANCHORS = {"poor": "reads the slides out", "fair": "keeps to the point", "good": "answers before it is asked"}


def interview() -> dict[str, Any]:
    """The funnel of a door, a test and a talk, with an anchor for each value of the talk and things to tick."""
    document = hiring()
    clarity = document["stages"][2]["sections"][0]["items"][0]
    for value in clarity["values"]:
        value["about"]["anchor"] = ANCHORS[value["id"]]
    clarity["records"]["negative"] = [{"about": {"text": "talks over others"}, "id": "interrupts"}]
    return document


def sitting(**answers: Any) -> dict[str, Any]:
    """Everything handed in: maths 1/2, words 1, and ann and bob, who differ about the talk."""
    ann = {"rating": "good", "indicators": {"interrupts": "observed"}, "concern": "seemed to be prompted"}
    said = {"licence": "yes", "n1": "70", "n2": "7", "word": "median"}
    rated_by = {"clarity": {"ann": ann, "bob": {"rating": "fair", "note": "a cold"}}}
    return {"answers": said | rated_by | answers, "facts": {"raters": BOTH}}


class TestFunnels:
    def test_an_auditor_is_told_stage_by_stage_and_every_single_rating(self) -> None:
        """Test 2/3, talk 1/2 (of good and fair the lower): 2/3 x 2/3 + 1/3 x 1/2 = 11/18. Ranks 2 and 1: kappa 1 - 1 x 1 / 1 = 0."""
        story = explain(rubric(interview()).score(sitting()), submission=sitting())
        assert {"status": "passed", "share": "2/3"} == story.data["stages"]["test"]
        assert "11/18" == story.data["score"]
        assert [
            "clarity: ann rated good",
            "  ann: observed: interrupts",
            "  ann has a concern: seemed to be prompted",
            "clarity: bob rated fair",
            "ann and bob rated 1 item both, 0 of them alike; weighted kappa 0",
        ] == story.data["remarks"]
        for line in ("stage door: passed", "stage test: passed, share 2/3", "stage talk: passed, share 1/2"):
            assert line in story.text().splitlines()
        assert "  clarity: ann rated good" in story.text().splitlines()
        assert "fair+noted" in story.text()

    def test_without_the_submission_there_is_nothing_to_tell_of_raters(self) -> None:
        story = explain(rubric(interview()).score(sitting()))
        assert "remarks" not in story.data
        assert "ann" not in story.text().split()

    def test_a_candidate_is_told_no_rater_no_anchor_no_note_and_no_key(self) -> None:
        """Even where the submission is at hand."""
        story = explain(rubric(interview()).score(sitting(word="mean")), "candidate", sitting(word="mean"))
        told = (json.dumps(story.data) + story.text()).replace("candidate", "").replace("advance", "")
        secret = (
            "ann",
            "bob",
            "examiner",
            "prompted",
            "cold",
            "interrupts",
            *ANCHORS.values(),
            "key-1",
            "median",
            "mean",
        )
        assert [] == [word for word in secret if word in told]
        assert {"status": "passed", "share": "1/2"} == story.data["stages"]["talk"]

    def test_a_gate_says_its_stage_and_its_reason(self) -> None:
        document = interview()
        document["stages"][1]["gate"][0]["about"]["why"] = "sums are the job"
        decision = rubric(document).score({"answers": {"licence": "yes", "n1": "7", "n2": "7", "word": "median"}})
        story = explain(decision)
        assert ['the gate "half-of-maths" of stage "test" caps the verdict at weak: sums are the job'] == story.data[
            "reasons"
        ]
        assert ["half-of-maths"] == [gate["id"] for gate in story.data["overrides"]]
        lines = story.text().splitlines()
        assert "stage talk: not evaluated" in lines
        assert "5. talk/clarity: not evaluated" in lines
        assert "overrides" not in explain(decision, "candidate").data

    def test_what_was_open_at_the_end_is_told_apart_from_what_is_awaited(self) -> None:
        handle = rubric(gated())
        ended = explain(handle.score({"answers": {"licence": "no"}})).text().splitlines()
        waiting = explain(handle.score({"answers": {"licence": "yes"}})).text().splitlines()
        assert "was still open: n1" in ended
        assert "waits for n1, odd1, deadly, r, n3" in waiting
        assert ("2. a/n1: awaited", "3. b/odd1: not evaluated") == (
            ended[-1 - _below(ended, "2.")],
            ended[-1 - _below(ended, "3.")],
        )
        assert "3. b/odd1: awaited" in waiting

    def test_an_awaited_rating_earns_nothing_yet(self) -> None:
        submission = sitting(clarity=rated("good"))
        story = explain(rubric(interview()).score(submission), submission=submission)
        assert "5. talk/clarity: awaited, awaited" in story.text().splitlines()

    def test_a_persons_word_is_told(self) -> None:
        handle = rubric(interview())
        back = {"reason": "clerical-error", "stage": "door"}
        reinstated = explain(handle.score(sitting(licence="no") | {"reinstate": back}))
        void = explain(handle.score(sitting() | {"void": "impersonation"}))
        assert "reinstated up to stage door: clerical-error" in reinstated.text().splitlines()
        assert "held for a person: the sitting was made void" in void.text().splitlines()
        assert ("impersonation", back) == (void.data["void"], reinstated.data["reinstate"])

    def test_variant_level_assumptions_excerpts_and_competencies_are_told(self) -> None:
        """The senior's expectation of `craft`, good, is assumed; fair is one below it. The item of the other variant is left out."""
        document = staffed(excerpt=True)
        document["stages"][0]["sections"][0]["declared"] = 4
        submission = {"answers": {"n": "70", "d": "70", "skill": rated("fair")}, "facts": ANN | {"variant": "desk"}}
        decision = Rubric(canonical.dumps(document), level="senior").score(submission)
        for audience in ("auditor", "candidate"):
            lines = explain(decision, audience).text().splitlines()
            assert "sample 1, profile equal, level senior, variant desk" == lines[0]
            assert "assumed: expected:craft" in lines
            assert "  task: 2 of 4 items" in lines
            assert "craft: observed fair, expected good, gap -1" in lines
            assert not [line for line in lines if "task/f" in line]

    @pytest.mark.parametrize(
        "answers",
        [
            {"licence": "no"},
            {"licence": "yes", "n1": "7"},
            {"licence": "yes", "n1": "70", "odd1": "odd", "deadly": "D"},
            {"licence": "yes", "n1": "70", "odd1": "odd", "deadly": "A", "r": rated("fair"), "n3": "7"},
            {"licence": "yes", "n1": "70", "odd1": "fine", "deadly": "A", "r": rated("good"), "n3": "1 or 2"},
        ],
        ids=["knocked out", "at a gate", "at another", "capped", "unclear"],
    )
    def test_changes_are_exactly_what_judging_again_finds(self, answers: dict[str, Any]) -> None:
        """Across stages too: one answer changed may pass a gate, and then the case waits."""
        handle = rubric(gated())
        decision = handle.score({"answers": answers, "facts": ANN})
        told = {
            (change["item"], name): (change["verdict"], change["action"])
            for change in explain(decision).data["changes"]
            for name in change["outcomes"]
        }
        assert told == tried(handle, decision)
        assert told

    def test_an_answer_that_would_have_opened_the_next_stage_is_a_change_and_says_so(self) -> None:
        story = explain(rubric(interview()).score({"answers": {"licence": "no"}}))
        opened = {
            "item": "licence",
            "verdict": None,
            "action": "wait",
            "outcomes": ["yes", "several", "several_flagged"],
        }
        assert [opened] == story.data["changes"]
        assert "  licence to yes, several, several_flagged: pending, wait" in story.text().splitlines()

    def test_a_reason_may_be_a_list_of_texts(self) -> None:
        """A hand-made pack may have that: 'text and lists of text'."""
        document = interview()
        document["stages"][0]["sections"][0]["items"][0]["options"][1]["about"]["why"] = ["the law", "our insurer"]
        for audience in ("auditor", "candidate"):
            story = explain(rubric(document).score({"answers": {"licence": "no"}}), audience)
            assert ["the law", "our insurer"] == story.data["items"][0]["why"]
            assert "    our insurer" in story.text().splitlines()


def _below(lines: list[str], start: str) -> int:
    """How many lines stand below the one that begins so."""
    return next(n for n, line in enumerate(reversed(lines)) if line.startswith(start))
