"""
What is refused in an override: names that name nothing, and lists of outcomes that could turn on as a case gets better.

Owns one function for each form of condition. The rule behind the lists: every condition can only turn off as a case gets better (FORMAT.md 5).
"""

from __future__ import annotations

from scoring.errors import did_you_mean
from scoring.rubric import model
from scoring.rubric.exact import show_number
from scoring.rubric.meant import bracketed
from scoring.rubric.outcomes import GIVEN, Outcomes
from scoring.rubric.part import spot
from scoring.rubric.study import Study, conditions_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_CONDITIONS", "MAX_NESTED", "check_overrides"]

MAX_NESTED = 8  # as in a pack: deeper ones nobody reads
MAX_CONDITIONS = 50  # in one override, as in a pack
_MAX_LISTED = 10  # names that a message repeats
_MAX_SPLIT = 200  # characters of a name that are looked through for commas


def check_overrides(study: Study) -> None:
    """Look at every override."""
    for override in study.rubric.overrides:
        study.names(spot(override, "cap"), "verdict", override.cap)
        for number, (condition, depth) in enumerate(conditions_of(override.when), 1):
            if depth > MAX_NESTED:
                study.report(condition.node, "condition-depth", f"conditions nest at most {MAX_NESTED} deep")
                break
            if number > MAX_CONDITIONS:
                study.report(condition.node, "too-many", f"an override holds at most {MAX_CONDITIONS} conditions")
                break
            if isinstance(condition, model.SectionCondition):
                study.names(spot(condition, "section"), "section", condition.section)
            elif isinstance(condition, model.OutcomeCondition):
                _outcomes(study, condition)


def _outcomes(study: Study, condition: model.OutcomeCondition) -> None:
    study.names(spot(condition, "item"), "item", condition.item)
    if condition.item not in study.item_by_id:
        return
    outcomes = study.outcomes(*study.item_by_id[condition.item])
    if outcomes is not None and study.sound(spot(condition, "is")) and _known(study, condition, outcomes):
        _closed(study, condition, outcomes)


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
            hint = hint or did_you_mean(name, [*known][:500]) or f"; it has {_some([*known][len(GIVEN) :])}"
            study.report(where, "no-such-outcome", f'the item "{condition.item}" has no outcome "{name[:100]}"{hint}')
            right = False
        elif name in seen:
            study.report(where, "outcome-twice", f'"{name}" stands twice in this list')
        seen.add(name)
    return right


def _closed(study: Study, condition: model.OutcomeCondition, outcomes: Outcomes) -> None:
    """None of the item's best; and with an outcome that raises no flag, all such that earn no more."""
    whole = outcomes.completed(condition.is_)
    best = [name for name in whole if outcomes.is_best(name)]
    where = spot(condition, "is")
    if best:
        written = [place for place, name in enumerate(condition.is_) if name in best]
        at = spot(condition, "is", written[0]) if written else where
        earns = f'"{best[0]}" earns {show_number(outcomes.best)}, and nothing of "{condition.item}" earns more'
        study.report(at, "best-listed", f"{earns}: a condition holds none of an item's best outcomes")
        return
    lacking = outcomes.lacking(whole)
    if lacking:
        meant = [name for name in (*condition.is_, *lacking) if name not in GIVEN]
        hint = f"; did you mean [{', '.join(meant)}]?" if len(meant) <= _MAX_LISTED else ""
        message = f"the list has to hold {_some(lacking)} too, because that earns no more than what it holds{hint}"
        study.report(where, "list-lacks", message)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MAX_LISTED
    return ", ".join(names[:_MAX_LISTED]) + (f" and {more:,} more" if more > 0 else "")
