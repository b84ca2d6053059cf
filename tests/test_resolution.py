"""Resolutions: a person's last word on a decision. It alters no record; what it changes is what the next score is made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import logs
from logs import holds, lines_of, open_log, query
from packs import override
from people import DOOR, FACTS, FUNNEL, WRITTEN, both, forge, load, process, sheet
from scoring.audit.disclosure import disclose
from scoring.audit.entry import Entry
from scoring.audit.standing import Named
from scoring.audit.verify import verify_directory
from scoring.errors import ConflictError, LogError, StoreError, SubmissionError

room, path, log = logs.room, logs.path, logs.log

OUT = {"licence": "no"}
GATED = process(rubric="gated")
GATED["stages"][1]["gate"] = [override("sums", "weak", {"section": "facts", "below": "1/2"})]
WHO = {"who": "Hanna Weber, head of hiring", "why": "Her licence arrived by post on the day after."}


def decide(log, name, case="Ada", **more):
    """The seq of a decision."""
    return log.decide(FUNNEL, sheet(name, case, facts=FACTS, **more)).seq


def resolve(log, target, action, name, reason="as-agreed", **more):
    return log.resolve(target, action, id=name, reason=reason, **{**WHO, **more})


def out(log, name="s-1", case="Ada"):
    """A case that was knocked out at the door."""
    return decide(log, name, case, answers=OUT, stages=1)


def held(log, name="s-1", case="Ada"):
    """A strong case that a refer flag holds."""
    return decide(log, name, case, answers={**WRITTEN, "dilemma": "A", "clarity": {"Rosa": {"rating": "good"}}})


class TestConfirm:
    def test_it_answers_what_held_the_decision(self, log):
        seq = held(log)
        before = log.standing("Ada")
        assert (before.action, before.holds, before.host_action, before.said) == ("review", ("refer",), "review", None)
        assert log.decision(seq).verdict == "strong"
        word = resolve(log, seq, "confirm", "r-1")
        after = log.standing("Ada")
        assert (after.verdict, after.action, after.holds) == ("strong", "review", ("refer",))  # the rules' word stands
        assert (after.effective_verdict, after.effective_action, after.host_action) == ("strong", "advance", "advance")
        assert (after.said.seq, after.said.action, after.said.who, after.said.why) == (word, "confirm", *WHO.values())
        assert "Hanna" not in repr(after.said)

    def test_it_counts_no_more_once_something_else_was_decided(self, log):
        resolve(log, held(log), "confirm", "r-1")
        answers = {**WRITTEN, "dilemma": "A", "sum": "1", "clarity": {"Rosa": {"rating": "good"}}}
        decide(log, "s-2", answers=answers)
        assert (log.standing("Ada").said, log.standing("Ada").host_action) == (None, "review")
        held(log, "s-3")  # what the word was said of once is not what it was said of now
        assert log.standing("Ada").said is None
        found = log.status()
        assert (found.people, found.superseded) == ({}, {"confirm": {"as-agreed": 1}})

    def test_the_same_decided_again_does_not_undo_it(self, log):
        """Somebody sends the submission once more under another id: nothing else is decided, so what a person said goes on counting."""
        word = resolve(log, held(log), "confirm", "r-1")
        held(log, "s-2")
        newest = held(log, "s-3")
        found = log.standing("Ada")
        assert (found.seq, found.said.seq, found.host_action) == (newest, word, "advance")
        counted = log.status()
        assert (counted.people, counted.superseded, counted.held) == ({"confirm": {"as-agreed": 1}}, {}, {})

    def test_a_verdict_that_decides_nothing_cannot_be_confirmed(self, log):
        """The host would be told to review for ever."""
        answers = {**WRITTEN, "sum": "1", "clarity": {"Rosa": {"rating": "fair"}}}
        seq = decide(log, "s-1", answers=answers)
        assert (log.decision(seq).verdict, log.decision(seq).holds) == ("middling", ("verdict",))
        with pytest.raises(ConflictError, match="override it to a verdict that decides, strong or weak"):
            resolve(log, seq, "confirm", "r-1")
        resolve(log, seq, "override", "r-1", verdict="weak")
        assert log.standing("Ada").host_action == "decline"
        log.close()

        def confirm(records):
            records[3]["body"].update(action="confirm", verdict=None)

        path = Path(log.path)
        forge(path, confirm)
        assert both(path) == ({"resolutions": 3}, 3, {"resolutions"})

    def test_a_pending_decision_has_nothing_to_confirm(self, log):
        seq = decide(log, "s-1", stages=1)
        with pytest.raises(ConflictError, match=f"record #{seq} is pending and has no verdict to confirm"):
            resolve(log, seq, "confirm", "r-1")
        assert len(log) == 3


class TestOverride:
    def test_another_verdict_counts_and_its_action(self, log):
        seq = out(log)
        resolve(log, seq, "override", "r-1", verdict="middling")
        found = log.standing(seq)
        assert (found.verdict, found.action) == ("weak", "decline")
        assert (found.effective_verdict, found.effective_action, found.host_action) == ("middling", "review", "review")
        assert log.decision(seq).verdict == "weak"

    def test_the_newest_word_counts_and_a_withdrawn_one_does_not(self, log):
        seq = out(log)
        resolve(log, seq, "override", "r-1", verdict="middling")
        last = resolve(log, seq, "override", "r-2", verdict="strong")
        assert log.standing("Ada").host_action == "advance"
        resolve(log, seq, "withdraw", "r-3", withdraws=last)
        assert log.standing("Ada").effective_verdict == "middling"

    def test_a_verdict_that_the_rubric_does_not_have(self, log):
        with pytest.raises(ConflictError, match="no such verdict as brilliant: it has strong, middling, weak"):
            resolve(log, out(log), "override", "r-1", verdict="brilliant")

    def test_what_is_pending_cannot_be_overridden(self, log):
        with pytest.raises(ConflictError, match="only what is no longer pending"):
            resolve(log, decide(log, "s-1", stages=1), "override", "r-1", verdict="strong")


class TestReinstate:
    def test_the_case_goes_on_at_the_next_score(self, log):
        seq = out(log)
        resolve(log, seq, "reinstate", "r-1", stage="door", reason="late-paper")
        found = log.standing("Ada")
        assert (found.status, found.is_stale, found.effective_verdict, found.host_action) == (
            "ended",
            True,
            None,
            "wait",
        )
        assert (found.reinstate.stage, found.reinstate.reason) == ("door", "late-paper")
        after = decide(log, "s-2", answers={**WRITTEN, **OUT}, stages=2)
        assert log.decision(after).status == "pending"
        assert log.read(after)["body"]["decision"]["reinstate"] == {"reason": "late-paper", "stage": "door"}
        assert log.submission(after)["reinstate"] == {"reason": "late-paper", "stage": "door"}
        assert log.read(after)["body"]["supersedes"] == seq
        assert log.standing("Ada").is_stale is False
        assert log.replay().complete
        log.close()
        assert holds(log.path)["resolutions"].detail.startswith("1 recorded, each about its case's newest decision")
        assert both(log.path) == ({}, None, set())

    def test_only_a_case_that_ended_can_go_on(self, log):
        with pytest.raises(ConflictError, match="only a case that a knock-out or a gate ended"):
            resolve(log, held(log), "reinstate", "r-1", stage="door")

    @pytest.mark.parametrize("stage", ["written", "talk", "cellar"])
    def test_it_names_the_stage_that_ended_the_case(self, log, stage):
        with pytest.raises(ConflictError, match=f"did not end at the stage {stage}, nor before it: give door"):
            resolve(log, out(log), "reinstate", "r-1", stage=stage)

    def test_a_retry_of_what_was_sent_before_it_gives_the_first_record(self, log):
        seq = out(log)
        resolve(log, seq, "reinstate", "r-1", stage="door")
        again = log.decide(FUNNEL, sheet("s-1", answers=OUT, stages=1, facts=FACTS))
        assert (again.seq, again.repeated, again.decision.status) == (seq, True, "ended")
        after = decide(log, "s-2", answers=OUT, stages=1)
        assert decide(log, "s-2", answers=OUT, stages=1) == after
        resolve(log, after, "withdraw", "r-2", withdraws=seq + 1)
        assert decide(log, "s-2", answers=OUT, stages=1) == after  # what was in force then is what it is compared under
        with pytest.raises(ConflictError, match="another content"):
            decide(log, "s-2", answers=DOOR, stages=1)

    def test_withdrawn_it_ends_the_case_again(self, log):
        word = resolve(log, out(log), "reinstate", "r-1", stage="door")
        again = decide(log, "s-2", answers=OUT, stages=1)
        resolve(log, again, "withdraw", "r-2", withdraws=word)
        assert log.standing("Ada").is_stale
        assert log.decision(decide(log, "s-3", answers=OUT, stages=1)).status == "ended"


class TestVoid:
    def test_the_sitting_does_not_count(self, log):
        seq = held(log)
        resolve(log, seq, "void", "r-1", reason="cheated")
        found = log.standing("Ada")
        assert (found.is_stale, found.effective_verdict, found.host_action, found.verdict) == (
            True,
            None,
            "review",
            "strong",
        )
        after = log.decision(held(log, "s-2"))
        assert (after.status, after.verdict, after.action, after.void) == ("void", None, "review", "cheated")
        assert log.standing("Ada").is_stale is False
        assert log.replay().complete

    def test_withdrawn_it_does_not_void_the_next_one(self, log):
        word = resolve(log, held(log), "void", "r-1")
        resolve(log, held(log, "s-2"), "withdraw", "r-2", withdraws=word)
        assert log.standing("Ada").host_action == "wait"
        assert log.decision(held(log, "s-3")).verdict == "strong"

    def test_the_one_before_it_is_in_force_again_when_the_newest_is_withdrawn(self, log):
        resolve(log, held(log), "void", "r-1", reason="first")
        second = resolve(log, held(log, "s-2"), "void", "r-2", reason="second")
        assert log.decision(held(log, "s-3")).void == "second"
        resolve(log, "Ada", "withdraw", "r-3", withdraws=second)
        assert log.decision(held(log, "s-4")).void == "first"
        log.close()
        assert both(log.path) == ({}, None, set())

    def test_a_person_may_give_a_voided_case_a_verdict(self, log):
        resolve(log, held(log), "void", "r-1")
        after = held(log, "s-2")
        with pytest.raises(ConflictError, match="is void and has no verdict to confirm"):
            resolve(log, after, "confirm", "r-2")
        resolve(log, after, "override", "r-3", verdict="weak")
        assert (log.standing("Ada").effective_verdict, log.standing("Ada").host_action) == ("weak", "decline")

    def test_one_case_s_void_is_not_another_s(self, log):
        resolve(log, held(log), "void", "r-1")
        assert log.decision(held(log, "s-2", "Bob")).verdict == "strong"


class TestWhatASubmissionSays:
    """`void` and `reinstate` are the log's to put there."""

    @pytest.mark.parametrize("more", [{"void": "because"}, {"reinstate": {"reason": "x", "stage": "door"}}])
    def test_neither_is_taken_from_a_sender(self, log, more):
        with pytest.raises(SubmissionError, match="in force for this case, which is none: leave it out") as caught:
            decide(log, "s-1", **more)
        assert [problem.path for problem in caught.value.problems] == [*more]
        assert len(log) == 1

    def test_what_is_in_force_may_be_said(self, log):
        resolve(log, held(log), "void", "r-1", reason="cheated")
        assert log.decision(held(log, "s-2")).void == "cheated"
        assert log.decision(decide(log, "s-3", void="cheated")).void == "cheated"
        with pytest.raises(SubmissionError, match='which is "cheated"'):
            decide(log, "s-4", void="bored")

    def test_an_entry_that_was_made_without_it_is_refused(self, log):
        resolve(log, held(log), "void", "r-1", reason="cheated")
        sent = {"answers": {}, "facts": FACTS}
        with pytest.raises(SubmissionError, match="score what `inputs` gives"):
            log.append([Entry("s-2", "Ada", FUNNEL.score(sent).data, sent)])
        inputs = log.inputs("Ada", sent)
        lying = Entry("s-2", "Ada", FUNNEL.score(sent).data, inputs)
        with pytest.raises(ConflictError, match="its void is not the one in force"):
            log.append([lying])
        assert log.append([Entry("s-2", "Ada", FUNNEL.score(inputs).data, inputs)]) == [4]


