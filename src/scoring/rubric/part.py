"""
What every thing in the model has, and how its keys are described.

Owns the base of the model's classes: the node that a thing was read from, the table of its keys, and the way from a key to its place in the file. Must
not know which things there are.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from scoring.rubric.tree import Mapping, Node, Sequence

__all__ = ["Part", "entry", "keys_of", "spot"]


def entry(about: str, default: Any = attrs.NOTHING, *, size: tuple[int, int] | None = None, one: bool = False) -> Any:
    """One key: what it is for, its default, how many entries it may hold, and whether one entry may stand for a list of one."""
    return attrs.field(default=default, metadata={"about": about, "size": size, "one": one})


@attrs.frozen(kw_only=True)
class Part:
    """What every thing in a rubric has: the node that it was read from."""

    what: ClassVar[str] = "a part"
    one_of: ClassVar[tuple[str, ...]] = ()  # keys of which exactly one stands there
    short: ClassVar[str] = ""  # the key that a bare text stands for
    node: Node = attrs.field(eq=False, repr=False)


def keys_of(cls: type[Part]) -> dict[str, attrs.Attribute[Any]]:
    """The keys that a thing has in a file, in the order in which people are told of them."""
    attrs.resolve_types(cls)
    return {a.name.rstrip("_"): a for a in attrs.fields(cls) if a.name != "node"}


def spot(part: Part, *path: str | int) -> Node:
    """Where to point when something in a thing is at fault: the node that keys and places lead to, as far as they lead anywhere."""
    node = part.node
    for step in path:
        if isinstance(step, str):
            inner = node.get(step) if isinstance(node, Mapping) else None
        else:
            inner = node.entries[step] if isinstance(node, Sequence) and step < len(node.entries) else None
        if inner is None:
            break
        node = inner
    return node
