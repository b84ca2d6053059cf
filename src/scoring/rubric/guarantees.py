"""
What a guarantee says, in the words of a pack.

Owns the one reading of its four forms (which verdicts are allowed) and what a list of outcomes in it means. Must not know whether it holds: that is
proved elsewhere, from the pack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scoring.rubric.model import Guarantee
    from scoring.rubric.outcomes import Outcomes

__all__ = ["FORMS", "allowed", "meant", "packed", "said"]

FORMS = ("never", "always", "never_above", "never_below")
_NOTED = "+noted"


def said(guarantee: Guarantee) -> list[str]:
    """Which of the four forms it has; one, where it is right."""
    return [form for form in FORMS if getattr(guarantee, form)]


def allowed(guarantee: Guarantee, verdicts: Sequence[str]) -> list[str]:
    """The verdicts that it allows, best first; *verdicts* are the rubric's, best first, and hold all that it names."""
    best = 0 if guarantee.never_above is None else verdicts.index(guarantee.never_above)
    worst = len(verdicts) if guarantee.never_below is None else verdicts.index(guarantee.never_below) + 1
    asked = {*map(str, guarantee.always)} or {*verdicts}
    return [verdict for verdict in verdicts[best:worst] if verdict in asked and verdict not in guarantee.never]


def meant(tables: Iterable[Outcomes], names: Iterable[str]) -> list[str]:
    """
    An `is` list of a guarantee as a pack holds it, in the order of codes.

    It holds what was written and no more, as it is about candidates and need not turn off as a case gets better; but a value that people give stands for
    the same value with something noted beside it.
    """
    codes = next(iter(tables)).codes
    named = {*names}
    return sorted(named | {name + _NOTED for name in named if name + _NOTED in codes}, key=codes.__getitem__)


def packed(guarantee: Guarantee, when: Any, verdicts: Sequence[str]) -> dict[str, Any]:
    """One entry of `about.guarantees`; *when* is its condition as a pack writes it, None for everybody. Source: FORMAT.md 5."""
    why = {"why": guarantee.why} if guarantee.why else {}
    return {"allowed": allowed(guarantee, verdicts), "id": str(guarantee.id), "when": when, **why}