class TestMeanwhile:
    def test_a_void_that_comes_while_the_case_is_scored_is_in_that_score(self, log, path):
        seq = held(log)
        with open_log(path) as other:

            class Interrupted:
                pack, digest, profile, level = FUNNEL.pack, FUNNEL.digest, FUNNEL.profile, FUNNEL.level
                scored = 0

                def score(self, submission):
                    self.scored += 1
                    if self.scored == 1:
                        resolve(other, seq, "void", "r-1", reason="cheated")
                    return FUNNEL.score(submission)

            rubric = Interrupted()
            done = log.decide(rubric, sheet("s-2", facts=FACTS))
        assert (rubric.scored, done.seq, done.decision.void) == (2, 4, "cheated")
        log.close()
        assert both(path) == ({}, None, set())

    def test_a_log_of_which_something_is_said_each_time_gives_up(self, log, path):
        held(log)
        with open_log(path) as other:

            class Restless:
                pack, digest, profile, level = FUNNEL.pack, FUNNEL.digest, FUNNEL.profile, FUNNEL.level
                scored = 0

                def score(self, submission):
                    self.scored += 1
                    resolve(other, "Ada", "void", f"r-{self.scored}")
                    return FUNNEL.score(submission)

            with pytest.raises(LogError, match="as often as they are scored; nothing was recorded"):
                log.decide(Restless(), sheet("s-2", facts=FACTS))
        assert not any(json.loads(line)["body"].get("id") == "s-2" for line in lines_of(path))


