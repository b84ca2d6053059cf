"""
What cases are called by their totals: bands, and grids of the bands of one or two totals.

Owns intervals of totals and their labels. Must not know of plans, of items, or of how many cases there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scoring.change.sweep import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    Label: TypeAlias = tuple[str, ...]  # one, or several where it is only bounded
    Cell: TypeAlias = tuple[Label, ...]  # one label for each plan
    Bands: TypeAlias = list[tuple[int | None, Label]]  # least total, best first; None for the last

__all__ = ["Grid", "grid_of", "in_grains", "place_of", "simplified"]


class Grid(NamedTuple):
    """What cases are called by their totals: the least totals of each interval, best first, None for the last, and the cells between them."""

    firsts: tuple[int | None, ...]
    seconds: tuple[int | None, ...]
    cells: tuple[tuple[Cell, ...], ...]

    def cuts(self) -> tuple[list[int], list[int]]:
        """The least totals without the None that stands for the last interval."""
        return [n for n in self.firsts if n is not None], [n for n in self.seconds if n is not None]

    def windows(self, cell: Cell) -> Iterable[tuple[Window, Window]]:
        """The rectangles in which cases are called so."""
        for n, row in enumerate(self.cells):
            for m, name in enumerate(row):
                if name == cell:
                    yield (
                        Window(self.firsts[n], self.firsts[n - 1] if n else None),
                        Window(self.seconds[m], self.seconds[m - 1] if m else None),
                    )


def grid_of(bands: Sequence[tuple[int | None, Cell]]) -> Grid:
    """A grid of one number, neighbours that are called alike made one."""
    kept: list[tuple[int | None, Cell]] = []
    for least, cell in bands:
        if kept and kept[-1][1] == cell:
            kept.pop()
        kept.append((least, cell))
    return Grid(tuple(least for least, _ in kept), (None,), tuple((cell,) for _, cell in kept))


def place_of(bands: Bands, total: int | None) -> int:
    """The place of the band of a total; None is below all cuts."""
    return next(n for n, (least, _) in enumerate(bands) if least is None or (total is not None and total >= least))


def in_grains(bands: Bands, grain: int, blocks: int) -> Bands:
    """The same by totals in grains, of which each section may have lost all but one part of one."""
    lost = blocks * (grain - 1)
    cuts = [least for least, _ in bands if least is not None]
    starts = {-(-least // grain) for least in cuts} | {-((lost - least) // grain) for least in cuts}
    found: Bands = []
    for start in (*sorted(starts, reverse=True), None):
        low = None if start is None else start * grain
        high = min(starts, default=0) * grain - grain + lost if start is None else start * grain + lost
        surely, perhaps = (place_of(bands, total) for total in (low, high))
        labels = {label for _, own in bands[perhaps : surely + 1] for label in own}
        found.append((start, tuple(sorted(labels))))
    return found


def simplified(bands: Bands) -> Bands:
    """The same bands, neighbours that are called alike made one, the last one without a beginning."""
    kept: Bands = []
    for least, label in bands:
        if kept and kept[-1][1] == label:
            kept.pop()
        kept.append((least, label))
    return [*kept[:-1], (None, kept[-1][1])]
