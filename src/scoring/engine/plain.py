"""
The short road for plain sheets: from a submission to verdict and action in one pass.

Most sheets raise no flag, await nothing, and are read at a glance. For these the general road (`submission`, `judge`, `decision`) works out much that is not
there. This road takes what it is sure of and hands everything else back: a rubric whose rules need more than a sum has no `Plain`, and a sheet with anything
unusual in it gives None. What it returns equals what the general road returns, always; it owns no rule, and must not tell what is wrong with a sheet.

Every answer comes to one integer: what its outcome adds to the total, whether it is *notable*, and its code. Adding these integers adds up all three. Items
are taken kind by kind, so that one look into their tables, and no call for each, reads all answers of a kind. Answers that were read once are remembered,
up to a bound.
"""

from __future__ import annotations

from operator import getitem, itemgetter

from scoring.engine.circumstances import Circumstances
from scoring.engine.exact import spell
from scoring.engine.ids import is_id
from scoring.engine.submission import is_case, is_time
from scoring.engine.table import BLANK, MAX_TEXT, NO_ENTRY, OWN, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

    _Answers = dict[Any, int]
else:
    _Answers = dict

__all__ = ["Plain", "plain_for"]

_CODE = 20  # bits of the sum of all codes
_NOTABLE = 10  # bits; an item is notable once, and there are at most 1,000
_ADDS = _CODE + _NOTABLE
_CODES = (1 << _CODE) - 1
_NOTED = (1 << _ADDS) - 1 - _CODES
_REMEMBERED = 65_536  # answers and shares of one rubric; some ten megabytes
_SHORT = 24  # characters, or entries of a list, that are worth remembering

_KEYS = frozenset({"answers", "case", "facts", "id"})

# The kinds that this road reads, in its order. Texts that are not read by casefolded words alone are read one by one.
_KINDS = ("selection", "choice", "number", "text", "other text")


