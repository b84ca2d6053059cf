"""
Whether each record of a log stands behind the one before it, and which of two that do not fit was changed.

Must not know what a record says beside its place, nor where lines are read from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.audit.report import Check

if TYPE_CHECKING:
    from scoring.audit.report import Place

__all__ = ["Links"]


class Links:
    """
    Whether each record stands behind the one before it.

    Two lines that do not chain leave open which of them was changed: the one behind them tells, because it chains to the second as that was.
    """

    def __init__(self) -> None:
        self.check = Check("chain")
        self.last: Place | None = None  # the line before
        self.expected = 0  # the seq that the next record should have
        self.suspects: tuple[Place, Place, str] | None = None  # two lines that do not chain, and the later one's prev

    def run(self, first: int, prev: str | None) -> bool:
        """Whether records from *first* on, the first of which chains to *prev*, go on behind what holds so far."""
        return self.suspects is None and self.expected == first and prev == (self.last[3] if self.last else None)

    def passed(self, last: Place) -> None:
        """Take in a run of records that chain, by the last of them."""
        self.expected, self.last = last[0] + 1, last

    def unreadable(self, place: Place) -> None:
        """Take in a line that is no record, and so is no witness to where it stands."""
        self.finish(None)
        self.expected += 1
        self.last = place

    def record(self, seq: int, prev: str | None, place: Place) -> None:
        """Take in a record."""
        chains = self.last is None or prev == self.last[3]
        if seq != self.expected:
            detail = "out of order: a record was dropped, inserted or moved"
            self.check.fail(detail, place, expected=f"seq {self.expected}", found=f"seq {seq}")
            self._blame_first()
        elif chains:
            self._blame_first()
        elif self.suspects is None and self.last is not None:
            self.suspects = (self.last, place, str(prev))
        else:
            self._blame_second()
        self.expected = seq + 1
        self.last = place

    def finish(self, last_holds: bool | None) -> None:
        """
        Name what no record behind it can tell any more.

        Args:
            last_holds: Whether the last line is what a head kept elsewhere says; None where nobody knows.
        """
        if last_holds is None:
            self._blame_first("this record or the one behind it was changed: they do not chain")
        elif last_holds:
            self._blame_first()
        else:
            self._blame_second()

    def _blame_first(self, detail: str = "changed: the record behind it chains to another content") -> None:
        if self.suspects is not None:
            changed, _, prev = self.suspects
            self.check.fail(detail, changed, expected=f"leaf {prev}", found=f"leaf {changed[3]}")
            self.suspects = None

    def _blame_second(self) -> None:
        if self.suspects is not None:
            before, changed, prev = self.suspects
            detail = "changed: it does not chain to the record before it, nor the one behind it to this"
            self.check.fail(detail, changed, expected=f"prev {before[3]}", found=f"prev {prev}")
            self.suspects = None
