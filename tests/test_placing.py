"""Roads that spare a question: what nothing is known of is placed at once, salts are drawn together, and every byte and every refusal stays what it was."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
from enum import Enum

import pytest

import logs
from logs import RUBRIC, Entropy, entry, holds, lines_of, make_rubric, open_log, query, submission
from scoring.audit.disclosure import SALT_BYTES, disclose, drawn_together
from scoring.audit.draft import Draft
from scoring.audit.entry import Entry
from scoring.audit.intake import Intake
from scoring.canonical import CanonicalError
from scoring.errors import ConflictError, ScoringError

room, path, log = logs.room, logs.path, logs.log

NEXT = make_rubric(version="2")
BATCHES = 14


class Word(str):
    """Text of another type, which says the same."""

    __slots__ = ()


class Number(int, Enum):
    """A number of another type, which says the same."""

    ONE = 1


ODD = (
    1.5,
    float("nan"),
    True,
    1 << 60,
    Number.ONE,
    Word("B"),
    ("B", "C"),
    "\ud800",
    {1: "B"},
    ["B", 2],
    b"B",
    None,
    "Ärger",
)


def changed(draw, made):
    """An entry as somebody may make it who gets something wrong."""
    decision, answers = dict(made.decision), dict(made.submission["answers"])
    kind = draw.randrange(6)
    if kind == 0:
        decision["pack"] = draw.choice(["0" * 64, None, ["x"], 7, NEXT.digest, Word(RUBRIC.digest)])
    elif kind == 1:
        decision[draw.choice(sorted(decision))] = draw.choice(ODD)
    elif kind == 2:
        answers["outlier"] = draw.choice(ODD)
    elif kind == 3:
        decision.pop(draw.choice(sorted(decision)))
    elif kind == 4:
        answers["_sd"] = []
    whole = {**made.submission, "answers": answers}
    if kind == 5:
        whole[draw.choice(["void", "reinstate"])] = draw.choice([None, "notice-missing"])
    return Entry(made.id, made.case, decision, whole)


def steps(seed):
    """Batches in which ids and cases come once, twice, and again, most entries as they should be and some not."""
    draw = random.Random(seed)
    for number in range(BATCHES):
        some = []
        for _ in range(draw.randint(1, 5)):
            made = entry(
                draw.randrange(30), draw.choice([None, None, "Ada", "Eve"]), outlier=draw.choice(["141", "141", "7"])
            )
            some.append(changed(draw, made) if draw.random() < 0.15 else made)
        sheets = [{"id": one.id, "case": one.case, **one.submission} for one in some]
        yield draw.choice(["append", "append", "decide", "decide next", "open", "reopen"]), some, sheets, f"o-{number}"


def take(log, step):
    """What came of a step: records, or refusals in words."""
    kind, some, sheets, name = step
    try:
        if kind == "append":
            return log.append(some)
        if kind == "open":
            return log.open_case(RUBRIC, some[0].case, name, {"started_at": "2026-11-21T09:05:00Z"})
        rubric = NEXT if kind == "decide next" else RUBRIC
        return [
            str(done) if isinstance(done, Exception) else (done.seq, done.repeated)
            for done in log.decide_all(rubric, sheets)
        ]
    except (ScoringError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def all_that(path, seed, arguments):
    """What comes of all steps, every record, and every disclosure, where a log is opened anew now and then."""
    found, todo = [], list(steps(seed))
    open_log(path, create=True, **arguments).close()
    for half in (todo[: BATCHES // 2], todo[BATCHES // 2 :]):
        with open_log(path, **arguments) as log:
            if seed % 2:
                found.append(log.publish(RUBRIC))
            for step in half:
                if step[0] == "reopen":
                    log.close()
                    log = open_log(path, **arguments)  # a handle that knows of no pack yet
                else:
                    found.append(take(log, step))
            log.close()
    vault = path.with_name(f"{path.name}.vault")
    kept = query(vault, "SELECT digest, text FROM disclosures ORDER BY digest") if vault.exists() else []
    return found, lines_of(path), kept


class TestOneLog:
    """A draft that is placed at once has the record that it would have if everything had been asked."""

    @pytest.mark.parametrize(
        "arguments", [{}, {"per_answer": True}, {"vault": False}], ids=["vault", "per answer", "none"]
    )
    @pytest.mark.parametrize("seed", range(6))
    def test_it_is_the_same_to_the_byte_where_everything_is_asked(self, room, monkeypatch, seed, arguments):
        """The same batches twice: ids that stand twice, known cases, openings, packs that are not there, and values that are no JSON."""
        quick = all_that(room / "quick", seed, arguments)
        monkeypatch.setattr(Intake, "_begin", lambda *_: False)
        slow = all_that(room / "slow", seed, arguments)
        assert slow == quick
        assert len(quick[1]) > 8
        holds(room / "quick")

    def test_a_plain_batch_takes_the_quick_road(self, path, log, monkeypatch):
        """Else the test above compares a road with itself."""
        log.publish(RUBRIC)
        asked = []
        place = Intake._place
        monkeypatch.setattr(
            Intake, "_place", lambda self, draft, turn: (asked.append(draft.id), place(self, draft, turn))
        )
        log.append([entry(n) for n in range(5)])
        assert asked == []
        log.append([entry(5), entry(5), entry(6, "case-5"), entry(7, "case-1"), entry(2), entry(8)])
        assert asked == ["s-5", "s-6", "s-7", "s-2"]
        links = [json.loads(line)["body"]["supersedes"] for line in lines_of(path)[2:]]
        assert links == [None, None, None, None, None, None, 7, 3, None]

    def test_a_third_decision_supersedes_the_second_of_its_batch(self, log):
        """The first is placed at once, the others are not."""
        log.publish(RUBRIC)
        assert log.append([entry(n, "Ada") for n in range(4)]) == [2, 3, 4, 5]
        assert [log.read(n)["body"]["supersedes"] for n in range(2, 6)] == [None, 2, 3, 4]

    def test_a_record_that_is_too_long_begins_no_case(self, log):
        """What is refused leaves nothing behind that the next of its case could supersede."""
        log.publish(RUBRIC)
        long = entry(1, "Ada")
        bad = Entry(long.id, long.case, {**long.decision, "outcomes": "x" * 40_000}, long.submission)
        with pytest.raises(ScoringError):
            log.append([bad, entry(2, "Ada")])
        assert log.append([entry(1, "Ada")]) == [2]
        assert log.read(2)["body"]["supersedes"] is None


class TestWhatIsAskedAfterAll:
    """Of a new case, but not placed at once: what more there is to ask is asked."""

    def test_a_handle_that_knows_no_pack_yet_links_the_first_two_of_a_case(self, path):
        """The first is placed after a question, and the second of its case finds it."""
        with open_log(path, create=True) as log:
            log.publish(RUBRIC)
        with open_log(path) as log:
            assert log.append([entry(1, "Ada"), entry(2, "Ada")]) == [2, 3]
            assert [log.read(n)["body"]["supersedes"] for n in (2, 3)] == [None, 2]

    def test_a_draft_that_was_bound_by_words_that_are_gone_is_stale(self, log):
        """It is to be bound and scored again, and nothing is recorded."""
        log.publish(RUBRIC)
        made = entry(1, "Ada")
        draft = Draft(made.id, made.case, made.submission, decision=made.decision)
        draft.words = (7,)
        assert not log._intake.record([draft], None)
        assert len(log) == 2

    def test_an_amendment_of_a_case_that_has_no_decision_is_refused(self, log):
        """The decision that it says it scores again is another case's."""
        log.publish(RUBRIC)
        log.publish(NEXT)
        made = entry(1, "Ada")
        assert log.append([made]) == [3]
        again = Entry("s-1.2", "Eve", NEXT.score(made.submission).data, made.submission)
        (refused,) = log.amend(NEXT, [(again, 3)])
        assert "came meanwhile" in str(refused)
        assert len(log) == 4

    def test_a_scorer_whose_decisions_cite_another_pack_has_its_own_recorded(self, log):
        """Both packs stand in the log before the decision."""

        class Mixed:
            pack, digest, profile, level = NEXT.pack, NEXT.digest, NEXT.profile, NEXT.level
            score = staticmethod(RUBRIC.score)

        log.publish(RUBRIC)
        assert log.decide(Mixed(), submission(1)).seq == 3
        assert log.read(2)["body"]["pack"] == NEXT.digest
        assert log.read(3)["body"]["decision"]["pack"] == RUBRIC.digest


