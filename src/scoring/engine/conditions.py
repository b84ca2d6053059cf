"""
Which conditions of overrides and gates hold.

Owns the meaning of a literal (`flag`, `below`, `stage`, `is`) and of the trees that combine them. Within a stage every condition can only turn off as a case
gets better, because there is no `not`. Must not know where the numbers come from.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.engine.plan import Plan, Tree

__all__ = ["count", "flag_truths", "holds", "is_below", "outcome_truths", "section_truths", "stage_truths"]


def count(word: int, flag: int) -> int:
    """How often the flag at place *flag* of `table.FLAGS` was raised."""
    return word >> 16 * flag & 0xFFFF


def flag_truths(plan: Plan, word: int, stages: range) -> int:
    """One bit for each literal ``flag F, at least N`` that holds, of those that count flags up to one of *stages*."""
    return sum(
        1 << place
        for place, literal in enumerate(plan.literals)
        if literal[0] == "flag" and literal[3] in stages and count(word, literal[1]) >= literal[2]
    )


def outcome_truths(plan: Plan, item: int, code: int) -> int:
    """One bit for each literal ``item is`` on this item that holds with this code."""
    return sum(
        1 << place
        for place, literal in enumerate(plan.literals)
        if literal[0] == "is" and literal[1] == item and code in literal[2]
    )


def section_truths(plan: Plan, section: int, earned: int, maximum: int) -> int:
    """One bit for each literal ``section below`` on this section that holds."""
    return sum(
        1 << place
        for place, literal in enumerate(plan.literals)
        if literal[0] == "below" and literal[1] == section and is_below(plan, section, earned, maximum, literal[2])
    )


def stage_truths(plan: Plan, stage: int, total: int, unit: int) -> int:
    """One bit for each literal ``stage below`` on this stage that holds, its share being *total* / *unit*."""
    return sum(
        1 << place
        for place, literal in enumerate(plan.literals)
        if literal[0] == "stage" and literal[1] == stage and total * literal[2][1] < literal[2][0] * unit
    )


def is_below(plan: Plan, section: int, earned: int, maximum: int, share: tuple[int, int]) -> bool:
    """Whether the section's share, floor included, is below *share*; never so for an empty section (maximum 0)."""
    floor = plan.sections[section].floor
    return maximum > 0 and earned * share[1] < share[0] * maximum and floor[0] * share[1] < share[0] * floor[1]


def holds(tree: Tree, truths: int) -> bool:
    """Whether the condition of an override or a gate holds, given which literals do."""
    if isinstance(tree, int):
        return bool(truths >> tree & 1)
    every, branches = tree
    met: Sequence[bool] = [holds(branch, truths) for branch in branches]
    return all(met) if every else any(met)