class TestTheNewest:
    def test_only_the_newest_decision_can_be_resolved(self, log):
        first = held(log)
        second = held(log, "s-2")
        with pytest.raises(
            ConflictError, match=f"it is about record #{first}, and the case's newest decision is record #{second}"
        ):
            resolve(log, first, "confirm", "r-1")
        assert log.read(resolve(log, "Ada", "confirm", "r-1"))["body"]["decision"] == second

    def test_what_is_no_decision_or_nobody_s(self, log):
        word = resolve(log, held(log), "confirm", "r-1")
        for seq in (0, 1, word):
            with pytest.raises(LogError, match="which holds no decision"):
                resolve(log, seq, "confirm", "r-2")
        with pytest.raises(LogError, match="has no record #99"):
            resolve(log, 99, "confirm", "r-2")
        with pytest.raises(ConflictError, match="has no decision yet"):
            resolve(log, "Bob", "confirm", "r-2")

    def test_a_case_that_the_vault_lost(self, log, path):
        seq = held(log)
        digest = log.read(seq)["body"]["disclosures"]["case"]
        for table in ("disclosures", "cases"):
            query(f"{path}.vault", f"DELETE FROM {table} WHERE digest = ?", digest)
        with pytest.raises(LogError, match="no longer has the case"):
            resolve(log, seq, "confirm", "r-1")

    def test_without_the_vault_nothing_is_resolved(self, log, path):
        seq = held(log)
        with open_log(path, vault=False) as without:
            for target in (seq, "Ada"):
                with pytest.raises((LogError, StoreError), match="without its vault"):
                    resolve(without, target, "confirm", "r-1")


