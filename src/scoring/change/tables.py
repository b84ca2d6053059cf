"""
Everything that some items can add up to together: how often, and with how few answers.

Owns *tables*: for each class (what rules can still tell apart) and each sum how many outcome combinations come to it and the least number of items that are
not absent in one of them; how tables are combined; and the way back from a sum to outcomes. Sums are single integers in which several numbers lie side by
side. Bounded: `Budget` counts what is stored and formed. Must not know what a class or a number means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    Counts: TypeAlias = dict[int, int]  # sum -> combinations
    Costs: TypeAlias = dict[int, int]  # sum -> fewest items that are not absent
    Table: TypeAlias = dict[int, tuple[Counts, Costs]]  # class -> both
    Join: TypeAlias = Callable[[int, int], int | None]  # classes; None where there is no such case
    Choice: TypeAlias = tuple[int, int]  # number of an item, number of its outcome

__all__ = ["Budget", "Closed", "Joined", "Node", "Row", "Start", "TooManyError", "size_of"]

PAIRS = 16  # sums formed for each state that may be stored


class TooManyError(Exception):
    """More states, or more work, than the bound allows: nothing is claimed."""


class Budget:
    """
    What one question may cost.

    Args:
        states: The most states of one table. Sums that are formed may be `PAIRS` times as many over the whole question.
    """

    def __init__(self, states: int) -> None:
        self.states = states
        self.pairs = states * PAIRS

    def spend(self, pairs: int) -> None:
        """Count sums that are formed."""
        self.pairs -= pairs
        if self.pairs < 0:
            raise TooManyError

    def check(self, states: int) -> None:
        """Look at the size of a table."""
        if states > self.states:
            raise TooManyError


class Node:
    """A table, and how each of its states came about."""

    table: Table

    def trace(self, kind: int, total: int) -> list[Choice]:
        """Find a cheapest combination of outcomes that comes to this state."""
        raise LookupError(kind, total)


class Start(Node):
    """Nothing yet: one state without items."""

    def __init__(self, kind: int) -> None:
        self.table = {kind: ({0: 1}, {0: 0})}

    def trace(self, kind: int, total: int) -> list[Choice]:  # noqa: ARG002 - as every node
        """No item, no outcome."""
        return []


class Row(Node):
    """
    One item's outcomes.

    Args:
        item: Its number.
        outcomes: (class, sum, cost) of each outcome, in order.
    """

    def __init__(self, item: int, outcomes: Iterable[tuple[int, int, int] | None]) -> None:
        self.table = {}
        self._first: dict[tuple[int, int], Choice] = {}
        for place, outcome in enumerate(outcomes):
            if outcome is None:
                continue
            kind, total, cost = outcome
            counts, costs = self.table.setdefault(kind, ({}, {}))
            counts[total] = counts.get(total, 0) + 1
            if total not in costs or cost < costs[total]:
                costs[total] = cost
                self._first[kind, total] = item, place

    def trace(self, kind: int, total: int) -> list[Choice]:
        """The first outcome that is as cheap as any."""
        return [self._first[kind, total]]


class Joined(Node):
    """Every state of one table with every state of another."""

    def __init__(self, left: Node, right: Node, join: Join, budget: Budget) -> None:
        self._left, self._right, self._join = left, right, join
        self.table = {}
        size = 0
        for a, (left_counts, left_costs) in left.table.items():
            for b, (right_counts, right_costs) in right.table.items():
                kind = join(a, b)
                if kind is None:
                    continue
                budget.spend(len(left_counts) * len(right_counts))
                counts, costs = self.table.setdefault(kind, ({}, {}))
                size -= len(counts)
                if len(left_counts) > len(right_counts):
                    _add((left_counts, left_costs), (right_counts, right_costs), counts, costs, budget)
                else:
                    _add((right_counts, right_costs), (left_counts, left_costs), counts, costs, budget)
                size += len(counts)
                budget.check(size)

    def trace(self, kind: int, total: int) -> list[Choice]:
        """Take the state apart again."""
        cost = self.table[kind][1][total]
        for a, (_, left_costs) in self._left.table.items():
            for b, (_, right_costs) in self._right.table.items():
                if self._join(a, b) != kind:
                    continue
                for part, right_cost in right_costs.items():
                    if left_costs.get(total - part, cost + 1) == cost - right_cost:
                        return self._left.trace(a, total - part) + self._right.trace(b, part)
        raise LookupError(kind, total)


def _add(
    large: tuple[Counts, Costs], small: tuple[Counts, Costs], counts: Counts, costs: Costs, budget: Budget
) -> None:
    """All sums of a state of each."""
    large_counts, large_costs = large
    for step, times in small[0].items():
        step_cost = small[1][step]
        for total, ways in large_counts.items():
            key, cost = total + step, large_costs[total] + step_cost
            if key in counts:
                counts[key] += ways * times
                costs[key] = min(cost, costs[key])
            else:
                counts[key] = ways * times
                costs[key] = cost
        budget.check(len(counts))


class Closed(Node):
    """
    A table in which a section or a stage is complete, so that its sum becomes what it adds elsewhere.

    Args:
        inner: The table with the sums.
        close: From class and sum to class and sum; None where there is no such case.
    """

    def __init__(self, inner: Node, close: Callable[[int, int], tuple[int, int] | None]) -> None:
        self._inner, self._close = inner, close
        self.table = {}
        for kind, (inner_counts, inner_costs) in inner.table.items():
            for total, ways in inner_counts.items():
                closed = close(kind, total)
                if closed is None:
                    continue
                counts, costs = self.table.setdefault(closed[0], ({}, {}))
                key, cost = closed[1], inner_costs[total]
                counts[key] = counts.get(key, 0) + ways
                costs[key] = min(cost, costs.get(key, cost))

    def trace(self, kind: int, total: int) -> list[Choice]:
        """Find which sum was closed."""
        cost = self.table[kind][1][total]
        for inner_kind, (_, costs) in self._inner.table.items():
            for inner_total, inner_cost in costs.items():
                if inner_cost == cost and self._close(inner_kind, inner_total) == (kind, total):
                    return self._inner.trace(inner_kind, inner_total)
        raise LookupError(kind, total)


def size_of(node: Node) -> int:
    """How many states a table has."""
    return sum(len(counts) for counts, _ in node.table.values())