class TestWithoutAVault:
    """Each decision is a case of its own, unless salts come again."""

    def test_a_salt_that_comes_again_links_two_decisions_of_a_case(self, path):
        """A source that gives the same bytes every time: both records name one case, and the second supersedes the first."""
        with open_log(path, create=True, vault=False, entropy=bytes) as log:
            log.publish(RUBRIC)
            log.append([entry(1, "Ada")])
            log.append([entry(2, "Ada")])
            assert [log.read(n)["body"]["supersedes"] for n in (2, 3)] == [None, 2]
        holds(path)

    def test_with_the_systems_salts_no_case_comes_again(self, path):
        """In one batch, or in two."""
        with open_log(path, create=True, vault=False, entropy=None) as log:
            log.publish(RUBRIC)
            log.append([entry(1, "Ada"), entry(2, "Ada")])
            log.append([entry(3, "Ada")])
            bodies = [log.read(n)["body"] for n in (2, 3, 4)]
        assert [body["supersedes"] for body in bodies] == [None, None, None]
        assert len({body["disclosures"]["case"] for body in bodies}) == 3
        holds(path)


class TestWhatIsLookedUp:
    """Before the turn nobody asks for the ids of entries that nothing can bind; what may be bound is told from what was recorded before."""

    def test_an_entry_that_says_of_a_resolution_is_a_retry_once_it_is_recorded(self, log):
        """The resolution is withdrawn meanwhile: it would be refused as new, and is what it was as a retry."""
        log.publish(RUBRIC)
        log.decide(RUBRIC, submission(1, "Ada"))
        voided = log.resolve("Ada", "void", id="r-1", who="Rosa", why="No notice.", reason="notice-missing")
        sheet = {**entry(2, "Ada").submission, "void": "notice-missing"}
        made = Entry("s-2", "Ada", RUBRIC.score(sheet).data, sheet)
        assert log.append([made]) == [4]
        log.resolve("Ada", "withdraw", id="r-2", who="Rosa", why="It was there.", reason="error", withdraws=voided)
        assert log.append([made]) == [4]
        with pytest.raises(ScoringError, match="not the void in force"):
            log.append([Entry("s-3", "Ada", made.decision, sheet)])

    def test_an_entry_that_says_of_a_resolution_where_there_is_none_is_refused(self, log):
        """No record of any case says a word; what the entry says would stand for nothing."""
        log.publish(RUBRIC)
        sheet = {**entry(2).submission, "void": "notice-missing"}
        with pytest.raises(ScoringError, match="not the void in force"):
            log.append([entry(1), Entry("s-2", "case-2", RUBRIC.score(sheet).data, sheet)])
        assert len(log) == 2

    def test_another_content_under_a_known_id_is_refused_in_the_turn(self, log):
        """Though nothing asked for it before."""
        log.publish(RUBRIC)
        log.append([entry(1)])
        with pytest.raises(ConflictError, match="with another content"):
            log.append([entry(2), entry(1, outlier="140")])
        assert len(log) == 3


