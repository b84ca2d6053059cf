"""
What is refused in weights: sections within their stage, stages within the whole, and what weighs but can earn nothing.

Owns one function for each rule, in the order of `CHECKS`; `section_points` comes after the items were looked at.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from scoring.engine.plan import MAX_DENOMINATOR
from scoring.rubric import model
from scoring.rubric.exact import show_share
from scoring.rubric.part import spot
from scoring.rubric.study import Study, id_spot
from scoring.rubric.weights import earning_sections, earning_stages, named_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scoring.rubric.leaves import Name
    from scoring.rubric.model import Section
    from scoring.rubric.outcomes import Outcomes
    from scoring.rubric.tree import Node

__all__ = ["CHECKS", "section_points"]


def one_kind_of_weights(study: Study) -> None:
    """The weights of a stage's sections stand in profiles, or as `weight` on every section, or nowhere."""
    weights = study.rubric.weights
    for stage in _written(study):
        weighed = [section for section in stage.sections if spot(section, "weight") is not section.node]
        named = weights and (not study.rubric.stages or any(named_in(p, stage) for p in weights.profiles.values()))
        if named and weighed:
            message = "the weights stand in `weights` already: delete this one, or the table"
            study.report(spot(weighed[0], "weight"), "weights-twice", message)
            continue
        earning = earning_sections(stage.sections, study.rubric)
        others = [section for section in stage.sections if section not in weighed and section.id in earning]
        bare = [section for section in others if study.sound(id_spot(section))]
        if weighed and bare:
            names = ", ".join(f'"{section.id}"' for section in bare[:5])
            message = f"{names} {'has' if len(bare) == 1 else 'have'} no weight, but other sections do: give one to all of them, or to none"
            study.report(id_spot(bare[0]), "weight-missing", message)
        elif weighed and not named and study.sound(*(spot(section, "weight") for section in weighed)):
            of = f' of "{stage.id}"' if study.rubric.stages else ""
            total = sum((section.weight or Fraction(0) for section in weighed), Fraction(0))
            _sums_to_one(study, spot(weighed[-1], "weight"), f"the weights of the sections{of}", total)


def profiles(study: Study) -> None:
    """The default is a profile; the shares of every profile name what is there, and sum to exactly 1; they are never rescaled."""
    weights = study.rubric.weights
    if weights is None:
        return
    study.names(spot(weights, "default"), "profile", weights.default)
    for name, profile in weights.profiles.items():
        where = spot(profile, "shares")
        if not study.sound(where) or not study.known["section"]:
            continue
        named = []
        for section in profile.shares:
            share = spot(profile, "shares", section)
            named.append(study.names(share.key or share, "section", section))
        if all(named):
            _shares(study, name, profile)


def _shares(study: Study, name: str, profile: model.Profile) -> None:
    """The shares of one profile, stage by stage."""
    where = spot(profile, "shares")
    if not study.rubric.stages and not profile.shares and where is profile.node:
        message = 'a profile needs the key "shares": the sections with their shares of the whole'
        study.report(profile.node, "missing-key", message)
        return
    for stage in study.stages:
        of = f' within "{stage.id}"' if study.rubric.stages else ""
        if isinstance(stage, model.RubricStage):
            strangers = [section for section in study.sections_of(stage) if section in {*map(str, profile.shares)}]
            if strangers:
                at = spot(profile, "shares", strangers[0])
                message = f'how the sections of "{stage.id}" weigh is said in its own rubric: delete this, or choose one of its profiles on the stage'
                study.report(at.key or at, "shares-of-another", message)
            continue
        named = named_in(profile, stage)
        earning = earning_sections(stage.sections, study.rubric)
        lacking = [section for section in earning if section not in {*map(str, named)}]
        if _without_points(study, profile, [section for section in named if section not in earning]):
            continue
        if study.rubric.stages and not any(profile.shares[section] for section in named) and not (named and earning):
            continue
        if lacking:
            listed = ", ".join(f'"{section}"' for section in lacking[:5])
            message = f'the profile "{name}" has no share for {listed}: it names every section{of}, if need be with 0%'
            study.report(where.key or where, "shares-missing", message)
        else:
            total = sum((profile.shares[section] for section in named), Fraction(0))
            _sums_to_one(study, where.key or where, f'the shares of "{name}"{of}', total)


def _without_points(study: Study, profile: model.Profile, sections: Iterable[Name]) -> bool:
    """Whether a share is given to one of these sections, in which no item can earn points; whatever the shares sum to, that is the slip."""
    found = [section for section in sections if profile.shares[section]]
    for section in found:
        own = study.section_by_id[section]
        if study.settled(own):
            at = spot(profile, "shares", section)
            message = f'the section "{section}" has weight, but nothing in it can earn points: give an item points, or write 0% here'
            study.report(at.key or at, "section-maximum", message)
            study.findings.blame(id_spot(own))
    return bool(found)


