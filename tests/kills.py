"""
Six processes write to one log, and each is killed at a moment of its own: `make kill` does it 200 times over, `test_kills` a few.

A log lives through ten such rounds, the first of which makes it. After each, whatever was acknowledged is there, once, where it was said to be; the records
are one chain; vault and log agree; and what was erased is in no file of the vault. In the next round every writer first sends again what it sent last, as a
host does that heard nothing.
"""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from logs import MEMORY, RUBRIC, entry, submission
from scoring.audit.log import AuditLog
from scoring.audit.verify import verify_directory
from scoring.errors import ScoringError

WRITERS, LIVES = 6, 10
LONGEST_S = 0.25  # that a writer lives, once it was started


def case_of(number):
    """A name that no other begins with."""
    return f"case-{number}-"


class Round:
    """What six writers were told before they were killed."""

    def __init__(self, path, number, last, chance):
        self.path = path
        self.number = number
        self.last = last  # by writer: the number that it sent last in the round before
        self.chance = chance
        self.acknowledged = []  # (kind, seq, id or case)
        self.said = dict.fromkeys(range(WRITERS), b"")

    def run(self):
        ends = {}
        pipes = {}
        for writer in range(WRITERS):
            read, write = os.pipe()
            pid = os.fork()
            if not pid:
                os.close(read)
                self.write(writer, write)
            os.close(write)
            pipes[read] = writer
            ends[pid] = time.monotonic() + self.chance.uniform(0.0, LONGEST_S)
        open_pipes = set(pipes)
        while ends or open_pipes:
            now = time.monotonic()
            for pid in [pid for pid, end in ends.items() if end <= now]:
                os.kill(pid, signal.SIGKILL)
                _, status = os.waitpid(pid, 0)
                assert os.WIFSIGNALED(status), "a writer failed before it was killed"
                del ends[pid]
            for pipe in select.select([*open_pipes], [], [], 0.001)[0]:
                data = os.read(pipe, 1 << 16)
                self.said[pipes[pipe]] += data
                if not data:
                    open_pipes.remove(pipe)
                    os.close(pipe)
        for said in self.said.values():
            lines = said.split(b"\n")[:-1]  # a line that was being written is none
            self.acknowledged += [json.loads(line) for line in lines]
        return self.acknowledged

    def write(self, writer, pipe):
        """A writer's life; it never comes back."""
        try:
            self.work(writer, lambda *said: os.write(pipe, json.dumps(said).encode() + b"\n"))
        except BaseException:  # noqa: BLE001 - a fork of the tests must not go on as if it were them
            traceback.print_exc()
            os._exit(1)

    def work(self, writer, say):
        with AuditLog.open(self.path, create=True) as log:
            log.publish(RUBRIC)
            number = max(self.last.get(writer, 0) - 2, writer * 1_000_000)
            for turn in range(1_000_000):
                numbers = range(number, number + 1 + turn % 4)
                number += len(numbers)
                say("sent", -1, numbers[-1])
                if writer % 3 == 2:
                    seqs = log.append([entry(one, case_of(one)) for one in numbers])
                else:
                    done = list(log.decide_all(RUBRIC, (submission(one, case_of(one)) for one in numbers)))
                    if any(isinstance(one, ScoringError) for one in done):
                        continue  # it was recorded, and its case was erased since
                    seqs = [one.seq for one in done]
                for seq, one in zip(seqs, numbers, strict=True):
                    say("decision", seq, f"s-{one}")
                if writer == 1 and turn % 5 == 4:
                    log.checkpoint()
                if writer == 0 and turn % 3 == 2:
                    say("erasure", log.erase(case_of(numbers[0]), reason="asked"), case_of(numbers[0]))


class Life:
    """A log through its rounds."""

    def __init__(self, path, chance):
        self.path = path
        self.chance = chance
        self.acknowledged = []
        self.last = {}

    def round(self, number):
        told = Round(self.path, number, self.last, self.chance).run()
        for kind, _, one in told:
            if kind == "sent":
                writer = one // 1_000_000
                self.last[writer] = max(self.last.get(writer, 0), one)
        self.acknowledged += [said for said in told if said[0] != "sent"]
        if (self.path / "log").exists() or self.acknowledged:
            self.holds()

    def holds(self):
        with AuditLog.open(self.path, create=True) as log:
            records = [json.loads(line) for _, line in log.records()]
        ids = Counter(record["body"]["id"] for record in records if record["type"] == "decision")
        assert not ids or max(ids.values()) == 1, "a record stands twice"
        for kind, seq, name in self.acknowledged:
            assert records[seq]["type"] == kind, "an acknowledged record is lost, or another"
            assert kind == "erasure" or records[seq]["body"]["id"] == name, "an acknowledged record is lost, or another"
        report = verify_directory(self.path)
        assert report.ok, str(report)
        assert report["vault"].result == "HOLDS", str(report)
        kept = b"".join(file.read_bytes() for file in self.path.parent.glob(f"{self.path.name}.vault*"))
        for name in (name for kind, _, name in self.acknowledged if kind == "erasure"):
            assert name.encode() not in kept, "an erased case is in a file of the vault"

    @property
    def records(self):
        with AuditLog.open(self.path) as log:
            return len(log)


def kill(room, rounds, seed=1):
    """So many rounds; how many records were acknowledged, and how many there are."""
    chance = random.Random(seed)
    acknowledged = recorded = recoveries = 0
    for number in range(rounds):
        if number % LIVES == 0:
            shutil.rmtree(room, ignore_errors=True)
            room.mkdir()
            life = Life(room / "log", chance)
        try:
            life.round(number)
        except BaseException as error:
            error.add_note(f"round {number} of seed {seed}, in {room}")
            raise
        if number % LIVES == LIVES - 1 or number == rounds - 1:
            acknowledged += len(life.acknowledged)
            recorded += life.records
            with AuditLog.open(life.path) as log:
                recoveries += sum(b'"type":"recovery"' in line for _, line in log.records())
    return acknowledged, recorded, recoveries


def main():
    """Run all rounds, and say what they came to."""
    room = Path(tempfile.mkdtemp(dir=MEMORY if Path(MEMORY).is_dir() else None))
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    started = time.monotonic()
    acknowledged, recorded, recoveries = kill(room / "life", rounds)
    shutil.rmtree(room)
    print(
        f"{rounds} rounds of {WRITERS} writers in {time.monotonic() - started:.0f} s: {acknowledged} acknowledgements, {recorded} records, {recoveries} "
        "recoveries; none lost, none twice, one chain, vault and log agree"
    )


if __name__ == "__main__":
    main()