class TestWithdraw:
    def test_what_cannot_be_withdrawn(self, log):
        seq = held(log)
        word = resolve(log, seq, "confirm", "r-1")
        gone = resolve(log, seq, "withdraw", "r-2", withdraws=word)
        other = resolve(log, held(log, "s-2", "Bob"), "confirm", "r-3")
        for bad in (seq, word, gone, other, 999):
            with pytest.raises(
                ConflictError, match="no resolution of this case that could be withdrawn: none is in force"
            ):
                resolve(log, seq, "withdraw", "r-4", withdraws=bad)

    def test_what_could_be_is_named(self, log):
        seq = held(log)
        word = resolve(log, seq, "confirm", "r-1")
        with pytest.raises(ConflictError, match=rf"in force are #{word} \(confirm\)"):
            resolve(log, seq, "withdraw", "r-2", withdraws=seq)


class TestRetriesAndArguments:
    def test_the_same_again_gives_its_record_whatever_came_since(self, log):
        seq = held(log)
        word = resolve(log, seq, "confirm", "r-1")
        held(log, "s-2")
        assert resolve(log, seq, "confirm", "r-1") == resolve(log, "Ada", "confirm", "r-1") == word

    @pytest.mark.parametrize(
        "more",
        [{"why": "Else."}, {"who": "Else"}, {"reason": "else"}, {"action": "void"}, {"target": "Bob"}, {"target": 3}],
    )
    def test_another_word_under_its_id_is_refused(self, log, more):
        given = {"target": held(log), "action": "confirm", "id": "r-1", "reason": "as-agreed", **WHO}
        held(log, "s-2", "Bob")
        log.resolve(**given)
        with pytest.raises(ConflictError, match="with another content"):
            log.resolve(**{**given, **more})

    def test_an_id_of_a_decision_is_not_free(self, log):
        with pytest.raises(ConflictError, match="for another type of record"):
            resolve(log, held(log), "confirm", "s-1")

    @pytest.mark.parametrize(
        ("more", "paths"),
        [
            ({"action": "confrim"}, ["action"]),
            ({"action": None}, ["action"]),
            ({"who": ""}, ["who"]),
            ({"who": "x" * 201}, ["who"]),
            ({"why": "x" * 2001}, ["why"]),
            ({"why": "\ud800"}, ["why"]),
            ({"reason": "two words"}, ["reason"]),
            ({"id": "two words"}, ["id"]),
            ({"verdict": "strong"}, ["verdict"]),
            ({"stage": "door"}, ["stage"]),
            ({"withdraws": 2}, ["withdraws"]),
            ({"action": "override"}, ["verdict"]),
            ({"action": "override", "verdict": 5}, ["verdict"]),
            ({"action": "reinstate"}, ["stage"]),
            ({"action": "withdraw"}, ["withdraws"]),
            ({"action": "withdraw", "withdraws": "2"}, ["withdraws"]),
            ({"action": "withdraw", "withdraws": True}, ["withdraws"]),
            ({"id": "", "who": None, "why": 5, "reason": ""}, ["id", "reason", "who", "why"]),
        ],
    )
    def test_all_that_is_wrong_is_told_at_once(self, log, more, paths):
        seq = held(log)
        with pytest.raises(SubmissionError) as caught:
            log.resolve(seq, **{"action": "confirm", "id": "r-1", "reason": "as-agreed", **WHO, **more})
        assert sorted(problem.path for problem in caught.value.problems) == paths
        assert len(log) == 3

    def test_a_typing_error_is_met_with_the_likely_word(self, log):
        with pytest.raises(SubmissionError, match='did you mean "confirm"'):
            resolve(log, held(log), "confrim", "r-1")

    def test_who_and_why_stay_out_of_the_log(self, log, path):
        resolve(log, held(log), "confirm", "r-1")
        whole = b"\n".join(lines_of(path))
        assert not any(secret in whole for secret in (b"Hanna", b"licence arrived", b"Ada"))
        assert log.said(3) == WHO
        assert (log.said(2), log.case(3), log.submission(3), log.facts(3)) == (None, "Ada", None, None)

    def test_without_the_vault_what_was_said_is_not_known(self, log, path):
        resolve(log, held(log), "confirm", "r-1")
        with open_log(path, vault=False) as without:
            said = without.standing(2).said
        assert (said.action, said.who, said.why) == ("confirm", None, None)


