"""
What is refused in overrides and gates: names that name nothing, conditions that cannot hold, lists that could turn on as a case gets better.

Owns one function for each form of condition. The rule behind the lists: every condition can only turn off as a case gets better (FORMAT.md 5).
"""

from __future__ import annotations

from scoring.errors import did_you_mean
from scoring.rubric import model
from scoring.rubric.exact import show_number
from scoring.rubric.leaves import Id, OwnId
from scoring.rubric.meant import bracketed
from scoring.rubric.outcomes import GIVEN, Outcomes, completed
from scoring.rubric.part import spot
from scoring.rubric.study import Study, conditions_of
from scoring.rubric.weights import earning_stages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.rubric.model import Override
    from scoring.rubric.study import Member

__all__ = ["MAX_CONDITIONS", "MAX_NESTED", "check_condition", "check_overrides"]

MAX_NESTED = 8  # as in a pack: deeper ones nobody reads
MAX_CONDITIONS = 50  # in one override, as in a pack
_MAX_LISTED = 10  # names that a message repeats
_MAX_SPLIT = 200  # characters of a name that are looked through for commas


def check_overrides(study: Study) -> None:
    """Look at every override, those of gates included."""
    for override, gate in study.overrides:
        study.names(spot(override, "cap"), "verdict", override.cap)
        check_condition(study, override.when, gate)
        if study.sound(override.node):
            _can_hold(study, override)


def check_condition(study: Study, when: model.Condition, gate: int | None = None, *, limits: bool = True) -> None:
    """
    Look at a condition and all conditions in it.

    Args:
        study: The rubric.
        when: The condition.
        gate: The stage whose gate it is in, None where it is in none.
        limits: Whether it limits a verdict, so that it may only turn off as a case gets better; a guarantee's does not.
    """
    for number, (condition, depth) in enumerate(conditions_of(when), 1):
        if depth > MAX_NESTED:
            study.report(condition.node, "condition-depth", f"conditions nest at most {MAX_NESTED} deep")
            break
        if number > MAX_CONDITIONS:
            what = "an override" if limits else "a guarantee"
            study.report(condition.node, "too-many", f"{what} holds at most {MAX_CONDITIONS} conditions")
            break
        _names(study, condition, gate, limits=limits)


def _names(study: Study, condition: model.Condition, gate: int | None, *, limits: bool) -> None:
    """What a condition names is there, and in a gate not in a later stage."""
    match condition:
        case model.SectionCondition():
            named, where, place = "section", spot(condition, "section"), study.stage_of_section.get(condition.section)
            study.names(where, "section", condition.section)
        case model.StageCondition():
            named, where, place = "stage", spot(condition, "stage"), _stage(study, condition)
        case model.OutcomeCondition():
            named, where = "item", spot(condition, "item")
            place = study.item_by_id[condition.item].stage if condition.item in study.item_by_id else None
            _outcomes(study, condition, limits=limits)
        case model.EveryCondition():
            _every(study, condition, limits=limits)
            return
        case _:
            return
    if gate is not None and place is not None and place > gate and study.sound(where):
        here, there = study.stages[gate].id, study.stages[place].id
        message = f'the gate of "{here}" cannot look at a later stage, and this {named} is in "{there}": move the condition to its gate, or to `overrides`'
        study.report(where, "gate-later", message)


def _stage(study: Study, condition: model.StageCondition) -> int | None:
    where = spot(condition, "stage")
    if not study.names(where, "stage", condition.stage):
        return None
    place = study.known["stage"].index(condition.stage)
    if condition.stage not in earning_stages(study.rubric, study.inner) and study.settled(study.stages[place]):
        message = (
            f'nothing in the stage "{condition.stage}" can earn points, so it has no share that could be below anything'
        )
        study.report(where, "stage-maximum", message)
    return place


def _can_hold(study: Study, override: Override) -> None:
    """Whatever variant a candidate takes, the condition can hold."""
    for variant in study.variants:
        missing = _lacking(study, override.when, study.of_variant(variant))
        if missing:
            who = f'for the variant "{variant}"' if variant else "for anybody"
            message = f'"{override.id}" can never hold {who}, who meets {missing}: name something that every variant has, or use `any`'
            study.report(spot(override, "when"), "variant", message)
            return


def _lacking(study: Study, when: model.Condition, members: list[Member]) -> str:
    """What a condition would need and the case does not have; nothing where it can hold."""
    match when:
        case model.SectionCondition():
            lost = when.section in study.known["section"] and all(m.section != when.section for m in members)
            return f'no item of the section "{when.section}"' if lost else ""
        case model.OutcomeCondition():
            lost = when.item in study.item_by_id and all(member.id != when.item for member in members)
            return f'no item "{when.item}"' if lost else ""
        case model.AllCondition():
            return next(filter(None, (_lacking(study, inner, members) for inner in when.all_)), "")
        case model.AnyCondition():
            lacking = [_lacking(study, inner, members) for inner in when.any_]
            return lacking[0] if all(lacking) else ""
    return ""


