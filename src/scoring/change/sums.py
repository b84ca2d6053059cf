"""
Exact sums of many decisions at once: one wide integer holds a number for each of them, a lane, and one addition adds in all lanes.

A lane is as many bytes wide as its greatest sum needs, its top bit spare, so that no lane ever runs over into the next. Must not know what is added up.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Sum", "Weighed", "bits_of", "width_of"]

_TOP = bytes(value >> 7 for value in range(256))  # the top bit of a byte, as 0 or 1
_FULL = bytes([0, 255]) + bytes(254)  # 1 as a full mask
_BYTE = 255


def width_of(most: int) -> int:
    """How many bytes a lane needs for sums up to *most*, a spare bit included."""
    return most.bit_length() // 8 + 1


def widen(lanes: int, width: int, wider: int, rows: int) -> int:
    """The same numbers in wider lanes."""
    return lanes if width == wider else spread(lanes.to_bytes(rows * width, "little"), width, wider, rows)


def spread(data: bytes, width: int, wider: int, rows: int) -> int:
    """Lanes of *wider* bytes from those of *width* bytes that stand in *data*."""
    room = bytearray(rows * wider)
    for place in range(width):
        room[place::wider] = data[place::width]
    return int.from_bytes(room, "little")


def every(value: int, width: int, rows: int) -> int:
    """The same number in every lane."""
    return int.from_bytes(value.to_bytes(width, "little") * rows, "little")


def at_least(lanes: int, width: int, rows: int, least: int) -> bytes:
    """For each lane one byte: 1 where its number is *least* or more. Numbers leave the top bit of their lane free."""
    half = 1 << 8 * width - 1
    if least <= 0:
        return b"\1" * rows
    if least >= half:
        return bytes(rows)
    moved = lanes + every(half - least, width, rows)
    return moved.to_bytes(rows * width, "little")[width - 1 :: width].translate(_TOP)


def bits_of(planes: Sequence[bytes]) -> list[bytes]:
    """Columns of 0 and 1 as columns of bytes, eight in one, the first the lowest bit."""
    if not planes:
        return []
    rows = len(planes[0])
    packed = []
    for start in range(0, len(planes), 8):
        value = 0
        for bit, plane in enumerate(planes[start : start + 8]):
            value += int.from_bytes(plane, "little") << bit
        packed.append(value.to_bytes(rows, "little"))
    return packed


class Sum:
    """
    What some columns add up to, each value looked up in the column's table first.

    Args:
        tables: For each column that counts its place and what each of its 256 values adds, 0 or more; and what it adds otherwise, where it can.

    Attributes:
        most: The greatest sum. width: Of a lane.
    """

    def __init__(self, tables: Sequence[tuple[int, Sequence[int], Sequence[int] | None]]) -> None:
        self.most = sum(max(*table, *(other or ())) for _, table, other in tables)
        self.width = width_of(self.most)
        self._parts = [(place, max(table), self._planes(table)) for place, table, _ in tables if any(table)]
        self._others = [
            (place, self._planes(table), self._planes(other))
            for place, table, other in tables
            if other is not None and other != table
        ]

    @staticmethod
    def _planes(table: Sequence[int]) -> list[bytes]:
        """One table for each byte that a value takes."""
        return [bytes(value >> 8 * n & _BYTE for value in table) for n in range((max(table).bit_length() + 7) // 8)]

    def _added(self, column: bytes, planes: Sequence[bytes], rows: int) -> int:
        if not planes:
            return 0
        if self.width == 1:
            return int.from_bytes(column.translate(planes[0]), "little")
        room = bytearray(rows * self.width)
        for place, plane in enumerate(planes):
            room[place :: self.width] = column.translate(plane)
        return int.from_bytes(room, "little")

    def lanes(self, columns: Sequence[bytes], rows: int) -> int:
        """The sums."""
        total = small = room = 0
        for place, most, planes in self._parts:
            if self.width > 1 and most > _BYTE:
                total += self._added(columns[place], planes, rows)
                continue
            if self.width > 1 and room + most > _BYTE:
                total, small, room = total + widen(small, 1, self.width, rows), 0, 0
            small += int.from_bytes(columns[place].translate(planes[0]), "little")
            room += most
        return total + widen(small, 1, self.width, rows)

    def otherwise(self, lanes: int, columns: Sequence[bytes], rows: int) -> int:
        """The sums, had every column added what it can add otherwise."""
        for place, planes, others in self._others:
            lanes += self._added(columns[place], others, rows) - self._added(columns[place], planes, rows)
        return lanes


class Weighed:
    """
    The sum of max(factor * (low + sum), floor) over some sums.

    Args:
        parts: For each the place of the sum, its least value, its greatest value, the factor (0 or more) and the floor.
    """

    def __init__(self, parts: Sequence[tuple[int, int, int, int, int]]) -> None:
        self.base = 0
        terms: list[
            tuple[int, int, int, int]
        ] = []  # which sum, from which value on it counts, the factor, what is added then
        for place, low, high, factor, floor in parts:
            if factor * low >= floor:
                self.base += factor * low
                terms.append((place, 0, factor, 0))
            else:
                self.base += floor
                if factor * high > floor:
                    start = -(-floor // factor)
                    terms.append((place, start - low, factor, factor * start - floor))
        highs = {place: high - low for place, low, high, _, _ in parts}
        self.unit = gcd(*(factor for _, _, factor, _ in terms), *(more for *_, more in terms)) or 1
        self._terms = [(n, start, factor // self.unit, more // self.unit) for n, start, factor, more in terms if factor]
        self._most = sum((highs[n] - start) * factor + more for n, start, factor, more in self._terms)
        # Never narrower than the lanes of a sum that goes into it, whatever a floor cuts off of it.
        self.width = width_of(max(self._most, *(highs[n] for n, *_ in self._terms), 0))

    def lanes(self, sums: Sequence[tuple[int, int]], rows: int) -> int:
        """The weighed sums, in `unit` above `base`. *sums*: lanes and their width."""
        total = 0
        for place, start, factor, more in self._terms:
            lanes, width = sums[place]
            if start:
                met = at_least(lanes, width, rows, start)
                lanes &= spread(met.translate(_FULL) if width == 1 else _repeated(met, width), width, width, rows)
                lanes -= spread(met, 1, width, rows) * start
                total += spread(met, 1, self.width, rows) * more
            total += widen(lanes, width, self.width, rows) * factor
        return total

    def at_least(self, lanes: int, rows: int, value: int) -> bytes:
        """For each lane one byte: 1 where it is *value* or more."""
        return at_least(lanes, self.width, rows, -((self.base - value) // self.unit))

    def values(self, lanes: int, rows: int) -> list[int]:
        """The number of every lane."""
        data, width = lanes.to_bytes(rows * self.width, "little"), self.width
        if width <= 8:
            if width < 8:
                data = widen(lanes, width, 8, rows).to_bytes(rows * 8, "little")
            return [self.base + self.unit * value for value in memoryview(data).cast("Q")]
        return [
            self.base + self.unit * int.from_bytes(data[at : at + width], "little")
            for at in range(0, rows * width, width)
        ]


def _repeated(met: bytes, width: int) -> bytes:
    """A full mask of *width* bytes for each 1."""
    room = bytearray(len(met) * width)
    full = met.translate(_FULL)
    for place in range(width):
        room[place::width] = full
    return bytes(room)
