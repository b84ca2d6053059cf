"""
The short road for plain sheets: from a submission to verdict and action in one pass.

Most sheets raise no flag, await nothing, and are read at a glance. For these the general road (`submission`, `judge`, `decision`) works out much that is not
there. This road takes what it is sure of and hands everything else back: a rubric whose rules need more than a sum has no `Plain`, and a sheet with anything
unusual in it gives None. What it returns equals what the general road returns, always; it owns no rule, and must not tell what is wrong with a sheet.

Every common spelling of an answer stands in a table with one integer behind it: what the outcome adds to the total, whether it is *notable*, and its code.
Adding these integers adds up all three. Answers that were read once are remembered, up to a bound.
"""

from __future__ import annotations

from operator import getitem, itemgetter

from scoring.engine.circumstances import Circumstances
from scoring.engine.exact import spell
from scoring.engine.ids import is_id
from scoring.engine.submission import is_case, is_time
from scoring.engine.table import NO_ENTRY, OWN, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

    Found: TypeAlias = tuple["Plain", list[int], bool]

__all__ = ["Plain", "plain_for"]

_CODE = 20  # bits of the sum of all codes
_NOTABLE = 10  # bits; an item is notable once, and there are at most 1,000
_ADDS = _CODE + _NOTABLE
_CODES = (1 << _CODE) - 1
_NOTED = (1 << _ADDS) - 1 - _CODES
_REMEMBERED = 65_536  # answers of one rubric; some ten megabytes
_SHORT = 24  # characters, or entries of a list, that are worth remembering

_KEYS = frozenset({"answers", "case", "facts", "id"})

# The kinds that this road reads, in its order: looked up as they are, looked up and remembered, remembered as lists, and always read.
_KINDS = ("choice", "number", "selection", "text")


class Plain:
    """
    A plan, prepared for plain sheets. Its items are read in an order of its own, kind by kind.

    Attributes:
        pick: Takes all their answers out of a sheet. arrange: Puts what was found for them in the pack's order.
        choices: For each choice, what the answers that it knows come to; choices_read: how others are read, and what each code comes to.
        numbers, lists: For each number and each selection all three. texts: For each text the last two.
        below: For each section that a condition names, its items and what they must add up to.
        bands: For each band but the last what reaches it, and its verdict and action. lowest: Those of the last.
        sections: For each weighted section its id, its maximum, what picks its items, and the shares that were spelled before; unit: of the total.
        whole: Whether every section has weight, and none is an excerpt. alike: By verdict and proof of notice, what a plain decision says.
        room: How many more answers and shares may be remembered.
    """

    __slots__ = (
        "alike", "arrange", "bands", "below", "choices", "choices_read", "lists", "lowest", "names", "notice", "numbers", "pick", "room", "sections",
        "stages", "texts", "unit", "whole",
    )  # fmt: skip

    def __init__(self, plan: Plan, worth: Sequence[list[int]], below: Sequence[tuple[range, int]]) -> None:
        by_kind = {kind: [item for item in plan.items if item.data["kind"] == kind] for kind in _KINDS}
        order = [item for items in by_kind.values() for item in items]
        self.names = [item.id for item in order]
        self.pick = itemgetter(*self.names)
        known, read = (
            {kind: [make(item, worth[item.place]) for item in items] for kind, items in by_kind.items()}
            for make in (_known, lambda item, worth: (item.read, worth))
        )
        self.choices, self.choices_read, self.texts = known["choice"], read["choice"], read["text"]
        self.numbers, self.lists = (
            [(table, *reader) for table, reader in zip(known[kind], read[kind], strict=True)]
            for kind in ("number", "selection")
        )
        self.room = _REMEMBERED
        where = {item.place: n for n, item in enumerate(order)}
        self.arrange = itemgetter(*(where[item.place] for item in plan.items))
        self.below = [([where[place] for place in members], least << _ADDS) for members, least in below]
        frame = plan.frames[None]
        self.unit = frame.scale.unit
        self.alike: dict[tuple[str | None, bool], dict[str, Any]] = {}
        self.sections: list[tuple[str, int, Callable[[Sequence[int]], Sequence[int]], dict[int, str]]] = []
        for section, maximum, factor in zip(plan.sections, frame.maxima, frame.scale.factors, strict=True):
            members = [where[place] for place in range(section.start, section.stop)]
            if factor:
                self.sections.append((section.id, maximum * factor, _several(members), {}))
        self.whole = len(self.sections) == len(plan.sections) and not frame.excerpts
        bands = [
            (verdict, "review" if frame.excerpts else action)
            for verdict, action in zip(plan.verdicts[: plan.bands], plan.actions, strict=False)
        ]
        self.lowest = bands.pop()
        self.bands = [(cut << _ADDS, band) for cut, band in zip(frame.scale.cuts, bands, strict=True)]
        self.notice = plan.notice_digest
        self.stages = [*plan.stage_index]

    def judge(self, document: Any) -> tuple[str | None, str, Found] | None:
        """
        The verdict, the action, and what the rest is worked out from with `outcomes`.

        The verdict is None where the sheet was read but is not plain; None alone is for a sheet that the general road has to read.
        """
        if type(document) is not dict or not _KEYS.issuperset(document) or "answers" not in document:
            return None
        if ("id" in document and not is_id(document["id"])) or ("case" in document and not is_case(document["case"])):
            return None
        proven = "facts" in document
        if proven and not self._fits(document["facts"]):
            return None
        found = self._look_up(document["answers"])
        if found is None:
            return None
        total = sum(found)
        if total & _NOTED:
            return None, "", (self, found, proven)
        for members, least in self.below:
            if sum([found[place] for place in members]) < least:
                return None, "", (self, found, proven)
        for cut, band in self.bands:
            if total >= cut:
                return (*band, (self, found, proven))
        return (*self.lowest, (self, found, proven))

    def outcomes(self, found: Sequence[int], proven: bool) -> tuple[list[int], Circumstances]:
        """One code for each item, in the pack's order, and what counts beside them: what the general road would have read."""
        return self.codes(found), Circumstances(proven if self.notice else None, handed_in=self.stages)

    def codes(self, found: Sequence[int]) -> list[int]:
        """One code for each item, in the pack's order."""
        return [value & _CODES for value in self.arrange(found)]

    def shares(self, found: Sequence[int]) -> dict[str, str]:
        """What each section came to, as the decision says it."""
        shares = {}
        for name, maximum, members, known in self.sections:
            earned = sum(members(found)) >> _ADDS
            share = known.get(earned)
            if share is None:
                share = spell(earned, maximum)
                if self.room > 0:
                    self.room -= 1
                    known[earned] = share
            shares[name] = share
        return shares

    def score(self, found: Sequence[int]) -> str:
        """The total, as the decision says it."""
        return spell(sum(found) >> _ADDS, self.unit)

    def _fits(self, facts: Any) -> bool:
        """Whether the facts are a proof of notice and nothing else."""
        try:
            notice, started = facts["notice"], facts["started_at"]
            told = notice["at"]
            if notice["sha256"] != self.notice or len(facts) != 2 or len(notice) != 2:
                return False
        except (KeyError, TypeError):
            return False
        return is_time(started) and is_time(told) and told <= started

    def _look_up(self, answers: Any) -> list[int] | None:
        """What each answer comes to, in this road's order; None where one of them is refused, or none of the rubric's."""
        if type(answers) is not dict:
            return None
        try:
            values = self.pick(answers)
            extra = len(answers) - len(values)
        except KeyError:
            values = [answers.get(name, NO_ENTRY) for name in self.names]
            extra = len(answers) - len(values) + values.count(NO_ENTRY)
        if extra:
            return None
        answer: Any
        rest = iter(values)
        try:
            try:
                found = [*map(getitem, self.choices, rest)]
            except (KeyError, TypeError):  # no option's id: a blank, or a list
                rest = iter(values)
                found = [worth[read(next(rest))] for read, worth in self.choices_read]
            for (known, read, worth), answer in zip(self.numbers, rest, strict=False):
                value = known.get(answer)
                if value is None:
                    value = worth[read(answer)]
                    if len(answer) <= _SHORT:
                        self._remember(known, answer, value)
                found.append(value)
            for (known, read, worth), answer in zip(self.lists, rest, strict=False):
                value = known.get(tuple(answer)) if type(answer) is list else worth[read(answer)]
                if value is None:
                    value = worth[read(answer)]
                    if len(answer) <= _SHORT and value & _CODES >= OWN:  # then every entry is the id of an option
                        self._remember(known, tuple(answer), value)
                found.append(value)
            for (read, worth), answer in zip(self.texts, rest, strict=False):
                found.append(worth[read(answer)])
        except (Refused, TypeError):
            return None
        return found

    def _remember(self, known: dict[Any, int], answer: Any, value: int) -> None:
        if self.room > 0:
            self.room -= 1
            known[answer] = value


