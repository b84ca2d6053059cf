"""Real data: the 118 totals of the New Haven promotion examinations, to the last digit."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path
from typing import Any

from scoring import canonical
from scoring.engine.rubric import Rubric

TABLE = (Path(__file__).parent / "data" / "ricci.csv").read_text(encoding="utf-8")
CANDIDATES = list(csv.DictReader(TABLE.splitlines()))


def mark(name: str) -> dict[str, Any]:
    """A section of one examination, marked from 0 to 100 in hundredths."""
    item = {
        "about": {},
        "awaits": ["absent", "blank", "invalid"],
        "floor": None,
        "id": name,
        "kind": "mark",
        "max": "100",
        "only": None,
        "points": "1",
        "step": "1/100",
        "void": False,
    }
    return {"about": {}, "declared": None, "floor": "0", "id": name, "items": [item]}


PACK = {
    "about": {},
    "assumed": [],
    "caps": {"fatal": "fail", "knock_out": "fail"},
    "competencies": [],
    "default_profile": "published",
    "excerpt": False,
    "format": 1,
    "levels": [],
    "notice": None,
    "overrides": [],
    "profiles": [
        {
            "about": {},
            "assumed": False,
            "id": "published",
            "shares": {"oral": "2/5", "written": "3/5"},
            "stages": {"main": "1"},
        }
    ],
    "rubric": "promotion",
    "stages": [{"about": {}, "gate": [], "id": "main", "sections": [mark("oral"), mark("written")]}],
    "verdicts": [
        {"about": {}, "action": "advance", "from": "7/10", "id": "pass"},
        {"about": {}, "action": "decline", "from": "0", "id": "fail"},
    ],
    "variants": [],
    "version": "2003",
}


def test_all_118_totals_equal_the_published_ones_exactly() -> None:
    rubric = Rubric(canonical.dumps(PACK))
    assert 118 == len(CANDIDATES)
    for row in CANDIDATES:
        decision = rubric.score({"answers": {"oral": row["Oral"], "written": row["Written"]}})
        published = Fraction(row["Combine"])
        assert published == decision.score * 100
        assert ("pass" if published >= 70 else "fail") == decision.verdict
