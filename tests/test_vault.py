"""The vault: salted disclosures apart from the log, one vault for one log."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import logs
from logs import RUBRIC, Entropy, holds, make_log, names, open_log, query, run_together, submission
from scoring import canonical
from scoring.audit.disclosure import disclose, undisclose
from scoring.audit.log import AuditLog
from scoring.audit.vault import Vault
from scoring.audit.verify import verify_directory
from scoring.errors import ConflictError, LogError, StoreError

room, path = logs.room, logs.path

MOEBIUS = '_26bc4LT-ac6q2KI6cBW5es","family_name","Möbius'


@pytest.fixture
def vault_path(room):
    return room / "decisions.vault"


class TestDisclosures:
    """FORMAT.md 8: base64url without padding of [salt, name, value]; the record holds the SHA-256 of the ASCII text."""

    def test_the_example_of_rfc_9901(self):
        """Its spelling without white space, section 4.2.1; the digest, section 4.2.3, is that of the text."""
        salt = base64.urlsafe_b64decode("_26bc4LT-ac6q2KI6cBW5es=")
        digest, text = disclose(lambda _: salt, "family_name", "Möbius")
        assert text == "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd"
        assert digest == base64.urlsafe_b64decode("TZjouOTrBKEwUNjNDs9yeMzBoQn8FFLPaJjRRmAtwrM=").hex()
        spaced = b"WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
        published = base64.urlsafe_b64decode("X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0=")
        assert hashlib.sha256(spaced).digest() == published

    @pytest.mark.parametrize(
        "value", ["c-1", {}, {"answers": {"a": "ä\u2028\U0001f600"}}, {"a": [None, True, 2**53 - 1]}]
    )
    def test_what_is_disclosed_can_be_read_again(self, value):
        digest, text = disclose(Entropy(), "submission", value)
        assert undisclose(text, digest, "submission") == value
        salt, name, inside = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        assert (name, inside) == ("submission", value)
        assert len(base64.urlsafe_b64decode(salt + "==")) == 16
        assert "=" not in text

    def test_every_character_of_the_alphabet_comes_through(self):
        for number in range(256):
            digest, text = disclose(lambda size, number=number: bytes([number]) * size, "case", chr(number + 0x3000))
            assert undisclose(text, digest, "case") == chr(number + 0x3000)

    def test_a_changed_text_is_noticed(self):
        digest, text = disclose(Entropy(), "case", "c-1")
        for place in range(len(text)):
            other = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
            with pytest.raises(LogError, match="was changed") as caught:
                undisclose(other, digest, "case")
            assert caught.value.expected == digest

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "A",
            "!!!!",
            "W10=",
            "W10+",
            "W10/",
            "WyJzIiwgImNhc2UiLCAiYyJd",
            "WyJzIiwiY2FzZSJd",
            "WyJzIiwic3VibWlzc2lvbiIse31d",
        ],
    )
    def test_a_text_that_is_no_such_disclosure_is_refused(self, text):
        with pytest.raises(LogError, match="is no disclosure of a case"):
            undisclose(text, hashlib.sha256(text.encode()).hexdigest(), "case")

    def test_what_has_no_canonical_form_cannot_be_disclosed(self):
        with pytest.raises(canonical.CanonicalError):
            disclose(Entropy(), "submission", {"a": 0.5})


class TestInTheLog:
    """Personal data is not in the log in clear."""

    def test_one_salt_for_a_case_and_one_for_each_submission(self, path):
        with open_log(path, create=True) as log:
            for number in range(3):
                log.decide(RUBRIC, submission(number, case="case-1"))
            digests = [log.read(seq)["body"]["disclosures"] for seq in (2, 3, 4)]
            assert len({each["case"] for each in digests}) == 1
            assert len({each["submission"] for each in digests}) == 3

    def test_the_same_case_has_other_digests_in_another_log(self, room):
        digests = set()
        for name in "ab":
            with AuditLog.open(room / name, create=True) as log:
                log.decide(RUBRIC, submission(1))
                digests |= set(log.read(2)["body"]["disclosures"].values())
        assert len(digests) == 4

    def test_no_file_of_the_log_directory_holds_a_case_or_an_answer(self, path):
        with open_log(path, create=True) as log:
            log.decide(RUBRIC, submission(1, case="Jane Doe", outlier="141, nobody is that old"))
            for file in path.rglob("*"):
                if file.is_file():
                    data = file.read_bytes()
                    assert b"Jane" not in data
                    assert b"nobody" not in data
            assert log.case(2) == "Jane Doe"
        assert "decisions.vault" not in names(path)

    def test_every_digest_of_a_record_is_that_of_a_disclosure(self, path, vault_path):
        make_log(path, 3)
        texts = dict(query(vault_path, "SELECT digest, text FROM disclosures"))
        assert all(hashlib.sha256(text.encode()).hexdigest() == digest for digest, text in texts.items())
        with open_log(path) as log:
            for seq in (2, 3, 4):
                assert set(log.read(seq)["body"]["disclosures"].values()) <= set(texts)

    def test_a_changed_disclosure_is_an_error_that_names_it(self, path, vault_path):
        make_log(path, 3)
        with open_log(path) as log:
            digest = log.read(3)["body"]["disclosures"]["submission"]
            query(vault_path, "UPDATE disclosures SET text = text || 'A' WHERE digest = ?", digest)
            with pytest.raises(LogError, match="disclosure of this submission was changed"):
                log.submission(3)
            assert log.submission(2) is not None


class TestWhichVault:
    """A vault belongs to one log and lies beside it; nothing is recorded where submissions would be lost unasked."""

    def test_it_lies_beside_the_log_and_only_its_owner_may_read_it(self, path, vault_path, room):
        with open_log(path, create=True) as log:
            log.decide(RUBRIC, submission(1))
            files = [file for file in room.iterdir() if file.name.startswith("decisions.vault")]
            assert len(files) == 3  # and its journal
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert vault_path.exists()

    def test_it_is_durable_and_forgets_what_is_deleted(self, path):
        with open_log(path, create=True) as log:
            database = log._vault._database.connection
            settings = {
                name: database.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "secure_delete", "page_size", "wal_autocheckpoint")
            }
        durable = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
        assert settings == {**durable, "page_size": 8192, "wal_autocheckpoint": 2000}

    def test_it_can_lie_elsewhere(self, path, room, vault_path):
        (room / "safe").mkdir()
        with open_log(path, create=True, vault=room / "safe" / "v") as log:
            log.decide(RUBRIC, submission(1))
        assert not vault_path.exists()
        with open_log(path, vault=str(room / "safe" / "v")) as log:
            assert log.case(2) == "case-1"

    def test_another_logs_vault_is_refused_and_both_logs_are_named(self, path, room):
        make_log(path, 1)
        make_log(room / "other", 1, origin="other")
        with open_log(path) as log, open_log(room / "other") as other:
            leaves = [hashlib.sha256(b"\x00" + next(one.records())[1]).hexdigest() for one in (log, other)]
        with pytest.raises(LogError, match="vault of another log") as caught:
            open_log(path, vault=room / "other.vault")
        assert [caught.value.expected, caught.value.found] == leaves

    @pytest.mark.parametrize("content", [b"hello, this is no database" * 10, b"SQLite format 3\x00" + b"\xff" * 9000])
    @pytest.mark.parametrize("create", [False, True])
    def test_what_is_no_vault_is_refused(self, path, vault_path, content, create):
        make_log(path, 1)
        vault_path.write_bytes(content)
        with pytest.raises(LogError, match="is no vault"):
            open_log(path, create=create)

    def test_another_database_is_no_vault_and_is_left_alone(self, path, vault_path):
        make_log(path, 1)
        vault_path.unlink()
        query(vault_path, "CREATE TABLE recipes(name)")
        before = vault_path.read_bytes()
        for create in (False, True):
            with pytest.raises(LogError, match="is no vault"):
                open_log(path, create=create)
        assert vault_path.read_bytes() == before

    def test_a_vault_of_a_later_version_is_refused(self, path, vault_path):
        make_log(path, 1)
        query(vault_path, "UPDATE meta SET format = format + 1")
        with pytest.raises(LogError, match="another version of this package"):
            open_log(path)

    def test_a_vault_whose_making_was_cut_off_is_begun_again_on_request(self, path, vault_path):
        make_log(path, 1)
        vault_path.write_bytes(b"")
        for create in (False, True):
            with pytest.raises(LogError, match="new_vault=True"):
                open_log(path, create=create)
        with open_log(path, new_vault=True) as log:
            assert log.decide(RUBRIC, submission(5)).seq == 3

    def test_a_lost_vault_leaves_a_log_that_can_be_read_but_not_appended_to(self, path, vault_path):
        make_log(path, 3)
        vault_path.unlink()
        with open_log(path) as log:
            assert (log.case(2), log.submission(2), len(log)) == (None, None, 5)
            with pytest.raises(LogError, match=r"the vault .* is missing, so cases cannot be found"):
                log.find("case-1")
            with pytest.raises(StoreError, match="open the log with vault=PATH"):
                log.decide(RUBRIC, submission(9))
            with pytest.raises(StoreError, match="nothing was recorded"):
                log.append([logs.entry(9)])
            assert len(log) == 5
        assert not vault_path.exists()

    def test_a_new_vault_is_begun_on_request_and_does_not_link_earlier_cases(self, path, vault_path):
        make_log(path, 3)
        vault_path.unlink()
        with open_log(path, create=True) as log, pytest.raises(StoreError, match="new_vault=True to begin a new one"):
            log.decide(RUBRIC, submission(9, case="case-1"))
        assert not vault_path.exists()
        with open_log(path, new_vault=True) as log:
            assert log.decide(RUBRIC, submission(9, case="case-1")).seq == 5
            assert log.read(5)["body"]["supersedes"] is None
            assert [record["seq"] for record in log.find("case-1")] == [5]
            with pytest.raises(ConflictError, match="the vault no longer has it"):
                log.decide(RUBRIC, submission(1))
        assert holds(path)["vault"].result == "NOT CHECKED"

    def test_without_a_vault_submissions_are_not_kept(self, path, vault_path):
        with open_log(path, create=True, vault=False) as log:
            assert log.decide(RUBRIC, submission(1, case="a")).seq == 2
            assert log.decide(RUBRIC, submission(2, case="a")).seq == 3
            assert (log.case(2), log.submission(2), log.read(3)["body"]["supersedes"]) == (None, None, None)
            with pytest.raises(LogError, match="opened without its vault"):
                log.find("a")
        assert not vault_path.exists()


class TestFaults:
    """A vault that fails stops the decision; what it keeps without a record is harmless."""

    def test_a_full_disk_stops_the_decision(self, path):
        make_log(path, 1)
        with open_log(path) as log:
            pages = log._vault._database.connection.execute("PRAGMA page_count").fetchone()[0]
            log._vault._database.connection.execute(f"PRAGMA max_page_count = {pages}")
            long = "141 " + "x" * 10_000
            with pytest.raises(StoreError, match=r"the vault .* cannot be used: database or disk is full"):
                log.decide(RUBRIC, submission(7, outlier=long))
            assert len(log) == 3
            log._vault._database.connection.execute("PRAGMA max_page_count = 1000000")
            assert log.decide(RUBRIC, submission(7, outlier=long)).seq == 3

    def test_salts_that_repeat_stop_the_decision(self, path):
        with open_log(path, create=True, entropy=bytes) as log:
            log.decide(RUBRIC, submission(1))
            with pytest.raises(StoreError, match="source of entropy"):
                log.decide(RUBRIC, submission(2))
            assert len(log) == 3

    def test_a_disclosure_without_a_record_is_harmless(self, path, monkeypatch):
        """As after a crash between the two."""
        make_log(path, 1)
        with open_log(path) as log:
            monkeypatch.setattr(log._intake, "_clock", lambda: "never")
            with pytest.raises(LogError):
                log.decide(RUBRIC, submission(7))
            monkeypatch.undo()
            assert log.decide(RUBRIC, submission(7)).seq == 3
        assert holds(path)["vault"].result == "HOLDS"

    def test_a_batch_is_kept_whole_or_not_at_all(self, path, vault_path):
        make_log(path, 1)
        before = query(vault_path, "SELECT count(*) FROM disclosures")
        with open_log(path) as log:
            vault = log._vault
            same = disclose(Entropy(9), "submission", {})
            with pytest.raises(StoreError):
                vault.store([("x", disclose(Entropy(8), "submission", {})), ("y", same), ("z", same)], Entropy(7))
            assert vault.case_digest("x") is None
        assert query(vault_path, "SELECT count(*) FROM disclosures") == before

    def test_threads_that_bring_the_same_new_case_get_one_digest(self, path):
        with AuditLog.open(path, create=True) as log:
            threads = [
                threading.Thread(target=log.decide, args=(RUBRIC, submission(number, case="same")))
                for number in range(12)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(log.find("same")) == 12

    def test_processes_that_bring_the_same_new_cases_get_one_digest_each(self, path):
        open_log(path, create=True).close()
        script = """
            import sys
            sys.path.insert(0, sys.argv[2])
            from logs import *
            from scoring.audit.log import AuditLog
            start = int(sys.argv[3])
            with AuditLog.open(sys.argv[1]) as log:
                for number in range(20):
                    log.decide(RUBRIC, submission(start + number, case=f"case-{number}"))
        """
        run_together(script, path, [["0"], ["100"], ["200"]])
        with open_log(path) as log:
            assert [len(log.find(f"case-{number}")) for number in range(20)] == [3] * 20
        holds(path)


class TestEdited:
    """A vault that somebody edited is told; two people are never joined by it."""

    @pytest.fixture
    def path(self, path):
        return make_log(path, 3)

    @staticmethod
    def swap(vault_path):
        one, two = (
            query(vault_path, "SELECT digest FROM cases WHERE name = ?", name)[0][0] for name in ("case-1", "case-2")
        )
        for name, digest in (("case-1", "t"), ("case-2", one), ("case-1", two)):
            query(vault_path, "UPDATE cases SET digest = ? WHERE name = ?", digest, name)

    def test_cases_that_were_swapped_are_not_recorded_under_each_other(self, path, vault_path):
        self.swap(vault_path)
        with open_log(path) as log:
            with pytest.raises(LogError, match="does not stand for it: run verify"):
                log.decide(RUBRIC, submission(9, case="case-1"))
            with pytest.raises(LogError, match="does not stand for it"):
                log.find("case-2")
            assert len(log) == 5
            assert log.decide(RUBRIC, submission(9, case="case-0")).seq == 5

    def test_verify_names_the_first_record_of_swapped_cases(self, path, vault_path):
        self.swap(vault_path)
        finding = verify_directory(path)["vault"]
        assert (finding.result, finding.seq) == ("FAILS", 3)
        assert "no longer files this record's case" in finding.detail
        assert finding.detail.endswith("and 1 more")
        assert "case-1" not in str(finding)

    def test_verify_tells_a_case_that_is_filed_no_more_before_and_after_it_came_again(self, path, vault_path):
        query(vault_path, "DELETE FROM cases WHERE name = 'case-1'")
        assert verify_directory(path)["vault"].seq == 3
        with open_log(path) as log:
            log.decide(RUBRIC, submission(9, case="case-1"))
        finding = verify_directory(path)["vault"]
        assert (finding.result, finding.seq) == ("FAILS", 3)

    def test_what_was_erased_whole_is_no_failure(self, path, vault_path):
        with open_log(path) as log:
            digest = log.read(3)["body"]["disclosures"]["case"]
        query(vault_path, "DELETE FROM cases WHERE name = 'case-1'")
        query(vault_path, "DELETE FROM disclosures WHERE digest = ?", digest)
        assert verify_directory(path)["vault"].result == "NOT CHECKED"

    @pytest.mark.parametrize("digest", ["x", b"\x00", 5])
    def test_a_case_filed_under_no_digest_is_an_error(self, path, vault_path, digest):
        query(vault_path, "UPDATE cases SET digest = ? WHERE name = 'case-1'", digest)
        with open_log(path) as log, pytest.raises(LogError, match="what is no digest"):
            log.find("case-1")
        assert verify_directory(path)["vault"].seq == 3

    def test_a_disclosure_that_is_no_text_is_an_error(self, path, vault_path):
        query(vault_path, "UPDATE disclosures SET text = x'00'")
        with open_log(path) as log:
            with pytest.raises(LogError, match="it is no text"):
                log.submission(2)
            with pytest.raises(LogError, match="it is no text"):
                log.decide(RUBRIC, submission(9, case="case-1"))
            assert not log.replay().ok
        assert verify_directory(path)["vault"].result == "FAILS"

    def test_a_disclosure_of_any_length_is_not_read(self, path, vault_path):
        query(vault_path, "UPDATE disclosures SET text = CAST(zeroblob(9000000) AS TEXT)")
        with open_log(path) as log, pytest.raises(LogError, match=r"damaged, or is no vault: string or blob too big"):
            log.submission(2)

    @pytest.mark.parametrize(
        "sql",
        [
            "CREATE VIEW v AS SELECT 1",
            "CREATE TABLE t(x)",
            "CREATE INDEX i ON disclosures(text)",
            "CREATE TRIGGER t AFTER INSERT ON disclosures BEGIN DELETE FROM disclosures; END",
            "ALTER TABLE cases ADD COLUMN until TEXT",
        ],
    )
    def test_other_tables_than_a_vaults_are_refused(self, path, vault_path, sql):
        query(vault_path, sql)
        with pytest.raises(LogError, match="other tables than a vault's"):
            open_log(path)
        assert verify_directory(path)["vault"].result == "FAILS"

    def test_a_view_without_end_is_never_asked(self, path, vault_path):
        query(vault_path, "ALTER TABLE disclosures RENAME TO d")
        endless = "WITH RECURSIVE r(x) AS (SELECT 'a' UNION ALL SELECT x FROM r) SELECT x, x FROM r"
        query(vault_path, f"CREATE VIEW disclosures(digest, text) AS {endless}")
        with pytest.raises(LogError, match="other tables than a vault's"):
            open_log(path)

    @pytest.mark.parametrize("create", [False, True])
    def test_a_pipe_is_no_vault(self, path, vault_path, create):
        vault_path.unlink()
        os.mkfifo(vault_path)
        with pytest.raises(LogError, match="not a regular file"):
            open_log(path, create=create)
        assert verify_directory(path)["vault"].result == "FAILS"


class TestReplacedWhileOpen:
    """What is written to a file that has lost its name is lost with the handle."""

    @pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
    def test_nothing_is_recorded_and_nothing_read(self, path, vault_path, room, how):
        make_log(path, 2)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(7))
            if how == "replaced":
                (room / "copy").write_bytes(vault_path.read_bytes())
                (room / "copy").rename(vault_path)
            elif how == "moved":
                vault_path.rename(room / "elsewhere")
            else:
                vault_path.unlink()
            for call in (
                lambda: log.decide(RUBRIC, submission(8)),
                lambda: log.submission(2),
                lambda: log.find("case-1"),
            ):
                with pytest.raises(
                    StoreError, match="moved or deleted while open; nothing was recorded; reopen the log"
                ):
                    call()
            assert len(log) == 5
            if how == "deleted":
                log._vault.close()
                with pytest.raises(StoreError, match="is missing"):
                    log.submission(2)
                assert not vault_path.exists(), "no empty one was made"
            if how == "moved":
                (room / "elsewhere").rename(vault_path)
                assert log.decide(RUBRIC, submission(8)).seq == 5


class TestReadOnly:
    """A verifier opens a vault without leaving anything behind."""

    @pytest.mark.parametrize("name", ["v", "what?", "50%", "a#b", "two words"])
    def test_nothing_is_written_whatever_the_file_is_called(self, path, room, name):
        make_log(path, 2, vault=room / name)
        with open_log(path, vault=room / name) as log:
            genesis = log._journal.genesis
            digest = log.read(2)["body"]["disclosures"]["case"]
        before = names(room)
        vault = Vault(str(room / name), genesis, read_only=True)
        assert vault.value(digest, "case") == "case-0"
        with pytest.raises(StoreError, match="readonly"):
            vault.store([("x", disclose(Entropy(5), "submission", {}))], Entropy(6))
        vault.close()
        assert names(room) == before

    def test_what_a_writer_has_not_yet_moved_from_its_journal_is_seen(self, path, vault_path):
        with open_log(path, create=True) as log:
            log.decide(RUBRIC, submission(1))
            vault = Vault(str(vault_path), log._journal.genesis, read_only=True)
            assert vault.value(log.read(2)["body"]["disclosures"]["case"], "case") == "case-1"
            vault.close()


class TestInterrupted:
    def test_what_interrupts_a_transaction_ends_it(self, path):
        with open_log(path, create=True) as log:

            def interrupt(_):
                raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                log._vault.store([("case", ("d", "t"))], interrupt)
            with open_log(path) as other:  # would wait for the transaction
                assert other._vault.case_digest("case") is None
            assert log.decide(RUBRIC, submission(1)).seq == 2
        holds(path)

    def test_who_uses_the_vault_within_a_transaction_is_refused_and_the_transaction_goes_on(self, path):
        refused = []

        def entropy(size):
            if log._vault._database.busy and not refused:  # a signal handler of the host may come just here
                refused.append(True)
                with pytest.raises(StoreError, match="this thread is busy with the vault"):
                    log.decide(RUBRIC, submission(2))
            return os.urandom(size)

        open_log(path, create=True).close()
        with open_log(path, entropy=entropy) as log:
            assert log.decide(RUBRIC, submission(1)).seq == 2
            assert log.case(2) == "case-1"
        assert refused
        assert holds(path)["vault"].result == "HOLDS"


class TestReadWhileWritten:
    """A verifier without locks never takes a file that changes under it for a damaged one."""

    def test_what_a_writer_adds_after_it_was_opened_is_seen(self, path, vault_path):
        make_log(path, 1)
        with open_log(path) as log:
            genesis = log._journal.genesis
        vault = Vault(str(vault_path), genesis, read_only=True)
        with open_log(path) as log:
            log.decide(RUBRIC, submission(7))
            digest = log.read(3)["body"]["disclosures"]["case"]
            assert vault.value(digest, "case") == "case-7"
        assert vault.value(digest, "case") == "case-7"
        vault.close()

    def test_an_answer_or_an_error_from_a_file_that_changed_meanwhile_does_not_count(self, path, vault_path):
        make_log(path, 1)
        with open_log(path) as log:
            genesis = log._journal.genesis
        vault = Vault(str(vault_path), genesis, read_only=True)
        tries = []

        def work(database):
            tries.append(database)
            if len(tries) < 3:
                os.utime(vault_path, ns=(0, len(tries)))
            if len(tries) == 1:
                raise LogError("half of it was old")
            return len(tries)

        assert vault._run(work) == 3
        with pytest.raises(LogError, match="really"):
            vault._run(_raise)
        vault.close()


def _raise(_):
    raise LogError("really")


def test_many_may_make_it_at_once(room):
    """SQLite tells all but one of those who turn to a journal together that the file is locked; each tries again, and finds it made."""
    barrier = threading.Barrier(6)

    def make(path):
        barrier.wait()
        Vault.create(str(path), "a" * 64).close()

    with ThreadPoolExecutor(6) as pool:
        for number in range(60):
            for done in [pool.submit(make, room / f"vault-{number}") for _ in range(6)]:
                done.result()
