# ruff: noqa: RUF009 - the calls in the class bodies make attrs fields, behind a helper
"""
What people who rate go by, as it is written: who rates, on which scale, against which expectation.

Owns the classes of raters, scales, competencies and of the vocabularies that a rubric makes for itself. Must not know of items or stages.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import attrs

from scoring.rubric.leaves import Id, Name, Number, OwnId, Prose, Seats  # noqa: TC001 - attrs resolves the types
from scoring.rubric.part import Part, entry

__all__ = ["Assumed", "Called", "Competency", "LevelPoints", "Raters", "Scale", "ScaleValue"]


@attrs.frozen(kw_only=True)
class Called(Part):
    """A level or a variant: one word of the rubric's own vocabulary."""

    what: ClassVar[str] = "a level or variant"
    short: ClassVar[str] = "id"
    id: Id = entry("Its name.")
    title: Prose | None = entry("Its name for people.", None)


@attrs.frozen(kw_only=True)
class Assumed(Part):
    """Something that the rubric assumes as a whole; every decision names it."""

    what: ClassVar[str] = "an assumption"
    id: Id = entry("The assumption's name.")
    what_: Prose = entry("What is assumed.")
    why: Prose | None = entry("Why it has to be assumed.", None)


@attrs.frozen(kw_only=True)
class Raters(Part):
    """Who rates, and what becomes of several ratings."""

    what: ClassVar[str] = "the entry `raters`"
    needs: dict[Name, Seats] = entry("For each role how many ratings it takes from people in it.", size=(1, 20))
    max: Seats | None = entry("How many people may rate; as many as `needs` says together unless it stands here.", None)
    combine: Literal["median", "mean", "lowest", "consensus"] = entry(
        "median: the middle one, the lower of two; mean: of the points; lowest: the worst; consensus: waits until all agree."
    )


@attrs.frozen(kw_only=True)
class ScaleValue(Part):
    """One value of a scale."""

    what: ClassVar[str] = "a value of a scale"
    number: Number | None = entry("What it counts; on all values of the scale, or on none.", None)
    text: Prose | None = entry("What it means: the anchor that raters read.", None)


@attrs.frozen(kw_only=True)
class Scale(Part):
    """Values that people rate on."""

    what: ClassVar[str] = "a scale"
    values: dict[OwnId, ScaleValue] = entry("The values by id, worst first.", size=(2, 20))
    why: Prose | None = entry("Why it has these values, for readers.", None)


@attrs.frozen(kw_only=True)
class LevelPoints(Part):
    """What a rating earns by where it stands to what the level expects."""

    what: ClassVar[str] = "points by level"
    below: Number = entry("What a value below the expected one earns.")
    at: Number = entry("What the expected value earns.")
    above: Number = entry("What a value above the expected one earns.")


@attrs.frozen(kw_only=True)
class Competency(Part):
    """What is expected at each level."""

    what: ClassVar[str] = "a competency"
    id: Id = entry("The competency's name.")
    title: Prose | None = entry("Its name for people.", None)
    discipline: Prose | None = entry("What it is part of, for readers.", None)
    expected: dict[Name, Name] = entry("For every level the value of the scale that is expected there.", size=(1, 12))
    assumed: tuple[Name, ...] = entry("The levels whose expectation is an assumption.", (), size=(1, 12))
    requirements: dict[Name, Prose] = entry(
        "For every level what is required in words.", attrs.Factory(dict), size=(1, 12)
    )