class TestStatus:
    def test_what_waits_what_is_held_and_what_people_said(self, log):
        log.open_case(FUNNEL, "Opened", "o-1", FACTS)  # record 2
        decide(log, "s-1", "at the test", stages=1)
        decide(log, "s-2", "at the talk", stages=2)
        decide(log, "s-3", "at the talk too", stages=2)
        held(log, "s-4", "held")
        resolve(log, held(log, "s-5", "answered"), "confirm", "r-1", reason="looked-at")
        resolve(log, out(log, "s-6", "out"), "override", "r-2", reason="shortage", verdict="middling")
        resolve(log, out(log, "s-7", "back"), "reinstate", "r-3", reason="late-paper", stage="door")
        cheated = resolve(log, held(log, "s-8", "cheated"), "void", "r-4", reason="cheated")
        resolve(log, "cheated", "withdraw", "r-5", reason="mistaken", withdraws=cheated)
        resolve(log, held(log, "s-9", "cheated too"), "void", "r-6", reason="cheated")
        held(log, "s-10", "cheated too")
        found = log.status()
        assert (found.records, found.cases, found.decisions) == (len(log), 10, 10)
        assert found.opened == Named(1, (2,))
        assert found.waits == {"talk": Named(2, (4, 5)), "written": Named(1, (3,))}
        by_case = {case: log.find(case)[-1]["seq"] for case in ("held", "cheated", "cheated too", "back")}
        assert found.held == {
            "refer": Named(2, (by_case["held"], by_case["cheated"])),
            "void": Named(1, (by_case["cheated too"],)),
        }
        assert found.again == Named(1, (by_case["back"],))
        assert found.people == {
            "confirm": {"looked-at": 1},
            "override": {"shortage": 1},
            "reinstate": {"late-paper": 1},
            "void": {"cheated": 1},
            "withdraw": {"mistaken": 1},
        }
        assert log.status(named=1).waits["talk"] == Named(2, (4,))

    def test_an_empty_log(self, log):
        found = log.status()
        assert (found.records, found.cases, found.waits, found.held, found.people) == (1, 0, {}, {}, {})

    def test_a_damaged_record_is_told(self, log, path):
        held(log)
        lines = lines_of(path)
        logs.write_lines(path, [*lines[:2], lines[2].replace(b'"v":1}', b'"v":2}')])
        with pytest.raises(LogError, match="record #2"):
            log.status()

    def test_a_standing_needs_a_decision(self, log):
        log.open_case(FUNNEL, "Ada", "o-1", FACTS)
        for of, told in (
            ("Ada", "no decision yet"),
            (2, "no decision yet"),
            ("Bob", "no such case"),
            (0, "of no case"),
        ):
            with pytest.raises(LogError, match=told):
                log.standing(of)


