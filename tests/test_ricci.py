"""Real data: the 118 totals of the New Haven promotion examinations, to the last digit."""

from __future__ import annotations

import importlib.util
from fractions import Fraction
from pathlib import Path
from typing import Any

from scoring import canonical
from scoring.engine.rubric import Rubric


def _study() -> Any:
    """The script of `docs/ricci.md`."""
    spec = importlib.util.spec_from_file_location("ricci_study", Path(__file__).parents[1] / "docs" / "ricci.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STUDY = _study()
CANDIDATES, PACK = STUDY.CANDIDATES, STUDY.RUBRIC


def test_all_118_totals_equal_the_published_ones_exactly() -> None:
    rubric = Rubric(canonical.dumps(PACK))
    assert 118 == len(CANDIDATES)
    for row in CANDIDATES:
        decision = rubric.score({"answers": {"oral": row["Oral"], "written": row["Written"]}})
        published = Fraction(row["Combine"])
        assert published == decision.score * 100
        assert ("pass" if published >= 70 else "fail") == decision.verdict
