"""
Answers that one version of a rubric decides and the other leaves waiting.

A proof about verdicts is about cases that both versions decide; what only one of them decides is told here, item by item, with a case that shows it.
Must not know of sums or proofs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from scoring.change.answers import NoAnswerError, reachable_codes, submission_for
from scoring.engine.table import EXCLUDED
from scoring.errors import SubmissionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

__all__ = ["Stop", "stops"]


@attrs.frozen
class Stop:
    """
    One item of both versions.

    Attributes:
        item: Its id.
        outcomes: The names of outcomes, of both versions, that one decides and the other waits on.
        waits: ``old`` or ``new``: the version that waits.
        witness: A submission with such an answer, complete in the other version; None where none could be built.
    """

    item: str
    outcomes: tuple[str, ...]
    waits: str
    witness: dict[str, Any] | None = attrs.field(default=None, eq=False, repr=False)


def stops(old: Plan, new: Plan) -> Iterator[Stop]:
    """Find them, in the order of the new version: those that wait now, then those that waited before."""
    for waits, decides, other in (("new", old, new), ("old", new, old)):
        for item in other.items:
            at = decides.index.get(item.id)
            if at is None or decides.items[at].data["kind"] != item.data["kind"]:
                continue
            names = _names(decides, decides.items[at], item)
            if names:
                yield Stop(item.id, tuple(names), waits, _witness(decides, at, names[0]))


def _names(plan: Plan, decides: Item, other: Item) -> list[str]:
    """What *decides* takes for an answer and *other* waits on, where both have it."""
    waiting = {other.name(code) for code in other.awaits}
    own = {code for code in reachable_codes(plan, decides.place) if code not in decides.awaits}
    return [decides.name(code) for code in sorted(own) if decides.name(code) in waiting]


def _witness(plan: Plan, place: int, name: str) -> dict[str, Any] | None:
    """The best answers everywhere else, in the first variant that has the item."""
    item = plan.items[place]
    for variant, frame in plan.frames.items():
        if place in frame.outside:
            continue
        codes = [EXCLUDED if other.place in frame.outside else other.best_code for other in plan.items]
        codes[place] = next(code for code in item.codes() if item.name(code) == name)
        try:
            return submission_for(plan, codes, variant=variant)
        except (NoAnswerError, SubmissionError):
            continue
    return None
