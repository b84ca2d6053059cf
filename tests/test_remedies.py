"""What a message asks for can be done, and mends what it names: full disks, caches that cannot be used, packs, keys, vaults, wrong paths."""

from __future__ import annotations

import ast
import errno
import json
import os
import shutil
import sqlite3
from contextlib import contextmanager
from pathlib import Path

import pytest

import logs
from logs import RUBRIC, make_pack, submission
from scoring import AuditLog, errors
from scoring.audit import database, disk, mounts
from scoring.audit.disclosure import disclose
from scoring.audit.keys import SigningKey
from scoring.cli import main
from scoring.cli.output import _IN_PYTHON
from scoring.errors import LogError, StoreError

room = logs.room


@pytest.fixture
def call(room, monkeypatch, capsys):
    """Run a command in a directory of its own: status, standard output, standard error."""
    monkeypatch.chdir(room)
    Path("small.pack.json").write_bytes(make_pack())

    def run(*argv):
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return run


def sheets(name, *numbers):
    Path(name).write_text("".join(f"{json.dumps(submission(number))}\n" for number in numbers))
    return name


@pytest.fixture
def log(call):
    """A log of three decisions, without a key: records 2, 3 and 4."""
    assert call("score", "small.pack.json", sheets("three.jsonl", 1, 2, 3), "--log", "decisions", "--create")[0] == 0
    return Path("decisions")


@contextmanager
def as_nobody(*roots):
    """Do without the rights of root, who may use everything."""
    root = os.geteuid() == 0
    if root:
        for top in roots:
            for each in (top, *top.rglob("*")):
                os.chown(each, 65534, -1)
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


class TestFullDisk:
    def test_what_was_recorded_before_is_counted_and_the_same_call_goes_on(self, call, log, monkeypatch):
        write_all, batches = disk.write_all, []

        def full_at_the_third(fd, data):
            batches.append(data)
            if len(batches) == 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write_all(fd, data)

        monkeypatch.setattr("scoring.cli.score._BATCH", 2)
        sheets("more.jsonl", *range(10, 20))
        argv = ["score", "small.pack.json", "more.jsonl", "--log", "decisions", "--json"]
        with monkeypatch.context() as patch:
            patch.setattr(disk, "write_all", full_at_the_third)
            patch.setattr("scoring.audit.heads.HEAD_RECORDS", 10_000)
            status, out, err = call(*argv)
        assert status == 2
        assert len(out.splitlines()) == 4
        assert err.splitlines() == [
            "scoring: stopped: 4 decisions were recorded; the same ids can be sent again, and what is recorded keeps its record",
            f"scoring: the disk of {log.absolute()}/log is full; nothing of this batch was recorded: make room, and do the same again",
        ]
        status, out, _ = call(*argv)
        assert status == 0
        assert [json.loads(line)["repeated"] for line in out.splitlines()] == [True] * 4 + [False] * 6

    def test_what_went_in_of_several_files_is_counted(self, call, log, monkeypatch):
        for number in (10, 11):
            argv = ["score", "small.pack.json", sheets("one.jsonl", number), "--entries", f"{number}.entries"]
            assert call(*argv)[0] == 0
        write_all, batches = disk.write_all, []

        def full_at_the_second(fd, data):
            batches.append(data)
            if len(batches) == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write_all(fd, data)

        argv = ["append", "decisions", "10.entries", "11.entries"]
        with monkeypatch.context() as patch:
            patch.setattr(disk, "write_all", full_at_the_second)
            status, out, err = call(*argv)
        assert status == 2
        assert "#5" in out
        assert err.startswith("scoring: stopped: 1 record went in; the same call can be given again")
        assert f"the disk of {log.absolute()}/log is full" in err
        assert call(*argv)[0] == 0
        assert len((log / "log/000000000000.jsonl").read_bytes().splitlines()) == 7

    def test_a_full_vault_says_whose_disk_it_is(self, log):
        with AuditLog.open(log) as opened:
            connection = opened._vault._database.connection
            connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
            with pytest.raises(StoreError, match=rf"the disk of the vault {log.absolute()}.vault is full, so nothing"):
                opened.decide(RUBRIC, submission(9, outlier="141 " + "x" * 10_000))
            assert len(opened) == 5


def full(*_):
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


