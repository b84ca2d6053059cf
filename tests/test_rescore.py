"""Rescores: past cases scored again under the version that replaces theirs. First a plan, then, if somebody wants it, decisions that supersede."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import pytest

import logs
from logs import lines_of, open_log, query
from packs import funnel, number, override, section, stage, verdict
from people import DOOR, FACTS, FUNNEL, TALK, both, load, process, sheet
from scoring import canonical
from scoring.audit.rescore import CaseChange, Rescore, Unscored, rescore_id
from scoring.engine.rubric import Rubric
from scoring.errors import ConflictError, RubricError

room, path, log = logs.room, logs.path, logs.log

NEW_KEY = "71"  # the right sum after all
AMENDED = {"version": "2", "about": {"replaces": "1", "replaces_why": "the key was wrong"}}


def amended(**more):
    return load(process(total=NEW_KEY, **{**AMENDED, **more}))


NEW = amended()


def decide(log, name, case, **answers):
    return log.decide(FUNNEL, sheet(name, case, facts=FACTS, answers={**TALK, **answers})).seq


@pytest.fixture
def past(log):
    """Records: 2 who answered by the old key, 3 who answered by the new one, 4 who has nothing to lose, 5 who waits."""
    assert decide(log, "s-1", "Ada", sum="70") == 2
    assert decide(log, "s-2", "Bob", sum="71") == 3
    assert decide(log, "s-3", "Eve", sum="1", dilemma="A", clarity={"Rosa": {"rating": "poor"}}) == 4
    assert log.decide(FUNNEL, sheet("s-4", "Joe", stages=1, facts=FACTS)).seq == 5
    return log


def planned(log, rubric=NEW, policy="all"):
    return [*Rescore(log, rubric, policy).plan()]


class TestThePlan:
    def test_it_shows_who_would_change_and_why(self, past):
        """A sum is half of the written test, which is a third of the whole: 1/6 of the score."""
        ada, bob, eve, joe = planned(past)
        assert [change.seq for change in (ada, bob, eve, joe)] == [2, 3, 4, 5]
        assert (ada.old.score, ada.new.score, ada.is_worse) == (1, Fraction(5, 6), False)
        assert (bob.old.score, bob.new.score, bob.is_worse) == (Fraction(5, 6), 1, False)
        change = ada.items[0]
        assert (change.item, change.old_outcome, change.new_outcome) == ("sum", "key-1", "wrong")
        assert (change.old_points, change.new_points) == (1, 0)
        assert len(ada.items) == 1
        assert (eve.items, eve.differs, ada.differs) == ((), False, True)
        assert (joe.old.status, joe.new.status, joe.differs) == ("pending", "pending", False)
        assert repr(ada) == "CaseChange(seq=2, strong -> strong)"

    def test_it_records_nothing(self, past, path):
        before = lines_of(path)
        planned(past)
        assert lines_of(path) == before

    def test_only_cases_that_the_replaced_version_decided_last(self, past):
        past.decide(load(process(version="0")), sheet("s-5", "Ada", facts=FACTS))
        past.decide(load(process(rubric="another")), sheet("s-6", "Zoe", facts=FACTS))
        assert [change.seq for change in planned(past)] == [3, 4, 5]

    def test_each_by_its_own_profile_and_level(self, log):
        for level in ("mid", "senior"):
            for profile in ("equal", "other"):
                log.decide(
                    load(level=level, profile=profile), sheet(f"{level}-{profile}", level + profile, facts=FACTS)
                )
        found = {(change.new.data["level"], change.new.data["profile"]) for change in planned(log)}
        assert found == {("mid", "equal"), ("mid", "other"), ("senior", "equal"), ("senior", "other")}

    def test_a_profile_that_the_new_version_does_not_have_is_told(self, log):
        log.decide(load(profile="other"), sheet("s-1", facts=FACTS))
        document = process(total=NEW_KEY, **AMENDED)
        document["profiles"].pop()
        (found,) = planned(log, load(document))
        assert isinstance(found, Unscored)
        assert found.why.startswith("the new version cannot take its place:")

    def test_what_the_vault_lost_or_the_new_version_refuses_is_told(self, past, path):
        digest = past.read(2)["body"]["disclosures"]["submission"]
        query(f"{path}.vault", "DELETE FROM disclosures WHERE digest = ?", digest)
        document = process(total=NEW_KEY, **AMENDED)
        document["stages"][1]["sections"][0]["items"][0]["id"] = "quandary"
        lost, *refused, joe = planned(past, load(document))
        assert (lost.seq, lost.why) == (2, "the vault does not have what was scored")
        assert all(isinstance(found, Unscored) and "refuses what was handed in" in found.why for found in refused)
        assert isinstance(joe, CaseChange)

    def test_a_person_s_word_that_would_count_no_more_is_told(self, past):
        past.resolve(2, "override", id="r-1", who="Hanna", why="So.", reason="x", verdict="weak")
        assert [change.person for change in planned(past)] == ["override", None, None, None]

    def test_a_rubric_that_replaces_nothing_and_a_policy_that_is_none(self, log):
        with pytest.raises(RubricError, match="says of no version that it replaces it"):
            Rescore(log, FUNNEL, "all")
        with pytest.raises(ValueError, match="all or never-lower"):
            Rescore(log, NEW, "best")


class TestApplying:
    def test_what_was_decided_stays_and_what_supersedes_it_verifies(self, past, path):
        before = lines_of(path)
        done = Rescore(past, NEW, "all").apply()
        assert done.recorded == ((2, 7), (3, 8), (4, 9), (5, 10))
        assert (done.left, done.unscored) == ((), ())
        assert lines_of(path)[: len(before)] == before
        assert past.read(6)["body"]["version"] == "2"
        record = past.read(7)
        assert (record["body"]["supersedes"], record["body"]["decision"]["pack"]) == (2, NEW.digest)
        assert record["body"]["id"] == rescore_id(NEW.digest, "s-1")
        assert past.submission(7) == past.submission(2)
        assert past.case(7) == "Ada"
        assert past.replay().complete
        past.close()
        assert both(path) == ({}, None, set())

    def test_again_it_finds_nothing_to_do(self, past):
        Rescore(past, NEW, "all").apply()
        size = len(past)
        assert Rescore(past, NEW, "all").apply().recorded == ()
        assert len(past) == size

    def test_an_id_is_made_of_the_new_pack_and_the_old_id(self):
        made = rescore_id("ab" * 32, "s-1")
        assert made == "rescore-" + hashlib.sha256(b"ab" * 32 + b"s-1").hexdigest()[:32]
        assert len(made) <= 48

    def test_never_lower_leaves_those_who_would_lose(self, log):
        """One falls below a band, one rises above it; one whose score falls within its band loses nothing."""
        falls = decide(log, "s-1", "Ada", sum="70", dilemma="A")  # 5/6 strong -> 4/6 middling
        rises = decide(log, "s-2", "Bob", sum="71", dilemma="A")
        stays = decide(log, "s-3", "Eve", sum="70")  # 1 -> 5/6, both strong
        plan = {change.seq: change for change in planned(log, policy="never-lower")}
        assert [(plan[seq].old.verdict, plan[seq].new.verdict) for seq in (falls, rises, stays)] == [
            ("strong", "middling"),
            ("middling", "strong"),
            ("strong", "strong"),
        ]
        assert [(plan[seq].is_worse, plan[seq].applies) for seq in (falls, rises, stays)] == [
            (True, False),
            (False, True),
            (False, True),
        ]
        done = Rescore(log, NEW, "never-lower").apply()
        assert (done.left, [old for old, _ in done.recorded]) == ((falls,), [rises, stays])
        assert log.find("Ada")[-1]["seq"] == falls

    def test_never_lower_never_takes_back_what_a_person_gave(self, past):
        """Bob's sum is right by the new key, but weak stays weak for Eve, whom a person had lifted to strong; a person's word is what she would lose."""
        past.resolve("Eve", "override", id="r-1", who="Rosa", why="She was ill.", reason="illness", verdict="strong")
        plan = {change.seq: change for change in planned(past, policy="never-lower")}
        assert (plan[3].applies, plan[4].is_worse, plan[4].applies, plan[4].person) == (True, True, False, "override")
        assert {4} <= {*Rescore(past, NEW, "never-lower").apply().left}
        assert past.standing("Eve").effective_verdict == "strong"

    def test_never_lower_looks_at_the_action_too(self, log):
        """The band stays, but what the new version does in it is worse."""
        decide(log, "s-1", "Ada")
        document = process(**AMENDED)
        document["verdicts"][0]["action"] = "review"
        (change,) = planned(log, load(document), "never-lower")
        assert (change.new.verdict, change.new.action, change.is_worse, change.applies) == (
            "strong",
            "review",
            True,
            False,
        )

    def test_never_lower_leaves_a_case_that_would_wait_again(self, log):
        decide(log, "s-1", "Ada", dilemma=None)
        document = process(**AMENDED)
        document["stages"][1]["sections"][0]["items"][0]["awaits"] = ["absent", "blank"]
        (change,) = planned(log, load(document), "never-lower")
        assert (change.old.status, change.new.status, change.is_worse) == ("decided", "pending", True)

    def test_a_renamed_verdict_is_no_way_around_it(self, log):
        """Held by a refer flag, both ask for a review; but a person who confirms the old one advances the case, and the new one declines it."""
        decide(log, "s-1", "Ada", dilemma="A")
        document = process(total="1234", **AMENDED)
        document["verdicts"] = [
            verdict("excellent", "4/5", "advance"),
            verdict("middling", "3/5", "review"),
            verdict("weak", "0", "decline"),
        ]
        document["overrides"] = [override("x", "weak", {"flag": "refer", "at_least": 1})]
        (change,) = planned(log, load(document), "never-lower")
        assert (change.old.verdict, change.new.verdict) == ("strong", "weak")
        assert (change.old.action, change.new.action) == ("review", "review")
        assert (change.is_worse, change.applies) == (True, False)

    def test_a_verdict_that_keeps_its_name_is_compared_by_its_action_too(self, log):
        """The decision is held either way, so that only the verdict's own action tells."""
        decide(log, "s-1", "Ada", dilemma="A")
        document = process(**AMENDED)
        document["verdicts"][0]["action"] = "review"
        (change,) = planned(log, load(document), "never-lower")
        assert (change.old.action, change.new.action, change.new.verdict) == ("review", "review", "strong")
        assert change.is_worse

    @pytest.mark.parametrize(
        ("cut", "reachable", "is_worse"),
        [("1/2", ("middling", "weak"), False), ("3/4", None, True)],
    )
    def test_a_case_that_waits_is_not_ended_by_it(self, log, cut, reachable, is_worse):
        """Half of the first stage is there. A gate at half of it lets the case wait on; one at three quarters ends it."""

        def gated(cut, **more):
            gate = [override("g", "weak", {"section": "a", "below": cut})]
            first = stage("one", section("a", number("n1"), number("n2")), gate=gate)
            return Rubric(
                canonical.dumps(funnel(first, stage("two", section("b", number("n3"))), version="1", **more) | {})
            )

        sent = {"id": "s-1", "case": "Ada", "answers": {"n1": "70", "n2": "1"}, "handed_in": ["one"]}
        log.decide(gated("1/2"), sent)
        again = gated(cut, about={"replaces": "1"})
        new = Rubric(canonical.dumps(canonical.loads(again.pack) | {"version": "2"}))
        (change,) = planned(log, new, "never-lower")
        assert (change.old.reachable, change.new.reachable) == (("middling", "weak"), reachable)
        assert (change.is_worse, change.applies) == (is_worse, not is_worse)

    def test_a_case_that_waits_for_less_is_left(self, log):
        """Everything right so far; by the new key of the sum, the best it can still come to is gone."""
        log.decide(FUNNEL, sheet("s-1", stages=2, facts=FACTS))
        document = process(total=NEW_KEY, **AMENDED)
        document["verdicts"][0]["from"] = "9/10"
        (change,) = planned(log, load(document), "never-lower")
        assert (change.old.reachable[0], change.new.reachable[0], change.is_worse) == ("strong", "middling", True)

    def test_a_case_that_could_come_to_worse_is_left(self, log):
        """Everything right so far: 2/3 are sure, which is middling; by the new key 1/2 is, which is weak."""
        log.decide(FUNNEL, sheet("s-1", stages=2, facts=FACTS))
        (change,) = planned(log, NEW, "never-lower")
        assert (change.old.reachable[-1], change.new.reachable[-1], change.is_worse) == ("middling", "weak", True)

    def test_a_case_that_is_to_be_scored_again_first_is_told(self, log):
        """A void was withdrawn and nothing decided since: there is nothing to compare with, and strong must not become weak unseen."""
        decide(log, "s-1", "Ada")
        words = {"who": "Hanna", "why": "So.", "reason": "x"}
        word = log.resolve("Ada", "void", id="r-1", **words)
        decide(log, "s-2", "Ada")
        log.resolve("Ada", "withdraw", id="r-2", withdraws=word, **words)
        (found,) = planned(log, policy="never-lower")
        assert isinstance(found, Unscored)
        assert "score it again by the version that decided it" in found.why
        assert [found.seq for found in Rescore(log, NEW, "never-lower").apply().unscored] == [4]
        (change,) = planned(log)
        assert change.applies
        decide(log, "s-3", "Ada")
        (change,) = planned(log, policy="never-lower")
        assert change.old.verdict == "strong"

    def test_a_verdict_that_the_new_version_does_not_have_is_compared_by_its_action(self, log):
        decide(log, "s-1", "Ada")
        document = process(**AMENDED)
        document["verdicts"][0]["id"] = "excellent"
        (change,) = planned(log, load(document), "never-lower")
        assert (change.old.verdict, change.new.verdict, change.is_worse) == ("strong", "excellent", False)

    def test_a_void_that_is_in_force_is_in_the_new_score_and_a_withdrawn_one_is_not(self, past):
        past.resolve(2, "void", id="r-1", who="Hanna", why="So.", reason="cheated")
        word = past.resolve(3, "void", id="r-2", who="Hanna", why="So.", reason="cheated")
        past.decide(FUNNEL, sheet("s-5", "Bob", facts=FACTS))
        past.resolve("Bob", "withdraw", id="r-3", who="Hanna", why="No.", reason="mistaken", withdraws=word)
        Rescore(past, NEW, "all").apply()
        ada, bob = (past.find(case)[-1] for case in ("Ada", "Bob"))
        assert (ada["body"]["decision"]["status"], bob["body"]["decision"]["status"]) == ("void", "decided")
        assert "void" not in past.submission(bob["seq"])
        past.close()
        assert both(past.path) == ({}, None, set())

    def test_a_case_that_moved_on_since_is_left_and_told(self, past):
        rescore = Rescore(past, NEW, "all")
        change = next(rescore.plan())
        past.decide(FUNNEL, sheet("s-5", "Ada", facts=FACTS))
        (refused,) = past.amend(NEW, [(change.entry, change.seq)])
        assert isinstance(refused, ConflictError)
        assert "came meanwhile" in str(refused)
        assert [record["body"]["id"] for record in past.find("Ada")] == ["s-1", "s-5"]

    def test_two_who_apply_at_once_record_it_once(self, past, path):
        changes = planned(past)
        with open_log(path) as other:
            first = other.amend(NEW, [(change.entry, change.seq) for change in changes])
        assert past.amend(NEW, [(change.entry, change.seq) for change in changes]) == first == [7, 8, 9, 10]

    def test_a_name_that_somebody_took_is_told_and_never_passed_for_a_rescore(self, log):
        """The names are known beforehand. What stands under this one was decided by the old version, and scored nobody again."""
        log.decide(FUNNEL, sheet(rescore_id(NEW.digest, "s-1"), facts=FACTS))
        log.decide(FUNNEL, sheet("s-1", facts=FACTS))
        for _ in range(2):
            done = Rescore(log, NEW, "all").apply()
            assert (done.recorded, done.left) == ((), ())
            assert [found.seq for found in done.unscored] == [3]
            assert "which is not this case scored again" in done.unscored[0].why
        assert {record["body"]["decision"]["pack"] for record in log.find("Ada")} == {FUNNEL.digest}

    def test_what_concerns_one_case_concerns_it_alone(self, past):
        """A void is withdrawn between the plan and its application: that case is told, the others are recorded."""
        word = past.resolve("Ada", "void", id="r-1", who="Hanna", why="So.", reason="x")
        decide(past, "s-5", "Ada", sum="70")
        changes = planned(past)
        past.resolve("Ada", "withdraw", id="r-2", who="Hanna", why="No.", reason="x", withdraws=word)
        done = past.amend(NEW, [(change.entry, change.seq) for change in changes])
        (refused,) = [found for found in done if isinstance(found, ConflictError)]
        assert "plan again" in str(refused)
        assert [isinstance(found, int) for found in done] == [change.seq != 7 for change in changes]
        assert past.find("Bob")[-1]["body"]["decision"]["pack"] == NEW.digest

    def test_an_erasure_meanwhile_leaves_no_amendment_without_its_record(self, past, path):
        """What lay in the vault already may be gone: the amendments are made ready once more, and each is told its own record."""
        changes = planned(past)
        store = past._vault.store
        raced = []

        def race(*arguments):
            digests = store(*arguments)
            if not raced:
                with logs.open_log(path) as other:
                    raced.append(other.erase("Eve", reason="request"))
            return digests

        past._vault.store = race
        done = past.amend(NEW, [(change.entry, change.seq) for change in changes if change.seq != 4])
        assert raced == [6]
        assert [past.read(seq)["body"]["supersedes"] for seq in done] == [2, 3, 5]

    def test_it_takes_no_other_answers_and_no_other_version(self, past):
        change = planned(past)[0]
        entry = type(change.entry)
        better = {**change.entry.submission, "answers": {**TALK, "sum": NEW_KEY}}
        stranger = load(process(version="9", total="70"))
        (answers,) = past.amend(NEW, [(entry("x-1", "Ada", NEW.score(better).data, better), 2)])
        same = change.entry.submission
        (version,) = past.amend(stranger, [(entry("x-2", "Ada", stranger.score(same).data, same), 2)])
        (pack,) = past.amend(NEW, [(entry("x-3", "Ada", FUNNEL.score(same).data, same), 2)])
        assert "not made from what record #2 scored" in str(answers)
        assert "does not say that it replaces sample 1" in str(version)
        assert "not made by the rubric that is to be recorded" in str(pack)
        assert [record["seq"] for record in past.find("Ada")] == [2]

    def test_a_version_that_was_replaced_twice(self, past):
        Rescore(past, NEW, "all").apply()
        third = load(process(version="3", about={"replaces": "2"}))
        done = Rescore(past, third, "all").apply()
        assert [old for old, _ in done.recorded] == [7, 8, 9, 10]
        assert past.find("Ada")[-1]["body"]["id"] == rescore_id(third.digest, rescore_id(NEW.digest, "s-1"))
        assert past.replay().complete


