"""Forgetting a case: the order of an erasure, what is left of it in any file, retention and legal holds, answers one by one, a vault that is lost."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shutil

import pytest

import logs
from logs import (
    RUBRIC,
    Entropy,
    entry,
    holds,
    make_log,
    make_rubric,
    open_log,
    query,
    submission,
)
from people import FACTS, FUNNEL, WRITTEN, forge, sheet
from scoring import canonical
from scoring.audit.disclosure import disclose, disclose_answers
from scoring.audit.replay import ANSWERS, OUTCOMES
from scoring.audit.rescore import Rescore
from scoring.audit.vault import Vault
from scoring.audit.verify import verify_directory
from scoring.errors import ConflictError, LogError, StoreError, SubmissionError

room, path = logs.room, logs.path

WORDS = ("Zk7q-marker", "Grüße-Ünïcode", "x" * 7000)  # short, not ASCII, and longer than a page of the database


def forms_of(text):
    """Every way in which a text may stand in a file: itself, as JSON, and as base64 whatever stands before it."""
    data = text.encode()
    yield data
    yield json.dumps(text)[1:-1].encode()
    for shift in range(3):  # the characters that depend on neighbours, at both ends, are left out
        coded = base64.urlsafe_b64encode(b"\0" * shift + data)
        yield coded[4 if shift else 0 : len(coded) // 4 * 4 - 4]


def files_of(room):
    return {file: file.read_bytes() for file in room.rglob("*") if file.is_file()}


def name(number):
    """A case that shares no part with any other."""
    return hashlib.sha256(f"case {number}".encode()).hexdigest()[:24]


def make_named(path, count):
    with open_log(path, create=True) as log:
        for number in range(count):
            log.decide(RUBRIC, submission(number, name(number)))


def found_in(room, *texts):
    """Where any of these texts can still be found, in any form."""
    return [
        (file.name, form[:20])
        for file, data in files_of(room).items()
        for text in texts
        for form in forms_of(text)
        if form in data
    ]


@pytest.fixture
def vault_path(room):
    return room / "decisions.vault"


class TestErasing:
    """DESIGN 6: a durable record first, then the disclosures, then the vault's journal. Verify holds, and so does outcomes -> verdict."""

    def test_nothing_that_the_case_disclosed_is_in_any_file(self, path, room):
        """Submissions, an opening, a resolution, and the case's own name: searched in every byte of log, cache, vault and journal."""
        marks = [name(word) for word in ("case", "who", "why", "rater", "answer")]
        facts = {**FACTS, "raters": {marks[3]: "examiner"}}
        with open_log(path, create=True) as log:
            log.open_case(FUNNEL, marks[0], "o-1", facts)
            log.decide(FUNNEL, sheet("s-1", marks[0], {**WRITTEN, "sum": f"70 {marks[4]}"}, stages=2))
            log.resolve(marks[0], "void", id="r-1", who=marks[1], why=marks[2], reason="fire")
            log.decide(RUBRIC, submission(9))
            assert found_in(room, *marks)
            seq = log.erase(marks[0], reason="request")
            assert found_in(room, *marks) == []
            assert log.read(seq)["body"] == {"case": log.read(2)["body"]["disclosures"]["case"], "reason": "request"}
            assert log.submission(6) is not None  # the other case is whole
        assert found_in(room, *marks) == []
        report = holds(path)
        assert report["erasures"].result == report["vault"].result == "HOLDS"

    @pytest.mark.parametrize("per_answer", [False, True])
    def test_among_many_cases_nothing_is_left_behind_whatever_came_and_went(self, path, room, per_answer):
        """Rows of all sizes come and cases go in a random order: SQLite must never have copied a row to where erasing does not reach."""
        dice = random.Random(f"erasure {per_answer}")
        alive = {}
        with open_log(path, create=True, per_answer=per_answer) as log:
            for number in range(150):
                case = dice.choice([*alive]) if alive and dice.random() < 0.3 else f"case-{dice.randbytes(8).hex()}"
                mark = dice.randbytes(12).hex()
                log.decide(
                    RUBRIC,
                    submission(number, case, outlier="141 " + mark + "y" * dice.choice([0, 100, 900, 4000, 9000])),
                )
                alive.setdefault(case, []).append(mark)
                if dice.random() < 0.15:
                    case = dice.choice([*alive])
                    log.erase(case, reason="request")
                    assert found_in(room, case, *alive.pop(case)) == []
            assert len(alive) > 50
            kept = {
                log.case(record["seq"]): log.submission(record["seq"]) for case in alive for record in log.find(case)
            }
            assert kept.keys() == alive.keys()
            assert all(alive[case][-1] in said["answers"]["outlier"] for case, said in kept.items())
        assert holds(path).ok

    def test_a_journal_that_still_holds_a_text_would_be_found(self, path, room):
        """The search itself works: before the erasure the text lies in the vault's journal, as base64."""
        with open_log(path, create=True) as log:
            log.decide(RUBRIC, submission(1, outlier=f"141 {WORDS[1]}"))
            assert "decisions.vault-wal" in {name for name, _ in found_in(room, WORDS[1])}

    @pytest.mark.parametrize("word", WORDS)
    def test_a_text_of_any_kind_is_gone(self, path, room, word):
        with open_log(path, create=True) as log:
            log.decide(RUBRIC, submission(1, outlier=f"141 {word}"))
            log.erase(2, reason="request")
            assert found_in(room, word) == []

    def test_everything_else_behaves_and_says_erased(self, path):
        make_log(path, 3)
        with open_log(path) as log:
            seq = log.erase("case-1", reason="request")
            assert (seq, log.erased(3), log.erased(2), log.erased(0)) == (5, 5, None, None)
            assert (log.find("case-1"), log.case(3), log.submission(3)) == ([], None, None)
            assert (log.standing(3).erased, log.standing(3).effective_verdict) == (5, "strong")
            assert (log.status().erased, log.status().cases) == (1, 3)
            assert log.decision(3).verdict == "strong"
            with pytest.raises(LogError, match="never came up, or was erased"):
                log.standing("case-1")
            one = log.replay(3)
            assert (one[ANSWERS].result, one[ANSWERS].detail) == ("NOT CHECKED", "erased at record 5")
            assert one[OUTCOMES].result == "HOLDS"
            assert log.replay()[ANSWERS].detail == "erased at record 5 (1 of 3 decisions)"
            assert log.replay().ok

    def test_a_rescore_passes_over_an_erased_case_and_says_so(self, path):
        make_log(path, 2)
        document = logs.pack_document(version="2")
        document["about"]["replaces"] = "1"
        amended = make_rubric(version="2")
        amended = type(amended)(canonical.dumps(document))
        with open_log(path) as log:
            log.erase("case-0", reason="request")
            said = [(each.seq, getattr(each, "why", "scored")) for each in Rescore(log, amended, "all").plan()]
            assert [seq for seq, _ in said] == [2, 3]
            assert said[0][1].endswith("erased at record 4")
            assert said[1][1] == "scored"

    def test_it_is_done_once(self, path):
        make_log(path, 2)
        with open_log(path) as log:
            assert [log.erase(2, reason="request"), log.erase(2, reason="other")] == [4, 4]
            assert len(log) == 5
            with pytest.raises(LogError, match="no such case"):
                log.erase("case-0", reason="request")
            with pytest.raises(LogError, match="a record of no case"):
                log.erase(1, reason="request")

    def test_a_case_that_comes_back_is_another_one(self, path):
        make_log(path, 2)
        with open_log(path) as log:
            before = log.read(2)["body"]["disclosures"]["case"]
            log.erase("case-0", reason="request")
            done = log.decide(RUBRIC, submission(8, "case-0"))
            record = log.read(done.seq)
            assert record["body"]["disclosures"]["case"] != before
            assert record["body"]["supersedes"] is None
            assert [each["seq"] for each in log.find("case-0")] == [done.seq]
            assert log.erase("case-0", reason="again") == done.seq + 1
        assert holds(path)["erasures"].detail.startswith("2 recorded")

    def test_the_same_id_cannot_be_compared_any_more(self, path):
        make_log(path, 1)
        with open_log(path) as log:
            log.erase("case-0", reason="request")
            with pytest.raises(ConflictError, match="for it was erased by record #3"):
                log.decide(RUBRIC, submission(0))

    def test_what_only_the_vault_knows_is_erased_without_a_record(self, path, room):
        """A submission whose record was never made: a crash came between."""
        make_log(path, 1)
        with open_log(path) as log:
            log._vault.store(
                [(name("orphan"), disclose(Entropy("o"), "submission", {"a": name("text")}))], Entropy("p")
            )
            assert log.erase(name("orphan"), reason="request") is None
            assert (len(log), found_in(room, name("orphan"), name("text"))) == (3, [])

    @pytest.mark.parametrize("reason", ["", "two words", "x" * 49, 7, None, "Jäger"])
    def test_a_reason_is_a_code(self, path, reason):
        make_log(path, 1)
        with open_log(path) as log, pytest.raises(SubmissionError, match="a code that names nobody"):
            log.erase("case-0", reason=reason)

    def test_without_a_vault_nothing_can_be_erased(self, path):
        make_log(path, 1)
        with open_log(path, vault=False) as log, pytest.raises(LogError, match="nothing can be erased"):
            log.erase(2, reason="request")

    def test_a_decision_that_was_on_its_way_is_scored_again_under_a_new_digest(self, path):
        """Its disclosures lay in the vault already, under the digest that an erasure of another process then took."""
        make_log(path, 1)
        with open_log(path) as log, open_log(path) as other:
            store = log._vault.store
            raced = []

            def race(*arguments):
                digests = store(*arguments)
                if not raced:
                    raced.append(other.erase("case-0", reason="request"))
                return digests

            log._vault.store = race
            done = log.decide(RUBRIC, submission(5, "case-0"))
            assert raced == [3]
            assert log.read(done.seq)["body"]["supersedes"] is None
            assert log.case(done.seq) == "case-0"
            assert log.submission(done.seq)["answers"]["outlier"] == "141"
        assert holds(path)["vault"].result == "HOLDS"

    def test_nor_is_it_lost_where_the_erasure_met_no_record_of_the_case_yet(self, path):
        """A decision and an opening, each of a case that only the vault knew when it was erased."""
        make_log(path, 1)
        with open_log(path) as log, open_log(path) as other:
            store = log._vault.store
            raced = []

            def race(filings, *others):
                digests = store(filings, *others)
                if filings[0][0] not in raced:
                    raced.append(filings[0][0])
                    assert other.erase(filings[0][0], reason="request") is None
                return digests

            log._vault.store = race
            done = log.decide(RUBRIC, submission(5, "decided"))
            opened = log.open_case(RUBRIC, "opened", "o-1", {})
            assert raced == ["decided", "opened"]
            assert [log.case(seq) for seq in (done.seq, opened)] == raced
            assert (log.submission(done.seq) is None, log.facts(opened)) == (False, {})
        report = holds(path)
        assert [report[check].result for check in ("vault", "erasures")] == ["HOLDS", "HOLDS"]


