"""
Two halves of all cases joined without forming the pairs: how many fall into each cell of a grid of cuts, and the cheapest one of a cell.

Owns the sorted sweep. Each row of the larger half asks the smaller one how many partners carry it over a cut: where reaching one cut implies the other, two
look-ups answer it; the rows that are left are gone through in order of their first number while partners enter a tree by their second. Takes tables of sums
that hold one or two numbers; must not know what they count.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    Row: TypeAlias = tuple[int, int, int]  # first number, second number, the sum as the table has it

__all__ = ["Found", "Half", "Window", "cheapest", "count_cells", "merged"]

CHUNK = 4096  # rows that are tried together


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
    States of one half that are looked at together.

    Args:
        rows: First and second number and the sum that they were taken from; the second is 0 where there is one number.
        counts: Combinations of each sum.
        costs: Of each sum.
    """

    def __init__(self, rows: Iterable[Row], counts: dict[int, int], costs: dict[int, int]) -> None:
        self.rows = sorted(rows)
        self.counts = counts
        self.costs = costs
        self.total = sum(counts.values())
        self.cheapest = min(costs.values())
        self.firsts = [row[0] for row in self.rows]
        seconds = [row[1] for row in self.rows]
        self.ends = (self.firsts[0], self.firsts[-1]), (min(seconds), max(seconds))
        self._lines: list[_Line] | None = None
        self._bounds: list[_Reach] | None = None

    @property
    def lines(self) -> list[_Line]:
        """The rows in order of each number."""
        if self._lines is None:
            by_second = sorted(self.rows, key=lambda row: row[1])
            self._lines = [_Line(self.rows, 0, self.counts), _Line(by_second, 1, self.counts)]
        return self._lines

    @property
    def reaches(self) -> list[_Reach]:
        """How far each number goes for a given cost."""
        if self._bounds is None:
            self._bounds = [_Reach(self.rows, n, self.costs) for n in (0, 1)]
        return self._bounds


def merged(halves: Sequence[Half]) -> Half:
    """Several classes as one, where nothing tells them apart any more; sums that two of them have are rows of their own."""
    if len(halves) == 1:
        return halves[0]
    rows: list[Row] = []
    counts: dict[int, int] = {}
    costs: dict[int, int] = {}
    for half in halves:
        for row in half.rows:
            key = row[2]
            if key in counts:
                counts[key] += half.counts[key]
                costs[key] = min(costs[key], half.costs[key])
            else:
                rows.append(row)
                counts[key] = half.counts[key]
                costs[key] = half.costs[key]
    return Half(rows, counts, costs)


class _Line:
    """Rows in order of one number: how many combinations lie below each, and the least other number from each on."""

    def __init__(self, rows: Sequence[Row], number: int, counts: dict[int, int]) -> None:
        self.places = [row[number] for row in rows]
        self.below = [0, *accumulate(counts[row[2]] for row in rows)]
        others = [row[1 - number] for row in reversed(rows)]
        self.least = [*reversed([*accumulate(others, min)])]

    def reach(self, cut: int) -> tuple[int, int]:
        """(combinations at or above the cut, place of the first of them)."""
        place = bisect_left(self.places, cut)
        return self.below[-1] - self.below[place], place


class _Reach:
    """The highest and the lowest value of one number among rows of at most each cost."""

    def __init__(self, rows: Sequence[Row], number: int, costs: dict[int, int]) -> None:
        by_cost: dict[int, tuple[int, int]] = {}
        for row in rows:
            cost, value = costs[row[2]], row[number]
            low, high = by_cost.get(cost, (value, value))
            by_cost[cost] = min(low, value), max(high, value)
        self.costs = sorted(by_cost)
        self.highs = [*accumulate((by_cost[cost][1] for cost in self.costs), max)]
        self.drops = [*accumulate((-by_cost[cost][0] for cost in self.costs), max)]

    def least_cost(self, window: Window, value: int) -> int | None:
        """The least cost at which a partner of a row with this value could bring it into the window; None: none can."""
        place = 0 if window.low is None else bisect_left(self.highs, window.low - value)
        if window.high is not None:
            place = max(place, bisect_left(self.drops, value - window.high + 1))
        return self.costs[place] if place < len(self.costs) else None


# ---------------------------------------------------------------------- how many


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
    whole = small.total * large.total
    of_second = [_over(small, large, 1, cut) for cut in second]
    cells = []
    before = [0] * (len(second) + 1)
    for cut in first:
        over = _over(small, large, 0, cut)
        reached = [
            *(
                _over_both(small, large, (cut, other), (over, of_other))
                for other, of_other in zip(second, of_second, strict=True)
            ),
            over,
        ]
        cells.append(_steps(reached, before))
        before = reached
    return [*cells, _steps([*of_second, whole], before)]


def _steps(reached: list[int], before: list[int]) -> list[int]:
    """What lies between two cuts of the first number, cut by cut of the second."""
    band = [now - then for now, then in zip(reached, before, strict=True)]
    return [band[0], *(b - a for a, b in pairwise(band))]


