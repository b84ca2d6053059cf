"""
How much faster a backtest over columns is than scoring each stored submission again: one core, the standard library, one run.

A rubric of 50 items in five sections, with flags, a fatal option, unclear numbers and two overrides; a new version of it with other points, shares, cuts and
another override. Both ways are timed in turn, round by round, and what counts is the median of the rounds' ratios. Building the cache is timed apart.

    python tests/bench_backtest.py [DECISIONS]
"""

from __future__ import annotations

import copy
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import packs
from scoring import canonical
from scoring.audit.chain import Batch, Tail
from scoring.audit.columns import Columns, columns_of
from scoring.change.backtest import backtest
from scoring.engine.rubric import Rubric

ROUNDS = 9
SAMPLE = 2_000  # submissions scored in each round
REPEATED = 1_000_000
TARGETS = {"stored submissions": 50, "JSON lines, a million": 40}


def document() -> dict[str, Any]:
    sections = []
    for s in range(5):
        items = []
        for n in range(10):
            name = f"q-{s}-{n}"
            if n == 9:
                items.append(packs.number(name, str(70 + s)))
            else:
                wrong = "fatal" if (s, n) == (0, 0) else "refer" if n == 1 else None
                options = {"A": ("1", None), "B": ("1/2", None), "C": ("0", None), "D": ("0", wrong)}
                items.append(packs.choice(name, **options))
        sections.append(packs.section(f"section-{s}", *items))
    return packs.pack(
        *sections,
        overrides=[
            packs.override("first", "middling", {"section": "section-0", "below": "1/2"}),
            packs.override("refers", "middling", {"flag": "refer", "at_least": 2}),
        ],
    )


def changed() -> dict[str, Any]:
    new = copy.deepcopy(document())
    new["version"] = "2"
    new["verdicts"][0]["from"] = "3/4"
    shares = ["1/10", "3/10", "1/5", "1/5", "1/5"]
    new["profiles"][0]["shares"] = {f"section-{n}": share for n, share in enumerate(shares)}
    for section in new["stages"][0]["sections"]:
        section["items"][2]["options"][1]["points"] = "2/3"
        section["items"][3]["options"][3]["flag"] = "refer"
    new["overrides"][0]["when"]["below"] = "2/3"
    return new


def submissions(count: int) -> list[dict[str, Any]]:
    rng = random.Random(20261122)
    found = []
    for _ in range(count):
        skill = rng.random()
        answers = {}
        for s in range(5):
            for n in range(10):
                right = rng.random() < 0.25 + 0.7 * skill
                if n == 9:
                    answers[f"q-{s}-{n}"] = str(70 + s) if right else "12 or 13" if rng.random() < 0.1 else "12"
                else:
                    answers[f"q-{s}-{n}"] = (
                        "A" if right else rng.choice("BCC" if n == 0 and rng.random() < 0.9 else "BCD")
                    )
        found.append({"answers": answers})
    return found


def write_log(where: Path, decisions: list[dict[str, Any]], count: int) -> Any:
    """A log of so many decisions, the given ones again and again."""
    (where / "log").mkdir()
    tail = Tail()
    for first in range(0, count, 65_536):
        batch = Batch(tail, "2026-11-22T09:00:00Z", 65_536)
        if not first:
            batch.add("genesis", {"origin": "bench.example/log"})
        while batch.tail.size < min(first + 65_536, count):
            seq = batch.tail.size
            digests = {"case": f"{seq:064x}", "submission": f"{seq:064x}"}
            body = {
                "decision": decisions[seq % len(decisions)],
                "disclosures": digests,
                "id": f"s{seq}",
                "supersedes": None,
            }
            batch.add("decision", body)
        (where / "log" / f"{first:012d}.jsonl").write_bytes(b"".join(line + b"\n" for line in batch.lines))
        tail = batch.tail
    return SimpleNamespace(path=str(where), head=(tail.size, tail.leaf))


def repeated(columns: Columns, times: int) -> Columns:
    """The same columns, each chunk so many times."""
    more = copy.copy(columns)
    more.groups = tuple(
        type(g)(g.pack, g.profile, g.level, g.variant, g.decisions * times, g.chunks * times) for g in columns.groups
    )
    return more


def timed(work: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def main(count: int) -> int:
    old, new = Rubric(canonical.dumps(document())), Rubric(canonical.dumps(changed()))
    sent = submissions(SAMPLE)
    lines = [canonical.dumps(one) for one in sent]
    decisions = [old.score(one).data for one in sent]
    with tempfile.TemporaryDirectory() as room:
        log = write_log(Path(room), decisions, count)
        building, columns = timed(lambda: columns_of(log))
        print(f"building the cache of {count} records: {building:.1f} s, {building / count * 1e6:.1f} us each")
        reading, columns = timed(lambda: columns_of(log))
        print(f"opening it again: {reading * 1000:.1f} ms")
        million = repeated(columns, -(-REPEATED // (count - 1)))
        ratios: dict[str, list[float]] = {name: [] for name in TARGETS}
        for _ in range(ROUNDS):
            from_dicts, _ = timed(lambda: [new.score(one) for one in sent])
            over, found = timed(lambda: backtest(old.plan, new.plan, columns, no_vault, workers=1))
            ratios["stored submissions"].append(from_dicts / SAMPLE / (over / found.cases))
            from_lines, _ = timed(lambda: [new.score(line) for line in lines])
            over, found = timed(lambda: backtest(old.plan, new.plan, million, no_vault, workers=1))
            ratios["JSON lines, a million"].append(from_lines / SAMPLE / (over / found.cases))
            print(
                f"scored {SAMPLE / from_dicts:,.0f}/s, from JSON lines {SAMPLE / from_lines:,.0f}/s; "
                f"backtest of {found.cases:,}: {over:.2f} s, {found.cases / over:,.0f}/s, {len(found.movers):,} move"
            )
        whole = backtest(old.plan, new.plan, columns, no_vault, workers=1)
        again = [new.score(one) for one in sent]
        pairs = Counter((decisions[seq % SAMPLE]["verdict"], again[seq % SAMPLE].verdict) for seq in range(1, count))
        assert pairs == whole.matrix, "a backtest and scoring again differ"
        assert not whole.reread
    missed = 0
    for name, target in TARGETS.items():
        ratio = statistics.median(ratios[name])
        missed += ratio < target
        print(
            f"{name}: {ratio:.0f} times as fast (at least {target}); rounds {min(ratios[name]):.0f} to {max(ratios[name]):.0f}"
        )
    return int(missed > 0)


def no_vault(_seq: int) -> None:
    return None


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_001))
