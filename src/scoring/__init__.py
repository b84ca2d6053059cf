"""
Answers in, a verdict out, by rules fixed beforehand; and a log that nobody can quietly change.

>>> import scoring
>>> rubric = scoring.load("rules/ml-engineer-mid-written/rubric.yaml")
>>> rubric.score({"answers": {"messy-data-deadline": "D"}}).verdict
'fail'

The public names, loaded when they are first used, and nothing else: importing this package imports no other.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring.audit.entry import Recorded
    from scoring.audit.log import AuditLog
    from scoring.change.compare import compare
    from scoring.change.comparison import Comparison
    from scoring.engine.decision import Decision, Reason
    from scoring.engine.explain import Explanation, explain
    from scoring.engine.rubric import Rubric
    from scoring.errors import (
        ConflictError,
        LogError,
        MissingExtraError,
        Problem,
        RubricError,
        ScoringError,
        StoreError,
        SubmissionError,
    )
    from scoring.rubric.load import load

_HOMES = {
    "AuditLog": "audit.log",
    "Comparison": "change.comparison",
    "ConflictError": "errors",
    "Decision": "engine.decision",
    "Explanation": "engine.explain",
    "LogError": "errors",
    "MissingExtraError": "errors",
    "Problem": "errors",
    "Reason": "engine.decision",
    "Recorded": "audit.entry",
    "Rubric": "engine.rubric",
    "RubricError": "errors",
    "ScoringError": "errors",
    "StoreError": "errors",
    "SubmissionError": "errors",
    "compare": "change.compare",
    "explain": "engine.explain",
    "load": "rubric.load",
}

__all__ = [
    "AuditLog",
    "Comparison",
    "ConflictError",
    "Decision",
    "Explanation",
    "LogError",
    "MissingExtraError",
    "Problem",
    "Reason",
    "Recorded",
    "Rubric",
    "RubricError",
    "ScoringError",
    "StoreError",
    "SubmissionError",
    "compare",
    "explain",
    "load",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load a public name from its module the first time it is used (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
