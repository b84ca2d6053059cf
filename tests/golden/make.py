"""
Write the golden log: the same bytes on every Python, hash seed, time zone, locale, with and without orjson.

A written test by two profiles, then a process of several stages: openings, instalments, what a person says of them, and another version of the rubric.

Usage: python tests/golden/make.py OUT, with `src` on PYTHONPATH. Needs the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

from scoring import AuditLog, load
from scoring.audit.rescore import Rescore

HERE = Path(__file__).parent


def counting_clock() -> Callable[[], str]:
    """A clock that says one second more each time it is asked."""
    ticks = iter(range(60 * 60))

    def clock() -> str:
        minute, second = divmod(next(ticks), 60)
        return f"2026-01-02T03:{minute:02d}:{second:02d}Z"

    return clock


def counting_entropy() -> Callable[[int], bytes]:
    """Bytes that nobody would guess to be random, but that are always the same."""
    blocks = iter(range(10**6))
    return lambda size: hashlib.shake_128(f"golden {next(blocks)}".encode()).digest(size)


def funnel(log: AuditLog) -> None:
    """Go through the steps of `funnel.jsonl`, one after the other: `open`, `decide`, `resolve`; then score all of it by the next version."""
    rubric = load(HERE / "funnel.pack.json", level="mid")
    for line in (HERE / "funnel.jsonl").read_bytes().splitlines():
        step = json.loads(line)
        if "open" in step:
            log.open_case(rubric, **step["open"])
        elif "decide" in step:
            log.decide(rubric, step["decide"])
        else:
            log.resolve(step["resolve"].pop("case"), **step["resolve"])
    Rescore(log, load(HERE / "funnel-2.pack.json", level="mid"), "all").apply()


def main(out: str) -> None:
    """Score and record everything that lies beside this file."""
    submissions = (HERE / "submissions.jsonl").read_bytes().splitlines()
    with AuditLog.open(out, create=True, origin="golden", clock=counting_clock(), entropy=counting_entropy()) as log:
        for profile, chosen in (("equal", submissions[::2]), ("thirds", submissions[1::2])):
            rubric = load(HERE / "rubric.pack.json", profile=profile)
            for done in log.decide_all(rubric, chosen, batch=5):
                if isinstance(done, Exception):
                    raise done
        funnel(log)
        assert all(finding.result != "FAILS" for finding in log.verify().findings)
        for replayed in log.replay().findings:
            assert replayed.result == "HOLDS", replayed


if __name__ == "__main__":
    main(sys.argv[1])