class TestOpenedCases:
    """Only an amendment may leave what was opened, and it stays left."""

    @pytest.fixture
    def opened(self, log):
        log.open_case(FUNNEL, "Ada", "o-1", FACTS)
        log.decide(FUNNEL, sheet("s-1", stages=2))
        return log

    def test_it_is_scored_by_the_amendment_from_then_on(self, opened, path):
        assert len(Rescore(opened, NEW, "all").apply().recorded) == 1
        with pytest.raises(ConflictError, match="is scored by sample 2: load that"):
            opened.decide(FUNNEL, sheet("s-2"))
        assert opened.decide(NEW, sheet("s-2")).decision.score == Fraction(5, 6)
        assert opened.replay().complete
        assert opened.precedence(5).remarks == ()
        opened.close()
        assert both(path) == ({}, None, set())

    def test_the_new_version_is_refused_before(self, opened):
        with pytest.raises(ConflictError, match="comes in by a rescore alone"):
            opened.decide(NEW, sheet("s-2"))

    def test_another_rubric_is_no_amendment(self, opened):
        stranger = load(process(rubric="another", about={"replaces": "1"}))
        assert planned(opened, stranger) == []
        (change,) = planned(opened)
        other = type(change.entry)("x", "Ada", stranger.score(change.entry.submission).data, change.entry.submission)
        (refused,) = opened.amend(stranger, [(other, change.seq)])
        assert isinstance(refused, ConflictError)

    def test_a_key_that_was_corrected_after_the_start_is_remarked(self, log):
        """By the times that are claimed: the candidate starts, and then the new version is recorded."""
        facts = {
            **FACTS,
            "started_at": "2026-11-21T09:00:03Z",
            "notice": {**FACTS["notice"], "at": "2026-11-21T09:00:02Z"},
        }
        log.open_case(FUNNEL, "Ada", "o-1", facts)
        log.decide(FUNNEL, sheet("s-1"))
        ((_, new),) = Rescore(log, NEW, "all").apply().recorded
        assert log.precedence(new).remarks == ("key_not_predefined",)
        assert log.verify()["precedence"].detail == (
            "by the times claimed, of 2 decisions: in 1 the rubric that decided was recorded after the candidate started"
        )


def test_void_items_earn_nothing_any_more(log):
    """The other amendment: an item is taken out after the sitting, and whoever failed it does not pay for it."""
    seq = decide(log, "s-1", "Ada", sum="1", dilemma="A")
    document = process(**AMENDED)
    document["stages"][1]["sections"][0]["items"].append(
        {**document["stages"][1]["sections"][0]["items"][0], "id": "other", "void": False}
    )
    document["stages"][1]["sections"][0]["items"][0]["void"] = True
    (change,) = planned(log, load(document))
    assert change.seq == seq
    assert [(item.item, item.new_outcome) for item in change.items if item.item == "dilemma"] == [
        ("dilemma", "excluded")
    ]
    assert change.old.verdict == "middling"


def test_the_door_alone_can_be_scored_again(log):
    """Instalments: what was handed in so far is what is scored."""
    log.decide(FUNNEL, sheet("s-1", stages=1, answers=DOOR, facts=FACTS))
    (change,) = planned(log)
    assert (change.new.status, change.new.handed_in) == ("pending", ("door",))
