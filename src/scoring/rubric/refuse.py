"""
What is refused in a rubric as a whole: verdicts, ids, notice, what it replaces.

Owns one function for each rule, in the order of `CHECKS`; a function reports what it finds and concludes nothing from what was found wrong before it.
Weights, people, items, overrides and other rubrics as stages have modules of their own.
"""

from __future__ import annotations

from itertools import pairwise

from scoring.engine.shape import ACTIONS
from scoring.rubric import model
from scoring.rubric.exact import show_share
from scoring.rubric.pack_items import key_id
from scoring.rubric.part import spot
from scoring.rubric.study import Study, conditions_of, id_spot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from scoring.rubric.tree import Node

__all__ = ["CHECKS"]


def bands(study: Study) -> None:
    """The verdicts with `from` come first, fall strictly, and the last of them starts at 0%: so they tile 0% to 100%."""
    verdicts = study.rubric.verdicts
    edges = [(verdict, spot(verdict, "from")) for verdict in verdicts]
    if not verdicts or not study.sound(*(edge for _, edge in edges)):
        return
    banded = [verdict for verdict in verdicts if verdict.from_ is not None]
    if not banded:
        where = spot(study.rubric, "verdicts")
        message = "no verdict has a `from`: it says at which share of the whole a verdict begins, and the lowest one begins at 0%"
        study.report(where.key or where, "bands-missing", message)
        return
    for above, below in pairwise(verdicts):
        if above.from_ is None and below.from_ is not None:
            message = f'"{below.id}" has a `from`, but "{above.id}" above it has none: verdicts with `from` come first'
            study.report(spot(below, "from"), "bands-order", message)
    for above, below in pairwise(banded):
        high, low = above.from_, below.from_
        if high is not None and low is not None and low >= high:
            begins = f'"{below.id}" begins at {show_share(low)}, and "{above.id}" above it at {show_share(high)}'
            study.report(
                spot(below, "from"),
                "bands-order",
                f"{begins}: each band begins lower than the one above, the best stands first",
            )
    last = banded[-1]
    if last.from_:
        message = f"scores below {show_share(last.from_)} reach no verdict: the lowest band begins at 0%"
        study.report(spot(last, "from"), "bands-gap", message)


def actions(study: Study) -> None:
    """An action is never better than the action of the verdict above."""
    for above, below in pairwise(study.rubric.verdicts):
        sound = study.sound(spot(above, "action"), spot(below, "action"))
        if sound and ACTIONS.index(below.action) < ACTIONS.index(above.action):
            message = f'"{below.action}" is better than "{above.action}" of the verdict "{above.id}" above: actions never get better down the list'
            study.report(spot(below, "action"), "action-order", message)


def one_course(study: Study) -> None:
    """Sections stand in the rubric or in stages, not in both; and a stage that is the only one is called main."""
    rubric = study.rubric
    if rubric.sections and rubric.stages:
        where = spot(rubric, "sections")
        message = "either `sections` or `stages`, not both: put these sections under one of the stages"
        study.report(where.key or where, "sections-twice", message)
    where = spot(rubric, "stages")
    if len(rubric.stages) == 1 and rubric.stages[0].id != "main" and study.sound(where):
        message = "a rubric of one stage needs no `stages`: write its `sections` at the top, or call the stage main"
        study.report(id_spot(rubric.stages[0]), "one-stage", message)


def ids(study: Study) -> None:
    """No two things of one sort share an id: verdicts, stages, items and so on, or keys and records of one item."""
    rubric = study.rubric
    sorts: dict[str, Iterable[Any]] = {
        "verdict": rubric.verdicts,
        "level": rubric.levels,
        "variant": rubric.variants,
        "competency": rubric.competencies,
        "assumption": rubric.assumed,
        "stage": rubric.stages,
        "section": (section for section, _ in study.sections),
        "override": (override for override, _ in study.overrides),
        "guarantee": rubric.guarantees,
        "item": (placed.item for placed in study.items),
    }
    for what, parts in sorts.items():
        _ids_once(study, what, ((part.id, id_spot(part)) for part in parts))
    for placed in study.items:
        item = placed.item
        if isinstance(item, (model.NumberItem, model.TextItem)):
            keys: tuple[model.NumberKey | model.TextKey, ...] = item.keys
            _ids_once(study, "key", ((key_id(key, place), id_spot(key)) for place, key in enumerate(keys)))
        if isinstance(item, model.RatedItem) and item.indicators:
            watched = {"positive": item.indicators.positive, "negative": item.indicators.negative}
            spots = [(n, spot(item.indicators, list_, n)) for list_, names in watched.items() for n in names]
            _ids_once(study, "indicator", ((name, at.key or at) for name, at in spots))


def _ids_once(study: Study, what: str, named: Iterable[tuple[str, Node]]) -> None:
    first: dict[str, int] = {}
    for name, where in named:
        if not name or not study.sound(where):
            continue
        if name in first:
            study.report(where, "id-twice", f'the {what} "{name}" stands twice; the first one is in line {first[name]}')
        first.setdefault(name, where.line)


def caps(study: Study) -> None:
    """What `caps` names are verdicts."""
    if study.rubric.caps:
        for flag in ("fatal", "knock_out"):
            name = getattr(study.rubric.caps, flag)
            if name is not None:
                study.names(spot(study.rubric.caps, flag), "verdict", name)


def notice(study: Study) -> None:
    """Where something is fatal, candidates are told so beforehand."""
    rubric = study.rubric
    if rubric.notice is not None:
        return
    options = [
        option
        for placed in study.items
        for option in getattr(placed.item, "options", {}).values()
        if option.flag == "fatal"
    ]
    conditions = [
        condition
        for override, _ in study.overrides
        for condition, _ in conditions_of(override.when)
        if isinstance(condition, model.FlagCondition) and condition.flag == "fatal"
    ]
    where = next((spot(part, "flag") for part in (*options, *conditions) if study.sound(spot(part, "flag"))), None)
    if where is not None:
        line = 'notice: "Some answers disqualify."'
        message = f"a fatal answer needs a notice, so that candidates were told: add a line such as {line} at the top of the file, beside version:"
        study.report(where, "notice-missing", message)


def replaces(study: Study) -> None:
    """`may_move` says ``old -> new``, and the new one is a verdict of this version."""
    old = study.rubric.replaces
    if old is None:
        return
    if old.version == study.rubric.version and study.sound(spot(old, "version")):
        study.report(
            spot(old, "version"),
            "replaces-itself",
            "this is the version of the rubric itself: give the rubric a new one",
        )
    for place, move in enumerate(old.may_move):
        node = spot(old, "may_move", place)
        before, arrow, after = (word.strip() for word in move.partition("->"))
        if not study.sound(node):
            continue
        if not (before and arrow and after):
            study.report(node, "may-move-form", f'expected "old -> new", found "{move[:100]}"')
        else:
            study.names(node, "verdict", after)


CHECKS: tuple[Callable[[Study], None], ...] = (
    bands, actions, one_course, ids, caps, notice, replaces,
)  # fmt: skip