def _every(study: Study, condition: model.EveryCondition, *, limits: bool) -> None:
    """Each name is an outcome of some item, and stands once."""
    if limits:
        message = "`every` is for guarantees: what limits a verdict looks at flags, shares and single items"
        study.report(condition.node, "every-override", message)
        return
    tables = [study.tables(member) for member in study.members]
    known = dict.fromkeys(GIVEN) | {name: None for own in tables if own for t in own.values() for name in t.codes}
    seen: set[str] = set()
    for place, name in enumerate(condition.every):
        where = spot(condition, "every", place)
        if name not in known and all(tables):
            hint = did_you_mean(name, [*known][:500]) or f"; there are {_some([*known])}"
            study.report(where, "no-such-outcome", f'no item has the outcome "{name[:100]}"{hint}')
        elif name in seen:
            study.report(where, "outcome-twice", f'"{name}" stands twice in this list')
        seen.add(name)


def _outcomes(study: Study, condition: model.OutcomeCondition, *, limits: bool) -> None:
    if not study.names(spot(condition, "item"), "item", condition.item):
        return
    tables = study.tables(study.item_by_id[condition.item])
    if not tables or not study.sound(spot(condition, "is")):
        return
    by_level = [*tables.values()]
    if _known(study, condition, by_level[0]) and limits:
        _closed(study, condition, by_level)


def _known(study: Study, condition: model.OutcomeCondition, outcomes: Outcomes) -> bool:
    """Whether every name is an outcome of the item, and stands once."""
    seen: set[str] = set()
    right = True
    for place, name in enumerate(condition.is_):
        where = spot(condition, "is", place)
        known = outcomes.codes
        if name not in known:
            several = [part.strip() for part in name.split(",")] if len(name) <= _MAX_SPLIT else [name]
            hint = f"; did you mean {bracketed(several)}?" if len(several) > 1 and {*several} <= {*known} else ""
            hint = hint or _mean(study, condition.item, name)
            hint = hint or did_you_mean(name, [*known][:500]) or f"; it has {_some([*known][len(GIVEN) :])}"
            study.report(where, "no-such-outcome", f'the item "{condition.item}" has no outcome "{name[:100]}"{hint}')
            right = False
        elif name in seen:
            study.report(where, "outcome-twice", f'"{name}" stands twice in this list')
        seen.add(name)
    return right


def _mean(study: Study, item: str, name: str) -> str:
    """Where a value of its scale is named of an item whose ratings are averaged."""
    placed = study.item_by_id[item].placed
    rated = placed.item if placed is not None else None
    scale = study.rubric.scales.get(Id(rated.scale)) if isinstance(rated, model.RatingItem) else None
    raters = placed.nearest("raters", model.Raters) if placed is not None else None
    if scale is None or raters is None or raters.combine != "mean" or OwnId(name) not in scale.values:
        return ""
    return "; with `combine: mean` its outcomes are points: take median, lowest or consensus, or write the points"


def _closed(study: Study, condition: model.OutcomeCondition, tables: list[Outcomes]) -> None:
    """None of the item's best; and with an outcome that raises no flag, all such that earn no more: at every level."""
    whole = completed(tables, condition.is_)
    where = spot(condition, "is")
    for outcomes in tables:
        best = [name for name in whole if outcomes.is_best(name)]
        if best:
            written = [place for place, name in enumerate(condition.is_) if name in best]
            at = spot(condition, "is", written[0]) if written else where
            earns = f'"{best[0]}" earns {show_number(outcomes.best)}, and nothing of "{condition.item}" earns more'
            study.report(at, "best-listed", f"{earns}: a condition holds none of an item's best outcomes")
            return
    missing = {name for outcomes in tables for name in outcomes.lacking(whole)}
    lacking = sorted(missing, key=tables[0].codes.__getitem__)
    if lacking:
        meant = [name for name in (*condition.is_, *lacking) if name not in GIVEN]
        hint = f"; did you mean [{', '.join(meant)}]?" if len(meant) <= _MAX_LISTED else ""
        message = f"the list has to hold {_some(lacking)} too, because that earns no more than what it holds{hint}"
        study.report(where, "list-lacks", message)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MAX_LISTED
    return ", ".join(names[:_MAX_LISTED]) + (f" and {more:,} more" if more > 0 else "")