def stage_weights(study: Study) -> None:
    """Where more than one stage can earn points, every profile says what each weighs, and why where that differs: there is no default."""
    rubric = study.rubric
    weights = rubric.weights
    earning = earning_stages(rubric, study.inner)
    if weights is None:
        if rubric.stages and study.settled(*rubric.stages):
            _no_default(
                study, spot(rubric, "stages"), earning, "weights: {default: agreed, profiles: {agreed: {stages: {%s}}}}"
            )
        return
    for name, profile in weights.profiles.items():
        where = spot(profile, "stages")
        if not study.sound(where):
            continue
        if profile.stages and not rubric.stages and not study.known["section"]:
            continue  # its stages were not read, which was said
        if profile.stages and not rubric.stages:
            message = "this rubric has no `stages`: its sections weigh by `shares`; delete this"
            study.report(where.key or where, "stages-unknown", message)
        elif profile.stages:
            _profile_stages(study, name, profile, earning)
        elif rubric.stages and study.settled(*rubric.stages):
            _no_default(study, profile.node, earning, "stages: {%s}")


def _no_default(study: Study, where: Node, earning: list[str], line: str) -> None:
    if len(earning) > 1:
        equal = ", ".join(f"{stage}: 1/{len(earning)}" for stage in earning)
        what = f"{len(earning)} stages can earn points, and nothing says what each weighs in the total"
        message = f"{what}; add {line % equal}"
        study.report(where.key or where, "stages-missing", message)
    elif not earning:
        message = "nothing in any stage can earn points: at least one stage needs an item that does"
        study.report(where.key or where, "stage-maximum", message)


def _profile_stages(study: Study, name: str, profile: model.Profile, earning: list[str]) -> None:
    where = spot(profile, "stages")
    for stage, share in profile.stages.items():
        at = spot(profile, "stages", stage)
        if study.names(at.key or at, "stage", stage) and share and stage not in earning:
            own = study.stages[study.known["stage"].index(stage)]
            if study.settled(own):
                message = f'the stage "{stage}" has weight, but nothing in it can earn points: give an item points, or write 0% here'
                study.report(at.key or at, "stage-maximum", message)
    if not study.sound(where):
        return
    given = [share for share in profile.stages.values() if share]
    _sums_to_one(study, where.key or where, f'the stages of "{name}"', sum(given, Fraction(0)))
    if len({*given}) > 1 and profile.justification is None and study.sound(where):
        message = (
            f'the stages of "{name}" weigh differently, and nothing says why: add `justification: ...` beside `stages`'
        )
        study.report(where.key or where, "justification", message)


def _sums_to_one(study: Study, where: Node, what: str, total: Fraction) -> None:
    if total == 1:
        return
    off = show_share(abs(1 - total))
    wrong = f"{off} too much" if total > 1 else f"{off} is missing"
    hint = "; a third is exactly 1/3" if abs(1 - total) <= Fraction(1, 50) else ""
    study.report(where, "shares-sum", f"{what} sum to {show_share(total)}, not to 100%: {wrong}{hint}")


def section_points(study: Study) -> None:
    """A section with weight can earn something, whatever the variant and level; and its points have a common denominator of at most 10^15."""
    variants = spot(study.rubric, "variants")
    if variants is not study.rubric.node and not study.sound(variants):
        return  # which items belong together is in doubt
    for section, _ in study.sections:
        members = [member for member in study.members if member.section == section.id]
        tables = [study.tables(member) for member in members]
        known = [table for own in tables if own is not None for table in own.values()]
        if not known or None in tables or not all(study.sound(item.node) for item in section.items):
            continue
        if study.weighs(section.id):
            _can_earn(study, section)
        if lcm(*(table.unit for table in known)) > MAX_DENOMINATOR:
            message = (
                f'the points in the section "{section.id}" have no common denominator up to 10^15: use rounder points'
            )
            study.report(id_spot(section), "denominator", message)


def _can_earn(study: Study, section: Section) -> None:
    best: dict[tuple[str | None, str | None], bool] = {}
    for variant in study.variants:
        own = [member for member in study.of_variant(variant) if member.section == section.id]
        found = [tables for member in own if (tables := study.tables(member))]
        best |= {(variant, level): any(_best(tables, level) for tables in found) for level in study.levels}
    if all(best.values()):
        return
    # Only what tells those who earn nothing from the others is named; others who earn nothing elsewhere are for the next time.
    idle = {variant: [level for level in study.levels if not best[variant, level]] for variant in study.variants}
    levels = next(filter(None, idle.values()))
    who = _where("variant", [variant for variant in idle if idle[variant] == levels], study.variants)
    at = _where("level", levels, study.levels)
    message = f'the section "{section.id}" has weight, but {who}{at}its items can earn nothing'
    study.report(id_spot(section), "section-maximum", message)


def _where(what: str, found: list[str | None], there: list[str | None]) -> str:
    """Those of the variants or levels that something is said about; nothing where it is said about all."""
    names = [f'"{name}"' for name in found]
    preposition = {"variant": "for", "level": "at"}[what]
    return "" if len(names) == len(there) else f"{preposition} the {what}{'s' * (len(names) > 1)} {', '.join(names)} "


def _best(tables: dict[str | None, Outcomes], level: str | None) -> Fraction:
    return (tables.get(level) or tables.get(None) or next(iter(tables.values()))).best


def _written(study: Study) -> Iterable[model.Stage]:
    """The stages whose sections are written here."""
    return [stage for stage in study.stages if isinstance(stage, model.Stage)]


CHECKS: tuple[Callable[[Study], None], ...] = (one_kind_of_weights, profiles, stage_weights)
