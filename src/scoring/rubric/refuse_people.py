"""
What is refused where people rate: roles, raters, scales, competencies, and the items that go by them.

Owns one function for each rule; `CHECKS` are those of the rubric as a whole, `common` and `rated` those of an item with what it stands in.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from scoring.engine.exact import MAX_DIGITS
from scoring.rubric import model
from scoring.rubric.exact import show_number
from scoring.rubric.leaves import Id
from scoring.rubric.pack_items import seats
from scoring.rubric.part import spot
from scoring.rubric.study import Study, conditions_of, id_spot
from scoring.rubric.tree import Mapping
from scoring.rubric.weights import earning_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from fractions import Fraction

    from scoring.rubric.leaves import Name
    from scoring.rubric.model import AnyStage, Raters, Scale
    from scoring.rubric.pack_items import Placed
    from scoring.rubric.part import Part
    from scoring.rubric.tree import Node

__all__ = ["CHECKS", "common", "rated"]

MAX_SEATS = 20  # people who rate one item, as in a pack


def scales(study: Study) -> None:
    """The values of a scale all have a number, or none has, and the numbers never fall."""
    for name, scale in study.rubric.scales.items():
        values = [*scale.values.items()]
        if not study.sound(scale.node) or not any(value.number is not None for _, value in values):
            continue
        bare = [(key, value) for key, value in values if value.number is None]
        if bare:
            message = (
                f'"{bare[0][0]}" has no `number`, but other values of "{name}" do: give one to all of them, or to none'
            )
            study.report(bare[0][1].node.key or bare[0][1].node, "scale-numbers", message)
            continue
        for (above, worse), (key, value) in pairwise(values):
            if worse.number is not None and value.number is not None and value.number < worse.number:
                message = f'"{key}" counts {show_number(value.number)}, less than "{above}" before it: the worst value stands first, and numbers never fall'
                study.report(spot(value, "number"), "scale-order", message)


def competencies(study: Study) -> None:
    """Every level has its cell, and nothing else has one."""
    rubric = study.rubric
    levels = [level.id for level in rubric.levels]
    if rubric.competencies and not levels and study.sound(rubric.node):
        where = spot(rubric, "competencies")
        message = "competencies say what each level expects, and this rubric has no levels: add `levels: [junior, senior]`, or what yours are called"
        study.report(where.key or where, "levels-missing", message)
        return
    for competency in rubric.competencies:
        for key in ("expected", "requirements"):
            cells: dict[Name, str] = getattr(competency, key)
            for level in cells:
                at = spot(competency, key, level)
                study.names(at.key or at, "level", level)
            where = spot(competency, key)
            lacking = [level for level in levels if level not in {*map(str, cells)}]
            if cells and lacking and study.sound(where, *map(id_spot, rubric.levels)):
                listed = ", ".join(f'"{level}"' for level in lacking)
                message = f'"{competency.id}" says nothing about {listed} in `{key}`: every level has its cell, as in {lacking[0]}: ...'
                study.report(where.key or where, "cell-missing", message)
        for place, level in enumerate(competency.assumed):
            study.names(spot(competency, "assumed", place), "level", level)


def raters(study: Study) -> None:
    """Whoever is needed has a role that is there, and there are seats for all of them."""
    own: Iterable[Part] = (study.rubric, *study.stages, *(s for s, _ in study.sections), *(p.item for p in study.items))
    for part in own:
        needed: Raters | None = getattr(part, "raters", None)
        if needed is None or not study.sound(needed.node):
            continue
        for role in needed.needs:
            at = spot(needed, "needs", role)
            study.names(at.key or at, "role", role)
        least = sum(needed.needs.values())
        if needed.max is not None and needed.max < least:
            message = (
                f"`needs` takes {least} people together, and `max` lets {needed.max} rate: raise it, or leave it out"
            )
            study.report(spot(needed, "max"), "seats", message)
        elif seats(needed) > MAX_SEATS:
            where = spot(needed, "needs")
            study.report(where.key or where, "seats", f"at most {MAX_SEATS} people rate one item; these are {least}")


def panels(study: Study) -> None:
    """The roles of a panel are there, and everyone whom a rated item needs is on the panel of its stage."""
    for stage in study.stages:
        for place, role in enumerate(getattr(stage, "panel", ())):
            study.names(spot(stage, "panel", place), "role", role)
    said: set[tuple[str, str, int]] = set()
    for placed in study.items:
        needed = placed.nearest("raters", model.Raters)
        panel = getattr(placed.stage, "panel", ())
        if not isinstance(placed.item, model.RatedItem) or needed is None or not panel:
            continue
        for role in needed.needs:
            at = spot(needed, "needs", role)
            key = (placed.stage.id, role, id(needed))
            if role in panel or key in said or not study.sound(at, *_panel_spots(placed.stage)):
                continue
            said.add(key)
            message = f'"{placed.item.id}" needs a rating by "{role}", who is not on the panel of "{placed.stage.id}": add the role there, or need another one'
            study.report(at.key or at, "role-off-panel", message)


def _panel_spots(stage: AnyStage) -> Iterable[Node]:
    node = stage.node.get("panel") if isinstance(stage.node, Mapping) else None
    return [] if node is None else [node]


def common(study: Study, placed: Placed) -> None:
    """What any item names: its variant, those who are there, its round."""
    item, stage = placed.item, placed.stage
    if item.only is not None:
        study.names(spot(item, "only"), "variant", item.only)
    for place, role in enumerate(item.audience):
        study.names(spot(item, "audience", place), "role", role)
    rounds = getattr(stage, "rounds", ())
    where = spot(item, "round")
    if item.round is not None and rounds and item.round not in rounds and study.sound(where):
        listed = ", ".join(f'"{name}"' for name in rounds)
        study.report(where, "no-such-round", f'"{stage.id}" has no round "{item.round[:48]}"; it has {listed}')


def rated(study: Study, placed: Placed) -> None:
    """An item that people rate: by whom, on what, and what it earns."""
    item = placed.item
    where = spot(item, "raters")
    if placed.nearest("raters", model.Raters) is None and where is item.node and study.sound(id_spot(item)):
        how = "add `raters: {needs: {ROLE: 1}, combine: median}` to it, to its section, its stage or the rubric"
        study.report(id_spot(item), "raters-missing", f'people rate "{item.id}", but nothing says who: {how}')
    if isinstance(item, model.RatingItem):
        _rating(study, placed, item)


def _rating(study: Study, placed: Placed, item: model.RatingItem) -> None:
    by_name: dict[str, Scale] = {str(name): scale for name, scale in study.rubric.scales.items()}
    has_scale = study.names(spot(item, "scale"), "scale", item.scale)
    has_competency = item.competency is None or study.names(spot(item, "competency"), "competency", item.competency)
    if isinstance(item.points, model.LevelPoints):
        _level_points(study, placed, item, item.points)
    if not has_scale or not study.sound(by_name[item.scale].node):
        return
    scale = by_name[item.scale]
    values = {str(name) for name in scale.values}
    for name in item.anchors:
        at = spot(item, "anchors", name)
        if name not in values and study.sound(at):
            message = f'the scale "{item.scale}" has no value "{name}"; it has {", ".join(map(str, scale.values))}'
            study.report(at.key or at, "no-such-value", message)
    if has_competency and item.competency is not None:
        _expected(study, item, values)
    if study.sound(item.node) and not isinstance(item.points, model.LevelPoints):
        _earned(study, item, item.points, scale)


def _expected(study: Study, item: model.RatingItem, values: set[str]) -> None:
    competency = study.competency_by_id[item.competency or ""]
    for level, value in competency.expected.items():
        if value not in values and study.sound(competency.node):
            there = ", ".join(sorted(values))
            message = f'"{competency.id}" expects "{value}" at "{level}", which the scale "{item.scale}" does not have; it has {there}'
            study.report(spot(item, "competency"), "no-such-value", message)
            return


def _level_points(study: Study, placed: Placed, item: model.RatingItem, points: model.LevelPoints) -> None:
    where = spot(item, "points")
    if not study.sound(where):
        return
    if item.competency is None and spot(item, "competency") is item.node:
        message = "points by level need to know what the level expects: add `competency: ID`"
        study.report(where.key or where, "level-points", message)
        return
    if not points.below <= points.at <= points.above:
        message = "a better rating never earns less: `below` is at most `at`, and `at` at most `above`"
        study.report(where.key or where, "level-points", message)
        return
    needed = placed.nearest("raters", model.Raters)
    if needed is not None and needed.combine == "mean":
        message = "points by level go by a value of the scale, and a mean is none: take `combine: median`, `lowest` or `consensus` for this item"
        study.report(where.key or where, "level-points", message)


def numbers(study: Study) -> None:
    """
    Where points count, the values of a scale have numbers.

    One problem for each scale, at the first item that goes by it. This comes before the checks of weights, which could only say that nothing is earned.
    """
    earning = earning_stages(study.rubric, study.inner)
    counted = _counted_stages(study)
    lacking: dict[str, list[model.RatingItem]] = {}
    for placed, item in _unnumbered(study):
        stage = placed.stage.id
        if study.weighs(placed.section.id) or (stage not in earning and (stage in counted or not earning)):
            lacking.setdefault(item.scale, []).append(item)
    for name, items in lacking.items():
        scale = study.rubric.scales[Id(name)]
        values = ", ".join(f"{value}: {{number: {place}}}" for place, value in enumerate([*scale.values][:3]))
        who = f'"{items[0].id}"' + f" and {len(items) - 1} more" * (len(items) > 1)
        why = f'the values of the scale "{name}" in line {(scale.node.key or scale.node).line} have no `number`, and points count there'
        how = f"add numbers, as in {values}; or move what is not scored to a section of its own"
        study.report(spot(items[0], "scale"), "no-numbers", f"{who} can earn nothing, because {why}: {how}")
        for item in items[1:]:
            study.findings.blame(spot(item, "scale"))


def _counted_stages(study: Study) -> set[str]:
    """The stages that a profile gives weight to, or that a condition looks at."""
    conditions = (condition for override, _ in study.overrides for condition, _ in conditions_of(override.when))
    looked_at = {str(condition.stage) for condition in conditions if isinstance(condition, model.StageCondition)}
    return looked_at | {name for entry in study.profiles.values() for name, share in entry.stages.items() if share}


def _unnumbered(study: Study) -> Iterable[tuple[Placed, model.RatingItem]]:
    """The items that would earn by the numbers of their scale, which has none."""
    for placed in study.items:
        item = placed.item
        if isinstance(item, model.RatingItem) and not isinstance(item.points, model.LevelPoints) and item.void is None:
            scale = study.rubric.scales.get(Id(item.scale))
            bare = scale is not None and all(value.number is None for value in scale.values.values())
            if scale is not None and bare and study.sound(item.node, scale.node):
                yield placed, item


def _earned(study: Study, item: model.RatingItem, points: Fraction, scale: Scale) -> None:
    """What the values earn: something, and nothing that no pack can hold."""
    numbers = [value.number for value in scale.values.values() if value.number is not None]
    if not numbers:
        return
    highest = max(numbers)
    if highest <= 0:
        message = f'the best value of the scale "{item.scale}" counts {show_number(highest)}: it has to be above 0, as the full mark goes by it'
        study.report(spot(item, "scale"), "no-numbers", message)
        return
    earned = [points * number / highest for number in numbers]
    if any(max(abs(value.numerator), value.denominator) >= 10**MAX_DIGITS for value in earned):
        message = f"with this scale its points have more than {MAX_DIGITS} digits: use rounder numbers"
        study.report(spot(item, "scale"), "number", message)


CHECKS: tuple[Callable[[Study], None], ...] = (scales, numbers, competencies, raters, panels)
