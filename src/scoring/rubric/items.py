# ruff: noqa: RUF009 - the calls in the class bodies make attrs fields, behind a helper
"""
An item as people write it: one frozen class for each kind, and for what stands in it.

Owns which keys an item has, what they hold, how many, and what they are for. Must not know of sections, stages or how an item is read, checked or packed.

Source: DESIGN 4.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias

import attrs

from scoring.rubric.leaves import (
    Id,
    KeyText,
    Limit,
    Name,
    Number,
    OwnId,
    Penalty,
    Positive,
    Prose,
    Relative,
    Tolerance,
    Unit,
    YesNo,
)
from scoring.rubric.part import Part, entry
from scoring.rubric.people import LevelPoints, Raters  # noqa: TC001 - attrs resolves the types
from scoring.rubric.words import Accept, Flag, KeyFlag, Missing, accepting

__all__ = [
    "KINDS", "RECORDS", "AnyItem", "ChecklistItem", "ChoiceItem", "ChoiceOption", "EvidenceItem", "Indicators", "Item", "Line", "MarkItem", "NumberItem",
    "NumberKey", "RatedItem", "RatingItem", "SelectionItem", "SelectionOption", "TextItem", "TextKey",
]  # fmt: skip

Range: TypeAlias = tuple[Number, Number]
KeyTexts: TypeAlias = tuple[KeyText, ...]
Texts: TypeAlias = tuple[Prose, ...]
Records: TypeAlias = dict[Id, Prose]
# What raters tick beside the rating, beside its indicators.
RECORDS = ("criteria", "deliverables", "evidence", "ground_rules", "constraints", "tensions", "conduct")


def _records(about: str) -> Any:
    return entry(f"{about} Each with its text.", attrs.Factory(dict), size=(1, 50))


@attrs.frozen(kw_only=True)
class ChoiceOption(Part):
    """One answer of a choice."""

    what: ClassVar[str] = "an option"
    points: Number = entry("What it earns.")
    flag: Flag | None = entry("What choosing it raises.", None)
    why: Prose | None = entry("Why it earns that; never shown to candidates beforehand.", None)
    text: Prose | None = entry("What the candidate reads.", None)


@attrs.frozen(kw_only=True)
class SelectionOption(Part):
    """One answer of a selection."""

    what: ClassVar[str] = "an option"
    right: YesNo = entry("Whether it should be chosen.")
    flag: Flag | None = entry("What choosing it raises.", None)
    why: Prose | None = entry("Why it is right or wrong; never shown to candidates beforehand.", None)
    text: Prose | None = entry("What the candidate reads.", None)


@attrs.frozen(kw_only=True)
class NumberKey(Part):
    """A number that counts."""

    what: ClassVar[str] = "an entry of `keys`"
    one_of: ClassVar[tuple[str, ...]] = ("is", "range")
    id: OwnId | None = entry("The outcome's name; key-1, key-2, ... by position unless it stands here.", None)
    is_: Number | None = entry("The number.", None)
    absolute: Tolerance | None = entry("How far off an answer may be, as a number; inclusive.", None)
    relative: Relative | None = entry("How far off an answer may be, as a share of the key; inclusive.", None)
    range_: Range | None = entry("The lowest and the highest number that count, instead of `is`.", None)
    points: Number | None = entry("What it earns; the item's points unless it stands here.", None)
    flag: KeyFlag | None = entry("What it raises.", None)
    why: Prose | None = entry("Why it earns that; never shown to candidates beforehand.", None)


@attrs.frozen(kw_only=True)
class TextKey(Part):
    """A text that counts."""

    what: ClassVar[str] = "an entry of `keys`"
    one_of: ClassVar[tuple[str, ...]] = ("is", "contains_any", "contains_all", "like")
    id: OwnId | None = entry("The outcome's name; key-1, key-2, ... by position unless it stands here.", None)
    is_: KeyTexts | None = entry("The answer is one of these texts.", None, size=(1, 50), one=True)
    contains_any: KeyTexts | None = entry(
        "The answer contains at least one of these texts.", None, size=(1, 50), one=True
    )
    contains_all: KeyTexts | None = entry("The answer contains all of these texts.", None, size=(1, 50), one=True)
    like: KeyTexts | None = entry(
        "The answer is one of these texts, in which * stands for anything.", None, size=(1, 50), one=True
    )
    points: Number | None = entry("What it earns; the item's points unless it stands here.", None)
    flag: KeyFlag | None = entry("What it raises.", None)
    why: Prose | None = entry("Why it earns that; never shown to candidates beforehand.", None)


@attrs.frozen(kw_only=True)
class Item(Part):
    """One question, criterion or task: what all kinds have in common."""

    what: ClassVar[str] = "an item"
    id: Id = entry("The item's name.")
    title: Prose | None = entry("A short heading.", None)
    ask: Prose | None = entry("What the candidate is asked.", None)
    origin: Prose | None = entry("Where it comes from.", None)
    assumption: Prose | None = entry("What is assumed in it.", None)
    audit_note: Prose | None = entry("What an auditor should know.", None)
    job_related: Prose | None = entry("Why the job needs it; taken from the section unless it stands here.", None)
    round: Prose | None = entry("The interview round it belongs to.", None)
    limit: Limit | None = entry("The time for it; with ~ it is advice.", None)
    missing: Missing | None = entry(
        "No answer: earns zero, or is awaited. Taken from the section or the rubric unless it stands here.", None
    )
    floor: Penalty | None = entry("The fewest points that it can come to, 0 or less.", None)
    only: Name | None = entry("The variant that it belongs to; all of them unless it stands here.", None)
    void: Prose | None = entry("Why it was taken out after the sitting: answers to it then count for nothing.", None)
    requirement: Prose | None = entry("What is required, in words; one of its competency's where it has one.", None)
    format: Prose | None = entry("How it is done, such as a call or a take-home task.", None)
    prepare: Texts = entry("What candidates prepare beforehand.", (), size=(1, 50), one=True)
    audience: tuple[Name, ...] = entry("The roles of those who are there.", (), size=(1, 20))
    persona: Texts = entry("Whom those who are there play.", (), size=(1, 50), one=True)
    guidance: Texts = entry("How those who run it should go about it.", (), size=(1, 50), one=True)
    accept: Accept = accepting()


@attrs.frozen(kw_only=True)
class Indicators(Part):
    """What raters watch for."""

    what: ClassVar[str] = "indicators"
    positive: Records = _records("What speaks for the candidate.")
    negative: Records = _records("What speaks against the candidate.")


@attrs.frozen(kw_only=True)
class RatedItem(Item):
    """What the kinds that people rate have in common. Everything but the rating is kept for each rater and never scored."""

    what: ClassVar[str] = "an item that people rate"
    raters: Raters | None = entry(
        "Who rates it; taken from the section, the stage or the rubric unless it stands here.", None
    )
    indicators: Indicators | None = entry("What raters watch for.", None)
    criteria: Records = _records("What raters look at.")
    deliverables: Records = _records("What the candidate hands over.")
    evidence: Records = _records("What has to be there to go by.")
    ground_rules: Records = _records("What the candidate has to keep to; a breach is noted.")
    constraints: Records = _records("What the candidate should find out.")
    tensions: Records = _records("What those who are there bring in.")
    conduct: Records = _records("What those who run it have to keep to; a breach holds the decision.")


_KIND = "How the answer is read."


@attrs.frozen(kw_only=True)
class ChoiceItem(Item):
    """A question with one answer to pick."""

    what: ClassVar[str] = "a choice item"
    kind: Literal["choice"] = entry(_KIND)
    options: dict[OwnId, ChoiceOption] = entry("The answers by id.", size=(2, 100))


@attrs.frozen(kw_only=True)
class SelectionItem(Item):
    """A question with several answers to tick."""

    what: ClassVar[str] = "a selection item"
    kind: Literal["selection"] = entry(_KIND)
    mode: Literal["exact", "net", "coverage", "each"] = entry(
        "exact: all or nothing; net: right minus wrong; coverage: the part of the right ones, nothing once one is wrong; each: every option counts."
    )
    points: Positive = entry("The full mark; 1 unless it stands here.", Positive(1))  # type: ignore[arg-type]
    options: dict[OwnId, SelectionOption] = entry("The answers by id.", size=(2, 11))


@attrs.frozen(kw_only=True)
class NumberItem(Item):
    """A question whose answer is a number."""

    what: ClassVar[str] = "a number item"
    one_of: ClassVar[tuple[str, ...]] = ("key", "keys")
    kind: Literal["number"] = entry(_KIND)
    read: Literal["sole", "stated", "contains"] = entry(
        "sole: the answer holds one number; stated: or the one behind the last =, -> , : or is; contains: any number in it counts. sole unless it stands here.",
        "sole",
    )
    points: Positive = entry("The full mark; 1 unless it stands here.", Positive(1))  # type: ignore[arg-type]
    key: Number | None = entry("The one number that is right; short for `keys` with one `is`.", None)
    keys: tuple[NumberKey, ...] = entry(
        "The numbers that count; the first that matches is the outcome.", (), size=(1, 50)
    )
    units: tuple[Unit, ...] = entry("Units that may stand behind the number.", (), size=(0, 20))
    separators: tuple[Literal[",", "'", " "], ...] = entry(
        "Thousands separators that may stand in the number.", (), size=(0, 3)
    )


@attrs.frozen(kw_only=True)
class TextItem(Item):
    """A question whose answer is a short text."""

    what: ClassVar[str] = "a text item"
    kind: Literal["text"] = entry(_KIND)
    steps: tuple[Literal["trim", "collapse", "casefold"], ...] = entry(
        "What is levelled before comparing: spaces at the ends, runs of spaces, capitals; all three unless it stands here.",
        ("trim", "collapse", "casefold"),
        size=(0, 3),
    )
    points: Positive = entry("The full mark; 1 unless it stands here.", Positive(1))  # type: ignore[arg-type]
    keys: tuple[TextKey, ...] = entry("The texts that count; the first that matches is the outcome.", size=(1, 50))


@attrs.frozen(kw_only=True)
class MarkItem(Item):
    """A mark that an examiner or a machine gives."""

    what: ClassVar[str] = "a mark item"
    kind: Literal["mark"] = entry(_KIND)
    max: Positive = entry("The highest mark.")
    step: Positive = entry("The step between marks; 1 unless it stands here.", Positive(1))  # type: ignore[arg-type]
    points: Positive = entry("What the highest mark earns; 1 unless it stands here, whatever `max` is.", Positive(1))  # type: ignore[arg-type]


@attrs.frozen(kw_only=True)
class RatingItem(RatedItem):
    """A rating by people, on a scale."""

    what: ClassVar[str] = "a rating item"
    kind: Literal["rating"] = entry(_KIND)
    scale: Name = entry("The scale's id.")
    points: Positive | LevelPoints = entry(
        "The full mark, 1 unless it stands here; or what a value earns below, at and above what the level expects.",
        Positive(1),  # type: ignore[arg-type]
    )
    competency: Name | None = entry("The competency whose expectation it is held against.", None)
    anchors: dict[OwnId, Prose] = entry(
        "What values of the scale mean here, instead of the scale's own texts.", attrs.Factory(dict), size=(1, 20)
    )


@attrs.frozen(kw_only=True)
class Line(Part):
    """One line of a checklist."""

    what: ClassVar[str] = "a line"
    text: Prose = entry("What is to be observed.")
    points: Tolerance = entry("What it earns; 1 unless it stands here.", Tolerance(1))  # type: ignore[arg-type]


@attrs.frozen(kw_only=True)
class ChecklistItem(RatedItem):
    """Lines that people tick, each worth its points."""

    what: ClassVar[str] = "a checklist item"
    kind: Literal["checklist"] = entry(_KIND)
    lines: dict[OwnId, Line] = entry("The lines by id.", size=(1, 50))


@attrs.frozen(kw_only=True)
class EvidenceItem(Item):
    """Something that is kept and never scored."""

    what: ClassVar[str] = "an evidence item"
    kind: Literal["evidence"] = entry(_KIND)


AnyItem: TypeAlias = (
    ChoiceItem | SelectionItem | NumberItem | TextItem | MarkItem | RatingItem | ChecklistItem | EvidenceItem
)
KINDS: dict[str, type[Item]] = {
    "choice": ChoiceItem,
    "selection": SelectionItem,
    "number": NumberItem,
    "text": TextItem,
    "mark": MarkItem,
    "rating": RatingItem,
    "checklist": ChecklistItem,
    "evidence": EvidenceItem,
}
