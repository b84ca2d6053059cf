"""
What weighs how much: the shares of sections within their stage, and of stages in the total.

Owns the defaults (FORMAT.md 5, profiles): what no profile names weighs by its `weight`, else like its neighbours, and what can earn nothing weighs nothing.
Concludes nothing about whether the shares make sense; that is for the checks.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from scoring.rubric import model
from scoring.rubric.leaves import Id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring.rubric.embed import Inner
    from scoring.rubric.leaves import Name
    from scoring.rubric.model import AnyStage, Item, Profile, Rubric, Section

__all__ = ["Weighing", "can_earn", "earning_sections", "earning_stages", "named_in", "weigh"]


class Weighing(NamedTuple):
    """
    One profile, every share written out.

    Attributes:
        stages, shares: By stage and by section; 0 for what weighs nothing.
        assumption, justification: What its author says about it.
    """

    stages: dict[str, Fraction]
    shares: dict[str, Fraction]
    assumption: str | None
    justification: str | None


def weigh(rubric: Rubric, inner: Mapping[str, Inner]) -> dict[str, Weighing]:
    """Work out each profile; without a `weights` table there is one, called ``default``."""
    if rubric.weights is None:
        return {"default": _weighing(rubric, inner, None)}
    return {str(name): _weighing(rubric, inner, profile) for name, profile in rubric.weights.profiles.items()}


def _weighing(rubric: Rubric, inner: Mapping[str, Inner], profile: Profile | None) -> Weighing:
    shares: dict[str, Fraction] = {}
    for stage in rubric.course:
        if isinstance(stage, model.Stage):
            shares |= _within(stage, profile, rubric)
        elif stage.id in inner:
            shares |= inner[stage.id].shares
    earning = earning_stages(rubric, inner)
    stages = {str(stage.id): Fraction(0) for stage in rubric.course}
    if profile is not None and profile.stages:
        stages |= {name: Fraction(share) for name, share in profile.stages.items() if name in stages}
    elif len(earning) == 1:
        stages[earning[0]] = Fraction(1)
    if profile is None:
        return Weighing(stages, shares, None, None)
    return Weighing(stages, shares, profile.assumption, profile.justification)


def _within(stage: model.Stage, profile: Profile | None, rubric: Rubric) -> dict[str, Fraction]:
    """The shares of a stage's sections: by the profile, else by `weight`, else alike."""
    earning = earning_sections(stage.sections, rubric)
    shares = {str(section.id): Fraction(0) for section in stage.sections}
    named = named_in(profile, stage)
    if profile is not None and named:
        return shares | {name: Fraction(profile.shares[name]) for name in named}
    if any(section.weight is not None for section in stage.sections):
        return {str(section.id): Fraction(section.weight or 0) for section in stage.sections}
    return shares | {name: Fraction(1, len(earning)) for name in earning}


def named_in(profile: Profile | None, stage: model.Stage) -> list[Name]:
    """The sections of a stage that a profile names, in the stage's order."""
    given = {str(name): name for name in profile.shares} if profile else {}
    return [given[name] for name in dict.fromkeys(section.id for section in stage.sections) if name in given]


def earning_stages(rubric: Rubric, inner: Mapping[str, Inner]) -> list[str]:
    """The stages in which something can earn points; whatever came of another rubric can."""
    return [str(stage.id) for stage in rubric.course if _stage_earns(stage, rubric, inner)]


def _stage_earns(stage: AnyStage, rubric: Rubric, inner: Mapping[str, Inner]) -> bool:
    if isinstance(stage, model.RubricStage):
        return stage.id not in inner or any(inner[stage.id].shares.values())
    return bool(earning_sections(stage.sections, rubric))


def earning_sections(sections: Iterable[Section], rubric: Rubric) -> list[str]:
    """The sections in which something can earn points."""
    return [str(section.id) for section in sections if any(can_earn(item, rubric) for item in section.items)]


def can_earn(item: Item, rubric: Rubric) -> bool:
    """Whether some outcome of an item earns points, for some variant and level. What was found wrong may well earn some."""
    if item.void is not None:
        return False
    match item:
        case model.ChoiceItem():
            return any(option.points > 0 for option in item.options.values())
        case model.NumberItem() | model.TextItem():
            return any(key.points is None or key.points > 0 for key in item.keys) or not item.keys
        case model.RatingItem():
            if isinstance(item.points, model.LevelPoints):
                return item.points.above > 0
            scale = rubric.scales.get(Id(item.scale))
            return scale is None or any((value.number or 0) > 0 for value in scale.values.values())
        case model.ChecklistItem():
            return any(line.points > 0 for line in item.lines.values())
        case model.EvidenceItem():
            return False
    return True