class TestCache:
    """A cache that cannot be used keeps nobody from reading; nothing is recorded meanwhile."""

    @pytest.fixture
    def no_room(self, monkeypatch):
        def without_room(path):
            return full() if path else database.open_writable(path)

        monkeypatch.setattr("scoring.audit.index.open_writable", without_room)

    @pytest.mark.usefixtures("log", "no_room")
    @pytest.mark.parametrize("there", [True, False])
    def test_without_room_reading_goes_on_and_recording_says_why_not(self, call, there):
        if not there:
            shutil.rmtree("decisions/cache")
        records = Path("decisions/log/000000000000.jsonl").read_bytes()
        assert call("status", "decisions")[:2][0] == 0
        assert "case case-2" in call("explain", "decisions", "case-2")[1]
        for argv in (
            ["erase", "decisions", "case-2", "--reason", "asked-to"],
            ["score", "small.pack.json", sheets("more.jsonl", 9), "--log", "decisions"],
            ["keep", "decisions", "case-2", "--hold", "dispute"],
        ):
            status, out, err = call(*argv)
            assert (status, out) == (2, "")
            assert "disk is full); the log itself is not affected: make room" in err
            assert "delete it, for it is made again from the log" in err
            assert "this log can only be read, and nothing was recorded; then open the log again" in err
        assert Path("decisions/log/000000000000.jsonl").read_bytes() == records

    @pytest.mark.parametrize("shut", ["file", "directory", "none"])
    def test_without_permission_reading_goes_on_and_with_it_all_is_as_before(self, call, log, shut):
        cache = Path("decisions/cache")
        if shut == "none":
            shutil.rmtree(cache)
        closed = {"file": next(cache.glob("*.sqlite")) if cache.exists() else None, "directory": cache, "none": log}[
            shut
        ]
        more = sheets("more.jsonl", 9)
        with as_nobody(Path.cwd()):
            mode = closed.stat().st_mode
            closed.chmod(0o500 if shut == "none" else 0)
            try:
                assert call("status", "decisions")[0] == 0
                status, _, err = call("score", "small.pack.json", more, "--log", "decisions")
            finally:
                closed.chmod(mode)
            assert status == 2
            assert f"{cache.absolute()}" in err
            assert "give the permission" in err
            assert call("score", "small.pack.json", more, "--log", "decisions")[0] == 0

    def test_a_cache_that_is_busy_is_no_reason_to_go_on_without_it(self, log, monkeypatch):
        def busy(*_, **__):
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error

        monkeypatch.setattr("scoring.audit.index.open_writable", busy)
        with pytest.raises(StoreError, match="database is locked"):
            AuditLog.open(log)


class TestPacks:
    def pack(self, log):
        (file,) = (log / "packs").iterdir()
        return file

    @pytest.mark.parametrize("again", ["append", "score"])
    def test_a_missing_one_comes_back_when_its_rubric_is_given_again_or_cited(self, call, log, again):
        file = self.pack(log)
        pack = file.read_bytes()
        file.unlink()
        status, out, _ = call("verify", "decisions")
        assert status == 1
        assert f"the pack {file.absolute()} is missing: put it back from a copy, or give its rubric" in out
        assert "with `scoring append LOG PACK`, which puts it back" in out
        argv = {
            "append": ["append", "decisions", "small.pack.json"],
            "score": ["score", "small.pack.json", sheets("more.jsonl", 9), "--log", "decisions"],
        }
        assert call(*argv[again])[0] == 0
        assert file.read_bytes() == pack
        assert "FAILS" not in call("verify", "decisions")[1]

    @pytest.mark.parametrize("again", ["append", "score"])
    def test_other_bytes_under_its_name_are_told_and_left(self, call, log, again):
        file = self.pack(log)
        file.write_bytes(b"{}")
        argv = {
            "append": ["append", "decisions", "small.pack.json"],
            "score": ["score", "small.pack.json", sheets("more.jsonl", 9), "--log", "decisions"],
        }
        status, _, err = call(*argv[again])
        assert status != 0
        assert f"the pack {file.absolute()} was changed: move that file away" in err
        assert "`scoring append LOG PACK`" in err
        assert file.read_bytes() == b"{}"
        file.rename("evidence.json")
        assert call(*argv[again])[0] == 0
        assert "FAILS" not in call("verify", "decisions")[1]

    def test_a_handle_looks_once(self, log, monkeypatch):
        with AuditLog.open(log) as opened:
            opened.decide(RUBRIC, submission(9))
            monkeypatch.setattr(opened._packs, "restore", None)
            assert opened.decide(RUBRIC, submission(10)).seq == 6

    def test_a_rubric_that_only_says_it_is_the_one_puts_nothing_back(self, log):
        class Pretender:
            digest, pack = RUBRIC.digest, make_pack(title="Another")

        file = self.pack(log)
        file.unlink()
        with AuditLog.open(log) as opened:
            opened.publish(Pretender())
        assert not file.exists()


