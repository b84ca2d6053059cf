"""
Write the golden log: the same bytes on every Python, hash seed, time zone, locale, with and without orjson.

Usage: python tests/golden/make.py OUT, with `src` on PYTHONPATH. Needs the standard library only.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

from scoring import AuditLog, load

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


def main(out: str) -> None:
    """Score and record everything that lies beside this file, by both profiles."""
    submissions = (HERE / "submissions.jsonl").read_bytes().splitlines()
    with AuditLog.open(out, create=True, origin="golden", clock=counting_clock(), entropy=counting_entropy()) as log:
        for profile, chosen in (("equal", submissions[::2]), ("thirds", submissions[1::2])):
            rubric = load(HERE / "rubric.pack.json", profile=profile)
            for done in log.decide_all(rubric, chosen, batch=5):
                if isinstance(done, Exception):
                    raise done
        assert all(finding.result != "FAILS" for finding in log.verify().findings)
        for replayed in log.replay().findings:
            assert replayed.result == "HOLDS", replayed


if __name__ == "__main__":
    main(sys.argv[1])
