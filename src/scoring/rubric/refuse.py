"""
What is refused in a rubric as a whole: verdicts, weights, ids, notice, what it replaces.

Owns one function for each rule, in the order of `CHECKS`; a function reports what it finds and concludes nothing from what was found wrong before it.
Items and overrides have modules of their own.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import cast

from scoring.engine.plan import MAX_DENOMINATOR
from scoring.engine.shape import ACTIONS
from scoring.rubric import model
from scoring.rubric.exact import show_share
from scoring.rubric.pack import key_id
from scoring.rubric.part import spot
from scoring.rubric.study import Study, conditions_of, id_spot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scoring.rubric.outcomes import Outcomes
    from scoring.rubric.part import Part
    from scoring.rubric.tree import Node

__all__ = ["CHECKS", "section_points"]


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


def ids(study: Study) -> None:
    """No two verdicts, sections, items, overrides, or keys of one item share an id."""
    rubric = study.rubric
    for what, parts in (("verdict", rubric.verdicts), ("section", rubric.sections), ("override", rubric.overrides)):
        _ids_once(study, what, [(part.id, part) for part in parts])
    _ids_once(study, "item", [(item.id, item) for _, item in study.items])
    for _, item in study.items:
        if isinstance(item, (model.NumberItem, model.TextItem)):
            keys: tuple[model.NumberKey | model.TextKey, ...] = item.keys
            _ids_once(study, "key", [(key_id(key, place), key) for place, key in enumerate(keys)])


def _ids_once(study: Study, what: str, named: Iterable[tuple[str, Part]]) -> None:
    first: dict[str, int] = {}
    for name, part in named:
        where = id_spot(part)
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


def one_kind_of_weights(study: Study) -> None:
    """Weights stand in a `weights` table, or as `weight` on every section, or nowhere."""
    sections = study.rubric.sections
    weighed = [section for section in sections if spot(section, "weight") is not section.node]
    if study.rubric.weights and weighed:
        message = "the weights stand in `weights` already: delete this one, or the table"
        study.report(spot(weighed[0], "weight"), "weights-twice", message)
        return
    bare = [section for section in sections if section not in weighed and study.sound(id_spot(section))]
    if weighed and bare:
        names = ", ".join(f'"{section.id}"' for section in bare[:5])
        message = f"{names} {'has' if len(bare) == 1 else 'have'} no weight, but other sections do: give one to all of them, or to none"
        study.report(id_spot(bare[0]), "weight-missing", message)


def section_weights(study: Study) -> None:
    """The weights that stand on sections sum to exactly 1."""
    sections = study.rubric.sections
    nodes = [spot(section, "weight") for section in sections]
    if study.rubric.weights or not sections or any(section.weight is None for section in sections):
        return
    if study.sound(*nodes):
        total = sum((section.weight or Fraction(0) for section in sections), Fraction(0))
        _sums_to_one(study, nodes[-1], "the weights of the sections", total)


def profiles(study: Study) -> None:
    """The default is a profile; every profile names every section and nothing else; its shares sum to exactly 1, and are never rescaled."""
    weights = study.rubric.weights
    if weights is None:
        return
    study.names(spot(weights, "default"), "profile", weights.default)
    for name, profile in weights.profiles.items():
        _profile(study, name, profile)


def _profile(study: Study, name: str, profile: model.Profile) -> None:
    where = spot(profile, "shares")
    known = study.known["section"]
    if not study.sound(where) or not known:
        return
    for section in profile.shares:
        share = spot(profile, "shares", section)
        study.names(share.key or share, "section", section)
    if not study.sound(where):
        return
    lacking = [section for section in known if section not in cast("dict[str, Fraction]", profile.shares)]
    if lacking:
        listed = ", ".join(f'"{section}"' for section in lacking[:5])
        message = f'the profile "{name}" has no share for {listed}: it names every section, if need be with 0%'
        study.report(where.key or where, "shares-missing", message)
    else:
        _sums_to_one(study, where.key or where, f'the shares of "{name}"', sum(profile.shares.values(), Fraction(0)))


def _sums_to_one(study: Study, where: Node, what: str, total: Fraction) -> None:
    if total == 1:
        return
    off = show_share(abs(1 - total))
    wrong = f"{off} too much" if total > 1 else f"{off} is missing"
    hint = "; a third is exactly 1/3" if abs(1 - total) <= Fraction(1, 50) else ""
    study.report(where, "shares-sum", f"{what} sum to {show_share(total)}, not to 100%: {wrong}{hint}")


def notice(study: Study) -> None:
    """Where something is fatal, candidates are told so beforehand."""
    rubric = study.rubric
    if rubric.notice is not None:
        return
    options = [
        option for _, item in study.items for option in getattr(item, "options", {}).values() if option.flag == "fatal"
    ]
    conditions = [
        condition
        for override in rubric.overrides
        for condition, _ in conditions_of(override.when)
        if isinstance(condition, model.FlagCondition) and condition.flag == "fatal"
    ]
    where = next((spot(part, "flag") for part in (*options, *conditions) if study.sound(spot(part, "flag"))), None)
    if where is not None:
        line = 'notice: "Some answers disqualify."'
        message = f"a fatal answer needs a notice, so that candidates were told: add a line such as {line} at the top of the file, beside version:"
        study.report(where, "notice-missing", message)


def section_points(study: Study) -> None:
    """A section with weight can earn something, and its points have a common denominator of at most 10^15."""
    for section in study.rubric.sections:
        outcomes = [study.outcomes(section, item) for item in section.items]
        known = [table for table in outcomes if table is not None]
        if not known or len(known) < len(outcomes):
            continue
        if not any(table.best for table in known) and study.weighs(section):
            message = f'the section "{section.id}" has weight, but its items can earn nothing'
            study.report(id_spot(section), "section-maximum", message)
        if _denominator(known) > MAX_DENOMINATOR:
            message = (
                f'the points in the section "{section.id}" have no common denominator up to 10^15: use rounder points'
            )
            study.report(id_spot(section), "denominator", message)


def _denominator(tables: Iterable[Outcomes]) -> int:
    return lcm(*(table.unit for table in tables))


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
    bands, actions, ids, caps, one_kind_of_weights, section_weights, profiles, notice, replaces,
)  # fmt: skip
