"""What `verify` says of an intact log that was given something that belongs elsewhere, and of one that lost something: true, and of the right thing."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import logs
from logs import RUBRIC, make_log, open_log, submission
from scoring.audit.keys import SigningKey
from scoring.audit.verify import verify_directory
from scoring.cli import main

pytest.importorskip("cryptography", reason="signing needs the extra `sign`")

room, path = logs.room, logs.path
KEY = SigningKey("words.example", bytes(32))
OTHER = SigningKey("other.example", b"\x01" * 32)
SCRIPT = Path(__file__).parent.parent / "audit/verify.py"


@pytest.fixture
def signed(path):
    """A signed log of six cases, nine records, with heads."""
    make_log(path, 6, signer=KEY)
    return path


@pytest.fixture
def other(room):
    """Another signed log, a little shorter, and its newest head in a file."""
    make_log(room / "other", 3, signer=OTHER)
    with open_log(room / "other", signer=OTHER) as log:
        (room / "other.head").write_text(log.checkpoint())
    return room / "other.head"


def failing(report):
    return {finding.check: finding for finding in report.findings if finding.result == "FAILS"}


def lines_of_script(*argv):
    """What audit/verify.py prints, line by line as objects."""
    command = [sys.executable, "-I", "-S", str(SCRIPT), *map(str, argv), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done


class TestAnotherLogsCheckpoint:
    @pytest.mark.parametrize("option", ["trusted", "since"])
    def test_it_is_said_alone_and_accuses_no_record(self, signed, other, option):
        for key in (None, KEY.verification_key):
            found = failing(verify_directory(signed, key=key, **{option: other.read_text()}))
            assert list(found) == ["trusted"]
            finding = found["trusted"]
            assert "another log's" in finding.detail
            assert "more" not in finding.detail
            assert (finding.seq, finding.expected, finding.found) == (None, "words.example", "other.example")

    def test_the_script_says_the_same(self, signed, other):
        rows, done = lines_of_script(signed, "--trusted", other)
        bad = [row for row in rows if row["result"] == "FAILS"]
        assert done.returncode == 1
        assert [(row["check"], row["seq"], row["expected"], row["found"]) for row in bad] == [
            ("trusted", None, "words.example", "other.example")
        ]
        assert not [row for row in rows if row["result"] == "FIRST"]

    def test_one_of_more_records_than_there_are_is_told_for_what_it_is_too(self, path, room):
        make_log(path, 1, signer=KEY)
        make_log(room / "other", 6, signer=OTHER)
        with open_log(room / "other", signer=OTHER) as log:
            report = verify_directory(path, trusted=log.checkpoint())
        assert "another log's" in failing(report)["trusted"].detail


class TestNoHead:
    def test_since_the_newest_head_none_was_made_above_it(self, signed):
        with open_log(signed, signer=KEY) as log:
            newest, size = log.checkpoint(), len(log)
        report = verify_directory(signed, since=newest)
        assert report["heads"].detail == f"no head was made above the {size} records of the trusted checkpoint"

    def test_a_log_with_a_key_and_no_file_heads_is_remarked_upon(self, signed):
        (signed / "heads").unlink()
        report = verify_directory(signed)
        assert report["heads"].result == "REMARK"
        assert "there is no file heads, yet the log records a key" in report["heads"].detail
        with_key = failing(verify_directory(signed, key=KEY.verification_key))
        assert list(with_key) == ["signatures"]
        assert "there is no file heads" in with_key["signatures"].detail

    def test_a_log_without_a_key_and_heads_is_only_told_of(self, path):
        make_log(path, 1)
        (path / "heads").unlink()
        assert verify_directory(path)["heads"].result == "NOT CHECKED"

    def test_below_a_signed_head_nothing_is_said_to_be_without_one(self, signed):
        """The first head of this log that the key signs stands for all nine records."""
        segment = logs.segment(signed)
        heads = (signed / "heads").read_bytes().splitlines(keepends=True)
        (signed / "heads").write_bytes(heads[-1])
        size = int(json.loads(heads[-1]).split("\n")[1])
        segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[: size - 2]))
        found = failing(verify_directory(signed, vault=False, key=KEY.verification_key))
        assert list(found) == ["heads", "signatures"]
        assert f"stands for {size} records" in found["signatures"].detail
        assert "no head was" not in found["signatures"].detail


@pytest.fixture
def call(capsys, room, monkeypatch):
    """Run the command, in the room; gives status, what was printed, and what was complained of."""
    monkeypatch.chdir(room)

    def run(*argv):
        capsys.readouterr()
        status = main([*map(str, argv)])
        return (status, *capsys.readouterr())

    return run


CHANGED = "is not as it was written"


class TestClosing:
    """The last lines follow from what failed, and say what to do; only what was changed is not as it was written."""

    @pytest.fixture(autouse=True)
    def things(self, signed, room):
        with open_log(signed, signer=KEY) as log:
            (room / "receipt").write_text(log.receipt(3))
            (room / "head").write_text(log.checkpoint())
        make_log(room / "plain", 2)
        with open_log(room / "plain") as log:
            (room / "old.receipt").write_text(log.receipt(3))
        return signed

    @pytest.mark.parametrize("thing", ["receipt", "head", "old.receipt"])
    def test_what_is_intact_and_not_signed_by_the_key(self, call, thing):
        status, out, _ = call("verify", thing, "--key", OTHER.verification_key)
        assert status == 1
        assert CHANGED not in out
        assert "nothing was found changed, but it is not signed by this key.\n" in out

    @pytest.mark.parametrize("thing", ["receipt", "head", "decisions"])
    def test_what_is_intact_and_another_log_than_the_checkpoints(self, other, call, thing):
        status, out, _ = call("verify", thing, "--trusted-checkpoint", other)
        assert status == 1
        assert CHANGED not in out
        assert "nothing was found changed, but the checkpoint that was given is another log's.\nGive one that" in out

    def test_an_intact_log_with_another_logs_vault(self, call):
        status, out, _ = call("verify", "decisions", "--vault", "plain.vault")
        assert status == 1
        assert CHANGED not in out
        assert "but the vault is another log's.\nSay with --vault PATH" in out

    def test_two_things_that_belong_elsewhere_are_both_told(self, other, call):
        out = call("verify", "decisions", "--vault", "plain.vault", "--trusted-checkpoint", other)[1]
        assert "the checkpoint that was given is another log's" in out.split("nothing was found changed")[1]
        assert "the vault is another log's" in out.split("nothing was found changed")[1]

    def test_a_changed_record_is_named_with_what_to_do_even_beside_another_logs_checkpoint(self, things, other, call):
        segment = logs.segment(things)
        lines = segment.read_bytes().splitlines(keepends=True)
        lines[4] = lines[4].replace(b"T09:", b"T08:")
        segment.write_bytes(b"".join(lines))
        for more in ([], ["--trusted-checkpoint", other]):
            out = call("verify", "decisions", *more)[1]
            assert f"decisions {CHANGED}. The first bad record is #4.\n" in out
            assert "put the log back from a copy that its heads fit" in out
            assert "nothing was found changed" not in out

    def test_a_changed_receipt_and_a_broken_signature_are_not_as_they_were_written(self, room, call):
        text = (room / "head").read_text()
        (room / "bad.head").write_text(text.replace("\n9\n", "\n8\n"))
        assert (room / "bad.head").read_text() != text
        out = call("verify", "bad.head", "--key", KEY.verification_key)[1]
        assert f"bad.head {CHANGED}.\n" in out
        assert "put the log back" not in out

    def test_who_gave_a_checkpoint_is_not_told_to_give_one(self, call):
        alone, given = call("verify", "decisions")[1], call("verify", "decisions", "--trusted-checkpoint", "head")[1]
        assert "give one to compare with" in alone
        assert "give one to compare with" not in given
        assert "no head that was kept elsewhere was given" not in given
        assert "behind the head that was given" in given


class TestVault:
    def test_what_no_record_cites_is_counted(self, signed):
        """The last five records are cut off, and with them the head that stands for them: the vault knows of them, in which each disclosed two things."""
        assert "uncited" not in [finding.check for finding in verify_directory(signed).findings]
        segment, heads = logs.segment(signed), signed / "heads"
        segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-5]))
        heads.write_bytes(b"".join(heads.read_bytes().splitlines(keepends=True)[:-1]))
        report = verify_directory(signed, key=KEY.verification_key)
        assert [finding.check for finding in report.findings if finding.result == "FAILS"] == ["head"]
        assert "ends before record #8, which it had when its vault" in report["head"].detail
        assert report["uncited"].result == "REMARK"
        assert report["uncited"].detail.startswith("10 disclosures in the vault that no record cites")

    @pytest.mark.parametrize("arguments", [{}, {"per_answer": True}])
    def test_a_log_with_several_decisions_of_a_case_and_an_erasure_has_none(self, path, arguments):
        make_log(path, 3, **arguments)
        with open_log(path, **arguments) as log:
            log.decide(RUBRIC, submission(0))
            log.erase(log.case(3), reason="request")
        report = verify_directory(path)
        assert report.ok
        assert "uncited" not in [finding.check for finding in report.findings]

    def test_the_first_record_that_lacks_something_is_named(self, signed, room):
        with open_log(signed, signer=KEY) as log:
            digest = log.read(6)["body"]["disclosures"]["submission"]
        drop(room / "decisions.vault", digest)
        said = verify_directory(signed)["vault"].detail
        assert said == "1 of 12 disclosures is not in the vault; the first is of record #6"

    def test_replay_tells_an_answer_that_is_gone_from_a_submission_that_is(self, path, room):
        make_log(path, 2, per_answer=True)
        with open_log(path) as log:
            submitted = log.read(3)["body"]["disclosures"]["submission"]
            parts = log._vault.parts(submitted)
        drop(room / "decisions.vault", parts[0])
        with open_log(path) as log:
            said = log.replay(3)["answers -> outcomes"].detail
        assert said == f"the vault has its submission, but not 1 of its {len(parts)} answers"

    def test_one_that_may_not_be_read_leaves_all_other_checks_and_is_named(self, room, path):
        """An auditor with an account of his own."""
        make_log(path, 2)
        room.chmod(0o755)
        Path(f"{path}.vault").chmod(0o600 if os.geteuid() == 0 else 0)
        done = subprocess.run([sys.executable, "-c", AS_NOBODY, str(path)], capture_output=True, text=True, check=False)
        for said in done.stdout.split("====\n")[1:]:
            assert f"no permission to read {path}.vault" in said
            assert said.endswith("status 3\n")
        assert done.stdout.count("NOT CHECKED vault") == 1
        assert "HOLDS       chain" in done.stdout
        assert "HOLDS       outcomes -> verdict" in done.stdout
        assert not done.stderr


# What is loaded late is loaded before the account changes, which may not be allowed to read the program.
AS_NOBODY = """
import contextlib, io, os, sys
from scoring.cli import main
calls = [["verify", sys.argv[1]], ["replay", sys.argv[1]]]
with contextlib.redirect_stdout(io.StringIO()):
    for call in calls:
        main(call)