class TestForged:
    """What only the log's order can show: both verifiers find it, at the record that breaks the rule."""

    @pytest.fixture
    def path(self, path):
        """Records: 2 ended, 3 reinstate, 4 pending, 5 held, 6 void, 7 withdraw of 6, 8 confirm, 9 override; 10 another case, 11 confirm of it."""
        with open_log(path, create=True) as log:
            assert out(log) == 2
            assert resolve(log, 2, "reinstate", "r-1", stage="door") == 3
            assert decide(log, "s-2", answers={**DOOR, **OUT}, stages=1) == 4
            assert held(log, "s-3") == 5
            assert resolve(log, 5, "void", "r-2") == 6
            assert resolve(log, 5, "withdraw", "r-3", withdraws=6) == 7
            assert resolve(log, 5, "confirm", "r-4") == 8
            assert resolve(log, 5, "override", "r-5", verdict="weak") == 9
            assert held(log, "s-4", "Bob") == 10
            assert resolve(log, 10, "confirm", "r-6") == 11
        assert both(path) == ({}, None, set())
        return path

    @pytest.mark.parametrize(
        ("seq", "change"),
        [
            (3, {"stage": "written"}),
            (3, {"stage": "cellar"}),
            (6, {"decision": 4}),
            (6, {"decision": 3}),
            (7, {"withdraws": 5}),
            (7, {"withdraws": 0}),
            (8, {"decision": 4}),
            (9, {"verdict": "brilliant"}),
            (11, {"decision": 5}),
        ],
    )
    def test_a_resolution(self, path, seq, change):
        forge(path, lambda records: records[seq]["body"].update(change))
        assert both(path) == ({"resolutions": seq}, seq, {"resolutions"})

    @pytest.mark.parametrize("word", [8, 9])
    def test_a_confirm_or_an_override_of_what_is_pending(self, path, word):
        def change(records):
            records[5] = {**records[word], "body": {**records[word]["body"], "decision": 4}}
            del records[6:]

        forge(path, change)
        assert both(path) == ({"resolutions": 5}, 5, {"resolutions"})

    def test_a_reinstate_of_a_stage_before_the_one_that_ended_the_case(self, room):
        gated = load(GATED)
        with open_log(room / "gated", create=True) as log:
            seq = log.decide(gated, sheet("s-1", facts=FACTS, stages=2, answers={**WRITTEN, "sum": "1"})).seq
            with pytest.raises(ConflictError, match="did not end at the stage door, nor before it: give written"):
                resolve(log, seq, "reinstate", "r-1", stage="door")
            resolve(log, seq, "reinstate", "r-1", stage="written")
        forge(room / "gated", lambda records: records[3]["body"].update(stage="door"))
        assert both(room / "gated") == ({"resolutions": 3}, 3, {"resolutions"})

    def test_a_reinstate_of_what_did_not_end(self, path):
        forge(path, lambda records: records[6]["body"].update(action="reinstate", stage="door"))
        found, first, _ = both(path)
        assert (found, first) == ({"resolutions": 6}, 6)

    @pytest.mark.parametrize("withdraws", [6, 9])
    def test_a_withdraw_of_another_case_s_word_or_of_a_withdrawn_one(self, path, withdraws):
        forge(path, lambda records: records[11]["body"].update(action="withdraw", withdraws=withdraws))
        assert both(path) == ({"resolutions": 11}, 11, {"resolutions"})

    def test_a_withdraw_twice(self, path):
        forge(path, lambda records: records[8]["body"].update(action="withdraw", withdraws=6))
        assert both(path) == ({"resolutions": 8}, 8, {"resolutions"})

    @pytest.mark.parametrize(
        ("seq", "change"),
        [
            (4, {"reinstate": None}),
            (4, {"reinstate": {"reason": "else", "stage": "door"}}),
            (5, {"void": "cheated"}),
            (2, {"void": "cheated"}),
            (10, {"reinstate": {"reason": "x", "stage": "door"}}),
        ],
    )
    def test_a_decision_that_does_not_carry_what_is_in_force(self, path, seq, change):
        forge(path, lambda records: records[seq]["body"]["decision"].update(change))
        found, first, failed = both(path)
        assert (found, first, failed) == ({"resolutions": seq}, seq, {"resolutions"})

    def test_a_void_that_nobody_said_in_a_log_without_words(self, path):
        def change(records):
            del records[3:]
            records[2]["body"]["decision"]["void"] = "cheated"

        forge(path, change)
        assert both(path) == ({"resolutions": 2}, 2, {"resolutions"})

    def test_an_id_twice_and_a_first_record_without_a_decision(self, path):
        forge(path, lambda records: records[11]["body"].update(id="s-1"))
        found, first, _ = both(path)
        assert (found, first) == ({"ids": 11}, 11)

        def early(records):
            records[10], records[11] = records[11], records[10]
            records[10]["body"]["id"] = "r-6"
            records[10]["body"]["decision"] = 9

        forge(path, early)
        assert both(path)[:2] == ({"resolutions": 10}, 10)

    @pytest.mark.parametrize(
        ("seq", "change"),
        [
            (8, {"verdict": "strong"}),
            (8, {"stage": "door"}),
            (8, {"withdraws": 6}),
            (8, {"action": "hold"}),
            (8, {"reason": "two words"}),
            (8, {"decision": -1}),
            (8, {"decision": None}),
            (9, {"verdict": None}),
            (3, {"stage": None}),
            (7, {"withdraws": None}),
            (7, {"withdraws": "6"}),
            (8, {"who": "Hanna"}),
        ],
    )
    def test_a_record_that_fits_no_table(self, path, seq, change):
        forge(path, lambda records: records[seq]["body"].update(change))
        found, first, failed = both(path)
        assert (found["fields"], first) == (seq, seq)
        assert "records" in failed

    @pytest.mark.parametrize("change", [{"submission": "0" * 64}, {"case": "x"}])
    def test_its_disclosures(self, path, change):
        forge(path, lambda records: records[8]["body"]["disclosures"].update(change))
        found, first, failed = both(path)
        assert (found["fields"], first) == (8, 8)
        assert "records" in failed

    def test_a_vault_that_says_something_else(self, path):
        def change(records):
            records[8]["body"]["disclosures"]["resolution"] = records[9]["body"]["disclosures"]["case"]

        forge(path, change)
        assert both(path)[0] == {"vault": 8}

    @pytest.mark.parametrize(
        "content", [{"who": "Hanna"}, {"who": "", "why": "So."}, {"who": "H", "why": "S", "x": 1}, "Hanna"]
    )
    def test_a_vault_that_says_too_little_or_too_much(self, path, content):
        digest, text = disclose(logs.Entropy("another"), "resolution", content)
        query(f"{path}.vault", "INSERT INTO disclosures(digest, text, owner, gone) VALUES (?, ?, 0, 0)", digest, text)
        forge(path, lambda records: records[8]["body"]["disclosures"].update(resolution=digest))
        report = verify_directory(path)
        assert (report["vault"].seq, report["vault"].detail) == (
            8,
            "the vault's disclosure of this resolution is not who and why",
        )

    def test_packs_that_are_missing_leave_their_rules_unchecked(self, path):
        """Without packs/ nobody knows the verdicts and stages of a rubric; the rest is still checked."""
        forge(path, lambda records: records[9]["body"].update(verdict="brilliant"))
        for file in (path / "packs").iterdir():
            file.unlink()
        (path / "packs").rmdir()
        assert both(path) == ({}, None, set())
        forge(path, lambda records: records[11]["body"].update(decision=5))
        assert both(path)[:2] == ({"resolutions": 11}, 11)


