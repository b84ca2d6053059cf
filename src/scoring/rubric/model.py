# ruff: noqa: RUF009 - the calls in the class bodies make attrs fields, behind a helper
"""
A rubric as people write it: one frozen class for each thing that has keys.

Owns which keys there are, what they hold, how many, and what they are for; the reader of files, the messages, and the schema for editors are all driven
by this table. A key's name is the attribute's, without the underscore that keeps it apart from Python's words. Every thing knows the node that it was
read from. Must not know how it is read, checked or packed.

Source: DESIGN 4.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias

import attrs

from scoring.rubric.leaves import (
    Below,
    Count,
    Cut,
    Floor,
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
    Share,
    Tolerance,
    Unit,
    YesNo,
)  # fmt: skip
from scoring.rubric.part import Part, entry

__all__ = [
    "Action", "AllCondition", "AnyCondition", "AnyItem", "Caps", "ChoiceItem", "ChoiceOption", "Condition", "Flag", "FlagCondition", "Item", "KeyFlag",
    "MarkItem", "Missing", "NumberItem", "NumberKey", "OutcomeCondition", "Override", "Profile", "Range", "Replaces", "Rubric", "Section",
    "SectionCondition", "SelectionItem", "SelectionOption", "TextItem", "TextKey", "Texts", "Verdict", "WarningCode", "Weights",
]  # fmt: skip

Action = Literal["advance", "review", "decline"]
Flag = Literal["fatal", "knock_out", "refer", "note"]
KeyFlag = Literal["refer", "note"]
Missing = Literal["zero", "await"]
WarningCode = Literal[
    "ask-empty",
    "cap-idle",
    "fatal-earns",
    "item-idle",
    "job-related-empty",
    "later-key",
    "option-text-empty",
    "thousands",
    "verdict-unreachable",
    "weight-skew",
]
Range: TypeAlias = tuple[Number, Number]
Texts: TypeAlias = tuple[KeyText, ...]
Accept: TypeAlias = dict[WarningCode, Prose]


def _accept() -> Any:
    return entry(
        "Warnings accepted here and below: each code with the reason why it is all right.", attrs.Factory(dict)
    )


@attrs.frozen(kw_only=True)
class Verdict(Part):
    """A result that a case can come to."""

    what: ClassVar[str] = "a verdict"
    id: Id = entry("The verdict's name.")
    from_: Cut | None = entry(
        "The lower edge of its band, as a share of the whole; left out where only a cap leads here.", None
    )
    action: Action = entry("What the host does with it; never better than the action of the verdict above.")
    why: Prose | None = entry("Why it is there, for readers.", None)
    accept: Accept = _accept()


@attrs.frozen(kw_only=True)
class Caps(Part):
    """How far a flag pulls the verdict down."""

    what: ClassVar[str] = "caps"
    fatal: Name | None = entry(
        "The verdict that a fatal answer leads to at best; the lowest band unless it stands here.", None
    )
    knock_out: Name | None = entry(
        "The verdict that a knock-out leads to at best; the first verdict below the bands unless it stands here.", None
    )


@attrs.frozen(kw_only=True)
class Profile(Part):
    """One way to weigh the sections."""

    what: ClassVar[str] = "a profile"
    shares: dict[Name, Share] = entry("Every section with its share of the whole; they sum to exactly 100%.")
    assumption: Prose | None = entry(
        "What is assumed, where the source does not state these weights; decisions then say so.", None
    )


@attrs.frozen(kw_only=True)
class Weights(Part):
    """The ways to weigh the sections."""

    what: ClassVar[str] = "weights"
    default: Name = entry("The profile that counts where nobody names one.")
    profiles: dict[Id, Profile] = entry("The profiles by id.", size=(1, 32))


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
    is_: Texts | None = entry("The answer is one of these texts.", None, size=(1, 50), one=True)
    contains_any: Texts | None = entry("The answer contains at least one of these texts.", None, size=(1, 50), one=True)
    contains_all: Texts | None = entry("The answer contains all of these texts.", None, size=(1, 50), one=True)
    like: Texts | None = entry(
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
    accept: Accept = _accept()


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


AnyItem: TypeAlias = ChoiceItem | SelectionItem | NumberItem | TextItem | MarkItem


@attrs.frozen(kw_only=True)
class Section(Part):
    """Items that are weighed together."""

    what: ClassVar[str] = "a section"
    id: Id = entry("The section's name.")
    title: Prose | None = entry("A heading for people.", None)
    weight: Share | None = entry("Its share of the whole, where the rubric has no `weights`.", None)
    floor: Floor = entry("The lowest share that it can come to; 0% unless it stands here.", Floor(0))  # type: ignore[arg-type]
    missing: Missing | None = entry(
        "What no answer means for its items; taken from the rubric unless it stands here.", None
    )
    items: tuple[AnyItem, ...] = entry("The questions.", size=(1, 1000))
    job_related: Prose | None = entry("Why the job needs its items, where they do not say it themselves.", None)
    note: Prose | None = entry("Anything for readers.", None)
    accept: Accept = _accept()


@attrs.frozen(kw_only=True)
class FlagCondition(Part):
    """A flag was raised so many times."""

    what: ClassVar[str] = "a condition on a flag"
    flag: Flag = entry("The flag.")
    at_least: Count = entry("How many times.")


@attrs.frozen(kw_only=True)
class SectionCondition(Part):
    """A section came to less than a share."""

    what: ClassVar[str] = "a condition on a section"
    section: Name = entry("The section's id.")
    below: Below = entry("The share that it stayed below.")


@attrs.frozen(kw_only=True)
class OutcomeCondition(Part):
    """An item came to one of these outcomes."""

    what: ClassVar[str] = "a condition on an item"
    item: Name = entry("The item's id.")
    is_: tuple[Name, ...] = entry("Names of its outcomes, none of them its best.", size=(1, 262_144), one=True)


@attrs.frozen(kw_only=True)
class AllCondition(Part):
    """All of these conditions hold."""

    what: ClassVar[str] = "a condition"
    all_: tuple[Condition, ...] = entry("The conditions.", size=(1, 50))


@attrs.frozen(kw_only=True)
class AnyCondition(Part):
    """At least one of these conditions holds."""

    what: ClassVar[str] = "a condition"
    any_: tuple[Condition, ...] = entry("The conditions.", size=(1, 50))


Condition: TypeAlias = FlagCondition | SectionCondition | OutcomeCondition | AllCondition | AnyCondition


@attrs.frozen(kw_only=True)
class Override(Part):
    """A condition that limits the verdict."""

    what: ClassVar[str] = "an override"
    id: Id = entry("The override's name.")
    when: Condition = entry("When it holds.")
    cap: Name = entry("The best verdict that is left then.")
    why: Prose | None = entry("Why it is there, for readers.", None)
    accept: Accept = _accept()


@attrs.frozen(kw_only=True)
class Replaces(Part):
    """What this version replaces, and what may change by it."""

    what: ClassVar[str] = "replaces"
    version: Id = entry("The version that it replaces.")
    reason: Prose = entry("Why it was changed.")
    may_move: tuple[Name, ...] = entry('Which verdicts may change, each as "old -> new".', (), size=(0, 256))


@attrs.frozen(kw_only=True)
class Rubric(Part):
    """Fixed rules that turn answers into a verdict."""

    what: ClassVar[str] = "a rubric"
    rubric: Id = entry("The rubric's name, the same for all its versions.")
    version: Id = entry("This version's name.")
    title: Prose | None = entry("A title for people.", None)
    notice: Prose | None = entry("What candidates are told beforehand; needed where an answer is fatal.", None)
    missing: Missing = entry("No answer: earns zero, or is awaited; zero unless it stands here.", "zero")
    note: Prose | None = entry("Anything for readers.", None)
    verdicts: tuple[Verdict, ...] = entry("The results, best first.", size=(2, 16))
    caps: Caps | None = entry("How far flags pull the verdict down.", None)
    weights: Weights | None = entry(
        "How the sections are weighed; without it they say `weight`, or all weigh the same.", None
    )
    sections: tuple[Section, ...] = entry("The sections.", size=(1, 50))
    overrides: tuple[Override, ...] = entry("Limits on the verdict, whatever the score.", (), size=(0, 100))
    replaces: Replaces | None = entry("The version before this one.", None)
    accept: Accept = _accept()
