"""
Which items are looked at together: what is tied to what, and how blocks are put into two halves.

Must not know what the things are.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from scoring.change.tables import size_of

if TYPE_CHECKING:
    from scoring.change.tables import Node

__all__ = ["Groups", "balanced"]

MAX_SPLIT = 12  # blocks whose every division into two halves is looked at


class Groups:
    """Things that are tied together, directly or through others."""

    def __init__(self) -> None:
        self._up: dict[object, object] = {}

    def find(self, thing: object) -> object:
        """What stands for the group of a thing."""
        while (up := self._up.setdefault(thing, thing)) != thing:
            thing = up
        return thing

    def tie(self, one: object, other: object) -> None:
        """Put two groups together."""
        self._up[self.find(other)] = self.find(one)


def balanced(blocks: list[Node]) -> tuple[list[Node], list[Node]]:
    """Two groups of blocks whose products of sizes are as even as they get, one after the other taken to the smaller one where there are many."""
    halves: tuple[list[Node], list[Node]] = [], []
    ordered = sorted(blocks, key=size_of, reverse=True)
    sizes = [size_of(node) for node in ordered]
    if len(ordered) <= MAX_SPLIT:
        whole = prod(sizes)
        best = min(
            range(1 << max(len(ordered) - 1, 0)),
            key=lambda chosen: max(
                part := prod(size for n, size in enumerate(sizes) if chosen >> n & 1), whole // part
            ),
        )
        for n, node in enumerate(ordered):
            halves[best >> n & 1].append(node)
        return halves
    products = [1, 1]
    for node, size in zip(ordered, sizes, strict=True):
        n = 0 if products[0] <= products[1] else 1
        halves[n].append(node)
        products[n] *= size
    return halves