def test_a_case_with_more_words_than_anybody_says_is_not_followed_to_its_end(log, monkeypatch):
    """The limit is what keeps memory small; it is told, and nothing is taken for granted."""
    from scoring.audit import follow

    monkeypatch.setattr(follow, "_MOST_LIVE", 3)
    seq = held(log)
    for number in range(5):
        resolve(log, seq, "confirm", f"r-{number}")
    finding = log.verify()["resolutions"]
    assert (finding.result, finding.detail) == ("NOT CHECKED", "a case has more than 3 resolutions in force")


def test_the_level_and_another_version_stay_out_of_it(log):
    """A resolution needs no rubric at hand: what it is about says everything."""
    log.publish(load(process(version="2"), level="senior"))
    assert resolve(log, held(log), "confirm", "r-1") == 4


SHEETS = {
    "out": {"answers": OUT, "stages": 1},
    "door": {"answers": DOOR, "stages": 1},
    "held": {"answers": {**WRITTEN, "dilemma": "A", "clarity": {"Rosa": {"rating": "good"}}}},
    "good": {},
}
STEPS = st.one_of(
    st.tuples(st.just("decide"), st.sampled_from(["Ada", "Bob"]), st.sampled_from([*SHEETS])),
    st.tuples(st.just("open"), st.sampled_from(["Ada", "Bob"])),
    *(
        st.tuples(st.just(action), st.sampled_from(["Ada", "Bob"]))
        for action in ("void", "reinstate", "override", "confirm")
    ),
    st.tuples(st.just("withdraw"), st.sampled_from(["Ada", "Bob"]), st.integers(0, 3)),
)