STRESS = """
import random, sys
sys.path.insert(0, sys.argv[2])
from logs import RUBRIC, submission
from scoring.audit.log import AuditLog
from scoring.errors import LogError
who, erases = sys.argv[3], sys.argv[4] == "erases"
done = 0
with AuditLog.open(sys.argv[1], per_answer=who == "a") as log:
    dice = random.Random(who)
    for number in range(60):
        if not erases:
            log.decide(RUBRIC, submission(f"{who}-{number}", f"case-{number % 4}"))
            continue
        try:
            done += log.erase(f"case-{dice.randrange(4)}", reason="request") is not None
        except LogError as error:
            assert "no such case" in str(error)
print(done)
"""


def test_processes_that_record_and_erase_the_same_cases_lose_nothing(path):
    """Every decision is recorded; what the vault lacks was erased, and nothing else; whoever was erased is in it no more."""
    make_log(path, 0)
    logs.run_together(STRESS, path, [("a", ""), ("b", ""), ("c", "erases")])
    report = holds(path)
    assert [report[check].result for check in ("vault", "erasures", "supersedes")] == ["HOLDS"] * 3
    with open_log(path) as log:
        assert log.status().decisions == 120
        assert log.replay().ok


class TestFinishing:
    """Whoever stops between the record and the end leaves the rest to the next opening; the log is not read for that."""

    def crash(self, path, step):
        """An erasure of the second case that stops before *step* of the vault's three."""
        with open_log(path) as log:
            vault = log._vault
            if step == "delete":
                vault.forget = self.stop
            else:
                connection = vault._database.run(lambda database: database)
                vault._database.connection = Stops(connection, step)
            with pytest.raises(KeyboardInterrupt):
                log.erase(name(1), reason="request")
            if step != "delete":
                vault._database.connection = connection

    @staticmethod
    def stop(*_):
        raise KeyboardInterrupt

    @pytest.mark.parametrize("step", ["delete", "REINDEX", "PRAGMA wal_checkpoint", "UPDATE meta"])
    def test_opening_goes_on(self, path, room, step):
        make_named(path, 3)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(7, name(1), outlier="141 Zk7q-marker"))
        self.crash(path, step)
        with open_log(path) as log:
            assert log.erased(3) == 6
            assert found_in(room, name(1), "Zk7q-marker") == []
            assert log._vault.erased_to == 7
            assert log.erase(3, reason="request") == 6
        assert holds(path)["erasures"].result == "HOLDS"

    @pytest.mark.parametrize("step", ["delete", "REINDEX"])
    def test_so_does_the_same_call(self, path, room, step):
        make_named(path, 3)
        self.crash(path, step)
        with open_log(path, vault=False):
            pass
        with open_log(path) as log:
            assert log.erase(3, reason="request") == 5
        assert found_in(room, name(1)) == []

    def test_a_vault_that_was_put_back_is_found_out_and_erased_again(self, path, room, vault_path):
        make_named(path, 3)
        shutil.copy(vault_path, room / "kept")
        with open_log(path) as log:
            log.erase(name(1), reason="request")
        shutil.copy(room / "kept", vault_path)
        report = verify_directory(path)
        assert (report["erasures"].result, report["erasures"].seq) == ("FAILS", 3)
        assert "put back from a copy" in report["erasures"].detail
        (room / "kept").unlink()
        with open_log(path) as log:
            assert found_in(room, name(1)) == []
            assert log.case(2) == name(0)
        assert holds(path)["erasures"].result == "HOLDS"

    def test_opening_asks_the_index_and_not_the_log(self, path, monkeypatch):
        make_named(path, 30)
        with open_log(path) as log:
            log.erase(name(1), reason="request")
        forgotten = []
        monkeypatch.setattr(Vault, "forget", lambda _, cases, to: forgotten.append(([*cases], to)))
        with open_log(path):
            assert forgotten == []

    def test_a_reader_that_never_ends_stops_it_and_nothing_is_claimed(self, path, room, monkeypatch):
        monkeypatch.setattr("scoring.audit.database._BUSY_S", 0.1)
        make_named(path, 2)
        with open_log(path) as log:
            reader = log._vault._connect()
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM disclosures").fetchone()
            with pytest.raises(StoreError, match="another process reads it"):
                log.erase(name(1), reason="request")
            reader.execute("COMMIT")
            reader.close()
            assert log.erase(3, reason="request") == 4
            assert found_in(room, name(1)) == []

    def test_a_vault_that_cannot_be_written_stops_it_and_it_goes_on_later(self, path, room):
        make_named(path, 1)
        with open_log(path) as log:
            clear = log._vault._database.connection.execute
            log._vault._database.connection.execute("PRAGMA query_only = ON")
            with pytest.raises((StoreError, LogError)):
                log.erase(name(0), reason="request")
            clear("PRAGMA query_only = OFF")
        with open_log(path):
            assert found_in(room, name(0)) == []


