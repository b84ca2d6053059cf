"""
A rubric with what the checks need to look up in it, worked out once.

Owns the look-ups; must not know any rule. Where something was found wrong with an item, there is nothing to conclude from it, and `outcomes` is None.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scoring.engine.ids import is_place
from scoring.errors import did_you_mean
from scoring.rubric import model
from scoring.rubric.leaves import Id
from scoring.rubric.outcomes import Outcomes, tables_of
from scoring.rubric.pack import competency_of, rewritten
from scoring.rubric.pack_items import Placed, item_of
from scoring.rubric.tree import Mapping, Node
from scoring.rubric.weights import weigh

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from typing import Any

    from scoring.rubric.embed import Inner
    from scoring.rubric.model import AnyStage, Condition, Override, Rubric, Section
    from scoring.rubric.part import Part
    from scoring.rubric.tree import Findings
    from scoring.rubric.weights import Weighing

__all__ = ["Member", "Study", "conditions_of", "id_spot"]


_MAX_LISTED = 10  # names that a message repeats


class Member(NamedTuple):
    """
    An item by what the checks across variants need, whichever rubric it comes from.

    Attributes:
        id, section, stage: Names; the stage by its place.
        only, void: The variant that it belongs to, None for all; whether it was taken out.
        placed: The item and what it stands in; None for one of another rubric.
        packed: The item as a pack has it; None for one of this rubric.
    """

    id: str
    section: str
    stage: int
    only: str | None
    void: bool
    placed: Placed | None
    packed: dict[str, Any] | None


class Study:
    """
    A rubric under examination.

    Attributes:
        rubric, findings: What is examined, and where problems go.
        inner: The packs of the rubrics that are stages, by stage; a stage is missing where its rubric could not be read.
        stages: All stages; where the rubric has none, the one that its sections make.
        sections: Every section that is written here, with its stage, in file order.
        items: Every item that is written here, with what it stands in, in file order.
    """

    def __init__(self, rubric: Rubric, findings: Findings, inner: dict[str, Inner] | None = None) -> None:
        self.rubric = rubric
        self.findings = findings
        self.inner = inner or {}
        self.stages: tuple[AnyStage, ...] = rubric.course
        written = [stage for stage in self.stages if isinstance(stage, model.Stage)]
        self.sections: list[tuple[Section, model.Stage]] = [(s, stage) for stage in written for s in stage.sections]
        self.items: list[Placed] = [Placed(i, s, stage, rubric) for s, stage in self.sections for i in s.items]
        self._tables: dict[int, dict[str | None, Outcomes] | None] = {}

    def report(self, node: Node, code: str, message: str) -> None:
        """Note an error."""
        self.findings.report(node, code, message)

    def sound(self, *nodes: Node) -> bool:
        """Whether nothing was found wrong with these nodes or in them."""
        return self.findings.sound(*nodes)

    def settled(self, *parts: AnyStage | Section) -> bool:
        """Whether nothing was found wrong with stages or sections, nor with a scale that their items go by: then it is certain what can earn points there."""
        for part in parts:
            nodes = {id(part.node), *(id(section.node) for section in getattr(part, "sections", ()))}
            own = [placed.item for placed in self.items if id(placed.section.node) in nodes]
            scales = [self.rubric.scales.get(Id(item.scale)) for item in own if isinstance(item, model.RatingItem)]
            if not self.sound(part.node, *(scale.node for scale in scales if scale is not None)):
                return False
        return True

    def names(self, where: Node, what: str, name: str) -> bool:
        """
        A name names something. Where the names that there are stand in doubt themselves (ill formed, twice, lost), nothing is said.

        Args:
            where: The node of the name.
            what: A key of `known`.
            name: The name.

        Returns:
            Whether it does.
        """
        there = self.known[what]
        if name in there or not self.sound(where) or self._in_doubt(what):
            return name in there
        if what in _ADDED and not there:
            key, how = _ADDED[what]
            if isinstance(self.rubric.node, Mapping) and self.rubric.node.get(key) is None:
                self.report(where, f"no-such-{what}", f'there is no {what} "{name[:48]}": {how.format(name[:48])}')
            return False
        if self.findings.lost or not there or len({*there}) < len(there) or not all(map(is_place, there)):
            return False
        more = f" and {len(there) - _MAX_LISTED:,} more" if len(there) > _MAX_LISTED else ""
        other = next((word for word, names in self.known.items() if word in _PLACES and name in names), "")
        hint = f'; "{name}" is {_PLACES[other]}' if other and what in _PLACES else did_you_mean(name, there)
        hint = hint or f"; there are {', '.join(there[:_MAX_LISTED])}{more}"
        self.report(where, f"no-such-{what}", f'there is no {what} "{name[:48]}"{hint}')
        return False

    def _in_doubt(self, what: str) -> bool:
        """Whether names were lost with a key of the rubric: one that holds too little, or is not there while another is misspelt."""
        if not isinstance(self.rubric.node, Mapping):
            return True
        keys = {name: key for name, (key, _) in self.rubric.node.entries.items()}
        own = [keys[name] for name in _HOLDERS[what] if name in keys]
        return not self.sound(*(own or keys.values()))

    @cached_property
    def known(self) -> dict[str, list[str]]:
        """The ids that a name may name, in file order, as they stand there."""
        rubric = self.rubric
        return {
            "verdict": [verdict.id for verdict in rubric.verdicts],
            "stage": [stage.id for stage in self.stages],
            "section": [section for stage in self.stages for section in self.sections_of(stage)],
            "item": [member.id for member in self.members],
            "profile": [*rubric.weights.profiles] if rubric.weights else [],
            "level": [level.id for level in rubric.levels],
            "variant": [variant.id for variant in rubric.variants],
            "role": [*rubric.roles],
            "scale": [*rubric.scales],
            "competency": [competency.id for competency in rubric.competencies],
        }

    def sections_of(self, stage: AnyStage) -> list[str]:
        """The ids of a stage's sections."""
        if isinstance(stage, model.Stage):
            return [section.id for section in stage.sections]
        return [section["id"] for section in self.inner[stage.id].sections] if stage.id in self.inner else []

    @cached_property
    def members(self) -> list[Member]:
        """Every item of every stage."""
        found: list[Member] = []
        here = {id(placed.item): placed for placed in self.items}
        for place, stage in enumerate(self.stages):
            if isinstance(stage, model.Stage):
                for section in stage.sections:
                    for item in section.items:
                        placed = here[id(item)]
                        found.append(Member(item.id, section.id, place, item.only, item.void is not None, placed, None))
            elif stage.id in self.inner:
                for packed in self.inner[stage.id].sections:
                    found += [Member(i["id"], packed["id"], place, None, i["void"], None, i) for i in packed["items"]]
        return found

    @cached_property
    def variants(self) -> list[str | None]:
        """The variants that a candidate can take; one without a name where there are none."""
        return [variant.id for variant in self.rubric.variants] or [None]

    def of_variant(self, variant: str | None) -> list[Member]:
        """The items that a candidate meets, what was taken out excepted."""
        return [member for member in self.members if not member.void and member.only in (None, variant)]

    @cached_property
    def levels(self) -> list[str | None]:
        """The levels that the rubric can be loaded for; one without a name where there are none."""
        return [level.id for level in self.rubric.levels] or [None]

    @cached_property
    def competency_by_id(self) -> dict[str, model.Competency]:
        """The competencies by id."""
        return {competency.id: competency for competency in self.rubric.competencies}

    @cached_property
    def item_by_id(self) -> dict[str, Member]:
        """The first item of each id."""
        first: dict[str, Member] = {}
        for member in self.members:
            first.setdefault(member.id, member)
        return first

    @cached_property
    def section_by_id(self) -> dict[str, Section]:
        """The first section of each id that is written here."""
        first: dict[str, Section] = {}
        for section, _ in self.sections:
            first.setdefault(section.id, section)
        return first

    @cached_property
    def stage_of_section(self) -> dict[str, int]:
        """The place of each section's stage."""
        return {section: place for place, stage in enumerate(self.stages) for section in self.sections_of(stage)}

    @cached_property
    def overrides(self) -> list[tuple[Override, int | None]]:
        """The overrides that are written here, those of gates with the place of their stage."""
        gates = [(override, place) for place, stage in enumerate(self.stages) for override in stage.gate]
        return [*gates, *((override, None) for override in self.rubric.overrides)]

    def brought(self, stage: model.RubricStage) -> list[dict[str, Any]]:
        """The overrides that another rubric brings with it, its gate's first, as they stand there."""
        if stage.id not in self.inner:
            return []
        written = rewritten(self.rubric, stage)
        return [*self.inner[stage.id].gate(written), *self.inner[stage.id].overrides(written)]

    @cached_property
    def profiles(self) -> dict[str, Weighing]:
        """Each profile, every share written out."""
        return weigh(self.rubric, self.inner)

    @cached_property
    def shares(self) -> dict[str, dict[str, Fraction]]:
        """Each profile's shares by section, of the whole."""
        return {
            name: {
                section: share * entry.stages[self.stages[self.stage_of_section[section]].id]
                for section, share in entry.shares.items()
                if section in self.stage_of_section
            }
            for name, entry in self.profiles.items()
        }

    def weighs(self, section: str) -> bool:
        """Whether some profile gives the section a share above 0 of its stage."""
        return any(entry.shares.get(section) for entry in self.profiles.values())

    def counts(self, section: str) -> bool:
        """Whether some profile gives the section a share above 0 of the whole."""
        return any(shares.get(section) for shares in self.shares.values())

    def tables(self, member: Member | Placed) -> dict[str | None, Outcomes] | None:
        """What can come out of an item, as `tables_of` says; None where something is wrong with it."""
        key = id(member.item if isinstance(member, Placed) else member.placed.item if member.placed else member.packed)
        if key not in self._tables:
            self._tables[key] = self._tabled(member)
        return self._tables[key]

    def _tabled(self, member: Member | Placed) -> dict[str | None, Outcomes] | None:
        placed = member if isinstance(member, Placed) else member.placed
        if placed is None:
            return tables_of(member.packed, ()) if isinstance(member, Member) and member.packed else None
        if not isinstance(placed.item, model.AnyItem) or not self.sound(placed.item.node) or not self.is_whole(placed):
            return None
        levels = [str(level.id) for level in self.rubric.levels]
        competencies = [competency_of(entry, levels) for entry in self.rubric.competencies if self._is_whole(entry)]
        return tables_of(item_of(placed), competencies)

    def is_whole(self, placed: Placed) -> bool:
        """Whether everything that an item refers to is there and right, so that it can be packed."""
        item = placed.item
        if not isinstance(item, model.RatedItem):
            return True
        raters = placed.nearest("raters", model.Raters)
        if raters is None or not self.sound(raters.node):
            return False
        if not isinstance(item, model.RatingItem):
            return True
        scale = self.rubric.scales.get(Id(item.scale))
        competency = self.competency_by_id.get(item.competency or "")
        if scale is None or not self.sound(scale.node) or (item.competency is not None and competency is None):
            return False
        if competency is None:
            return not isinstance(item.points, model.LevelPoints)
        return self._is_whole(competency) and {*competency.expected.values()} <= {str(name) for name in scale.values}

    def _is_whole(self, competency: model.Competency) -> bool:
        levels = {level.id for level in self.rubric.levels}
        return self.sound(competency.node) and {*map(str, competency.expected)} == levels

    def outcomes(self, placed: Placed) -> Outcomes | None:
        """What can come out of an item, at the first level where levels differ."""
        tables = self.tables(placed)
        return next(iter(tables.values())) if tables else None


# Under which keys of the rubric the things stand that a name may name.
_HOLDERS = {
    "verdict": ("verdicts",),
    "stage": ("stages", "sections"),
    "section": ("stages", "sections"),
    "item": ("stages", "sections"),
    "profile": ("weights",),
    "level": ("levels",),
    "variant": ("variants",),
    "role": ("roles",),
    "scale": ("scales",),
    "competency": ("competencies",),
}
# What is easily taken for one another.
_PLACES = {"stage": "a stage", "section": "a section", "item": "an item"}
# Names of the rubric's own vocabularies: where they are written, and how, for those who have not begun yet.
_ADDED = {
    "level": ("levels", "add `levels: [{}, ...]` at the top of the file, beside version:"),
    "variant": ("variants", "add `variants: [{}, ...]` at the top of the file, beside version:"),
    "role": ("roles", "add `roles: {{{}: its title}}` at the top of the file, beside version:"),
    "scale": ("scales", "add `scales: {{{}: {{values: {{...}}}}}}` at the top of the file, beside version:"),
    "competency": (
        "competencies",
        "add `competencies: [{{id: {}, expected: {{...}}}}]` at the top of the file, beside version:",
    ),
}


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
