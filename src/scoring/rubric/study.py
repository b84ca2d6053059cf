"""
A rubric with what the checks need to look up in it, worked out once.

Owns the look-ups; must not know any rule. Where something was found wrong with an item, there is nothing to conclude from it, and `outcomes` is None.
"""

from __future__ import annotations

from functools import cached_property

from scoring.engine.shape import is_id
from scoring.errors import did_you_mean
from scoring.rubric import model
from scoring.rubric.outcomes import Outcomes
from scoring.rubric.pack import item_of, profiles_of
from scoring.rubric.tree import Mapping, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from scoring.rubric.model import Condition, Item, Rubric, Section
    from scoring.rubric.part import Part
    from scoring.rubric.tree import Findings

__all__ = ["Study", "conditions_of", "id_spot"]


_MAX_LISTED = 10  # names that a message repeats


class Study:
    """
    A rubric under examination.

    Attributes:
        rubric, findings: What is examined, and where problems go.
        items: Every item with its section, in file order.
    """

    def __init__(self, rubric: Rubric, findings: Findings) -> None:
        self.rubric = rubric
        self.findings = findings
        self.items: list[tuple[Section, Item]] = [(s, item) for s in rubric.sections for item in s.items]
        self._outcomes: dict[int, Outcomes | None] = {}

    def report(self, node: Node, code: str, message: str) -> None:
        """Note an error."""
        self.findings.report(node, code, message)

    def sound(self, *nodes: Node) -> bool:
        """Whether nothing was found wrong with these nodes or in them."""
        return self.findings.sound(*nodes)

    def names(self, where: Node, what: str, name: str) -> None:
        """
        A name names something. Where the names that there are stand in doubt themselves (ill formed, twice, lost), nothing is said.

        Args:
            where: The node of the name.
            what: ``verdict``, ``section``, ``item`` or ``profile``.
            name: The name.
        """
        there = self.known[what]
        if name in there or not there or not self.sound(where):
            return
        if self.findings.lost or len({*there}) < len(there) or not all(map(is_id, there)):
            return
        more = f" and {len(there) - _MAX_LISTED:,} more" if len(there) > _MAX_LISTED else ""
        hint = did_you_mean(name, there) or f"; there are {', '.join(there[:_MAX_LISTED])}{more}"
        self.report(where, f"no-such-{what}", f'there is no {what} "{name}"{hint}')

    @cached_property
    def known(self) -> dict[str, list[str]]:
        """The ids that a name may name, in file order, as they stand there."""
        rubric = self.rubric
        return {
            "verdict": [verdict.id for verdict in rubric.verdicts],
            "section": [section.id for section in rubric.sections],
            "item": [item.id for _, item in self.items],
            "profile": [*rubric.weights.profiles] if rubric.weights else [],
        }

    @cached_property
    def item_by_id(self) -> dict[str, tuple[Section, Item]]:
        """The first item of each id, with its section."""
        first: dict[str, tuple[Section, Item]] = {}
        for section, item in self.items:
            first.setdefault(item.id, (section, item))
        return first

    @cached_property
    def section_by_id(self) -> dict[str, Section]:
        """The first section of each id."""
        first: dict[str, Section] = {}
        for section in self.rubric.sections:
            first.setdefault(section.id, section)
        return first

    @cached_property
    def shares(self) -> dict[str, dict[str, Fraction]]:
        """Each profile's shares by section."""
        return {name: shares for name, (shares, _) in profiles_of(self.rubric).items()}

    def weighs(self, section: Section) -> bool:
        """Whether some profile gives the section a share above 0."""
        return any(shares.get(section.id) for shares in self.shares.values())

    def outcomes(self, section: Section, item: Item) -> Outcomes | None:
        """What can come out of an item; None where something is wrong with it."""
        if id(item) not in self._outcomes:
            usable = isinstance(item, model.AnyItem) and self.sound(item.node)
            self._outcomes[id(item)] = Outcomes(item_of(item, section, self.rubric)) if usable else None  # type: ignore[arg-type]
        return self._outcomes[id(item)]


def conditions_of(when: Condition) -> Iterator[tuple[Condition, int]]:
    """A condition and all conditions in it, each with how deep it lies, from 1."""
    waiting: list[tuple[Condition, int]] = [(when, 1)]
    while waiting:
        condition, depth = waiting.pop()
        yield condition, depth
        inner = getattr(condition, "all_", ()) or getattr(condition, "any_", ())
        waiting += [(member, depth + 1) for member in reversed(inner)]


def id_spot(part: Part) -> Node:
    """Where a thing is named: its `id`, or the key that it stands under."""
    own = part.node.get("id") if isinstance(part.node, Mapping) else None
    return own or part.node.key or part.node
