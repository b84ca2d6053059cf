"""
Outcomes of one version of a rubric as outcomes of another: item by item, by id and by name.

Owns when an outcome means the same under both: when every answer that gave the one would give the other. What only the answer itself could say is None,
and is classified again. Takes plans and what a decision recorded; must not know where decisions lie, nor what follows from outcomes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from scoring.engine.circumstances import Circumstances
from scoring.engine.exact import rational
from scoring.engine.table import ABSENT, BLANK, EXCLUDED, INVALID, OWN, SEVERE, UNOPENED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

    Codes: TypeAlias = tuple[int | None, ...]
    Rule: TypeAlias = Callable[[dict[str, Any], dict[str, Any]], Callable[[str], str | None]]

__all__ = ["Translation", "is_same_key", "outcomes"]

CONDUCT = "conduct"  # the irregularity that a breach in a rating's form raises, docs/reading.md


def outcomes(old: Item, new: Item) -> Codes:
    """
    Give for each code of *old* the code of *new* that every answer behind it would get; None where the answer would have to be read again.

    Points, flags and the order of options may differ: they change nothing of how an answer is read, save where a flag tells *several* from *several_flagged*.

    Source: docs/reading.md; FORMAT.md 7.
    """
    before, after = old.data, new.data
    found: list[int | None] = [None] * len(old.words)
    for code in (ABSENT, EXCLUDED, UNOPENED):
        found[code] = code
    if before["kind"] == after["kind"]:
        found[BLANK] = BLANK
        if _still_invalid(before, after):
            found[INVALID] = INVALID
        name_of = _RULES.get(before["kind"], _by_key)(before, after)
        named = new.named()
        for code in range(OWN, len(old.words)):
            name = name_of(old.name(code))
            found[code] = None if name is None else named.get(name)
    return tuple(found)


def is_same_key(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether two items, as packs say them, read every answer alike, whatever their outcomes earn, raise or are called."""
    return bool(old["kind"] == new["kind"] and _KEYS[old["kind"]](old) == _KEYS[old["kind"]](new))


def _still_invalid(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """What fitted no option fits none of fewer options; elsewhere the keys have to be the same."""
    if "options" in old:
        return _options(new) <= _options(old)
    return is_same_key(old, new)


def _options(item: dict[str, Any], *flags: str) -> frozenset[str]:
    return frozenset(option["id"] for option in item["options"] if not flags or option["flag"] in flags)


def _by_choice(old: dict[str, Any], new: dict[str, Any]) -> Callable[[str], str | None]:
    """An option is the same option wherever it stands; several need the same options, and their flags none that counts otherwise now."""
    same = _options(old) == _options(new)
    before, after = _options(old, *SEVERE), _options(new, *SEVERE)
    kept = {"several": same and after <= before, "several_flagged": same and before <= after}
    return lambda name: name if kept.get(name, True) else None


def _by_set(_: dict[str, Any], new: dict[str, Any]) -> Callable[[str], str | None]:
    """A set of options is the same set, in the new order; an option that is gone is in none."""
    place = {option["id"]: n for n, option in enumerate(new["options"])}

    def name_of(name: str) -> str | None:
        chosen = name.split("+")
        return "+".join(sorted(chosen, key=place.__getitem__)) if all(option in place for option in chosen) else None

    return name_of


def _by_name(_old: dict[str, Any], _new: dict[str, Any]) -> Callable[[str], str | None]:
    """A mark is the number that was handed in, and nothing given is nothing read."""
    return lambda name: name


def _by_key(old: dict[str, Any], new: dict[str, Any]) -> Callable[[str], str | None]:
    same = is_same_key(old, new)
    return lambda name: name if same else None


_RULES: dict[str, Rule] = {"choice": _by_choice, "selection": _by_set, "mark": _by_name, "evidence": _by_name}


# What reading an item's answers depends on: two items that agree in it give every answer the outcome of the same name.


def _choice_key(item: dict[str, Any]) -> Any:
    return _options(item), _options(item, *SEVERE)


def _number_key(item: dict[str, Any]) -> Any:
    keys = [(key["id"], key["low"], key["high"]) for key in item["keys"]]
    # Where no two keys overlap and one value decides, their order decides nothing.
    if item["read"] != "contains" and _are_apart(keys):
        keys.sort()
    return item["read"], sorted(item["units"]), sorted(item["separators"]), keys


def _are_apart(keys: list[tuple[str, str, str]]) -> bool:
    from fractions import Fraction

    spans = sorted((Fraction(*rational(low)), Fraction(*rational(high))) for _, low, high in keys)
    return all(before[1] < after[0] for before, after in pairwise(spans))


def _text_key(item: dict[str, Any]) -> Any:
    return item["steps"], [(key["id"], key["match"], sorted(key["texts"])) for key in item["keys"]]


def _rating_key(item: dict[str, Any]) -> Any:
    # A mean is named by what it comes to, so that the points of the values are part of the reading.
    by_mean = item["raters"]["combine"] == "mean"
    values = [(value["id"], value["points"] if by_mean else None) for value in item["values"]]
    return values, item["raters"], _records(item)


def _checklist_key(item: dict[str, Any]) -> Any:
    return {line["id"]: line["points"] for line in item["lines"]}, item["raters"], _records(item)


def _records(item: dict[str, Any]) -> dict[str, list[str]]:
    return {name: sorted(entry["id"] for entry in entries) for name, entries in item["records"].items()}


_KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "choice": _choice_key,
    "selection": _options,
    "number": _number_key,
    "text": _text_key,
    "mark": lambda item: (item["max"], item["step"]),
    "rating": _rating_key,
    "checklist": _checklist_key,
    "evidence": lambda _: None,
}