class TestUncited:
    @pytest.fixture
    def left(self, log):
        """What a writer leaves that is stopped between vault and log."""
        with AuditLog.open(log) as opened:
            disclosed = disclose(os.urandom, "submission", {"answers": {"outlier": "ZEBRA"}})
            opened._vault.store([("case-99", disclosed)], os.urandom)

    @pytest.mark.usefixtures("left")
    def test_what_is_left_over_is_told_with_the_command_that_erases_it(self, call, log):
        out = call("verify", "decisions")[1]
        assert "2 disclosures in the vault that no record cites" in out
        assert "before `scoring erase LOG --uncited` erases them" in out
        size = (log / "log/000000000000.jsonl").stat().st_size
        assert call("erase", "decisions", "--uncited") == (0, "2 disclosures that no record cites: erased\n", "")
        assert (log / "log/000000000000.jsonl").stat().st_size == size, "nothing is recorded"
        assert "uncited" not in call("verify", "decisions")[1]
        assert call("erase", "decisions", "--uncited", "--json")[1] == '{"uncited":0}\n'
        with AuditLog.open(log) as opened:
            assert [opened.case(seq) for seq in (2, 3, 4)] == ["case-1", "case-2", "case-3"]

    @pytest.mark.usefixtures("left")
    def test_a_case_and_what_no_record_cites_are_asked_for_apart(self, call):
        for more in (["case-1"], ["--reason", "asked-to"], ["case-1", "--reason", "asked-to"]):
            status, _, err = call("erase", "decisions", "--uncited", *more)
            assert status == 2
            assert "takes no case and no --reason" in err
        for few in ([], ["case-1"], ["--reason", "asked-to"]):
            status, _, err = call("erase", "decisions", *few)
            assert status == 2
            assert "name the cases and give --reason" in err
        assert "2 disclosures" in call("verify", "decisions")[1]


class TestKeys:
    pytest.importorskip("cryptography", reason="signing needs the extra `sign`")

    @pytest.fixture
    def vkey(self, call):
        vkey = call("keygen", "log.key")[1].strip()
        argv = ["score", "small.pack.json", sheets("two.jsonl", 1, 2), "--log", "decisions", "--create"]
        assert call(*argv, "--key", "log.key")[0] == 0
        return vkey

    def test_for_anothers_key_the_one_that_the_log_has_is_named(self, call, vkey):
        call("keygen", "other.key")
        status, _, err = call(
            "score", "small.pack.json", sheets("m.jsonl", 9), "--log", "decisions", "--key", "other.key"
        )
        assert status == 2
        assert f"give with --key the file of {vkey}" in err
        assert "keygen" not in err
        new = call("keygen", "new.key", "--log", "decisions")[1].strip()
        call("score", "small.pack.json", "m.jsonl", "--log", "decisions", "--key", "log.key", "--key", "new.key")
        err = call("score", "small.pack.json", "m.jsonl", "--log", "decisions", "--key", "other.key")[2]
        assert err.endswith(f": give with --key the file of {new}\n"), "the newest"

    def test_only_what_can_sign_is_offered_in_place_of_a_signing_key(self, call, vkey):
        Path("log.vkey").write_text(vkey)
        Path("log.key").rename("apart")
        argv = ["score", "small.pack.json", sheets("m.jsonl", 9), "--log", "decisions", "--key", "log.key"]
        assert "did you mean" not in call(*argv)[2]
        Path("apart").rename("log2.key")
        assert call(*argv)[2] == 'scoring: log.key: no such file; did you mean "log2.key"?\n'

    def test_a_key_for_a_log_that_is_not_there_needs_no_log(self, call):
        status, _, err = call("keygen", "log.key", "--log", "decisions")
        assert status == 2
        assert err.endswith("; for a log that is still to be made leave out --log, or choose its name with --name\n")
        assert not Path("log.key").exists()

    def test_a_rotation_says_which_key_is_to_be_kept(self, call, vkey):
        new = call("keygen", "new.key", "--log", "decisions")[1].strip()
        argv = ["score", "small.pack.json", sheets("m.jsonl", 9), "--log", "decisions"]
        status, _, err = call(*argv, "--key", "new.key")
        assert status == 1
        assert "no other can follow it in this log" in err
        status, _, err = call(*argv, "--key", "log.key", "--key", "new.key")
        assert status == 0
        assert err == (
            f"scoring: the log's key is {new} from now on, and its file is enough for --key; keep {vkey}: it checks what was given out under it\n"
        )
        assert call(*argv, "--key", "new.key")[::2] == (0, "")

    @pytest.mark.usefixtures("vkey")
    def test_a_log_whose_heads_are_gone_is_told_what_to_give_in_options(self, call, monkeypatch):
        monkeypatch.setattr("scoring.audit.journal.HEAD_RECORDS", 3)
        Path("decisions/heads").unlink()
        argv = ["score", "small.pack.json", sheets("m.jsonl", 9), "--log", "decisions", "--key", "log.key"]
        status, _, err = call(*argv)
        assert status == 1
        assert "with --trusted-checkpoint FILE" in err
        assert "trusted=" not in err
        text = err.split("TEXT is ")[1].split("'")[1]
        Path("nothing").write_bytes(text.encode().decode("unicode_escape").encode())
        assert call(*argv, "--trusted-checkpoint", "nothing")[0] == 0
        assert SigningKey.parse(Path("log.key").read_text().strip()).name == text.split("\\n")[0]