class Stops:
    """A connection that is interrupted before one statement."""

    def __init__(self, connection, step):
        self._connection, self._step = connection, step

    def execute(self, sql, *parameters):
        if sql.startswith(self._step):
            raise KeyboardInterrupt
        return self._connection.execute(sql, *parameters)

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def __enter__(self):
        return self._connection.__enter__()

    def __exit__(self, *arguments):
        return self._connection.__exit__(*arguments)


class TestForged:
    """FORMAT.md 4: one erasure for a case at most, of earlier records; no record carries an erased digest again."""

    @pytest.fixture
    def erased(self, path):
        make_log(path, 3)
        with open_log(path) as log:
            log.erase("case-1", reason="request")
        return path

    def failing(self, path):
        report = verify_directory(path, vault=False)
        return {
            finding.check: finding.seq
            for finding in report.findings
            if finding.result == "FAILS" and finding.check != "heads"
        }

    def test_twice(self, erased):
        forge(erased, lambda records: records.append(records[5]))
        assert self.failing(erased)["erasures"] == 6

    def test_of_no_record(self, erased):
        forge(erased, lambda records: records[5]["body"].update(case="0" * 64))
        assert self.failing(erased)["erasures"] == 5

    def test_before_a_decision_of_the_case(self, erased):
        forge(erased, lambda records: records.insert(4, records.pop(5)) or records.insert(3, records.pop(4)))
        assert self.failing(erased)["erasures"] in {3, 4}

    @pytest.mark.parametrize("change", [{"reason": "two words"}, {"case": "x"}, {"more": 1}])
    def test_another_form(self, erased, change):
        forge(erased, lambda records: records[5]["body"].update(change))
        assert self.failing(erased)["fields"] == 5


