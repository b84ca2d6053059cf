"""
What past decisions say about the items of a rubric: how hard they are, how well they tell people apart, how exact the score is.

Owns the classical statistics of a test, worked out over its *forms*. A form is what one group of people was given alike: the items of a stage, or of all stages
together, as one variant has them; a case counts in it if it has an outcome of each of these items and waits for none, nor for one that earns nothing. An item
counts as the score counts it: by what its points add to the stage or the total, without the floors of sections. Takes decisions; must not know of logs, people
or groups.

Sources: alpha, Cronbach 1951, which is KR-20 where every item is right or wrong; the item-rest correlation, also called corrected point-biserial; upper and
lower 27 %, Kelley 1939.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from operator import getitem, mul
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from scoring.change.statistics import Root, Sums
from scoring.engine.decision import decode_outcomes
from scoring.engine.table import EXCLUDED, UNOPENED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

__all__ = ["FEWEST", "Form", "ItemFigures", "NearCut", "Sample", "Tallies", "forms", "samples"]

FEWEST = 10  # cases, below which no figure of a form is worth its digits
_ENDS = Fraction(27, 100)

# Of one item: for each outcome that occurs, how many cases have it and what their totals come to.
Tallies: TypeAlias = "dict[int, tuple[int, int]]"


@attrs.frozen
class ItemFigures:
    """
    One item of a form.

    Attributes:
        item: Its id. section: That of its section.
        difficulty: What it earned on average, as a share of its best outcome: 1 is easy.
        correlation: Of its points with the rest of the score. discrimination: What the best 27 % earned of it less what the worst 27 % did, as shares. Cases
            with equal scores at the border of the 27 % count in part, each alike.
        why: Why the last two are None; empty where they are not.
    """

    item: str
    section: str
    difficulty: Fraction
    correlation: Root | None
    discrimination: Fraction | None
    why: str


@attrs.frozen
class NearCut:
    """
    A cut, and how many cases are so near to it that another sitting might have put them on its other side.

    Attributes:
        verdict: Whose band begins there. cut: As a share.
        cases: Those within one standard error of measurement of it, on either side.
    """

    verdict: str
    cut: Fraction
    cases: int


@attrs.frozen
class Form:
    """
    What one group of people was given alike.

    Attributes:
        stage: Its id; None for all stages of a funnel together. variant: Its id, or None.
        cases: How many count in it.
        mean: Of the score, as a share. deviation: Its standard deviation, over n - 1.
        alpha: The part of the score's variance that items share. is_kr20: Whether every item is right or wrong, so that alpha is KR-20.
        error: The standard error of measurement, deviation times the root of 1 - alpha.
        items: Those that can earn anything, in rubric order; none where there are too few cases.
        cuts: Only where this form is the whole score, and `error` is known.
        why: Why what is None is not known; empty where everything is.
    """

    stage: str | None
    variant: str | None
    cases: int
    mean: Fraction | None
    deviation: Root | None
    alpha: Fraction | None
    is_kr20: bool
    error: Root | None
    items: tuple[ItemFigures, ...]
    cuts: tuple[NearCut, ...]
    why: str


class Sample:
    """
    A form, and the cases that count in it, as integers.

    Attributes:
        stage, variant: As of a `Form`. is_whole: Whether it is the whole score.
        awaiting: Items, those that earn nothing too, that a case may have to wait for.
        items: Those that can earn anything. factors: What a unit of each one's points adds to the score, in units of it. unit: How many of these are the whole.
        cases: Places in the decisions. codes: For each of them, one code for each of `items`. totals: What they add up to. squares: The sum of their squares.
    """

    __slots__ = (
        "awaiting",
        "cases",
        "codes",
        "factors",
        "is_whole",
        "items",
        "squares",
        "stage",
        "totals",
        "unit",
        "variant",
    )

    def __init__(self, plan: Plan, stage: int | None, variant: str | None) -> None:
        frame = plan.frames[variant]
        self.stage = None if stage is None else plan.stages[stage].id
        self.variant = variant
        self.is_whole = stage is None or len(plan.stages) == 1
        own = [item for item in plan.items if item.place not in frame.outside]
        own = [item for item in own if stage in (None, plan.sections[item.section].stage)]
        self.awaiting = [item for item in own if item.awaits]
        self.items: list[Item] = [item for item in own if item.best]
        weights = [_weight(plan, item, frame.maxima, by_stage=stage is None) for item in self.items]
        self.unit = lcm(*(weight.denominator for weight in weights))
        self.factors = [weight.numerator * (self.unit // weight.denominator) for weight in weights]
        self.cases: list[int] = []
        self.codes: list[list[int]] = []
        self.totals: list[int] = []
        self.squares = 0

    def take(self, place: int, codes: Sequence[int]) -> None:
        """Count a case, if it has an outcome of each item and waits for none."""
        own = [codes[item.place] for item in self.items]
        if EXCLUDED in own or UNOPENED in own or any(codes[item.place] in item.awaits for item in self.awaiting):
            return
        total = sum(map(mul, map(getitem, (item.points for item in self.items), own), self.factors))
        self.cases.append(place)
        self.codes.append(own)
        self.totals.append(total)
        self.squares += total * total

    def tallies(self, n: int) -> Tallies:
        """For each outcome of item *n* that occurs: how many cases have it, and the sum of their totals."""
        found: Tallies = {}
        for codes, total in zip(self.codes, self.totals, strict=True):
            count, summed = found.get(codes[n], (0, 0))
            found[codes[n]] = (count + 1, summed + total)
        return found

    def correlation(self, n: int, tallies: Tallies, points: Mapping[int, int] | Sequence[int]) -> Root | None:
        """
        Correlate item *n* with the rest of the score.

        Args:
            n: The item's place in `items`.
            tallies: Of that item.
            points: What each outcome counts in the correlation: what it earns, or 1 and 0 to single some out.
        """
        earned, factor = self.items[n].points, self.factors[n]
        # The rest is the total without what the item added: t - f e. Of all cases with one outcome e is the same.
        rest = {code: summed - count * factor * earned[code] for code, (count, summed) in tallies.items()}
        rest_squared = self.squares - sum(
            factor * earned[code] * (summed + rest[code]) for code, (_, summed) in tallies.items()
        )
        return Sums(
            len(self.cases),
            sum(count * points[code] for code, (count, _) in tallies.items()),
            sum(rest.values()),
            sum(count * points[code] ** 2 for code, (count, _) in tallies.items()),
            rest_squared,
            sum(points[code] * rest[code] for code in tallies),
        ).correlation


def _weight(plan: Plan, item: Item, maxima: Sequence[int], *, by_stage: bool) -> Fraction:
    """What one unit of an item's points adds to its stage, or to the total."""
    section = plan.sections[item.section]
    weight = Fraction(*section.share) / maxima[item.section]
    return weight * Fraction(*plan.stages[section.stage].weight) if by_stage else weight


