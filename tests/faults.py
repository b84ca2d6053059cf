"""
A disk that fails, and what a host makes of it: `make faults` runs every pair of faults, `test_faults` a part.

All calls by which the log changes a disk go through `disk.CALLS`; here each is wrapped. The layer knows what of each file and of each directory is durable,
so that the power can go out at any time. It is as unkind as a kernel may be: what was written and not synced is lost; a sync that fails *forgets* what it
was to write, so that a later one which succeeds says nothing of it (Linux marks such pages clean), while names, and sizes that shrink, wait for the next.
SQLite's files are its own, and stay as they are.

A fault is one call that fails: `lost` (nothing was done), `done` (all was done, and failure reported all the same), and of a write `full` and `short`, after
which the disk holds nothing or a part of it. The host tries again with the same handle; where that is dead, it opens the log again, as the remedy says, on a
machine that went on or on one whose power went out.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from logs import MEMORY, RUBRIC, Clock, Entropy, entry, query, submission
from scoring.audit import disk
from scoring.audit.log import AuditLog
from scoring.audit.verify import verify_directory
from scoring.errors import StoreError

KINDS = dict.fromkeys(disk.CALLS, ("lost", "done")) | {"write": ("lost", "done", "short", "full")}
TRIES = 6  # of one step: two faults, each perhaps twice met, and one that holds


class File:
    """What is durable of a file, and what was written since: (offset, data), or a size that it was cut to."""

    def __init__(self, durable=b""):
        self.durable = durable
        self.pending = []

    def settle(self):
        data = bytearray(self.durable)
        for at, change in self.pending:
            if change is None:
                del data[at:]
            else:
                data.extend(bytes(max(at - len(data), 0)))
                data[at : at + len(change)] = change
        self.durable, self.pending = bytes(data), []

    def forget(self):
        self.pending = [(at, change) for at, change in self.pending if change is None]


class Disk:
    """
    The file layer.

    Args:
        faults: By the number of a call, counted from 0, how it fails.

    Attributes:
        calls: The names of the calls that were made so far.
    """

    def __init__(self, faults=()):
        self.faults = dict(faults)
        self.calls = []
        self.live = {}  # by path: a `File`, or None for a directory
        self.names = {}  # those that are durable
        self.real = {name: getattr(disk, name) for name in disk.CALLS}

    def __enter__(self):
        for name in disk.CALLS:
            setattr(disk, name, getattr(self, name))
        return self

    def __exit__(self, *_):
        for name in disk.CALLS:
            setattr(disk, name, self.real[name])

    def fails(self, name, done):
        """Count a call, do what its fault says, and raise; or return, and it is done as it should."""
        kind = self.faults.get(len(self.calls))
        self.calls.append(name)
        if kind is None:
            return
        if kind == "done":
            done()
        code = errno.ENOSPC if kind in ("full", "short") else errno.EIO
        raise OSError(code, os.strerror(code))

    def do(self, name, done):
        self.fails(name, done)
        done()

    # --- the calls ---

    def write(self, fd, data):
        path, at = _path(fd), os.lseek(fd, 0, os.SEEK_CUR)
        if _appends(fd):
            at = os.fstat(fd).st_size
        file = self.live.setdefault(path, File())

        def done(part=data):
            self.real["write"](fd, part)
            file.pending.append((at, bytes(part)))

        if self.faults.get(len(self.calls)) == "short":
            done(data[: len(data) // 2])
        self.do("write", done)
        return len(data)

    def sync(self, fd):
        file = self.live.setdefault(_path(fd), File())
        try:
            self.do("sync", file.settle)
        except OSError:
            file.forget()
            raise

    def truncate(self, fd, size):
        file = self.live.setdefault(_path(fd), File())

        def done():
            self.real["truncate"](fd, size)
            file.pending.append((size, None))

        self.do("truncate", done)

    def sync_directory(self, path):
        def done():
            for name in {*self.live, *self.names}:
                if str(Path(name).parent) == path:
                    if name in self.live:
                        self.names[name] = self.live[name]
                    else:
                        self.names.pop(name, None)

        self.do("sync_directory", done)

    def mkdir(self, path):
        def done():
            self.real["mkdir"](path)
            self.live[path] = None

        self.do("mkdir", done)

    def rename(self, path, name):
        def done():
            self.real["rename"](path, name)
            self.live[name] = self.live.pop(path)

        self.do("rename", done)

    def unlink(self, path):
        def done():
            self.real["unlink"](path)
            self.live.pop(path, None)

        self.do("unlink", done)

    # --- the end ---

    def power_off(self):
        """Leave what is durable, and no more."""
        for path, file in self.live.items():
            if path not in self.names:
                if file is None:
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    Path(path).unlink(missing_ok=True)
        for path, file in self.names.items():
            if file is None:
                Path(path).mkdir(exist_ok=True)
            elif Path(path).parent.is_dir():
                Path(path).write_bytes(file.durable)
                file.pending = []
        self.live = dict(self.names)


def _path(fd):
    return str(Path(f"/proc/self/fd/{fd}").readlink())


def _appends(fd):
    import fcntl

    return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND)


class Host:
    """
    Who uses the log: what it was told is recorded, it holds the log to.

    Args:
        room: Where the log lies.
        layer: The disk.
        power: Whether the power goes out whenever a handle is dead, or nothing could be opened.
        arguments: For `AuditLog.open`.
    """

    def __init__(self, room, layer, *, power, **arguments):
        self.path = room / "log"
        self.layer = layer
        self.power = power
        self.arguments = {"clock": Clock(), **arguments}
        self.opened = 0
        self.log = None
        self.told = {}  # by seq: the line
        self.ids = Counter()
        self.erased = set()

    def open(self):
        self.opened += 1
        self.log = AuditLog.open(self.path, create=True, entropy=Entropy(self.opened), **self.arguments)

    def do(self, step):
        """Do a step until it is done."""
        for _ in range(TRIES):
            try:
                if self.log is None:
                    self.open()
                return step(self.log)
            except StoreError as error:
                self.look(error)
        raise AssertionError("a step fails without end")

    def look(self, error):
        """After a failure: a handle that cannot know what is durable lets nobody write or read; any other goes on, or says to open the log again."""
        if self.log is None:
            if self.power:
                self.layer.power_off()
            return
        if not self.log._journal._segments.dead:
            if "open the log again" in str(error):
                self.reopen()
            return
        for use in (lambda: self.log.append([entry(999)]), lambda: len(self.log), self.log.checkpoint):
            try:
                use()
            except StoreError:
                continue
            raise AssertionError("a dead handle goes on")
        self.reopen()

    def reopen(self):
        self.close()
        if self.power:
            self.layer.power_off()

    def close(self):
        if self.log is not None:
            self.log.close()
            self.log = None

    # --- steps ---

    def decide(self, number, case=None):
        done = self.do(lambda log: log.decide(RUBRIC, submission(number, case)))
        self.tell([done.seq], [f"s-{number}"])

    def append(self, numbers):
        self.tell(self.do(lambda log: log.append([entry(number) for number in numbers])), [f"s-{n}" for n in numbers])

    def tell(self, seqs, ids):
        """Somebody was told of these records."""
        for seq in seqs:
            self.told[seq] = self.do(lambda log, seq=seq: log.read(seq))
        self.ids.update(ids)

    def erase(self, case):
        seq = self.do(lambda log: log.erase(case, reason="asked"))
        self.tell([seq], [])
        self.erased.add(case)

    def work(self):
        """All that a log does in its life, in small."""
        self.decide(1)
        self.decide(2, "case-b")
        self.append([3, 4, 5])
        self.do(lambda log: log.checkpoint())
        self.decide(6)
        self.do_erase()
        self.close()
        self.decide(7)
        self.append([8, 9])
        self.close()

    def do_erase(self):
        for _ in range(TRIES):
            try:
                return self.erase("case-b")
            except Exception as error:
                if "no such case" not in str(error):
                    raise
                # The record was made before the handle died, and opening the log went on with it.
                self.erased.add("case-b")
                return None
        return None

    def holds(self):
        """The log after it all, on a machine whose power went out once more."""
        self.layer.power_off()
        self.do(lambda _: None)
        lines = [line for _, line in self.log.records()]
        self.close()
        records = [json.loads(line) for line in lines]
        found = Counter(record["body"]["id"] for record in records if record["type"] == "decision")
        assert max(found.values()) == 1, "a record stands twice"
        assert not self.ids.keys() - found.keys(), "an acknowledged record is lost"
        for seq, record in self.told.items():
            assert records[seq] == record, "an acknowledged record is another than it was"
        vault = Path(f"{self.path}.vault")
        report = verify_directory(self.path, vault=vault)
        assert report.ok, "\n".join(map(str, report.findings))
        names = {name for (name,) in query(vault, "SELECT name FROM cases WHERE gone = 0")}
        assert not names & self.erased, "an erased case is still told"
        return len(records)


# A process that a failing kernel hits; it says what it was told, and does what the messages say.
CHILD = """
import sys
sys.path.insert(0, sys.argv[2])
from logs import RUBRIC, submission
from scoring.audit.log import AuditLog
from scoring.errors import StoreError