class TestKeeping:
    """Retention and legal hold lie in the vault: erasure is refused, with the reason."""

    def test_before_its_day_a_case_is_not_erased(self, path):
        """The clock of these logs says 21 November 2026."""
        make_log(path, 2)
        with open_log(path) as log:
            log.retain("case-0", "2026-11-22")
            with pytest.raises(
                ConflictError, match="to be kept until 2026-11-22, and it is 2026-11-21: it was not erased"
            ):
                log.erase("case-0", reason="request")
            assert (len(log), log.case(2), log.due()) == (4, "case-0", [])
            log.retain("case-0", "2026-11-21")
            assert log.due() == ["case-0"]
            assert log.erase("case-0", reason="retention") == 4
            assert log.due() == []

    def test_while_held_a_case_is_not_erased_and_not_due(self, path):
        make_log(path, 2)
        with open_log(path) as log:
            log.retain("case-0", "2026-01-01")
            log.hold("case-0", "lawsuit-7")
            assert (log.keeping("case-0"), log.due()) == (("2026-01-01", "lawsuit-7"), [])
            with pytest.raises(ConflictError, match="is held, reason lawsuit-7, and was not erased"):
                log.erase(2, reason="request")
        with open_log(path) as log:
            log.release("case-0")
            log.release("case-0")
            assert log.due() == ["case-0"]
            log.erase("case-0", reason="request")

    def test_due_are_those_whose_day_has_come(self, path):
        make_log(path, 4)
        with open_log(path) as log:
            for number, day in enumerate(["2026-11-20", "2026-12-01", None, "2020-02-29"]):
                log.retain(f"case-{number}", day)
            assert log.due() == ["case-0", "case-3"]
            assert log.due("2026-12-01") == ["case-0", "case-1", "case-3"]
            assert log.due("2019-01-01") == []

    @pytest.mark.parametrize("day", ["2026-02-30", "tomorrow", "2026-1-1", "", 7, "2026-11-21T00:00:00Z"])
    def test_a_day_is_one_of_the_calendar(self, path, day):
        make_log(path, 1)
        with open_log(path) as log:
            with pytest.raises(SubmissionError, match="YYYY-MM-DD"):
                log.retain("case-0", day)
            with pytest.raises(SubmissionError, match="YYYY-MM-DD"):
                log.due(day)

    def test_what_is_unknown_cannot_be_kept(self, path):
        make_log(path, 1)
        with open_log(path) as log:
            for said in (
                lambda: log.retain("nobody", "2030-01-01"),
                lambda: log.hold("nobody", "x"),
                lambda: log.release("nobody"),
            ):
                with pytest.raises(ConflictError, match="no such case"):
                    said()
            with pytest.raises(SubmissionError, match="code"):
                log.hold("case-0", "because of Jane")

    def test_an_erased_case_takes_its_retention_with_it(self, path, vault_path):
        make_log(path, 1)
        with open_log(path) as log:
            log.retain("case-0", "2026-01-01")
            log.erase("case-0", reason="retention")
            log.decide(RUBRIC, submission(9, "case-0"))
            assert log.keeping("case-0") == (None, None)
        assert query(vault_path, "SELECT * FROM kept") == []


