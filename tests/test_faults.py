"""
Every call by which the log changes a disk fails, alone and with a second one; `make faults` runs all pairs, and lets the kernel fail as well.

What is shown of each life is in `faults.Host.holds`: no acknowledged record lost, none twice, none altered, the log verifies, vault and log agree.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import faults
import logs
from faults import Disk, Host, pairs, singles
from scoring.audit import disk
from scoring.audit.keys import SigningKey

room = logs.room
SIGNER = SigningKey("example.com/log", bytes([1]) * 32)


@pytest.mark.parametrize("power", [False, True])
class TestFaults:
    """`power`: whether the machine loses its power before the log is opened again."""

    def test_each_call_alone(self, room, power):
        assert singles(room / "life", power=power) > 120

    def test_each_call_alone_where_heads_are_signed(self, room, power):
        assert singles(room / "life", step=8, power=power, signer=SIGNER) > 15

    def test_some_pairs(self, room, power):
        assert pairs(room / "life", step=11, firsts=13, power=power) > 60


class TestTheLayer:
    """It finds what it is there for."""

    def test_a_record_that_is_only_synced_again_is_lost(self, room, monkeypatch):
        monkeypatch.setattr(disk, "write_again", lambda fd, _: disk.sync(fd))
        with pytest.raises(AssertionError, match=r"is lost|is another"), Disk() as layer:
            self.life_with_a_lost_sync(room, layer)

    def test_and_one_that_is_written_again_is_there(self, room):
        with Disk() as layer:
            self.life_with_a_lost_sync(room, layer)

    @staticmethod
    def life_with_a_lost_sync(room, layer):
        host = Host(room, layer, power=False)
        host.decide(1)
        layer.faults = {len(layer.calls) + 1: "lost"}  # the next call writes the record, and this one syncs it
        host.decide(2)
        assert layer.calls[min(layer.faults)] == "sync"
        # Its head is not made: it would vouch for a record that is gone, and the log be refused.
        layer.power_off()
        heads = host.path / "heads"
        heads.write_bytes(heads.read_bytes().split(b"\n")[0] + b"\n")
        host.log = None
        for index in (host.path / "cache").iterdir():
            index.unlink()
        host.holds()

    def test_nothing_changes_a_disk_but_through_it(self):
        """In the modules that write a log; SQLite has its own ways, and what is exported is no log."""
        changing = {
            "fdatasync",
            "fsync",
            "ftruncate",
            "mkdir",
            "makedirs",
            "pwrite",
            "rename",
            "replace",
            "rmdir",
            "truncate",
            "write",
            "writev",
        }
        modules = Path(disk.__file__).parent
        found = set()
        for name in (
            "heads",
            "journal",
            "turns",
            "catching",
            "packs",
            "place",
            "recovery",
            "segments",
            "vault",
            "intake",
            "lock",
            "disk",
        ):
            for node in ast.walk(ast.parse((modules / f"{name}.py").read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(func=ast.Attribute(ast.Name("os"), called)) if called in changing:
                        found.add((name, called))
        assert found == {("disk", called) for called in ("fdatasync", "fsync", "ftruncate", "mkdir", "rename", "write")}


class TestTheKernel:
    def test_what_it_fails_is_told_or_harmless(self, room):
        """The same, where it is no layer of ours that fails: strace makes the kernel refuse the n-th call."""
        reason = faults.no_strace()
        if reason:
            pytest.skip(reason)
        lives, told = faults.kernel_lives(room / "life", step=150)
        assert (lives, told > 0) == (5, True)

    def test_a_disk_that_is_full_for_log_vault_and_cache_alike(self, room):
        """A small file system of its own, filled by the log: whatever met the end of it is told, and all goes on once there is room."""
        script = """
            import os, sys
            sys.path.insert(0, sys.argv[2])
            from pathlib import Path
            from logs import RUBRIC, ids, submission
            from scoring.audit.log import AuditLog
            from scoring.audit.verify import verify_directory
            from scoring.errors import StoreError
            place = Path(sys.argv[1])
            ballast = place / "ballast"
            ballast.write_bytes(bytes(1_000_000))
            path = place / "log"
            told, refused, log = {}, [], AuditLog.open(path, create=True)
            number = 0
            while len(refused) < 8:
                try:
                    told[number] = log.decide(RUBRIC, submission(number)).seq
                    number += 1
                except StoreError as error:
                    refused.append(str(error))
            assert number > 20, number
            assert all("full" in said or "cannot be" in said for said in refused), refused
            for n in (0, number - 1):
                assert log.decide(RUBRIC, submission(n)).repeated
            ballast.unlink()
            for n in range(number, number + 20):
                told[n] = log.decide(RUBRIC, submission(n)).seq
            log.close()
            report = verify_directory(path)
            assert report.ok and report["vault"].result == "HOLDS", str(report)
            with AuditLog.open(path) as log:
                found = ids(log)
                assert found == [f"s-{n}" for n in told] and len(found) == len({*found})
                assert [log.read(seq)["body"]["id"] for seq in told.values()] == found
            print("refused", len(refused))
        """
        mount = [
            "unshare",
            "-m",
            "sh",
            "-c",
            'mount -t tmpfs -o size=3000k test "$1" && shift && exec "$@"',
            "sh",
            str(room),
        ]
        if (
            shutil.which("unshare") is None
            or subprocess.run([*mount, "true"], capture_output=True, check=False).returncode
        ):
            pytest.skip("this system does not let these tests mount a file system of their own")
        command = [*mount, sys.executable, "-c", textwrap.dedent(script), str(room), str(Path(__file__).parent)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert (done.stdout, done.returncode) == ("refused 8\n", 0), done.stderr
