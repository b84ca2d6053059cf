"""
Every case of a small rubric, one by one: what proofs are compared with.

Owns the enumeration of outcome combinations, and nothing of how a proof counts: each combination is judged by the engine.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from scoring.change.answers import reachable_codes
from scoring.engine.circumstances import Circumstances
from scoring.engine.decision import Decision
from scoring.engine.table import EXCLUDED, UNOPENED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from scoring.engine.plan import Plan

__all__ = ["codes_of", "count_labels", "every_case", "every_pair", "size"]


def codes_of(plan: Plan, place: int) -> list[int]:
    """The outcomes of an item that some answer gives and that wait for nothing."""
    return [code for code in reachable_codes(plan, place) if code not in plan.items[place].awaits]


def size(plan: Plan) -> int:
    """How many combinations there are, before cases end."""
    return sum(
        prod(len(codes_of(plan, item.place)) for item in plan.items if item.place not in frame.outside)
        for frame in plan.frames.values()
    )


def around(plan: Plan, variant: str | None, notice: bool = True) -> Circumstances:
    return Circumstances(
        notice if plan.notice_digest is not None else None,
        variant=variant,
        handed_in=[stage.id for stage in plan.stages],
    )


def every_case(plan: Plan, notice: bool = True) -> Iterator[Decision]:
    """Each different decision about a complete case; what was not evaluated makes no difference."""
    for variant, frame in plan.frames.items():
        rows = [[EXCLUDED] if item.place in frame.outside else codes_of(plan, item.place) for item in plan.items]
        seen = set()
        for codes in product(*rows):
            decision = Decision.of(plan, list(codes), around(plan, variant, notice))
            outcomes = decision.data["outcomes"]
            if outcomes not in seen:
                seen.add(outcomes)
                yield decision


def count_labels(plan: Plan, label: Callable[[Decision], Any], counter: Counter[Any], notice: bool = True) -> None:
    for decision in every_case(plan, notice):
        counter[label(decision)] += 1


def every_pair(old: Plan, new: Plan, joint: dict[str, set[tuple[int, int]]]) -> Iterator[tuple[Decision, Decision]]:
    """
    Each pair of different complete cases that one candidate can be under both plans.

    Args:
        old: One plan.
        new: Another.
        joint: For each item that both have: which outcomes go together. An item that one plan did not come to goes with any outcome.
    """
    both = [(old.index[name], new.index[name], pairs) for name, pairs in joint.items()]
    alike = old.pack["variants"] and new.pack["variants"]
    after = [*every_case(new)]
    for before in every_case(old):
        for then in after:
            if alike and before.variant != then.variant:
                continue
            codes, others = before.standing.codes, then.standing.codes
            if all(
                {codes[a], others[b]} & {EXCLUDED, UNOPENED} or (codes[a], others[b]) in pairs for a, b, pairs in both
            ):
                yield before, then
