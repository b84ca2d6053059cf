"""What is told, and what is refused, when a head cannot be made, records do not hold, a log's end is cut off, or what vouched for it is gone."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import logs
from crash_sweep import Crash
from faults import KINDS, Disk, File
from logs import RUBRIC, holds, lines_of, open_log, rechain, segment, submission, write_lines
from scoring import canonical
from scoring.audit import disk, journal
from scoring.audit.keys import SigningKey
from scoring.audit.verify import verify_directory
from scoring.cli import main
from scoring.errors import LogError, StoreError

room, path = logs.room, logs.path
SIGNER = SigningKey("trouble.example/log", bytes(32))
VERIFY = Path(__file__).parent.parent / "audit" / "verify.py"


@pytest.fixture(autouse=True)
def _sign():
    pytest.importorskip("cryptography", reason="signing needs the extra `sign`")


@pytest.fixture
def crash(room):
    return Crash(room)


@pytest.fixture
def signed(path):
    """A log with a key, five decisions under its newest head, and five behind it."""
    with open_log(path, create=True, signer=SIGNER) as log:
        log.publish(RUBRIC)
        log.append([logs.entry(number) for number in range(5)])
    with open_log(path) as log:
        log.append([logs.entry(number) for number in range(10, 15)])
    assert sizes(path)[-1] == len(lines_of(path)) - 5
    return path


@pytest.fixture
def call(room, monkeypatch, capsys):
    """Run a command in a directory of its own, with a rubric, a key and sheets: status, standard output, standard error."""
    monkeypatch.chdir(room)
    (room / "small.pack.json").write_bytes(logs.make_pack())
    (room / "log.key").write_text(f"{SIGNER.encode()}\n")

    def run(*argv):
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def no_head(monkeypatch):
    """From when it is called on, the disk syncs everything but `heads`."""
    sync = disk.sync

    def fail(fd):
        if Path(f"/proc/self/fd/{fd}").readlink().name == "heads":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(fd)

    return lambda: monkeypatch.setattr(disk, "sync", fail)


def sizes(path):
    return [int(json.loads(line).split("\n")[1]) for line in (path / "heads").read_text().splitlines()]


def send(room, *numbers):
    (room / "sheets.jsonl").write_text("".join(json.dumps(submission(number)) + "\n" for number in numbers))
    return "sheets.jsonl"


def everything(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def forge(path, seq):
    """Change a record, and chain again what stands behind it: nobody needs a key for that."""
    records = [json.loads(line) for line in lines_of(path)]
    records[seq]["time"] = "2026-12-24T00:00:00Z"
    write_lines(path, rechain(records))


def garble(path, seq):
    """Change a record, and nothing behind it."""
    lines = lines_of(path)
    lines[seq] = lines[seq].replace(b'"v":1', b'"v":2')
    write_lines(path, lines)


class TestAHeadThatCannotBeMade:
    """The records are durable; that they are not provable is told, by every command and by the handle."""

    def test_the_handle_says_why_once_it_was_closed(self, signed, no_head):
        no_head()
        with open_log(signed, signer=SIGNER) as log:
            log.decide(RUBRIC, submission(50))
            assert log.head_failed == ""
        assert "heads cannot be written" in log.head_failed

    def test_a_new_log_with_a_key_begins_with_its_head_or_not_at_all(self, path, no_head, monkeypatch):
        """What is recorded in one without a head cannot be told from what somebody made of one that lost it."""
        no_head()
        with pytest.raises(StoreError, match="heads cannot be written"):
            open_log(path, create=True, signer=SIGNER)
        monkeypatch.undo()
        with open_log(path, create=True, signer=SIGNER) as log:
            log.decide(RUBRIC, submission(1))
        holds(path)

    def test_a_signer_that_fails_is_quoted_until_it_signs(self, path):
        class Down:
            name, verification_key = SIGNER.name, SIGNER.verification_key
            up = False

            def sign(self, message):
                if not self.up:
                    raise ConnectionError("the key service does not answer")
                return SIGNER.sign(message)

        signer = Down()
        with open_log(path, create=True, signer=signer) as log:
            assert log.head_failed == "ConnectionError: the key service does not answer"
            signer.up = True
            log.checkpoint()
            assert log.head_failed == ""

    @pytest.mark.parametrize(
        "argv",
        [
            ("score", "small.pack.json", "sheets.jsonl", "--log", "decisions"),
            ("append", "decisions", "entries.jsonl"),
            ("open", "decisions", "small.pack.json", "--case", "new"),
            ("erase", "decisions", "case-2", "--reason", "asked"),
            ("resolve", "decisions", "case-1", "confirm", "--who", "w", "--why", "y", "--reason", "asked"),
            ("export", "decisions", "-o", "out.zip"),
        ],
    )
    def test_every_command_says_so_and_exits_with_3(self, call, room, path, argv, no_head):
        key = ("--key", "log.key")
        assert call("score", "small.pack.json", send(room, 1, 2), "--log", path.name, "--create", *key)[0] == 0
        no_head()
        call("score", "small.pack.json", send(room, 3), "--entries", "entries.jsonl")
        before = len(lines_of(path))
        with open_log(path) as log:
            log.decide(RUBRIC, submission(9))
        done = call(*argv, *key)
        status, _, err = done
        assert status == 3, done
        assert "is durable, but no head could be made, so that it is not provable yet: " in err
        assert "heads cannot be written" in err
        assert len(lines_of(path)) > before

    def test_a_refused_line_still_exits_with_2(self, call, room, path, no_head):
        no_head()
        send(room, 1)
        with (room / "sheets.jsonl").open("a") as file:
            file.write("{}\n")
        status, _, err = call("score", "small.pack.json", "sheets.jsonl", "--log", path.name, "--create")
        assert status == 2
        assert "no head could be made" in err


class TestRecordsThatDoNotHold:
    def test_whoever_signs_does_not_open_a_log_whose_unsigned_records_do_not_hold(self, signed):
        seq = len(lines_of(signed)) - 4
        garble(signed, seq)
        before = everything(signed)
        with pytest.raises(LogError, match="behind the newest head, so nothing is signed here") as caught:
            open_log(signed, signer=SIGNER)
        assert caught.value.seq == seq
        assert "let `verify` name what is wrong" in caught.value.message
        assert everything(signed) == before

    def test_so_many_are_looked_at_and_no_more(self, signed, monkeypatch):
        garble(signed, len(lines_of(signed)) - 2)
        monkeypatch.setattr(journal, "_LOOKED_AT", 2)
        with open_log(signed, signer=SIGNER) as log:
            pass
        assert "run verify" in log.head_failed, "and the head reads them all"

    def test_a_handle_that_reads_them_back_takes_no_more(self, path):
        with open_log(path, create=True) as log:
            log.publish(RUBRIC)
            log.append([logs.entry(number) for number in range(5)])
            whole = segment(path).read_bytes()
            garble(path, 4)
            log.append([logs.entry(number) for number in range(100, 400)])
            assert "so no head is made of it: run verify" in log.head_failed
            size = len(log)
            for again in range(2):
                with pytest.raises(LogError, match=r"takes no more records by this handle.*run verify") as caught:
                    log.decide(RUBRIC, submission(500 + again))
                assert caught.value.seq == 4
            assert len(log) == size
            data = segment(path).read_bytes()
            segment(path).write_bytes(whole + data[len(whole) :])
            log.checkpoint()
            assert log.decide(RUBRIC, submission(600)).seq == size
        holds(path)

    def test_the_command_line_refuses_too(self, call, signed, room):
        garble(signed, len(lines_of(signed)) - 2)
        before = lines_of(signed)
        argv = ("score", "small.pack.json", send(room, 77), "--log", signed.name, "--key", "log.key")
        status, out, err = call(*argv)
        assert (status, out) == (1, "")
        assert "run verify" in err or "`verify`" in err
        assert lines_of(signed) == before


class TestRecovery:
    """What is cut off is kept, told, and counted."""

    def cut(self, crash):
        data = crash.whole[:-100]
        rest = data[crash.acknowledged :]
        rest = rest[rest.rindex(b"\n") + 1 :]
        return data, rest, hashlib.sha256(rest).hexdigest()

    def test_the_bytes_are_in_a_file_that_bears_the_records_number_and_their_digest(self, crash):
        data, rest, digest = self.cut(crash)
        crash.leave(data)
        with crash.open() as log:
            seq = len(log) - 1
            file = crash.path / f"cut-{seq:012d}-{digest}"
            assert file.read_bytes() == rest
            assert log.read(seq)["body"] == {"cut": digest, "length": len(rest)}
            assert str(file) in log.recovered
            assert f"{len(rest)} bytes at the end of " in log.recovered
            assert f"record #{seq} says so" in log.recovered
            assert log.status(1).recoveries == 1
        assert not list(crash.path.glob("*.tmp"))
        with crash.open() as log:
            assert log.recovered == ""
        report = verify_directory(crash.path, vault=False)
        assert report.ok
        assert "1 of them of an end that did not hold and was cut off" in report["segments"].detail
        done = subprocess.run(
            [sys.executable, "-I", VERIFY, crash.path], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode in {0, 3}, done.stdout + done.stderr
        assert "FAILS" not in done.stdout

    def test_a_reading_command_says_it_and_status_counts_it(self, call, crash):
        crash.leave(self.cut(crash)[0])
        status, _, err = call("explain", crash.path, "#3")
        assert status == 0
        assert "were cut off, and are kept in " in err
        status, out, err = call("status", crash.path)
        assert "; 1 record of an end that was cut off" in out
        assert "were cut off" not in err
        assert json.loads(call("status", crash.path, "--json")[1].splitlines()[-1])["recoveries"] == 1

    def test_nothing_is_cut_off_that_could_not_be_kept(self, crash, monkeypatch):
        data, rest, _ = self.cut(crash)
        crash.leave(data)

        def full(fd, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            write = disk.write_all
            patch.setattr(disk, "write_all", lambda fd, some: full(fd, some) if some == rest else write(fd, some))
            with pytest.raises(StoreError, match="is cut off only once it is kept there") as caught:
                crash.open()
        assert "open the log again" in str(caught.value)
        assert segment(crash.path).read_bytes() == data
        assert crash.opened(data, verify=True) >= 0

    @pytest.mark.parametrize("power", [False, True])
    def test_whatever_fails_on_the_way_the_bytes_are_in_the_log_or_in_the_file(self, crash, power):
        """Each call that changes the disk fails once, and the power may go out: what is durable is never half of it."""
        data, rest, digest = self.cut(crash)
        with Disk() as layer:
            self.lay_out(crash, layer, data)
            crash.open().close()
            calls = [*layer.calls]
        assert "rename" in calls
        failed = 0
        for number, name in enumerate(calls):
            for kind in KINDS[name]:
                with Disk({number: kind}) as layer:
                    self.lay_out(crash, layer, data)
                    try:
                        crash.open().close()
                    except StoreError:
                        failed += 1
                    if power:
                        layer.power_off()
                stands = segment(crash.path).read_bytes()
                if not stands.startswith(data):
                    (file,) = crash.path.glob(f"cut-*-{digest}")
                    assert file.read_bytes() == rest, (number, kind)
                with crash.open() as log:
                    kept = b"".join(line + b"\n" for _, line in log.records())
                assert kept.startswith(crash.whole[: crash.acknowledged])
                assert verify_directory(crash.path, vault=False).ok
        assert failed > 10

    @staticmethod
    def lay_out(crash, layer, data):
        """A directory that was durable before the layer came; the cache is gone, for SQLite's files are none of the layer's."""
        crash.leave(data, cached=False)
        for file in [crash.path, *crash.path.rglob("*")]:
            layer.live[str(file)] = layer.names[str(file)] = File(file.read_bytes()) if file.is_file() else None


class TestWhatTheCacheKnows:
    def test_a_forged_last_record_is_not_signed_though_all_chains(self, signed):
        """Nobody covers it but the cache, which knows its leaf."""
        seq = len(lines_of(signed)) - 1
        forge(signed, seq)
        before = everything(signed)
        for signer in (SIGNER, None):
            with pytest.raises(LogError, match=f"has another record #{seq} than .* knows to be durable") as caught:
                open_log(signed, signer=signer)
            assert "only if the log was put back from a copy on purpose, delete the cache" in caught.value.message
        assert everything(signed) == before
        shutil.rmtree(signed / "cache")
        open_log(signed).close()

    def test_an_earlier_one_neither(self, signed):
        forge(signed, len(lines_of(signed)) - 3)
        with pytest.raises(LogError, match="knows to be durable"):
            open_log(signed, signer=SIGNER)

    def test_an_older_cache_is_caught_up(self, signed, room):
        shutil.copytree(signed / "cache", room / "older")
        with open_log(signed) as log:
            log.decide(RUBRIC, submission(50))
        shutil.rmtree(signed / "cache")
        shutil.copytree(room / "older", signed / "cache")
        with open_log(signed) as log:
            assert log.decide(RUBRIC, submission(50)).repeated

    def test_a_tail_that_is_gone_for_good_is_given_up_by_deleting_the_cache(self, signed):
        """The remedy where no copy has it: after a power cut, say."""
        lines = lines_of(signed)
        write_lines(signed, lines[:-1])
        with pytest.raises(LogError, match="they are lost: keep a copy of what is there, delete the cache"):
            open_log(signed)
        shutil.rmtree(signed / "cache")
        with (
            open_log(signed) as log,
            pytest.raises(StoreError, match="ends before record #12, which it had when its vault"),
        ):
            log.decide(RUBRIC, submission(14))
        with open_log(signed, new_vault=True) as log:
            assert log.decide(RUBRIC, submission(14)).seq == len(lines) - 1


class TestHeadsThatAreGone:
    def test_a_forged_record_is_not_signed_where_heads_and_cache_are_gone(self, signed):
        forge(signed, 3)
        logs.drop_heads(signed)
        shutil.rmtree(signed / "cache")
        before = lines_of(signed)
        with pytest.raises(LogError, match="heads is missing or empty, and this log has a key"):
            open_log(signed, signer=SIGNER)
        assert lines_of(signed) == before
        assert not (signed / "heads").exists()

    def test_a_trusted_head_gets_it_a_new_one_at_once(self, signed):
        kept = canonical.loads((signed / "heads").read_bytes().splitlines()[-1])
        (signed / "heads").unlink()
        with open_log(signed, signer=SIGNER, trusted=kept):
            assert sizes(signed) == [len(lines_of(signed))]
        holds(signed)

    def test_status_does_not_say_that_none_was_made(self, call, signed):
        (signed / "heads").unlink()
        status, out, err = call("status", signed)
        assert status == 1
        assert "no head" not in out
        assert "nothing is provable: " in err
        assert "heads is missing or empty, and this log has a key" in err
        last = json.loads(call("status", signed, "--json")[1].splitlines()[-1])
        assert (last["provable"], last["signed_by"]) == (0, [])

    def test_a_log_that_was_unsigned_and_without_heads_has_one_before_its_key(self, path):
        """So that one with a key and without a head is one that lost it."""
        logs.drop_heads(logs.make_log(path, 3, origin=SIGNER.name))
        open_log(path, signer=SIGNER).close()
        key = next(seq for seq, line in enumerate(lines_of(path)) if json.loads(line)["type"] == "key")
        assert sizes(path) == [key, key + 1]
        holds(path)

    def test_an_unfinished_line_is_not_to_be_cut_before_heads_are_back(self, signed):
        """The report's case: the remedy of a log that never had a head lost an acknowledged record."""
        heads = (signed / "heads").read_bytes()
        whole = segment(signed).read_bytes()
        segment(signed).write_bytes(whole[:-30])
        (signed / "heads").unlink()
        shutil.rmtree(signed / "cache")
        with pytest.raises(LogError) as caught:
            open_log(signed, signer=SIGNER)
        said = caught.value.message
        assert "heads is missing or empty, though this log records a key" in said
        assert said.index("Put that file back from a copy first") < said.index("truncate")
        assert "was acknowledged is whole" not in said
        (signed / "heads").write_bytes(heads)
        with open_log(signed) as log:
            assert log.recovered
            assert "has another record #12 than when its vault" in log.out_of_step

    def test_a_log_that_ends_before_its_newest_head_is_named_with_its_remedy(self, signed):
        write_lines(signed, lines_of(signed)[:4])
        for cached in (True, False):
            if not cached:
                shutil.rmtree(signed / "cache")
            with pytest.raises(LogError) as caught:
                open_log(signed)
            assert str(signed) in caught.value.message
            assert "Put the log back from a copy" in caught.value.message
        assert str(signed / "heads") in caught.value.message
        assert (caught.value.expected, caught.value.found) == (f"{sizes(signed)[-1]} records or more", "4")


