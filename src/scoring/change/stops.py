"""
Answers that one version of a rubric decides and the other leaves without a result: it waits, or refuses them.

A proof about verdicts is about cases that both versions decide; what only one of them decides is told here, item by item, with a case that shows it.
Must not know of sums or proofs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from scoring.change.answers import NoAnswerError, submission_for
from scoring.change.joint import questions
from scoring.engine.table import EXCLUDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.change.joint import Question
    from scoring.engine.plan import Plan

__all__ = ["Stop", "stops"]


@attrs.frozen
class Stop:
    """
    One item of both versions.

    Attributes:
        item: Its id.
        outcomes: The names of outcomes that the version has which decides them.
        stuck: ``old`` or ``new``: the version that waits, or refuses the answer.
        witness: A submission with the first of them and the best answers beside it, complete in the version that decides; None where none could be built.
    """

    item: str
    outcomes: tuple[str, ...]
    stuck: str
    witness: dict[str, Any] | None = attrs.field(default=None, eq=False, repr=False)


def stops(old: Plan, new: Plan) -> Iterator[Stop]:
    """Find them, in the order of the new version; of an item those first that get stuck now, then those that got stuck before."""
    plans = (old, new)
    for question in questions(old, new):
        if None in question.places:
            continue
        for side, stuck in ((0, "new"), (1, "old")):
            plan, place = plans[side], question.places[side] or 0
            codes = _stuck(plans, question, side)
            if codes:
                names = tuple(plan.items[place].name(code) for code in codes)
                yield Stop(question.id, names, stuck, _witness(plan, place, codes[0]))


def _stuck(plans: tuple[Plan, Plan], question: Question, side: int) -> list[int]:
    """The outcomes that count on one side and with which the other has none that counts, for some answer or for all."""
    here, there = (plans[n].items[question.places[n] or 0].awaits for n in (side, 1 - side))
    own = {outcome.codes[side] for outcome in question.alone[side]} - {None, *here}
    paired = {outcome.codes[side] for outcome in question.outcomes}
    waiting = {
        outcome.codes[side] for outcome in question.outcomes if outcome.sure and outcome.codes[1 - side] in there
    }
    return sorted(code for code in own if code is not None and (code in waiting or code not in paired))


def _witness(plan: Plan, place: int, code: int) -> dict[str, Any] | None:
    """The best answers everywhere else, in the first variant that has the item."""
    for variant, frame in plan.frames.items():
        if place in frame.outside:
            continue
        codes = [EXCLUDED if item.place in frame.outside else item.best_code for item in plan.items]
        codes[place] = code
        try:
            found = submission_for(plan, codes, variant=variant)
        except NoAnswerError:
            continue
        return found
    return None
