# ruff: noqa: RUF009 - the calls in the class bodies make attrs fields, behind a helper
"""
A rubric as people write it: one frozen class for each thing that has keys, those of items and of people included.

Owns which keys there are, what they hold, how many, and what they are for; the reader of files, the messages, and the schema for editors are all driven
by this table. A key's name is the attribute's, without the underscore that keeps it apart from Python's words. Every thing knows the node that it was
read from. Must not know how it is read, checked or packed.

Source: DESIGN 4.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

import attrs

from scoring.rubric.items import (
    KINDS,
    RECORDS,
    AnyItem,
    ChecklistItem,
    ChoiceItem,
    ChoiceOption,
    EvidenceItem,
    Indicators,
    Item,
    Line,
    MarkItem,
    NumberItem,
    NumberKey,
    RatedItem,
    RatingItem,
    SelectionItem,
    SelectionOption,
    TextItem,
    TextKey,
)
from scoring.rubric.leaves import Below, Count, Cut, Floor, Id, KeyText, Name, Prose, Share
from scoring.rubric.part import Part, entry
from scoring.rubric.people import Assumed, Called, Competency, LevelPoints, Raters, Scale, ScaleValue
from scoring.rubric.words import Accept, Action, Flag, KeyFlag, Missing, WarningCode, accepting

__all__ = [
    "KINDS", "RECORDS", "Action", "AllCondition", "AnyCondition", "AnyItem", "AnyStage", "Assumed", "Called", "Caps", "ChecklistItem", "ChoiceItem",
    "ChoiceOption", "Competency", "Condition", "EveryCondition", "EvidenceItem", "Flag", "FlagCondition", "Guarantee", "Indicators", "Item", "KeyFlag",
    "LevelPoints", "Line", "MarkItem", "Missing", "NumberItem", "NumberKey", "OutcomeCondition", "Override", "Profile", "RatedItem", "Raters",
    "RatingItem", "Replaces", "Rubric", "RubricStage", "Scale", "ScaleValue", "Section", "SectionCondition", "SelectionItem", "SelectionOption", "Stage",
    "StageCondition", "TextItem", "TextKey", "Verdict", "WarningCode", "Weights",
]  # fmt: skip


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
    accept: Accept = accepting()


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
    """One way to weigh the stages, and the sections within each."""

    what: ClassVar[str] = "a profile"
    stages: dict[Name, Share] = entry(
        "The stages with their shares of the whole; they sum to exactly 100%, and a stage that is left out weighs nothing.",
        attrs.Factory(dict),
    )
    shares: dict[Name, Share] = entry(
        "The sections with their shares of their stage; they sum to exactly 100% in each stage that is named here.",
        attrs.Factory(dict),
    )
    justification: Prose | None = entry("Why stages weigh differently.", None)
    assumption: Prose | None = entry(
        "What is assumed, where the source does not state these weights; decisions then say so.", None
    )


@attrs.frozen(kw_only=True)
class Weights(Part):
    """The ways to weigh stages and sections."""

    what: ClassVar[str] = "weights"
    default: Name = entry("The profile that counts where nobody names one.")
    profiles: dict[Id, Profile] = entry("The profiles by id.", size=(1, 32))


@attrs.frozen(kw_only=True)
class Section(Part):
    """Items that are weighed together."""

    what: ClassVar[str] = "a section"
    id: Id = entry("The section's name.")
    title: Prose | None = entry("A heading for people.", None)
    weight: Share | None = entry("Its share of its stage, where no profile of `weights` names it.", None)
    declared: Count | None = entry("How many items the source says that there are.", None)
    floor: Floor = entry("The lowest share that it can come to; 0% unless it stands here.", Floor(0))  # type: ignore[arg-type]
    missing: Missing | None = entry(
        "What no answer means for its items; taken from the stage or the rubric unless it stands here.", None
    )
    raters: Raters | None = entry(
        "Who rates its items; taken from the stage or the rubric unless it stands here.", None
    )
    items: tuple[AnyItem, ...] = entry("The questions.", size=(1, 1000))
    job_related: Prose | None = entry("Why the job needs its items, where they do not say it themselves.", None)
    note: Prose | None = entry("Anything for readers.", None)
    accept: Accept = accepting()


@attrs.frozen(kw_only=True)
class FlagCondition(Part):
    """A flag was raised so many times."""

    what: ClassVar[str] = "a condition on a flag"
    flag: Flag = entry("The flag.")
    at_least: Count = entry("How many times; once unless it stands here.", Count(1))


@attrs.frozen(kw_only=True)
class SectionCondition(Part):
    """A section came to less than a share."""

    what: ClassVar[str] = "a condition on a section"
    section: Name = entry("The section's id.")
    below: Below = entry("The share that it stayed below.")


@attrs.frozen(kw_only=True)
class StageCondition(Part):
    """A stage came to less than a share."""

    what: ClassVar[str] = "a condition on a stage"
    stage: Name = entry("The stage's id.")
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


@attrs.frozen(kw_only=True)
class EveryCondition(Part):
    """Every item that a candidate meets came to one of these outcomes."""

    what: ClassVar[str] = "a condition on every item"
    every: tuple[Name, ...] = entry("Names of outcomes; only a guarantee says it.", size=(1, 1000), one=True)


Condition: TypeAlias = (
    FlagCondition | SectionCondition | StageCondition | OutcomeCondition | AllCondition | AnyCondition | EveryCondition
)


@attrs.frozen(kw_only=True)
class Override(Part):
    """A condition that limits the verdict."""

    what: ClassVar[str] = "an override"
    id: Id = entry("The override's name.")
    when: Condition = entry("When it holds.")
    cap: Name = entry("The best verdict that is left then.")
    why: Prose | None = entry("Why it is there, for readers.", None)
    accept: Accept = accepting()


@attrs.frozen(kw_only=True)
class Guarantee(Part):
    """What holds for every candidate that there can be; `check` proves it."""

    what: ClassVar[str] = "a guarantee"
    one_of: ClassVar[tuple[str, ...]] = ("never", "always", "never_above", "never_below")
    id: Id = entry("The guarantee's name.")
    when: Condition | None = entry("Whom it is about; everybody unless it stands here.", None)
    never: tuple[Name, ...] = entry("The verdicts that they never come to.", (), size=(1, 16), one=True)
    always: tuple[Name, ...] = entry("The verdicts of which they come to one.", (), size=(1, 16), one=True)
    never_above: Name | None = entry("The best verdict that they come to.", None)
    never_below: Name | None = entry("The worst verdict that they come to.", None)
    why: Prose | None = entry("Why it is there, for readers.", None)


@attrs.frozen(kw_only=True)
class Stage(Part):
    """One step of the way: sections, who rates them, and a gate at its end."""

    what: ClassVar[str] = "a stage"
    id: Id = entry("The stage's name.")
    title: Prose | None = entry("A heading for people.", None)
    note: Prose | None = entry("Anything for readers.", None)
    panel: tuple[Name, ...] = entry("The roles of those who rate here.", (), size=(1, 20))
    rounds: tuple[Prose, ...] = entry("The rounds that its items belong to.", (), size=(1, 20))
    raters: Raters | None = entry("Who rates its items; taken from the rubric unless it stands here.", None)
    missing: Missing | None = entry(
        "What no answer means for its items; taken from the rubric unless it stands here.", None
    )
    job_related: Prose | None = entry("Why the job needs its items, where neither they nor their section say it.", None)
    gate: tuple[Override, ...] = entry("Conditions that end the case once the stage is complete.", (), size=(1, 20))
    sections: tuple[Section, ...] = entry("The sections.", size=(1, 50))
    accept: Accept = accepting()


@attrs.frozen(kw_only=True)
class RubricStage(Part):
    """A whole rubric of one stage as one step of the way."""

    what: ClassVar[str] = "a stage that is another rubric"
    id: Id = entry("The stage's name; the ids of the other rubric then begin with it and a slash.")
    title: Prose | None = entry("A heading for people.", None)
    rubric: KeyText = entry("The path of the other rubric, a rubric file or a pack, beginning at this file.")
    profile: Id | None = entry("Which of its profiles weighs its sections; its default unless it stands here.", None)
    gate: tuple[Override, ...] = entry("Conditions that end the case once the stage is complete.", (), size=(1, 20))
    caps: dict[Name, Name] = entry(
        "For each verdict that its overrides name, the verdict of this rubric that they cap at.",
        attrs.Factory(dict),
        size=(1, 16),
    )
    accept: Accept = accepting()


AnyStage: TypeAlias = Stage | RubricStage


@attrs.frozen(kw_only=True)
class Replaces(Part):
    """What this version replaces, and what may change by it."""

    what: ClassVar[str] = "replaces"
    version: Id = entry("The version that it replaces.")
    reason: Prose = entry("Why it was changed.")
    may_move: tuple[Name, ...] = entry(
        'Which verdicts may change, each as "old -> new"; none may unless it stands here.', (), size=(0, 256)
    )


@attrs.frozen(kw_only=True)
class Rubric(Part):
    """Fixed rules that turn answers into a verdict."""

    what: ClassVar[str] = "a rubric"
    one_of: ClassVar[tuple[str, ...]] = ("sections", "stages")
    rubric: Id = entry("The rubric's name, the same for all its versions.")
    version: Id = entry("This version's name.")
    title: Prose | None = entry("A title for people.", None)
    notice: Prose | None = entry("What candidates are told beforehand; needed where an answer is fatal.", None)
    missing: Missing = entry("No answer: earns zero, or is awaited; zero unless it stands here.", "zero")
    note: Prose | None = entry("Anything for readers.", None)
    verdicts: tuple[Verdict, ...] = entry("The results, best first.", size=(2, 16))
    caps: Caps | None = entry("How far flags pull the verdict down.", None)
    weights: Weights | None = entry(
        "How stages and sections are weighed; sections that stand in no profile say `weight`, or all weigh the same.",
        None,
    )
    sections: tuple[Section, ...] = entry("The sections.", (), size=(1, 50))
    stages: tuple[AnyStage, ...] = entry("The stages in their order, instead of `sections`.", (), size=(1, 20))
    levels: tuple[Called, ...] = entry("The levels that the rubric is loaded for, lowest first.", (), size=(1, 12))
    variants: tuple[Called, ...] = entry("The variants that candidates take; each takes one.", (), size=(2, 12))
    roles: dict[Id, Prose] = entry(
        "The roles of those who take part, each with its title.", attrs.Factory(dict), size=(1, 50)
    )
    scales: dict[Id, Scale] = entry("The scales that people rate on.", attrs.Factory(dict), size=(1, 50))
    competencies: tuple[Competency, ...] = entry("What is expected at each level.", (), size=(1, 100))
    raters: Raters | None = entry("Who rates, where nothing nearer says it.", None)
    assumed: tuple[Assumed, ...] = entry("What the rubric assumes; every decision names it.", (), size=(1, 50))
    excerpt: Literal["allowed"] | None = entry("allowed: a section may declare more items than it has.", None)
    overrides: tuple[Override, ...] = entry("Limits on the verdict, whatever the score.", (), size=(0, 100))
    guarantees: tuple[Guarantee, ...] = entry(
        "What holds for every candidate that there can be; `check` proves each.", (), size=(0, 100)
    )
    replaces: Replaces | None = entry("The version before this one.", None)
    accept: Accept = accepting()

    @property
    def course(self) -> tuple[AnyStage, ...]:
        """The stages; where the rubric has none, the one called ``main`` that its sections make."""
        return self.stages or (Stage(node=self.node, id=Id("main"), sections=self.sections),)
