"""
What moved a case between two versions: items first, then weights, floors, cuts, caps, actions, holds and stages.

Owns what counts as a cause. Takes two standings; must not know how either came about.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import attrs

from scoring.change.again import judged
from scoring.engine.table import EXCLUDED, UNOPENED, flags_of

if TYPE_CHECKING:
    from scoring.engine.judge import Standing
    from scoring.engine.plan import Plan

__all__ = ["Cause", "causes"]


@attrs.frozen
class Cause:
    """
    One thing that differs for a case.

    Attributes:
        kind: ``item``, ``share`` (a section's weight in the total), ``floor`` (the least that a section comes to), ``cut`` (the `from` of a verdict), ``cap``,
            ``action`` (a verdict's own), ``hold`` or ``stage`` (what became of it).
        id: Of the item, section, verdict or stage; the `by` of the cap; the name of the hold.
        old, new: Of an item its outcome and flags, such as ``A (refer)``; of a share, floor or cut what it is; of a cap the verdict that it puts, where
            it holds; of a hold ``held``; of a stage its status. None where that version has none.
        moved: What an item added to the total under *new* less what it added under *old*, as a share; None where one of the two has no total.
    """

    kind: str
    id: str
    old: str | None
    new: str | None
    moved: Fraction | None = None


def causes(old: Plan, before: Standing, new: Plan, after: Standing) -> tuple[Cause, ...]:
    """
    Tell what differs for a case between its standing under one plan and under another.

    An item is named where its outcome, its flags, or the points that it earns or could earn differ; those that moved the total most stand first, ties in the
    order of the new rubric. A cut is named where the total reaches it under one version alone, a share where it weighs otherwise in the total, a floor
    where it is another one and lifts what the section earned.
    """
    return (
        *_items(old, before, new, after),
        *_shares(old, before, new, after),
        *_floors(old, before, new, after),
        *_lines(old, before, new, after),
    )


def _items(old: Plan, before: Standing, new: Plan, after: Standing) -> list[Cause]:
    was, now = _worth(old, before), _worth(new, after)
    found = []
    for name in (*now, *(name for name in was if name not in now)):
        one, other = was.get(name), now.get(name)
        if (one and one[:2]) == (other and other[:2]):
            continue
        moved = None
        if before.band is not None and after.band is not None:
            moved = (other[2] if other else Fraction(0)) - (one[2] if one else Fraction(0))
        found.append(Cause("item", name, one and one[0], other and other[0], moved))
    return sorted(found, key=lambda cause: -abs(cause.moved or Fraction(0)))


def _worth(plan: Plan, standing: Standing) -> dict[str, tuple[str, tuple[Fraction, Fraction], Fraction]]:
    """For each item of the case its outcome and flags, what it earns and could earn in points, and what it adds to the total."""
    found = {}
    for item, code in zip(plan.items, standing.codes, strict=True):
        if code in {EXCLUDED, UNOPENED}:
            continue
        section = plan.sections[item.section]
        flags = flags_of(item.words[code])
        shown = f"{item.name(code)} ({', '.join(flags)})" if flags else item.name(code)
        points = (Fraction(item.points[code], section.unit), Fraction(item.best, section.unit))
        adds = Fraction(0)
        if standing.band is not None:
            scale = standing.scale
            adds = Fraction(item.points[code] * scale.factors[item.section] * scale.weights[section.stage], scale.unit)
        found[item.id] = (shown, points, adds)
    return found


def _shares(old: Plan, before: Standing, new: Plan, after: Standing) -> list[Cause]:
    was, now = (
        {
            section.id: Fraction(*section.share) * Fraction(*plan.stages[section.stage].weight)
            for section in plan.sections
        }
        for plan in (old, new)
    )
    if before.band is None or after.band is None:
        return []
    names = (*now, *(name for name in was if name not in now))
    return [
        Cause("share", name, _spelled(was.get(name)), _spelled(now.get(name)))
        for name in names
        if was.get(name) != now.get(name)
    ]


def _floors(old: Plan, before: Standing, new: Plan, after: Standing) -> list[Cause]:
    if before.band is None or after.band is None:
        return []
    (was, lifted), (now, lifts) = _floored(old, before), _floored(new, after)
    return [
        Cause("floor", name, _spelled(was.get(name)), _spelled(floor))
        for name, floor in now.items()
        if was.get(name) != floor and name in lifted | lifts
    ]


def _floored(plan: Plan, standing: Standing) -> tuple[dict[str, Fraction], set[str]]:
    """The floor of each section, and the sections that earned less than theirs."""
    floors = {section.id: Fraction(*section.floor) for section in plan.sections}
    scale = standing.scale
    low = [
        section.id
        for section, earned, factor, floor in zip(
            plan.sections, standing.earned, scale.factors, scale.floors, strict=True
        )
        if earned * factor < floor
    ]
    return floors, {*low}


def _spelled(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _lines(old: Plan, before: Standing, new: Plan, after: Standing) -> list[Cause]:
    found = []
    if before.band is not None and after.band is not None:
        was, now = _cuts(old), _cuts(new)
        totals = [Fraction(standing.total, standing.scale.unit) for standing in (before, after)]
        for name in (*now, *(name for name in was if name not in now)):
            one, other = was.get(name), now.get(name)
            reached = one is not None and totals[0] >= one, other is not None and totals[1] >= other
            if one != other and reached[0] != reached[1]:
                found.append(Cause("cut", name, _spelled(one), _spelled(other)))
    caps = [
        {plan.caps[cap][0]: plan.verdicts[plan.caps[cap][1]] for cap in standing.caps}
        for plan, standing in ((old, before), (new, after))
    ]
    found += _differing("cap", *caps)
    if before.verdict is not None and after.verdict is not None:
        name = new.verdicts[after.verdict]
        own = old.actions[before.verdict], new.actions[after.verdict]
        if old.verdicts[before.verdict] == name and own[0] != own[1]:
            found.append(Cause("action", name, *own))
    held = [dict.fromkeys(judged(plan, standing).holds, "held") for plan, standing in ((old, before), (new, after))]
    found += _differing("hold", *held)
    stages = [
        dict(zip((stage.id for stage in plan.stages), standing.stages, strict=False))
        for plan, standing in ((old, before), (new, after))
    ]
    return [*found, *_differing("stage", *stages)]


def _cuts(plan: Plan) -> dict[str, Fraction]:
    return {verdict: Fraction(*cut) for verdict, cut in zip(plan.verdicts, plan.cuts, strict=False)}


def _differing(kind: str, was: dict[str, str], now: dict[str, str]) -> list[Cause]:
    names = (*now, *(name for name in was if name not in now))
    return [Cause(kind, name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)]