class TestAnswersOneByOne:
    """FORMAT.md 8 and RFC 9901, section 4.2.4.1: each answer a disclosure of its own, so that one can be shown without the others."""

    def test_the_published_example_of_digests_within_a_disclosure(self):
        """From the RFC's working group: a claim whose digest lies under `_sd` in another claim, both digests as published."""
        inner = "WyJHdjlJTl9CR1BudmpnRzViMHZtZDhRIiwgImlzc3VlciIsIHsibmFtZSI6ICJjX2Q2MTIiLCAiY291bnRyeSI6ICJJVCJ9XQ"
        digest = base64.urlsafe_b64encode(hashlib.sha256(inner.encode()).digest()).decode().rstrip("=")
        assert digest == "Bee6NswQbVGQRLwt2M_iQzyZRZS-1S-ZCvEb6qrO4w4"
        salt = base64.urlsafe_b64decode("Gv9IN_BGPnvjgG5b0vmd8Q==")
        ours, parts = disclose_answers(lambda _: salt, {"answers": {"issuer": {"name": "c_d612", "country": "IT"}}})
        ((ours_digest, text),) = parts
        said = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        assert said == json.loads(base64.urlsafe_b64decode(inner + "=" * (-len(inner) % 4)))  # ours without white space
        spelt = base64.urlsafe_b64encode(bytes.fromhex(ours_digest)).decode().rstrip("=")
        assert ours == {"answers": {"_sd": [spelt]}}
        assert hashlib.sha256(text.encode()).hexdigest() == ours_digest

    def test_what_is_read_back_is_what_was_handed_in(self, path):
        sent = submission(1, outlier="141, nobody")
        with open_log(path, create=True, per_answer=True) as log:
            log.decide(RUBRIC, sent)
            rest = {key: value for key, value in sent.items() if key not in {"id", "case"}}
            assert log.submission(2) == rest
            assert log.decide(RUBRIC, sent).repeated
            assert log.replay(2).complete
            with pytest.raises(ConflictError, match="another content"):
                log.decide(RUBRIC, submission(1, outlier="142"))
        with open_log(path) as log:  # how it lies is told by what lies there, not by how the log is opened
            assert log.submission(2) == rest
            log.decide(RUBRIC, submission(2))
            assert [len(log.disclosures(seq)) for seq in (2, 3)] == [4, 2]
        assert holds(path)["vault"].result == "HOLDS"

    def test_one_answer_can_be_shown_alone(self, path):
        with open_log(path, create=True, per_answer=True) as log:
            log.decide(RUBRIC, submission(1, outlier="Zk7q-marker"))
            shown = log.disclosures(2, ["deadline"])
            digests = log.read(2)["body"]["disclosures"]
            parts = [log.shown(digest) for digest in shown if digest not in digests.values()]
            assert parts == [("deadline", "right")]
            told = base64.urlsafe_b64decode(shown[digests["submission"]] + "===")
            assert "Zk7q-marker" not in told.decode()
            (whole,) = [json.loads(told)[2]]
            named = {base64.urlsafe_b64decode(digest + "=").hex() for digest in whole["answers"]["_sd"]}
            assert {digest for digest in shown if digest not in digests.values()} < named
            assert all(hashlib.sha256(text.encode()).hexdigest() == digest for digest, text in shown.items())

    def test_of_one_disclosure_for_all_no_single_answer_is_shown(self, path):
        make_log(path, 1)
        with open_log(path) as log:
            digests = log.read(2)["body"]["disclosures"]
            assert log.disclosures(2, ["deadline"]).keys() == {digests["case"]}

    def test_a_part_that_is_missing_or_changed_is_noticed(self, path, vault_path):
        with open_log(path, create=True, per_answer=True) as log:
            log.decide(RUBRIC, submission(1))
            part = log._vault.parts(log.read(2)["body"]["disclosures"]["submission"])[0]
            query(vault_path, "UPDATE disclosures SET text = text || 'A' WHERE digest = ?", part)
            with pytest.raises(LogError, match="was changed"):
                log.submission(2)
            assert verify_directory(path)["vault"].result == "FAILS"
            query(vault_path, "DELETE FROM disclosures WHERE digest = ?", part)
            assert log.submission(2) is None
            assert log.replay(2)[ANSWERS].result == "NOT CHECKED"

    @pytest.mark.parametrize("per_answer", [False, True])
    def test_no_item_may_be_called_as_the_digests_are(self, path, per_answer):
        made = entry(1)
        made.submission["answers"]["_sd"] = ["x"]
        with open_log(path, create=True, per_answer=per_answer) as log:
            log.publish(RUBRIC)
            with pytest.raises(SubmissionError, match="answers/_sd"):
                log.append([made])
            assert len(log) == 2

    def test_an_instalment_without_answers_lies_as_one_disclosure_with_none(self, path):
        with open_log(path, create=True, per_answer=True) as log:
            log.decide(RUBRIC, submission(1) | {"answers": {}})
            assert log.submission(2)["answers"] == {}