class TestSalts:
    """As many draws as there are salts, unless the system gives them."""

    def test_a_source_of_ones_own_is_asked_for_each(self):
        """It comes out the same every time only if it is asked the same."""
        source = Entropy(3)
        assert drawn_together(source, 64) is source

    def test_the_systems_salts_are_whole_and_all_different(self):
        """Beyond those that were drawn together too; and who asks for another length, shorter or longer than all of them, gets that."""
        draw = drawn_together(os.urandom, 4)
        lengths = [SALT_BYTES] * 11 + [9, SALT_BYTES, 32, 64, 100, *[SALT_BYTES] * 5]
        drawn = [draw(length) for length in lengths]
        assert [len(salt) for salt in drawn] == lengths
        assert len({salt[:9] for salt in drawn}) == len(drawn)

    def test_a_log_of_the_systems_salts_says_none_twice(self, path):
        """Cases, submissions and answers over several batches."""
        with open_log(path, create=True, per_answer=True, entropy=None) as log:
            for first in (0, 8, 16):
                list(log.decide_all(RUBRIC, [submission(n) for n in range(first, first + 8)]))
        texts = [text for (text,) in query(path.with_name(f"{path.name}.vault"), "SELECT text FROM disclosures")]
        salts = [json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))[0] for text in texts]
        assert len(salts) == 24 * 4 == len(set(salts))
        assert {len(base64.urlsafe_b64decode(f"{salt}==")) for salt in salts} == {SALT_BYTES}
        holds(path)


class TestText:
    """Plain text is salted without a second look, and by the same rules as everything else."""

    @pytest.mark.parametrize(
        "value",
        ["", "Ada", 'a "quote" \\ and\n\x00\x1f\x7f', "Ärger", "😀", "x" * 5000, ["Ada"], {"b": 1, "a": None}, True],
    )
    @pytest.mark.parametrize("name", ["case", "größe"])
    def test_it_reads_as_any_json_writer_would_write_it(self, name, value):
        """The expected text by the standard library, from the salt that the source gives."""
        digest, text = disclose(Entropy(5), name, value)
        salt = base64.urlsafe_b64encode(Entropy(5)(SALT_BYTES)).decode().rstrip("=")
        said = json.dumps([salt, name, value], separators=(",", ":"), ensure_ascii=False, sort_keys=True)
        expected = base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")
        assert (hashlib.sha256(expected.encode()).hexdigest(), expected) == (digest, text)

    @pytest.mark.parametrize("value", [odd for odd in ODD if odd not in (True, None, "Ärger", ["B", 2])], ids=repr)
    def test_what_has_no_canonical_form_is_refused(self, value):
        """As a value, and as a member of one."""
        for whole in (value, [value], {"a": value}):
            with pytest.raises(CanonicalError):
                disclose(Entropy(), "submission", whole)

    @pytest.mark.parametrize("name", [Word("case"), "\ud800"], ids=repr)
    def test_a_name_that_is_no_text_is_refused(self, name):
        """An answer's name is whatever key it has."""
        with pytest.raises(CanonicalError):
            disclose(Entropy(), name, "Ada")
