"""
`make bench-log`: how fast and how small the log is, against a loop that hashes and a loop that syncs, side by side in one run.

Every figure is the median over the rounds of a ratio within one round, in which what is compared runs one after the other, so that whatever else the
machine does hits both alike. Logs to verify are written by a generator that knows the format and nothing of the package; a sample of them is verified in
full before anything is measured.

    python tests/bench_log.py [--rounds 7] [--records 1048576] [--most 2000000] [--room DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scoring.audit import checkpoint
from scoring.audit.crew import cores
from scoring.audit.entry import Entry
from scoring.audit.keys import SigningKey
from scoring.audit.log import AuditLog
from scoring.audit.packs import describe
from scoring.audit.tree import Tree, leaf_hash
from scoring.audit.verify import verify_directory
from scoring.engine.rubric import Rubric

ROOT = Path(__file__).parent.parent
SEGMENT = 65_536
HEAD = 256
ORIGIN = "bench.example/log"
KEY = SigningKey(ORIGIN, bytes(range(32)))
ROUNDS = 7
BATCH = 64
OPENINGS = 20
DECISIONS = 4096  # different ones in a log, so that nothing that remembers a few has it too easy
IRREGULAR = [*itertools.combinations(("late-start", "network-lost", "other-device", "second-person", "window-left"), 2)]

# what, at least (or at most) how many times, and how the ratio is read
TARGETS = {
    "integrity, one core": (0.45, "of the hashing loop's speed, at least"),
    "integrity, two cores": (1.6, "times integrity on one core, at least"),
    "canonical, one core": (0.12, "of the hashing loop's speed, at least"),
    "appends, no vault": (15, "times the syncing loop's speed, at least"),
    "appends, vault": (4, "times the syncing loop's speed, at least"),
    "scored too, no vault": (None, "times the syncing loop's speed"),
    "scored too, vault": (None, "times the syncing loop's speed"),
    "opening, most records": (20, "times opening a thousand, at most"),
    "memory, integrity": (1.25, "times that of ten thousand, at most"),
    "memory, canonical": (1.25, "times that of ten thousand, at most"),
    "memory, opening": (1.25, "times that of ten thousand, at most"),
}


# --- logs to verify ---


def rubric():
    """The written test of `rules/`, whose records are about 1 KiB long."""
    from scoring.rubric.check import check

    return Rubric(check(ROOT / "rules" / "ml-engineer-mid-written" / "rubric.yaml").pack)


def answers(pack, number):
    """Answers to every item, others for each number."""
    digits, given = hashlib.sha256(str(number).encode()).digest(), {}
    items = [item for stage in pack["stages"] for section in stage["sections"] for item in section["items"]]
    for digit, item in zip(digits, items, strict=False):
        if item["kind"] == "choice":
            given[item["id"]] = item["options"][digit % len(item["options"])]["id"]
        elif item["kind"] == "selection":
            given[item["id"]] = [option["id"] for bit, option in enumerate(item["options"]) if digit >> bit & 1]
        elif item["kind"] == "number":
            given[item["id"]] = item["keys"][0]["low"] if digit & 1 else str(digit)
    return given


def decided(by, count):
    """So many submissions, each with its decision, and that as canonical JSON, all different: in answers, in irregularities, in whether notice was given."""
    pack, found, numbers = json.loads(by.pack), {}, itertools.count()
    notice = {"at": "2026-01-01T00:00:00Z", "sha256": "0" * 64}
    while len(found) < count:
        number = next(numbers)
        first, second = IRREGULAR[number % len(IRREGULAR)]
        facts = {"irregularities": [first, second], "notice": notice} if number % 2 else {"irregularities": [first]}
        submission = {"answers": answers(pack, number), "facts": facts}
        decision = by.score(submission).data
        found.setdefault(json.dumps(decision, sort_keys=True, separators=(",", ":")), (submission, decision))
    return [(submission, decision, text) for text, (submission, decision) in found.items()]


def make_log(path, records, by, key=KEY):
    """Write a log of so many records, heads and all, as its own writer would: a case and a decision each."""
    shutil.rmtree(path, ignore_errors=True)
    (path / "log").mkdir(parents=True)
    (path / "packs").mkdir()
    (path / "cache").mkdir()
    (path / "lock").touch()
    (path / "packs" / f"{by.digest}.json").write_bytes(by.pack)
    texts = (text for _, _, text in decided(by, DECISIONS))
    some = sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())
    tree, heads, tiles, prev, segment = Tree(), [], bytearray(), "null", None
    for seq in range(records):
        second = seq // 4
        time_of = f"2026-{1 + second // 2_419_200:02d}-{1 + second // 86_400 % 28:02d}T{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"
        if seq == 0:
            kind, body = "genesis", f'{{"origin":"{ORIGIN}"}}'
        elif seq == 1:
            kind, body = "key", f'{{"key":"{key.verification_key}"}}'
        elif seq == 2:
            kind, body = "rubric", json.dumps(describe(by.pack), sort_keys=True, separators=(",", ":"))
        else:
            kind = "decision"
            digest = hashlib.sha256(b"%d" % seq).hexdigest()
            disclosures = f'{{"case":"{digest}","submission":"{digest[::-1]}"}}'
            body = f'{{"decision":{some[seq % len(some)]},"disclosures":{disclosures},"id":"application-{digest[:8]}-{seq}","supersedes":null}}'
        line = f'{{"body":{body},"prev":{prev},"seq":{seq},"time":"{time_of}","type":"{kind}","v":1}}'.encode()
        if seq % SEGMENT == 0:
            if segment:
                segment.close()
            segment = (path / "log" / f"{seq:012d}.jsonl").open("wb", 1 << 20)
        segment.write(line + b"\n")
        made = tree.append(leaf_hash(line))
        prev = f'"{made[0].hex()}"'
        tiles += b"".join(made[8:9])
        if tree.size % HEAD == 0 or tree.size == records:
            note = checkpoint.write(checkpoint.Head(ORIGIN, tree.size, tree.root()), key)
            heads.append(json.dumps(note.decode(), ensure_ascii=False, separators=(",", ":")))
    segment.close()
    (path / "heads").write_text("".join(f"{line}\n" for line in heads), encoding="utf-8")
    (path / "cache" / "tiles").write_bytes(tiles)
    return path


# --- what is measured ---


def timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def hashing_loop(count, length):
    """Seconds that a bare loop takes for one SHA-256 of each of so many records of so many bytes."""
    records = [os.urandom(length) for _ in range(count)]

    def loop():
        for record in records:
            hashlib.sha256(record).digest()

    return timed(loop)


def verified(path, records, **arguments):
    """Seconds that verifying takes; it must hold."""
    reports = []
    seconds = timed(lambda: reports.append(verify_directory(path, vault=False, key=KEY.verification_key, **arguments)))
    assert reports[0].ok, reports[0]
    assert reports[0].size == records
    return seconds


def syncing_loop(room, lines):
    """Seconds that a lone loop takes that writes each record and syncs it."""
    fd = os.open(room / "loop", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    try:

        def loop():
            for line in lines:
                os.write(fd, line)
                os.fdatasync(fd)

        return timed(loop)
    finally:
        os.close(fd)


def appended(room, by, work, vault):
    """Seconds that a log takes for some work on it, signed heads included, and the length of its records."""
    path = room / "appended"
    shutil.rmtree(path, ignore_errors=True)
    for file in room.glob("appended.vault*"):
        file.unlink()
    with AuditLog.open(path, create=True, signer=KEY, vault=None if vault else False) as log:
        log.publish(by)
        begins = (path / "log" / f"{0:012d}.jsonl").stat().st_size
        records = len(log)

        def loop():
            work(log)
            log.checkpoint()

        seconds = timed(loop)
        length = ((path / "log" / f"{0:012d}.jsonl").stat().st_size - begins) / (len(log) - records)
    return seconds, round(length)


OPEN = "from scoring.audit.log import AuditLog; AuditLog.open({path!r}, vault=False).close()"
VERIFY = "from scoring.audit.verify import verify_directory; assert verify_directory({path!r}, vault=False, workers=1, fast={fast}).ok"


def opened(path):
    """Seconds that one opening and closing takes in a process that opened one before, the median of some."""
    times = []
    for _ in range(OPENINGS):
        started = time.perf_counter()
        AuditLog.open(path, vault=False).close()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def peak(code):
    """The most memory that a process of its own held at any time, in KiB; `ru_maxrss` would count what its parent held."""
    report = "; print(open('/proc/self/status').read())"
    out = subprocess.run([sys.executable, "-c", code + report], check=True, capture_output=True, text=True)
    return int(next(line for line in out.stdout.splitlines() if line.startswith("VmHWM:")).split()[1])


class Table:
    """Ratios by name, round by round."""

    def __init__(self):
        self.ratios = {name: [] for name in TARGETS}

    def add(self, name, ratio):
        self.ratios[name].append(ratio)

    def rows(self):
        """For each target that was measured: its name, how the ratio is read, the target, the ratios of the rounds, and whether their median reaches it."""
        for name, (target, words) in TARGETS.items():
            found = self.ratios[name]
            if found:
                middle = statistics.median(found)
                yield (
                    name,
                    words,
                    target,
                    found,
                    None if target is None else middle <= target if words.endswith("most") else middle >= target,
                )

    def show(self):
        """Print each target beside the median of its rounds, and how far these lay apart."""
        print(f"\n{'':24}{'target':>8}{'median':>9}{'lowest':>9}{'highest':>9}  rounds")
        for name, words, target, found, met in self.rows():
            middle = statistics.median(found)
            row = f"{name:24}{target or '':>8}{middle:>9.3f}{min(found):>9.3f}{max(found):>9.3f}{len(found):>8}"
            print(f"{row}  { {None: '', True: 'reached', False: 'MISSED'}[met]:7}  {words}")


def verifying(table, room, by, options):
    records = options.records
    path = make_log(room / "verified", records, by)
    length = sum(file.stat().st_size for file in (path / "log").iterdir()) // records - 1
    print(f"a log of {records} records of {length} bytes; {cores()} cores")
    per = {}
    for _ in range(options.rounds):
        loop = hashing_loop(20_000, length) / 20_000
        one = verified(path, records, fast=True, workers=1) / records
        two = verified(path, records, fast=True, workers=2) / records
        again = hashing_loop(20_000, length) / 20_000
        whole = verified(path, records, workers=1) / records
        last = hashing_loop(20_000, length) / 20_000
        table.add("integrity, one core", (loop + again) / 2 / one)
        table.add("integrity, two cores", one / two)
        table.add("canonical, one core", (again + last) / 2 / whole)
        for name, seconds in (("loop", loop), ("integrity", one), ("on two cores", two), ("canonical", whole)):
            per.setdefault(name, []).append(seconds * 1e6)
    print("; ".join(f"{name} {statistics.median(values):.2f} us a record" for name, values in per.items()))
    shutil.rmtree(path)


def appending(table, room, by, options):
    """Batches of 64: decisions that were made beforehand, whose speed has a target, and those that are scored on the way."""
    made = decided(by, options.appends)
    entries = [Entry(f"a-{n}", f"case-{n}", decision, submission) for n, (submission, decision, _) in enumerate(made)]
    sheets = [{**entry.submission, "case": entry.case, "id": entry.id} for entry in entries]

    def append(log):
        for start in range(0, len(entries), BATCH):
            log.append(entries[start : start + BATCH])

    def decide(log):
        for done in log.decide_all(by, sheets, BATCH):
            assert not isinstance(done, Exception), done

    rows = {
        "appends, no vault": (append, False),
        "appends, vault": (append, True),
        "scored too, no vault": (decide, False),
        "scored too, vault": (decide, True),
    }
    _, length = appended(room, by, append, vault=False)
    lines = [os.urandom(length)] * (options.appends // 8)
    per = {"loop": []}
    for _ in range(options.rounds):
        loop = syncing_loop(room, lines) / len(lines)
        for name, (work, vault) in rows.items():
            own = appended(room, by, work, vault=vault)[0] / len(entries)
            again = syncing_loop(room, lines) / len(lines)
            table.add(name, (loop + again) / 2 / own)
            per["loop"].append(loop * 1e6)
            per.setdefault(name, []).append(own * 1e6)
            loop = again
    print(f"records of {length} bytes; {'; '.join(f'{name} {statistics.median(v):.0f} us' for name, v in per.items())}")


def growing(table, room, by, options):
    """Opening and memory, of logs of very different lengths."""
    sizes = {"thousand": 1_000, "small": 10_000, "most": options.most}
    paths = {name: make_log(room / name, size, by) for name, size in sizes.items()}
    for path in paths.values():  # which makes their index
        AuditLog.open(path, vault=False).close()
    for _ in range(options.rounds):
        table.add("opening, most records", opened(paths["most"]) / opened(paths["thousand"]))
    print(
        f"opening: a thousand records {opened(paths['thousand']) * 1e3:.1f} ms, {sizes['most']} records {opened(paths['most']) * 1e3:.1f} ms"
    )
    for name, code in (
        ("memory, integrity", VERIFY.replace("{fast}", "True")),
        ("memory, canonical", VERIFY.replace("{fast}", "False")),
        ("memory, opening", OPEN),
    ):
        least, most = (peak(code.format(path=str(paths[name]))) for name in ("small", "most"))
        table.add(name, most / least)
        print(f"{name}: {least / 1024:.1f} MiB of ten thousand records, {most / 1024:.1f} MiB of {sizes['most']}")


PARTS = {"verify": verifying, "append": appending, "grow": growing}


def asked(arguments=None):
    """What is asked for on the command line, or in a list of its words."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure, by default all")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--records", type=int, default=16 * SEGMENT, help="of the log that is verified: 1 GB")
    parser.add_argument("--appends", type=int, default=2048, help="of one round")
    parser.add_argument("--most", type=int, default=2_000_000, help="records of the long log")
    parser.add_argument("--room", type=Path, help="where to work, 3 GB: on the kind of disk that is asked about")
    return parser.parse_args(arguments)


def measured(options):
    """The table of all parts that were asked for."""
    table, by = Table(), rubric()
    with tempfile.TemporaryDirectory(dir=options.room) as room:
        path = make_log(Path(room) / "sample", 3_000, by)
        AuditLog.open(path, vault=False).close()
        report = verify_directory(path, vault=False, key=KEY.verification_key)
        assert report.ok, report
        for part in options.parts or PARTS:
            PARTS[part](table, Path(room), by, options)
    return table


if __name__ == "__main__":
    measured(asked()).show()