def samples(plan: Plan, decisions: Iterable[Mapping[str, Any]]) -> list[Sample]:
    """
    Sort decisions into forms: each stage, then the whole of a funnel, for each variant.

    Args:
        plan: By which the decisions were made.
        decisions: Objects of FORMAT.md 6. One that is void, and so counts for nothing, is in no form.

    Raises:
        LogError: Outcomes do not fit the plan.
    """
    stages: list[int | None] = [*range(len(plan.stages)), *([None] if len(plan.stages) > 1 else [])]
    made = {variant: [Sample(plan, stage, variant) for stage in stages] for variant in plan.frames}
    for place, decision in enumerate(decisions):
        codes = decode_outcomes(plan, decision["outcomes"])
        if decision["void"] is None:
            for sample in made[decision["variant"]]:
                sample.take(place, codes)
    return [sample for found in made.values() for sample in found if sample.items]


def forms(plan: Plan, decisions: Sequence[Mapping[str, Any]]) -> list[Form]:
    """
    Work out the figures of every form.

    Args:
        plan: By which the decisions were made.
        decisions: Objects of FORMAT.md 6.

    Raises:
        LogError: Outcomes do not fit the plan.
    """
    return [form_of(plan, sample, decisions) for sample in samples(plan, decisions)]


def form_of(plan: Plan, sample: Sample, decisions: Sequence[Mapping[str, Any]]) -> Form:
    """Work out the figures of one form."""
    n = len(sample.cases)
    if n < FEWEST or not any(sample.factors):
        why = f"fewer than {FEWEST} cases" if n < FEWEST else "it has no score"
        return Form(sample.stage, sample.variant, n, None, None, None, False, None, (), (), why)
    tallies = [sample.tallies(place) for place in range(len(sample.items))]
    spread = _variance(n, sum(sample.totals), sample.squares) / sample.unit**2
    is_kr20 = all(
        {item.points[code] for code in table} <= {0, item.best}
        for item, table in zip(sample.items, tallies, strict=True)
    )
    alpha, why = _alpha(sample, tallies, spread)
    error = None if alpha is None else Root(spread * (1 - alpha))
    ends = _ends(sample.totals)
    return Form(
        sample.stage,
        sample.variant,
        n,
        Fraction(sum(sample.totals), sample.unit * n),
        Root(spread),
        alpha,
        is_kr20,
        error,
        tuple(_figures(plan, sample, place, table, ends) for place, table in enumerate(tallies)),
        tuple(_near_cuts(plan, sample, decisions, error)) if sample.is_whole and error is not None else (),
        why,
    )


