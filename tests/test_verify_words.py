"""What `verify` says of an intact log that was given something that belongs elsewhere, and of one that lost something: true, and of the right thing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import logs
from logs import make_log, open_log
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
