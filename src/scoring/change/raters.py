"""
How far people who rate agree.

Owns the coefficients of agreement, and what each rater's ratings look like beside the others'. A rating is a place on a scale, 0 for its worst value; a line
of a checklist is a scale of two. Must not know what a rating earns, nor where it was kept.

Sources: kappa, Cohen 1960; weighted, Cohen 1968; alpha, Krippendorff, Content Analysis, "Computing Krippendorff's alpha-reliability" (2011).
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from scoring.engine.plan import Plan

__all__ = [
    "METRICS",
    "Agreement",
    "Pair",
    "Rated",
    "Severity",
    "agreement",
    "kappa",
    "krippendorff",
    "rated_in",
    "severity",
]

_SEEN = ("not_observed", "observed")


class Rated(NamedTuple):
    """
    One rating.

    Attributes:
        scale: The ids of its values, worst first.
        item: What was rated: an item, or a line of one as ``item/line``.
        unit: Of whom: anything that is the same for all ratings of one case.
        rater: By whom. place: Of the value on the scale.
    """

    scale: tuple[str, ...]
    item: str
    unit: int
    rater: str
    place: int


@attrs.frozen
class Agreement:
    """
    How far all raters of an item agree.

    Attributes:
        item: Its id, with that of a line behind it where it is a checklist. values: How many the scale has.
        units: Cases that two or more people rated; ratings: how many ratings these have.
        exact: Of all pairs of ratings of one case, the share that is equal. None without any.
        alpha: Krippendorff's, by the name of its metric. None where all ratings are the same, or no case has two.
        why: Why there is none; empty where there is.
    """

    item: str
    values: int
    units: int
    ratings: int
    exact: Fraction | None
    alpha: Mapping[str, Fraction | None]
    why: str


@attrs.frozen
class Pair:
    """
    Two raters, over all that both rated on one scale.

    Attributes:
        raters: Who, sorted. scale: The ids of its values, worst first.
        both: How many things both rated. exact: The share on which they agree.
        linear, quadratic: Weighted kappa. None where chance alone would make them agree.
    """

    raters: tuple[str, str]
    scale: tuple[str, ...]
    both: int
    exact: Fraction
    linear: Fraction | None
    quadratic: Fraction | None


@attrs.frozen
class Severity:
    """
    One rater beside those who rated the same.

    Attributes:
        rater: Who. scale: The ids of its values, worst first.
        shared: How many things this rater and somebody else rated.
        gap: How many values above the mean of the others on average; negative is severe.
    """

    rater: str
    scale: tuple[str, ...]
    shared: int
    gap: Fraction


def rated_in(plan: Plan, unit: int, answers: Mapping[str, Any]) -> Iterator[Rated]:
    """
    Read the single ratings of one submission.

    Args:
        plan: By which it was scored.
        unit: What names the case in the ratings.
        answers: Of the submission, as the vault has it; what is no form is passed over, for it was awaited or blank.
    """
    for item in plan.items:
        forms = answers.get(item.id)
        if item.data["kind"] not in ("rating", "checklist") or item.data["void"] or type(forms) is not dict:
            continue
        for rater, form in sorted(forms.items()):
            if "rating" in form:
                scale = tuple(value["id"] for value in item.data["values"])
                yield Rated(scale, item.id, unit, rater, scale.index(form["rating"]))
            for line, mark in sorted(form.get("lines", {}).items()):
                if mark in _SEEN:
                    yield Rated(_SEEN, f"{item.id}/{line}", unit, rater, _SEEN.index(mark))


def agreement(ratings: Iterable[Rated]) -> tuple[list[Agreement], list[Pair], list[Severity]]:
    """
    Work out how far raters agree: item by item, two raters by two, and each rater beside the others.

    Args:
        ratings: In any order; no rater rates one thing twice.

    Returns:
        Items in the order in which they first occur; pairs and raters sorted.
    """
    by_item: dict[tuple[tuple[str, ...], str], dict[int, dict[str, int]]] = {}
    for scale, item, unit, rater, place in ratings:
        by_item.setdefault((scale, item), {}).setdefault(unit, {})[rater] = place
    by_scale: dict[tuple[str, ...], list[dict[str, int]]] = {}
    for (scale, _), units in by_item.items():
        by_scale.setdefault(scale, []).extend(units.values())
    items = [
        _of_item(item, len(scale), [[*of.values()] for of in units.values()])
        for (scale, item), units in by_item.items()
    ]
    pairs = [pair for scale, units in sorted(by_scale.items()) for pair in _pairs(scale, units)]
    return items, pairs, [row for scale, units in sorted(by_scale.items()) for row in severity(scale, units)]


def _of_item(item: str, values: int, units: Sequence[Sequence[int]]) -> Agreement:
    shared = [unit for unit in units if len(unit) > 1]
    couples = [one == other for unit in shared for one, other in combinations(unit, 2)]
    exact = Fraction(sum(couples), len(couples)) if couples else None
    alpha = {name: krippendorff(shared, name) for name in METRICS}
    alike = "all ratings are the same" if shared else "no case was rated by two people"
    why = "" if alpha["nominal"] is not None else alike
    return Agreement(item, values, len(shared), sum(map(len, shared)), exact, alpha, why)


def _pairs(scale: tuple[str, ...], units: Sequence[Mapping[str, int]]) -> Iterator[Pair]:
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for unit in units:
        for one, other in combinations(sorted(unit), 2):
            found.setdefault((one, other), []).append((unit[one], unit[other]))
    for raters, both in sorted(found.items()):
        exact = Fraction(sum(one == other for one, other in both), len(both))
        yield Pair(raters, scale, len(both), exact, kappa(both, "linear"), kappa(both, "quadratic"))


def kappa(both: Iterable[tuple[int, int]], weights: str) -> Fraction | None:
    """
    Cohen's kappa of two raters, 1 less observed over expected disagreement.

    Args:
        both: What each of them said of one thing, as places on a scale.
        weights: How far two values are apart: ``none`` (they are equal or not), ``linear`` or ``quadratic`` in places.

    Returns:
        None where nothing is expected but agreement: each always said the same one value.
    """
    apart = _WEIGHTS[weights]
    table = Counter(both)
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    for (one, other), count in table.items():
        rows[one] += count
        columns[other] += count
    observed = sum(count * apart(*pair) for pair, count in table.items())
    expected = sum(rows[one] * columns[other] * apart(one, other) for one in rows for other in columns)
    return 1 - Fraction(observed * table.total(), expected) if expected else None


_WEIGHTS: dict[str, Callable[[int, int], int]] = {
    "none": lambda one, other: int(one != other),
    "linear": lambda one, other: abs(one - other),
    "quadratic": lambda one, other: (one - other) ** 2,
}


def krippendorff(units: Iterable[Sequence[int]], metric: str) -> Fraction | None:
    """
    Krippendorff's alpha, 1 less observed over expected disagreement; missing ratings are simply not there.

    Args:
        units: For each thing rated, the ratings that it got, as places on a scale; one with fewer than two counts nowhere.
        metric: ``nominal``, ``ordinal`` or ``interval``.

    Returns:
        None where all ratings are the same, or nothing has two.
    """
    coincidences: dict[tuple[int, int], Fraction] = {}
    for unit in units:
        counts = Counter(unit)
        for one in counts:
            for other in counts if len(unit) > 1 else ():
                couples = counts[one] * (counts[other] - (one == other))
                coincidences[one, other] = coincidences.get((one, other), Fraction(0)) + Fraction(
                    couples, len(unit) - 1
                )
    of: dict[int, Fraction] = {}  # how many ratings that can be paired have each value: whole numbers
    for (one, _), weight in coincidences.items():
        of[one] = of.get(one, 0) + weight
    apart = METRICS[metric](of)
    observed = sum((weight * apart(*pair) for pair, weight in coincidences.items()), Fraction(0))
    expected = sum(of[one] * of[other] * apart(one, other) for one in of for other in of)
    return 1 - observed * (sum(of.values()) - 1) / expected if expected else None


def _ordinal(of: Mapping[int, Fraction]) -> Callable[[int, int], Fraction]:
    """How many ratings lie between two values, half of those at either end counted: squared."""
    rank: dict[int, Fraction] = {}
    below = Fraction(0)
    for value in sorted(of):
        rank[value] = below + of[value] / 2
        below += of[value]
    return lambda one, other: (rank[one] - rank[other]) ** 2


METRICS: dict[str, Callable[[Mapping[int, Fraction]], Callable[[int, int], Any]]] = {
    "nominal": lambda _: _WEIGHTS["none"],
    "ordinal": _ordinal,
    "interval": lambda _: _WEIGHTS["quadratic"],
}


def severity(scale: tuple[str, ...], units: Iterable[Mapping[str, int]]) -> list[Severity]:
    """
    Compare each rater with the others who rated the same.

    Args:
        scale: Of all the ratings.
        units: For each thing rated, the place that each rater gave it.
    """
    gaps: dict[str, list[Fraction]] = {}
    for unit in units:
        total = sum(unit.values())
        for rater, place in unit.items() if len(unit) > 1 else ():
            gaps.setdefault(rater, []).append(place - Fraction(total - place, len(unit) - 1))
    return [Severity(rater, scale, len(own), sum(own, Fraction(0)) / len(own)) for rater, own in sorted(gaps.items())]