class TestWithoutTheVault:
    """A lost or foreign vault: the log verifies, outcomes -> verdict replays, the rest says what is missing."""

    def test_a_lost_one(self, path, vault_path):
        make_log(path, 3)
        vault_path.unlink()
        assert verify_directory(path).ok
        with open_log(path) as log:
            report = log.replay()
            assert (report[OUTCOMES].result, report[ANSWERS].result) == ("HOLDS", "NOT CHECKED")
            assert "is missing" in report[ANSWERS].detail
            assert (log.standing(2).verdict, log.decision(3).verdict, log.disclosures(2)) == ("strong", "strong", {})
            for asked in (
                lambda: log.find("case-1"),
                lambda: log.erase(2, reason="x"),
                log.due,
                lambda: log.keeping("case-1"),
            ):
                with pytest.raises(LogError, match=r"the vault .* is missing"):
                    asked()
            with pytest.raises(StoreError, match="nothing was recorded"):
                log.decide(RUBRIC, submission(9))

    def test_another_logs_vault_in_its_place(self, path, room, vault_path):
        make_log(path, 3)
        make_log(room / "other", 1, origin="other")
        shutil.copy(room / "other.vault", vault_path)
        before = vault_path.read_bytes()
        assert "vault of another log" in verify_directory(path)["vault"].detail
        with open_log(path) as log:
            report = log.replay()
            assert (report[OUTCOMES].result, report[ANSWERS].result) == ("HOLDS", "NOT CHECKED")
            assert "vault of another log" in report[ANSWERS].detail
            assert log.case(2) is None
            with pytest.raises(LogError, match="vault of another log"):
                log.find("case-1")
            with pytest.raises(StoreError, match="vault of another log"):
                log.decide(RUBRIC, submission(9))
        assert vault_path.read_bytes() == before
        with pytest.raises(LogError, match="vault of another log"):
            open_log(path, create=True)

    def test_after_an_erasure_a_lost_vault_still_lets_it_be_said(self, path, vault_path):
        make_log(path, 2)
        with open_log(path) as log:
            log.erase("case-0", reason="request")
        vault_path.unlink()
        with open_log(path) as log:
            assert log.replay(2)[ANSWERS].detail == "erased at record 4"
            assert log.standing(2).erased == 4