class Translation:
    """
    How what was recorded under one plan reads under another.

    Attributes:
        old, new: The plans.
        tables: For each item of the new plan the place of its namesake in the old one and what its codes become; None where it has no namesake.
        regrouped: One of the two has one stage and the other several, so that nobody can tell from a decision what the submission says was handed in.
    """

    __slots__ = ("_conduct", "_stage_of", "new", "old", "regrouped", "tables")

    def __init__(self, old: Plan, new: Plan) -> None:
        self.old = old
        self.new = new
        self.tables: list[tuple[int, Codes] | None] = []
        for item in new.items:
            place = old.index.get(item.id)
            self.tables.append(None if place is None else (place, outcomes(old.items[place], item)))
        self.regrouped = (len(old.stages) == 1) != (len(new.stages) == 1)
        self._stage_of = [[plan.sections[item.section].stage for item in plan.items] for plan in (old, new)]
        self._conduct = [item for item in old.items if item.data.get("records", {}).get(CONDUCT)]

    def variant(self, variant: str | None) -> str | None:
        """The case's variant under the new plan: none where that has none. It may be one that the new plan does not have."""
        return None if None in self.new.frames else variant

    def codes(
        self, codes: Sequence[int], variant: str | None, handed_in: Sequence[str], evaluated: int
    ) -> tuple[list[int], set[int]]:
        """
        Translate the outcomes of one decision.

        Args:
            codes: One for each item of the old plan.
            variant: Of the case.
            handed_in: The stages that it had finished, as the decision says.
            evaluated: How many stages the decision evaluated; of the later ones it says nothing.

        Returns:
            One code for each item of the new plan, and the places of those that only the answer could tell.
        """
        before = self.old.frames[variant].outside
        after = self.new.frames[self.variant(variant)].outside
        found: list[int] = []
        unknown: set[int] = set()
        for place, table in enumerate(self.tables):
            shut = len(self.new.stages) > 1 and self.new.stages[self._stage_of[1][place]].id not in handed_in
            code: int | None
            if place in after:
                code = EXCLUDED
            elif table is None:  # nothing can have been said of an item that was not there
                code = ABSENT
            elif self.regrouped or table[0] in before or self._stage_of[0][table[0]] >= evaluated:
                code = None
            else:
                code = table[1][codes[table[0]]]
                if code == UNOPENED and not shut:  # nothing, or a blank: nobody knows which
                    code = None
            if shut and code in {ABSENT, BLANK}:
                code = UNOPENED
            if code is None:
                unknown.add(place)
            found.append(UNOPENED if code is None else code)
        return found, unknown

    def notices(self, notice: bool | None) -> tuple[bool | None, ...]:
        """What the proof of notice may be under the new plan: one value where the decision tells it."""
        if self.new.notice_digest is None:
            return (None,)
        if self.new.notice_digest == self.old.notice_digest:
            return (notice is True,)
        # Who was shown the old text was not shown the new one; who was not may have been shown that.
        return (False,) if notice else (False, True)

    def conduct_is_told(self, irregularities: Sequence[str], variant: str | None, reached: int) -> bool:
        """Whether a breach of conduct that the decision names would count under the new plan, which takes answers up to stage *reached*."""
        if CONDUCT not in irregularities or self.new is self.old:
            return True
        new, after = self.new, self.new.frames[self.variant(variant)].outside
        for item in self._conduct:
            place = new.index.get(item.id)
            if place is None or not is_same_key(item.data, new.items[place].data):
                return False
            if (place in after) != (item.place in self.old.frames[variant].outside):
                return False
            if self._stage_of[1][place] >= reached:
                return False
        return True

    def around(self, recorded: Mapping[str, Any], variant: str | None, notice: bool | None) -> Circumstances:
        """What counts beside the outcomes, under the new plan."""
        new = self.new
        return Circumstances(
            notice,
            recorded["irregularities"],
            variant=self.variant(variant),
            handed_in=[name for name in new.stage_index if name in recorded["handed_in"] or len(new.stages) == 1],
            reinstate=recorded["reinstate"],
            void=recorded["void"],
        )
