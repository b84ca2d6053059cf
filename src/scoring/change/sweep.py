"""
Two halves of all cases joined without forming the pairs: how many fall into each cell of a grid of cuts, and the cheapest one of a cell.

Owns the sorted sweep: one half is gone through in order of its first number while the other is entered into a tree by its second. Takes tables of sums that
hold one or two numbers; must not know what they count.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.change.tables import Costs, Counts

__all__ = ["Found", "Half", "Window", "cheapest", "count_cells"]

_CAPS = (2, 8, 24, 72, 1 << 30)  # fewest answers first: small halves of a half are searched before large ones


class Window(NamedTuple):
    """Numbers from `low` on and below `high`; None is no limit."""

    low: int | None
    high: int | None


class Found(NamedTuple):
    """A pair: its cost, and the sum of each half as the tables have it."""

    cost: int
    left: int
    right: int


class Half:
    """
    The states of one class of one half.

    Args:
        counts, costs: Of a table.
        width: Bits of the first number where a sum holds two; 0 where it holds one.
    """

    def __init__(self, counts: Counts, costs: Costs, width: int) -> None:
        self.costs = costs
        self.counts = counts
        self.cheapest, self.dearest = min(costs.values()), max(costs.values())
        self.total = sum(counts.values())
        half = 1 << (width - 1) if width else 0
        # What lies above the first number is the second one, once the first one's sign is taken out of it.
        self.rows = sorted(
            (((key + half) & (2 * half - 1)) - half, (key + half) >> width, key) if width else (key, 0, key)
            for key in counts
        )
        self.ends = tuple((min(row[n] for row in self.rows), max(row[n] for row in self.rows)) for n in (0, 1))
        self._capped: dict[int, list[tuple[int, int, int]]] = {}

    def up_to(self, cap: int) -> list[tuple[int, int, int]]:
        """The rows of at most this cost."""
        if cap not in self._capped:
            self._capped[cap] = [row for row in self.rows if self.costs[row[2]] <= cap]
        return self._capped[cap]


def count_cells(left: Half, right: Half, first: Sequence[int], second: Sequence[int]) -> list[list[int]]:
    """
    Count the pairs in each cell of a grid.

    Args:
        left: One half.
        right: The other.
        first: Cuts of the sum of first numbers, falling: k cuts make k + 1 intervals, a number on a cut being above it.
        second: Cuts of the sum of second numbers, likewise.

    Returns:
        For each interval of the first number, best first, one count for each interval of the second.
    """
    small, large = sorted((left, right), key=lambda half: len(half.rows))
    rows: list[int | None] = [*first, None]
    above = [_reach_all(small, large, cut, second) for cut in rows]
    cells = []
    before = [0] * (len(second) + 1)
    for reached in above:
        band = [now - then for now, then in zip(reached, before, strict=True)]
        cells.append([band[0], *(b - a for a, b in pairwise(band))])
        before = reached
    return cells


def _reach_all(small: Half, large: Half, cut: int | None, second: Sequence[int]) -> list[int]:
    """How many pairs reach a cut of the first number and each cut of the second, or none."""
    whole = _reach(small, large, 0, cut)
    if cut is None:
        return [*(_reach(small, large, 1, other) for other in second), whole]
    low, high = (small.ends[0][n] + large.ends[0][n] for n in (0, 1))
    if low >= cut:
        return _reach_all(small, large, None, second)
    if high < cut:
        return [0] * (len(second) + 1)
    return [*_reach_both(small, large, cut, second), whole]


def _reach(small: Half, large: Half, number: int, cut: int | None) -> int:
    """How many pairs reach a cut of one of the numbers."""
    if cut is None or small.ends[number][0] + large.ends[number][0] >= cut:
        return small.total * large.total
    if small.ends[number][1] + large.ends[number][1] < cut:
        return 0
    rows = large.rows if number == 0 else sorted(large.rows, key=lambda row: row[1])
    places = [row[number] for row in rows]
    below = [0, *accumulate(large.counts[row[2]] for row in rows)]
    return sum(
        small.counts[row[2]] * (large.total - below[bisect_left(places, cut - row[number])]) for row in small.rows
    )


def _reach_both(small: Half, large: Half, cut: int, second: Sequence[int]) -> list[int]:
    """The same for both numbers at once: partners enter a tree of counts (Fenwick's) as the first number rises."""
    if not second:
        return []
    places = sorted({row[1] for row in small.rows})
    rank = {place: n for n, place in enumerate(reversed(places), 1)}  # the highest has rank 1
    tree = [0] * (len(places) + 1)
    coming = sorted(small.rows, reverse=True)
    found = [0] * len(second)
    entered, size, last = 0, len(places), len(coming)
    for number, other, key in large.rows:
        while entered < last and coming[entered][0] + number >= cut:
            row = coming[entered]
            node, ways = rank[row[1]], small.counts[row[2]]
            while node <= size:
                tree[node] += ways
                node += node & -node
            entered += 1
        if not entered:
            continue
        ways = large.counts[key]
        for n, limit in enumerate(second):
            node = size - bisect_left(places, limit - other)
            partners = 0
            while node:
                partners += tree[node]
                node &= node - 1
            found[n] += ways * partners
    return found


def cheapest(left: Half, right: Half, first: Window, second: Window, best: int | None) -> Found | None:
    """
    Find a cheapest pair of a cell.

    Args:
        left: One half.
        right: The other.
        first: Where the sum of the first numbers has to lie.
        second: Where that of the second ones has to.
        best: Only what is cheaper than this is of interest.

    Returns:
        The pair, the same one for the same tables; None where there is none, or none so cheap.
    """
    if _is_out(left, right, 0, first) or _is_out(left, right, 1, second):
        return None
    small, large = (left, right) if len(left.rows) <= len(right.rows) else (right, left)
    limit = 1 << 30 if best is None else best
    found: Found | None = None
    for cap in _CAPS:
        if left.cheapest + right.cheapest >= limit:
            break
        pair = _search(small, large, (first, second), cap, limit)
        if pair is not None:
            limit = pair.cost
            found = pair if small is left else Found(pair.cost, pair.right, pair.left)
        if limit <= cap or cap >= max(left.dearest, right.dearest):
            break
    return found


def _is_out(left: Half, right: Half, number: int, window: Window) -> bool:
    low, high = (left.ends[number][n] + right.ends[number][n] for n in (0, 1))
    return (window.low is not None and high < window.low) or (window.high is not None and low >= window.high)


def _search(small: Half, large: Half, windows: tuple[Window, Window], cap: int, limit: int) -> Found | None:
    """One pass: partners enter and leave a tree of minima while the first number rises."""
    first, second = windows
    partners, others = small.up_to(cap), large.up_to(cap)
    if not partners or not others:
        return None
    order = sorted(range(len(partners)), key=lambda n: partners[n][1])
    places = [partners[n][1] for n in order]
    leaf_of = {n: leaf for leaf, n in enumerate(order)}
    size = len(partners)
    none = 1 << 60
    tree = [none] * (2 * size)

    def put(n: int, value: int) -> None:
        node = leaf_of[n] + size
        tree[node] = value
        while node > 1:
            node >>= 1
            tree[node] = min(tree[2 * node], tree[2 * node + 1])

    found = None
    entered = left_again = size - 1  # partners are sorted, so they enter from the end
    for number, other, key in others:
        while entered >= 0 and (first.low is None or partners[entered][0] + number >= first.low):
            put(entered, small.costs[partners[entered][2]] * size + entered)
            entered -= 1
        while left_again > entered and first.high is not None and partners[left_again][0] + number >= first.high:
            put(left_again, none)
            left_again -= 1
        own = large.costs[key]
        low = 0 if second.low is None else bisect_left(places, second.low - other)
        high = size if second.high is None else bisect_left(places, second.high - other)
        low, high, least = low + size, high + size, none
        while low < high:
            if low & 1:
                least = min(least, tree[low])
                low += 1
            if high & 1:
                high -= 1
                least = min(least, tree[high])
            low >>= 1
            high >>= 1
        if least < none and least // size + own < limit:
            limit = least // size + own
            found = Found(limit, partners[least % size][2], key)
    return found