class TestRecordsThatAnotherLeftUnsigned:
    def test_whoever_signs_puts_them_under_a_head_on_closing(self, signed):
        size = len(lines_of(signed))
        with open_log(signed, signer=SIGNER) as log:
            assert sizes(signed)[-1] == size - 5
        assert log.head_failed == ""
        assert sizes(signed)[-1] == len(lines_of(signed)) == size
        holds(signed)

    def test_the_same_call_again_does_after_a_kill(self, call, room, path):
        """As `score --help` says."""
        argv = ("score", "small.pack.json", send(room, 1, 2), "--log", path.name, "--create", "--key", "log.key")
        assert call(*argv)[0] == 0
        pid = os.fork()
        if not pid:
            log = open_log(path, signer=SIGNER)
            log.decide(RUBRIC, submission(3))
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        assert "1 record behind it" in call("status", path)[1]
        argv = ("score", "small.pack.json", send(room, 1, 2, 3), "--log", path.name, "--key", "log.key")
        assert call(*argv)[0] == 0
        assert "behind it" not in call("status", path)[1]

    def test_who_reads_without_the_key_changes_nothing(self, call, signed):
        before = everything(signed)
        call("status", signed)
        call("explain", signed, "#3")
        after = everything(signed)
        assert {name for name in before | after if before.get(name) != after.get(name)} <= {
            name for name in before | after if name.startswith("cache/")
        }
