"""
Law 1, second half: what the package decides is what audit/recompute.py works out, and what it reads obeys audit/check_packs.py.

The scripts were written from FORMAT.md alone; here they meet the engine, over packs and submissions that Hypothesis makes.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

import strategies
from scoring import canonical
from scoring.engine.rubric import Rubric

AUDIT = Path(__file__).parent.parent / "audit"
BOUNDED = {"action", "caps", "determined_by", "holds", "reachable", "verdict"}  # what takes every completion


def script(name: str) -> Any:
    """One of the auditor's programs, as a module."""
    spec = importlib.util.spec_from_file_location(f"package_{name}", AUDIT / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_packs, recompute = script("check_packs"), script("recompute")


@settings(max_examples=60)
@given(st.one_of(strategies.cases().map(lambda case: (*case, None)), strategies.funnel_cases()))
def test_the_package_decides_what_the_script_recomputes(
    case: tuple[dict[str, Any], str | None, Any, str | None],
) -> None:
    """Every field of a decision follows from its outcomes; only what takes too many completions may be left open."""
    pack, profile, submission, level = case
    text = canonical.dumps(pack)
    check_packs.check(json.loads(text))
    decision = json.loads(Rubric(text, profile, level).score(submission).canonical())
    found = recompute.recompute(json.loads(text), decision)
    assert {field: decision[field] for field in found} == found
    assert decision.keys() - found.keys() <= BOUNDED
    event(f"{decision['status']}, left open: {sorted(decision.keys() - found.keys())}")