def plain_for(plan: Plan) -> Plain | None:
    """
    Prepare the short road, or return None where the rubric's rules need more than a sum.

    It asks for one stage, no variants, nothing that people rate, at least two items, points of 0 or more, no floor above 0, and no condition on the stage.
    """
    if len(plan.stages) > 1 or None not in plan.frames or len(plan.items) < 2:
        return None
    if any(item.data["kind"] not in _KINDS or min(item.points) < 0 for item in plan.items):
        return None
    if plan.frames[None].outside or any(section.floor[0] for section in plan.sections):
        return None
    if sum(len(item.words) for item in plan.items) > _CODES:
        return None
    scale = plan.frames[None].scale
    factors = [factor * scale.weights[0] for factor in scale.factors]
    below = []
    listed: dict[int, frozenset[int]] = {}
    for kind, subject, limit, *_ in plan.literals:
        if kind == "is":
            listed[subject] = listed.get(subject, frozenset()) | limit
        elif kind == "below" and factors[subject]:
            section = plan.sections[subject]
            most = plan.frames[None].maxima[subject] * factors[subject]
            below.append((range(section.start, section.stop), -(-limit[0] * most // limit[1])))
        elif kind != "flag":
            return None
    worth = [_worth(item, factors[item.section], listed.get(item.place, frozenset())) for item in plan.items]
    return Plain(plan, worth, below)


def _several(places: Sequence[int]) -> Callable[[Sequence[int]], Sequence[int]]:
    """What takes these members out of a list, also where there is one."""
    if len(places) == 1:
        (only,) = places
        return lambda members: (members[only],)
    return itemgetter(*places)


def _known(item: Item, worth: Sequence[int]) -> dict[Any, int]:
    return {answer: worth[code] for answer, code in item.table.known.items()}


def _worth(item: Item, factor: int, listed: frozenset[int]) -> list[int]:
    """What each code comes to: its part of the total, whether it is notable, and itself."""
    notable = item.awaits | listed | {code for code in item.codes() if item.words[code] or code == item.unclear}
    return [item.points[code] * factor << _ADDS | (code in notable) << _CODE | code for code in item.codes()]