def _variance(n: int, total: int, squares: int) -> Fraction:
    """Over n - 1."""
    return Fraction(n * squares - total * total, n * (n - 1))


def _alpha(sample: Sample, tallies: Sequence[Tallies], spread: Fraction) -> tuple[Fraction | None, str]:
    """Cronbach's alpha, or why there is none: k / (k - 1) times 1 less the items' variances over that of the score."""
    counted = [place for place, factor in enumerate(sample.factors) if factor]
    if len(counted) < 2:
        return None, "a single item counts, and alpha needs two"
    if not spread:
        return None, "all scores are the same"
    own = Fraction(0)
    for place in counted:
        earned, factor = sample.items[place].points, sample.factors[place]
        parts = [(count, factor * earned[code]) for code, (count, _) in tallies[place].items()]
        own += _variance(
            len(sample.cases), sum(count * part for count, part in parts), sum(count * part**2 for count, part in parts)
        )
    return Fraction(len(counted), len(counted) - 1) * (1 - own / sample.unit**2 / spread), ""


def _figures(plan: Plan, sample: Sample, n: int, tallies: Tallies, ends: tuple[_End, _End]) -> ItemFigures:
    item = sample.items[n]
    earned = sum(count * item.points[code] for code, (count, _) in tallies.items())
    correlation = sample.correlation(n, tallies, item.points)
    why = ""
    if correlation is None:
        alike = len({item.points[code] for code in tallies}) == 1
        why = "everybody earned the same of it" if alike else "the rest of the score is the same for all"
    upper, lower = (_earned(sample, n, end) for end in ends)
    return ItemFigures(
        item.id,
        plan.sections[item.section].id,
        Fraction(earned, item.best * len(sample.cases)),
        correlation,
        None if why else (upper - lower) / item.best,
        why,
    )


class _End:
    """Those with the highest, or the lowest, 27 % of the scores: places in a sample, and the part with which those at the border count."""

    __slots__ = ("border", "inside", "part", "size")

    def __init__(self, totals: Sequence[int], sign: int) -> None:
        self.size = max(1, (2 * _ENDS.numerator * len(totals) + _ENDS.denominator) // (2 * _ENDS.denominator))
        last = sorted((sign * total for total in totals), reverse=True)[self.size - 1]
        self.inside = [place for place, total in enumerate(totals) if sign * total > last]
        self.border = [place for place, total in enumerate(totals) if sign * total == last]
        self.part = Fraction(self.size - len(self.inside), len(self.border))


def _ends(totals: Sequence[int]) -> tuple[_End, _End]:
    return _End(totals, 1), _End(totals, -1)


def _earned(sample: Sample, n: int, end: _End) -> Fraction:
    """What those at one end earned of item *n* on average, in its points."""
    points = sample.items[n].points
    inside, border = (sum(points[sample.codes[place][n]] for place in places) for places in (end.inside, end.border))
    return (inside + end.part * border) / end.size


def _near_cuts(plan: Plan, sample: Sample, decisions: Sequence[Mapping[str, Any]], error: Root) -> Iterable[NearCut]:
    scores = [Fraction(decisions[place]["score"]) for place in sample.cases if decisions[place]["score"] is not None]
    for verdict, cut in zip(plan.verdicts, plan.cuts[:-1], strict=False):
        at = Fraction(*cut)
        yield NearCut(verdict, at, sum(Root.of(abs(score - at)) <= error for score in scores))
