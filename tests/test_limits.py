"""The largest decision that the limits allow still fits a record."""

from __future__ import annotations

from packs import choice, number, override, pack, rubric, section, verdict
from scoring.audit.chain import MAX_LINE
from scoring.engine.shape import MAX_ID


def long_id(kind: str, n: int) -> str:
    return f"{kind}{n}-".ljust(MAX_ID, "x")


def test_the_largest_decision_fits_a_record_with_room_to_spare() -> None:
    """1,000 items in 50 sections, 100 overrides that all hold, 20 irregularities, awkward numbers, every id 48 characters long."""
    primes = [p for p in range(1_000, 2_000) if all(p % d for d in range(2, 45))]
    sections = []
    for s in range(50):
        items = [choice(long_id(f"i{s}-", n), A=("0", "refer"), B=("0", "fatal"), C=("1", "note")) for n in range(19)]
        best = [number(long_id(f"n{s}-", 0), points=f"{primes[s]}/{primes[s + 1]}", keys=[])]
        best[0]["keys"] = [
            {"about": {}, "flag": None, "id": "k", "points": f"{primes[s]}/{primes[s + 1]}", "low": "1", "high": "1"}
        ]
        sections.append(section(long_id("s", s), *items, *best))
    document = pack(
        *sections,
        verdicts=[
            verdict(long_id("v", 0), "1/999999999989", "advance"),
            *(verdict(long_id("v", n), "0" if n == 1 else None, "decline") for n in range(1, 16)),
        ],
        caps={"fatal": long_id("v", 15), "knock_out": long_id("v", 15)},
        overrides=[
            override(long_id("o", n), long_id("v", 15), {"flag": "refer", "at_least": n + 1}) for n in range(100)
        ],
    )
    document["profiles"][0]["id"] = document["default_profile"] = long_id("p", 0)
    document["profiles"][0]["assumed"] = True
    handle = rubric(document)
    answers = {i.id: ("1" if i.data["kind"] == "number" else "ABC"[n % 3]) for n, i in enumerate(handle.plan.items)}
    facts = {
        "irregularities": [long_id("x", n) for n in range(20)],
        "notice": {"sha256": handle.notice_digest, "at": "2026-01-01T00:00:00Z"},
        "started_at": "2026-01-01T00:00:00Z",
    }
    decision = handle.score({"answers": answers, "facts": facts})
    assert 101 == len(decision.caps) == len(decision.determined_by)
    assert len(decision.canonical()) < MAX_LINE - 1_000  # the record around it adds some 600 bytes