class _Room:
    """How many more answers and shares may be remembered, by all tables of a rubric together."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _REMEMBERED


class _Table(_Answers):
    """What the answers to an item come to: those that are known beforehand, and those that were read."""

    __slots__ = ("read", "room", "worth")

    def __init__(self, known: dict[Any, int], item: Item, worth: Sequence[int], room: _Room) -> None:
        super().__init__((answer, worth[code]) for answer, code in known.items())
        self.read, self.worth, self.room = item.read, worth, room

    def __missing__(self, answer: Any) -> int:
        """Read an answer that is not here, and remember it if it is a short text."""
        value = self.anew(answer)
        if type(answer) is str and len(answer) <= _SHORT and self.room.left:
            self.room.left -= 1
            self[answer] = value
        return value

    def anew(self, answer: Any) -> int:
        """Read an answer of whatever type."""
        return self.worth[self.read(answer)]


class _Lists(_Table):
    """The same for lists of texts, which stand here as tuples."""

    __slots__ = ()

    def __missing__(self, answer: tuple[str, ...]) -> int:
        """Read a list that is not here, and remember it if it is short and holds nothing but ids of options."""
        value = self.anew([*answer])
        if value & _CODES >= OWN and len(answer) <= _SHORT and self.room.left:
            self.room.left -= 1
            self[answer] = value
        return value


class Plain:
    """
    A plan, prepared for plain sheets. Its items are read in an order of its own, kind by kind.

    Attributes:
        plan: What it was prepared from.
        pick: Takes all their answers out of a sheet. arrange: Puts what was found for them in the pack's order.
        readers: For each item what reads any answer to it, and what each code comes to.
        lists, choices, numbers: For each item of these kinds what the answers come to that are known.
        texts: For each text that is read by words, these and what they come to, and what any other text comes to, and a blank.
        at: Where the choices, the numbers, the texts and the others begin.
        below: For each section that a condition names, its items and what they must add up to.
        bands: For each band but the last what reaches it, its verdict and its action. lowest: Those of the last.
        sections: For each weighted section its id, its maximum, where its items stand in the pack, and the shares that were spelled before; unit: of the total.
        whole: Whether every section has weight, and none is an excerpt. alike: By verdict and proof of notice, what a plain decision says.
        room: For what is remembered.
    """

    __slots__ = (
        "alike", "arrange", "at", "bands", "below", "choices", "lists", "lowest", "names", "notice", "numbers", "pick", "plan", "readers", "room",
        "sections", "stages", "texts", "unit", "whole",
    )  # fmt: skip

    def __init__(self, plan: Plan, worth: Sequence[list[int]], below: Sequence[tuple[range, int]]) -> None:
        self.plan = plan
        self.room = _Room()
        by_kind = [[item for item in plan.items if _kind(item) == kind] for kind in _KINDS]
        order = [item for items in by_kind for item in items]
        self.at = [sum(map(len, by_kind[:n])) for n in range(1, len(by_kind))]
        self.names = [item.id for item in order]
        self.pick = itemgetter(*self.names)
        self.readers = [(item.read, worth[item.place]) for item in order]
        shared: dict[Any, _Table] = {}
        self.lists, self.choices, self.numbers = (
            [self._table(item, worth[item.place], shared) for item in items] for items in by_kind[:3]
        )
        self.texts = [_words(item, worth[item.place]) for item in by_kind[3]]
        where = {item.place: n for n, item in enumerate(order)}
        self.arrange = itemgetter(*(where[item.place] for item in plan.items))
        self.below = [([where[place] for place in members], least << _ADDS) for members, least in below]
        frame = plan.frames[None]
        self.unit = frame.scale.unit
        self.alike: dict[tuple[str | None, bool], dict[str, Any]] = {}
        self.sections: list[tuple[str, int, slice, dict[int, str]]] = []
        for section, maximum, factor in zip(plan.sections, frame.maxima, frame.scale.factors, strict=True):
            if factor:
                self.sections.append((section.id, maximum * factor, slice(section.start, section.stop), {}))
        self.whole = len(self.sections) == len(plan.sections) and not frame.excerpts
        bands = [
            (verdict, "review" if frame.excerpts else action)
            for verdict, action in zip(plan.verdicts[: plan.bands], plan.actions, strict=False)
        ]
        self.lowest = bands.pop()
        self.bands = [(cut << _ADDS, *band) for cut, band in zip(frame.scale.cuts, bands, strict=True)]
        self.notice = plan.notice_digest
        self.stages = [*plan.stage_index]

    def _table(self, item: Item, worth: list[int], shared: dict[Any, _Table]) -> _Table:
        """The table of an item. Those have one in common whose options are called alike and come to the same: what was read for one is known for all."""
        if item.data["kind"] == "number":
            return _Table(item.table.known, item, worth, self.room)
        make, known = (_Lists, {(): BLANK}) if item.data["kind"] == "selection" else (_Table, item.table.known)
        alike = (make, *(option["id"] for option in item.data["options"]), *item.words, *worth)
        return shared.setdefault(alike, make(known, item, worth, self.room))

    def judge(self, document: Any) -> tuple[str | None, str, list[int], bool] | None:
        """
        The verdict, the action, what was found for each item, and whether the notice is proven: what the rest is worked out from with `outcomes`.

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
            return None, "", found, proven
        for members, least in self.below:
            if sum([found[place] for place in members]) < least:
                return None, "", found, proven
        for cut, verdict, action in self.bands:
            if total >= cut:
                return verdict, action, found, proven
        return *self.lowest, found, proven

    def outcomes(self, found: Sequence[int], proven: bool) -> tuple[list[int], Circumstances]:
        """One code for each item, in the pack's order, and what counts beside them: what the general road would have read."""
        return self.codes(self.arrange(found)), Circumstances(proven if self.notice else None, handed_in=self.stages)

    def codes(self, arranged: Sequence[int]) -> list[int]:
        """One code for each item, from what was found for them in the pack's order."""
        return [value & _CODES for value in arranged]

    def shares(self, arranged: Sequence[int]) -> dict[str, str]:
        """What each section came to, as the decision says it, from what was found in the pack's order."""
        shares = {}
        for name, maximum, members, known in self.sections:
            earned = sum(arranged[members]) >> _ADDS
            share = known.get(earned)
            if share is None:
                share = spell(earned, maximum)
                if self.room.left:
                    self.room.left -= 1
                    known[earned] = share
            shares[name] = share
        return shares

    def score(self, found: Sequence[int]) -> str:
        """The total, as the decision says it."""
        return spell(sum(found) >> _ADDS, self.unit)

    def _fits(self, facts: Any) -> bool:
        """Whether the facts are a proof of notice and nothing else."""
        if type(facts) is not dict or len(facts) != 2 or "notice" not in facts or "started_at" not in facts:
            return False
        notice, started = facts["notice"], facts["started_at"]
        if type(notice) is not dict or len(notice) != 2 or "at" not in notice or "sha256" not in notice:
            return False
        digest, told = notice["sha256"], notice["at"]
        return digest == self.notice and type(digest) is str and is_time(told) and is_time(started) and told <= started

    def _look_up(self, answers: Any) -> list[int] | None:
        """What each answer comes to, in this road's order; None where one of them is refused, or none of the rubric's."""
        if type(answers) is not dict:
            return None
        try:
            values, missing = self.pick(answers), 0
        except KeyError:
            values = tuple([answers.get(name, NO_ENTRY) for name in self.names])
            missing = values.count(NO_ENTRY)
        if len(answers) + missing != len(values):  # one of them is none of the rubric's
            return None
        choices, numbers, texts, others = self.at
        try:
            found = self._read_lists(values)
            try:
                found += [*map(getitem, self.choices, values[choices:numbers])]
            except TypeError:  # one of them is in a list
                found += self._one_by_one(values, choices, numbers)
            # Whatever else is equal to a text would be found in the tables as if it were one.
            found += [
                table[answer] if type(answer) is str else table.anew(answer)
                for table, answer in zip(self.numbers, values[numbers:texts])  # noqa: B905 - a keyword costs as much as two answers
            ]
            if texts < others:
                found += self._find_words(values[texts:others]) or self._one_by_one(values, texts, others)
            if others < len(values):
                found += self._one_by_one(values, others, len(values))
        except Refused:
            return None
        return found

    def _read_lists(self, values: Sequence[Any]) -> list[int]:
        """What the selections come to, which stand first among the values."""
        found = []
        for table, answer in zip(self.lists, values):  # noqa: B905 - as above
            if type(answer) is list:
                for entry in answer:
                    if type(entry) is not str:
                        raise Refused
                found.append(table[tuple(answer)])
            else:
                found.append(table.anew(answer))
        return found

    def _find_words(self, texts: Sequence[Any]) -> list[int]:
        """What texts come to that need no preparing but for their case; empty where one does, or is none."""
        found: list[int] = []
        try:
            together = "".join(texts)
        except TypeError:
            return found
        if not together.isascii() or len(together) > MAX_TEXT:
            return found
        for (words, wrong, blank), text in zip(self.texts, texts):  # noqa: B905 - as above
            if type(text) is not str:
                raise Refused
            said = text.lower()
            for word, value in words:
                if word in said:
                    found.append(value)
                    break
            else:
                found.append(wrong if text and not text.isspace() else blank)
        return found

    def _one_by_one(self, values: Sequence[Any], start: int, stop: int) -> list[int]:
        """What these answers come to, whatever they are."""
        return [
            worth[read(answer)]
            for (read, worth), answer in zip(self.readers[start:stop], values[start:stop], strict=True)
        ]


def plain_for(plan: Plan) -> Plain | None:
    """
    Prepare the short road, or return None where the rubric's rules need more than a sum.

    It asks for one stage, no variants, nothing that people rate, at least two items, points of 0 or more, no floor above 0, and no condition on the stage.
    """
    if len(plan.stages) > 1 or None not in plan.frames or len(plan.items) < 2:
        return None
    if any(_kind(item) not in _KINDS or min(item.points) < 0 for item in plan.items):
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


def _kind(item: Item) -> str:
    kind: str = item.data["kind"]
    return "other text" if kind == "text" and item.table.sought is None else kind


def _words(item: Item, worth: Sequence[int]) -> tuple[list[tuple[str, int]], int, int]:
    """What a text looks for and what it comes to, and what any other text and a blank come to."""
    words = item.table.sought or []
    return [(word, worth[code]) for word, code in words], worth[-1], worth[BLANK]


def _worth(item: Item, factor: int, listed: frozenset[int]) -> list[int]:
    """What each code comes to: its part of the total, whether it is notable, and itself."""
    notable = item.awaits | listed | {code for code in item.codes() if item.words[code] or code == item.unclear}
    return [item.points[code] * factor << _ADDS | (code in notable) << _CODE | code for code in item.codes()]