def _over(small: Half, large: Half, number: int, cut: int) -> int:
    """How many pairs reach a cut of one of the numbers."""
    if small.ends[number][0] + large.ends[number][0] >= cut:
        return small.total * large.total
    if small.ends[number][1] + large.ends[number][1] < cut:
        return 0
    line = large.lines[number]  # fewer rows ask, more are asked
    places, below, counts = line.places, line.below, small.counts
    top = below[-1]
    return sum(counts[row[2]] * (top - below[bisect_left(places, cut - row[number])]) for row in small.rows)


def _over_both(small: Half, large: Half, cuts: tuple[int, int], alone: tuple[int, int]) -> int:
    """How many pairs reach a cut of each number; *alone* is how many reach each by itself."""
    whole = small.total * large.total
    if 0 in alone or whole in alone:
        return 0 if 0 in alone else min(alone)
    first, second = cuts
    found = 0
    hard = []
    line, other = small.lines
    for row in large.rows:
        ways, place = line.reach(first - row[0])
        if not ways:
            continue
        if line.least[place] + row[1] < second:
            ways, place = other.reach(second - row[1])
            if ways and other.least[place] + row[0] < first:
                hard.append(row)
                continue
        found += ways * large.counts[row[2]]
    return found + _by_tree(small, large, hard, cuts)


def _by_tree(small: Half, large: Half, rows: Sequence[Row], cuts: tuple[int, int]) -> int:
    """The same for rows, first numbers rising, of which nothing is known: partners enter a tree of counts (Fenwick's)."""
    if not rows:
        return 0
    first, second = cuts
    places = sorted({row[1] for row in small.rows})
    rank = {place: n for n, place in enumerate(reversed(places), 1)}  # the highest has rank 1
    size = len(places)
    tree = [0] * (size + 1)
    coming = small.rows
    left = len(coming) - 1
    found = 0
    for number, value, key in rows:
        while left >= 0 and coming[left][0] + number >= first:
            node, ways = rank[coming[left][1]], small.counts[coming[left][2]]
            while node <= size:
                tree[node] += ways
                node += node & -node
            left -= 1
        node = size - bisect_left(places, second - value)
        partners = 0
        while node:
            partners += tree[node]
            node &= node - 1
        found += large.counts[key] * partners
    return found


# ---------------------------------------------------------------------- the cheapest


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
    hopeful = _hopeful(small, large, (first, second), limit)
    chunk: list[Row] = []
    for n, (bound, rows) in enumerate(hopeful):
        if bound >= limit:
            break
        chunk += rows
        if len(chunk) < CHUNK and n < len(hopeful) - 1 and found is None and bound < hopeful[n + 1][0] < limit:
            continue
        pair = _search(small, large, sorted(chunk), (first, second), limit)
        chunk = []
        if pair is not None:
            limit = pair.cost
            found = pair if small is left else Found(pair.cost, pair.right, pair.left)
    return found


def _is_out(left: Half, right: Half, number: int, window: Window) -> bool:
    low, high = (left.ends[number][n] + right.ends[number][n] for n in (0, 1))
    return (window.low is not None and high < window.low) or (window.high is not None and low >= window.high)


def _hopeful(small: Half, large: Half, windows: tuple[Window, Window], limit: int) -> list[tuple[int, list[Row]]]:
    """The rows that might be part of something cheaper than the limit, by the least that it could cost."""
    reaches = [
        (reach, window, n)
        for n, (reach, window) in enumerate(zip(small.reaches, windows, strict=True))
        if window != Window(None, None)
    ]
    by_bound: dict[int, list[Row]] = {}
    floor = small.cheapest
    for row in large.rows:
        bound = floor
        for reach, window, n in reaches:
            needed = reach.least_cost(window, row[n])
            if needed is None:
                bound = limit
                break
            bound = max(bound, needed)
        bound += large.costs[row[2]]
        if bound < limit:
            by_bound.setdefault(bound, []).append(row)
    return sorted(by_bound.items())


def _search(small: Half, large: Half, rows: Sequence[Row], windows: tuple[Window, Window], limit: int) -> Found | None:
    """One pass over rows, first numbers rising: partners enter and leave a tree of minima."""
    first, second = windows
    most = limit - min(large.costs[row[2]] for row in rows)
    partners = [row for row in small.rows if small.costs[row[2]] < most]
    if not partners:
        return None
    order = sorted(range(len(partners)), key=lambda n: partners[n][1])
    places = [partners[n][1] for n in order]
    leaf_of = [0] * len(order)
    for leaf, n in enumerate(order):
        leaf_of[n] = leaf
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
    coming = leaving = size - 1  # partners are sorted, so they enter from the end
    for number, other, key in rows:
        while coming >= 0 and (first.low is None or partners[coming][0] + number >= first.low):
            put(coming, small.costs[partners[coming][2]] * size + coming)
            coming -= 1
        while leaving > coming and first.high is not None and partners[leaving][0] + number >= first.high:
            put(leaving, none)
            leaving -= 1
        own = large.costs[key]
        low = size + (0 if second.low is None else bisect_left(places, second.low - other))
        high = size + (size if second.high is None else bisect_left(places, second.high - other))
        least = none
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