if os.geteuid() == 0:
    os.seteuid(65534)
for call in calls:
    print("====")
    print("status", main(call))
"""


def drop(vault, digest):
    database = sqlite3.connect(vault)
    with database:
        assert database.execute("DELETE FROM disclosures WHERE digest = ?", (digest,)).rowcount == 1
    database.close()


class TestAKeyAsItIsGiven:
    MISTYPED = KEY.verification_key[:-3] + ("A" if KEY.verification_key[-3] != "A" else "B") + KEY.verification_key[-2:]

    def test_the_script_takes_a_file_too(self, signed, room):
        (room / "log.vkey").write_text(f"{KEY.verification_key}\n")
        for key in (KEY.verification_key, room / "log.vkey"):
            rows, done = lines_of_script(signed, "--key", key)
            assert done.returncode == 0
            assert [row["result"] for row in rows if row["check"] == "signatures"] == ["HOLDS"]

    def test_the_script_says_what_is_wrong_with_it(self, signed, room):
        (room / "text").write_bytes(b"\xff hello")
        told = {self.MISTYPED: "does not fit its own hash", room / "nothing": "No such file", room / "text": "holds no"}
        for key, said in told.items():
            done = lines_of_script(signed, "--key", key)[1]
            assert done.returncode == 2
            assert said in done.stderr
            assert "read_key" not in done.stderr
            assert "_key value" not in done.stderr

    def test_the_command_says_that_a_mistyped_key_is_one(self, signed, call):
        for mistyped in (self.MISTYPED, KEY.verification_key[:-1]):
            status, _, err = call("verify", signed, "--key", mistyped)
            assert status == 2
            assert "looks like a verification key, but does not fit its own hash" in err
            assert "no such file" not in err