log, failed = None, 0
for number in range(12):
    for _ in range(6):
        try:
            if log is None:
                log = AuditLog.open(sys.argv[1], create=True)
            done = log.decide(RUBRIC, submission(number))
        except StoreError as error:
            failed += 1
            if log is not None and "open the log again" in str(error):
                log.close()
                log = None
            continue
        print("told", done.seq, number, flush=True)
        break
    if number == 5:
        log.close()
        log = None
print("failed", failed, flush=True)
log.close()
"""


def no_strace():
    """Why the kernel cannot be made to fail here; empty where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(
        ["strace", "-f", "-o", os.devnull, "-e", "inject=fdatasync:error=EIO:when=1", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"strace cannot work here: {tried.stderr.strip()[-100:]}" if tried.returncode else ""


def kernel_life(room, call, error, number, more=""):
    """A life in which the kernel fails the *number*-th *call* (and by *more* others after it); how many failures were told."""
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    path = room / "log"
    inject = f"inject={call}:error={error}:when={number}{more}"
    # `write` also prints: of it only those to the log's own files fail.
    paths = [f"--trace-path={path / file}" for file in ("log/000000000000.jsonl", "heads", "cache/first.tmp")]
    command = ["strace", "-f", "-qq", "-o", os.devnull, *(paths if call == "write" else ()), "-e", inject]
    child = [sys.executable, "-c", CHILD, str(path), str(Path(__file__).parent)]
    done = subprocess.run([*command, *child], capture_output=True, text=True, check=False, timeout=120)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0, (inject, done.stderr)
    told = {int(words[1]): f"s-{words[2]}" for words in lines if words[0] == "told"}
    assert len(told) == 12, (inject, done.stdout)
    with AuditLog.open(path) as log:
        records = [json.loads(line) for _, line in log.records()]
    found = Counter(record["body"]["id"] for record in records if record["type"] == "decision")
    assert all(records[seq]["body"]["id"] == name for seq, name in told.items()), inject
    assert max(found.values()) == 1, inject
    report = verify_directory(path)
    assert report.ok, (inject, str(report))
    return int(lines[-1][1])


def kernel_lives(room, step=1):
    """The kernel fails one call, or two in a row, or every second of six; how many lives, and in how many a failure was told."""
    kinds = (
        ("fdatasync", "EIO", 45),
        ("fdatasync", "ENOSPC", 45),
        ("write", "ENOSPC", 40),
        ("write", "EIO", 40),
        ("fsync", "EIO", 15),
        ("pwrite64", "ENOSPC", 60),
        ("ftruncate", "EIO", 8),
    )
    cases = [
        (call, error, number, more)
        for call, error, most in kinds
        for number in range(1, most)
        for more in ("", f"..{number + 1}", f"..{number + 6}+2")
    ][::step]
    told = [kernel_life(room, *case) for case in cases]
    return len(told), sum(map(bool, told))


def run(room, faults=(), **arguments):
    """One life under these faults; the calls that it took."""
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    with Disk(faults) as layer:
        host = Host(room, layer, **arguments)
        host.work()
        calls = [*layer.calls]
        host.holds()
    return calls


def singles(room, step=1, **arguments):
    """Every call fails in every way that it can; what was run."""
    calls = run(room, **arguments)
    cases = [{number: kind} for number, name in enumerate(calls) for kind in KINDS[name]][::step]
    for case in cases:
        tried(room, case, **arguments)
    return len(cases)


def pairs(room, step=1, firsts=1, **arguments):
    """And after each (or each so many) every call (or each so many) of the life that follows, which is another one."""
    calls = run(room, **arguments)
    count = 0
    place = itertools.count()
    for first, kind in [(number, kind) for number, name in enumerate(calls) for kind in KINDS[name]][::firsts]:
        then = tried(room, {first: kind}, **arguments)
        for second in range(first + 1, len(then)):
            for next_kind in KINDS[then[second]]:
                if next(place) % step == 0:
                    tried(room, {first: kind, second: next_kind}, **arguments)
                    count += 1
    return count


def tried(room, faults, **arguments):
    try:
        return run(room, faults, **arguments)
    except Exception as error:
        error.add_note(f"faults {faults}, {arguments}")
        raise


def main():
    """Run every pair, and let the kernel fail; say how many there were."""
    room = Path(tempfile.mkdtemp(dir=MEMORY if Path(MEMORY).is_dir() else None))
    started = time.monotonic()

    def say(count, what):
        print(f"{count:6} {what}: {time.monotonic() - started:.0f} s", flush=True)

    try:
        total = 0
        for power, then in ((False, "the machine goes on"), (True, "the power goes out")):
            for work in (singles, pairs):
                count = work(room / "life", power=power)
                total += count
                say(count, f"{work.__name__}, after which {then}")
        reason = no_strace()
        if reason:
            print(f"       the kernel was not made to fail: {reason}")
        else:
            count, told = kernel_lives(room / "kernel")
            total += count
            say(count, f"lives in which the kernel fails, {told} of which were told")
        print(f"{total:6} in all: no acknowledged record lost, none twice, none altered, vault and log agree")
    finally:
        shutil.rmtree(room)


if __name__ == "__main__":
    main()