@settings(max_examples=25)
@given(
    steps=st.tuples(
        st.tuples(st.just("decide"), st.just("Ada"), st.sampled_from(["out", "held"])),
        st.lists(STEPS, min_size=4, max_size=14),
    ).map(lambda drawn: [drawn[0], *drawn[1]])
)
def test_whatever_people_do_the_log_verifies(steps):
    """Each step is recorded or refused; what is recorded holds under both verifiers, replays, and carries what a plain model says is in force."""
    said = {"Ada": [], "Bob": []}  # resolutions that are not withdrawn
    for room in logs.in_memory():
        with open_log(room / "log", create=True) as log:
            for number, (what, case, *more) in enumerate(steps):
                name = f"n-{number}"
                try:
                    if what == "decide":
                        seq = decide(log, name, case, **SHEETS[more[0]])
                        in_force = {
                            kind: [word for word in said[case] if word[1] == kind] for kind in ("void", "reinstate")
                        }
                        body = log.read(seq)["body"]["decision"]
                        assert (body["void"], body["reinstate"]) == (
                            in_force["void"][-1][2] if in_force["void"] else None,
                            {"reason": in_force["reinstate"][-1][2], "stage": "door"}
                            if in_force["reinstate"]
                            else None,
                        )
                    elif what == "open":
                        log.open_case(FUNNEL, case, name, FACTS)
                    elif what == "withdraw":
                        seqs = [seq for seq, *_ in said[case]]
                        seq = seqs[more[0]] if more[0] < len(seqs) else more[0]
                        resolve(log, case, what, name, withdraws=seq)
                        assert seq in seqs
                        said[case] = [word for word in said[case] if word[0] != seq]
                    else:
                        own = {"override": {"verdict": "middling"}, "reinstate": {"stage": "door"}}.get(what, {})
                        said[case].append((resolve(log, case, what, name, reason=name, **own), what, name))
                except ConflictError:
                    event(f"{what} refused")
                else:
                    event(f"{what} recorded")
            assert log.replay().ok
            found = log.status()
            counted = [*found.people.items(), *found.superseded.items()]
            people = sum(sum(reasons.values()) for action, reasons in counted if action != "withdraw")
            assert people == sum(map(len, said.values()))
            for case, live in said.items():
                words = [word for word in live if word[1] in ("confirm", "override")]
                if log.find(case):
                    decided = {record["seq"]: record["body"]["decision"] for record in log.find(case)}
                    counts = log.standing(case).said
                    wanted = words[-1][0] if words else None
                    if words:
                        about = log.read(words[-1][0])["body"]["decision"]
                        since = [decision for seq, decision in decided.items() if seq > about]
                        wanted = wanted if all(decision == decided[about] for decision in since) else None
                    assert (counts and counts.seq) == wanted
        assert both(room / "log") == ({}, None, set())