class TestVaults:
    @pytest.mark.usefixtures("log")
    def test_where_anothers_lies_a_new_one_is_begun_once_that_is_moved_away(self, call):
        call("score", "small.pack.json", sheets("one.jsonl", 7), "--log", "other", "--create")
        wrongs = (("other.vault", "is the vault of another log"), ("one.jsonl", "is no vault"))
        for number, (name, wrong) in enumerate(wrongs, 20):
            shutil.copy(name, "decisions.vault")
            argv = ["score", "small.pack.json", sheets("m.jsonl", number), "--log", "decisions"]
            assert wrong in call(*argv)[2]
            status, _, err = call(*argv, "--new-vault")
            assert status == 1
            assert wrong in err
            assert "move this file away, with those of its name and -wal and -shm, and record with --new-vault" in err
            assert "new_vault" not in err
            Path("decisions.vault").rename("moved")
            status, _, err = call(*argv, "--new-vault")
            assert (status, err) == (0, "")
            Path("decisions.vault").unlink()


class TestPaths:
    def test_the_old_path_of_a_log_that_was_moved_offers_no_vault(self, call, log):
        log.rename("elsewhere")
        err = call("status", "decisions")[2]
        assert err.startswith("scoring: decisions: no such directory; . holds ")
        assert "did you mean" not in err
        Path("elsewhere").rename("decision")
        assert call("status", "decisions")[2] == 'scoring: decisions: no such directory; did you mean "decision"?\n'

    def test_a_log_that_would_begin_beside_the_vault_of_one_that_was_moved_is_not_made(self, call, log):
        log.rename("elsewhere")
        status, _, err = call("score", "small.pack.json", "three.jsonl", "--log", "decisions", "--create")
        assert status == 2
        assert "decisions.vault is the vault of a log that was begun already" in err
        assert "with --vault PATH another place" in err
        assert not log.exists()
        assert call("verify", "elsewhere", "--vault", "decisions.vault")[0] in (0, 3)

    def test_what_would_refuse_is_asked_before_a_directory_is_made(self, room, monkeypatch):
        with pytest.raises(StoreError, match="there is no directory"):
            AuditLog.open(room / "d", create=True, vault=room / "no" / "where.vault")
        Path(room / "text.vault").write_text("no vault")
        with pytest.raises(LogError, match="is no vault"):
            AuditLog.open(room / "d", create=True, vault=room / "text.vault")
        info = f"1 1 0:1 / {room} rw - nfs source rw\n".encode()
        info = info.replace(b"0:1", b"%d:%d" % (os.major(room.stat().st_dev), os.minor(room.stat().st_dev)))
        (room / "mountinfo").write_bytes(info)
        monkeypatch.setattr(mounts, "MOUNTINFO", str(room / "mountinfo"))
        with pytest.raises(StoreError, match=r"\(nfs\)"):
            AuditLog.open(room / "d", create=True)
        assert not (room / "d").exists()

    def test_a_log_may_begin_with_a_vault_within_its_parents_that_are_not_there_yet(self, room):
        with AuditLog.open(room / "a" / "b", create=True) as log:
            assert log.decide(RUBRIC, submission(1)).seq == 2


def test_whatever_is_put_in_the_words_of_the_command_line_is_something_that_the_library_says():
    """Else a message was changed, and comes in the words of Python."""
    said = []
    for file in Path(errors.__file__).parent.rglob("*.py"):
        if "cli" not in file.parts:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                parts = node.values if isinstance(node, ast.JoinedStr) else [node]
                said.append(
                    "".join(str(getattr(part, "value", "")) for part in parts if isinstance(part, ast.Constant))
                )
    text = "\n".join(said)
    assert [python for python, _ in _IN_PYTHON if python not in text] == []
