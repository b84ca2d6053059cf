"""
Adverse impact: how often people of each group are selected, or score above the middle, beside the group that does so most often.

Owns the four-fifths comparison and what says how much it means: shortfall, z, Fisher's exact test, the flip test, and bounds for people of unknown group.
Takes people as (group, selected, score), or decisions and a label for each; must not know of logs or where a label came from. It states findings about
numbers, none about their cause.

Sources: Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 C and D (four fifths, 2 %), and their Questions and Answers 21 (the flip test);
6 RCNY 5-300 (scoring rate above the median of the sample); Hazelwood School District v. United States, 433 U.S. 299 (two or three standard deviations).
"""

from __future__ import annotations

import heapq
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs

from scoring.change.statistics import Root, fisher, median, two_proportions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scoring.engine.plan import Plan

__all__ = ["SMALL", "Against", "Group", "Impact", "Person", "Rates", "Step", "impact", "is_selected", "rates", "steps"]

SMALL = Fraction(1, 50)  # of all whose group is known; a group below it is shown and is never the benchmark
_TWO = Root(Fraction(4))


class Person(NamedTuple):
    """
    One person.

    Attributes:
        group: The label, or None where it is not known.
        selected: None where it is not decided yet.
        score: None where there is none.
    """

    group: str | None
    selected: bool | None
    score: Fraction | None


class Tally(NamedTuple):
    """How many people, and how many of them were chosen."""

    size: int
    chosen: int

    def is_below(self, share: Fraction, other: Tally) -> bool:
        """Whether this rate is less than *share* of the other's: integers only, so that exactly four fifths is not."""
        return self.chosen * other.size * share.denominator < share.numerator * other.chosen * self.size


_Tallies: TypeAlias = "Mapping[str, Tally]"
_FOUR_FIFTHS = Fraction(4, 5)


@attrs.frozen
class Against:
    """
    A group beside the benchmark.

    Attributes:
        ratio: Its rate over the benchmark's.
        is_below: Whether that is less than four fifths; exactly four fifths is not.
        shortfall: How many more of it one rate for both would have chosen; negative where fewer.
        lacking: How many more of it had to be chosen, all else equal, to come to four fifths; 0 where it does.
        z: How many standard deviations its rate is from the benchmark's; negative where it is the lower. None where all or none of both were chosen.
        p: Of Fisher's exact test, two-sided. None where there are too many people for it (`statistics.MAX_EXACT`).
        flips: Whether one person chosen who was not, or not chosen who was, in whichever group, would change `is_below`.
        reverses: Whether one of it chosen in place of one of the benchmark would give it the higher rate of the two.
    """

    ratio: Fraction
    is_below: bool
    shortfall: Fraction
    lacking: int
    z: Root | None
    p: Fraction | None
    flips: bool
    reverses: bool

    @property
    def is_far(self) -> bool:
        """Whether its rate is more than two standard deviations from the benchmark's, in either direction."""
        return self.z is not None and Root(abs(self.z.signed)) > _TWO


@attrs.frozen
class Group:
    """
    One group.

    Attributes:
        name: The label.
        size, chosen: How many people, and how many of them were selected, or scored above the median.
        share: Its part of all whose group is known.
        is_small: Whether that is below 2 %.
        is_benchmark: Whether its rate is the one that the others are compared with.
        against: The comparison; None for the benchmark itself, and where there is none.
        bounds: The lowest and the highest ratio that it can come to if the people of unknown group belong to these groups, a ratio above 1 taken for 1; None
            where nobody's is unknown.
    """

    name: str
    size: int
    chosen: int
    share: Fraction
    is_small: bool
    is_benchmark: bool
    against: Against | None
    bounds: tuple[Fraction, Fraction] | None

    @property
    def rate(self) -> Fraction:
        """Chosen over size."""
        return Fraction(self.chosen, self.size)


@attrs.frozen
class Rates:
    """
    One rate of every group.

    Attributes:
        groups: By name.
        unknown, unknown_chosen: People whose group is not known.
        why: Why nothing is compared; empty where it is.
    """

    groups: tuple[Group, ...]
    unknown: int
    unknown_chosen: int
    why: str

    @property
    def benchmark(self) -> Group | None:
        """The group with the highest rate, of those that are not small."""
        return next((group for group in self.groups if group.is_benchmark), None)


@attrs.frozen
class Impact:
    """
    What a step did to groups.

    Attributes:
        people: How many.
        undecided: How many of them are neither selected nor not; they count in no selection rate.
        unscored: How many have no score; they count in no scoring rate.
        median: Of all scores, those of people of unknown group among them; None where there is none.
        selection: Selected, of those decided.
        scoring: Above the median, of those scored.
    """

    people: int
    undecided: int
    unscored: int
    median: Fraction | None
    selection: Rates
    scoring: Rates


@attrs.frozen
class Step:
    """
    What one stage did to groups, or all of them together.

    Attributes:
        stage: Its id; None for the way from the first stage to the result.
    """

    stage: str | None
    impact: Impact


def is_selected(plan: Plan, verdict: str | None, action: str, at_least: str | None = None) -> bool | None:
    """
    Tell whether a case is selected.

    Args:
        plan: By which it was decided.
        verdict: That counts now: the decision's, or what a person said instead; None where there is none.
        action: That counts now, alike.
        at_least: The worst verdict that counts as selected. None: what counts is the action, `advance` or `decline`, and a case that waits, for an answer
            or for a person, is not decided.
    """
    if at_least is None:
        return {"advance": True, "decline": False}.get(action)
    return None if verdict is None else plan.verdicts.index(verdict) <= plan.verdicts.index(at_least)


def steps(
    plan: Plan,
    decisions: Sequence[Mapping[str, Any]],
    groups: Sequence[str | None],
    selected: Sequence[bool | None],
) -> list[Step]:
    """
    Compare groups overall, and stage by stage where there are several.

    In a stage everyone counts who came to it: as selected whoever passed it, as not selected whom it ended, as undecided who is still in it. A void case
    counts nowhere.

    Args:
        plan: By which the decisions were made.
        decisions: Objects of FORMAT.md 6.
        groups: The group of each, None where it is not known.
        selected: Whether each is selected in the end, None where that is not decided.
    """
    counted = [each for each in zip(decisions, groups, selected, strict=True) if each[0]["void"] is None]
    found = [Step(None, impact((group, is_in, _share(made["score"])) for made, group, is_in in counted))]
    for stage in plan.stages if len(plan.stages) > 1 else ():
        came = [(group, *made["stages"][stage.id]) for made, group, _ in counted]
        people = [(group, _PASSED[status], _share(share)) for group, status, share in came if status in _PASSED]
        found.append(Step(stage.id, impact(people)))
    return found


_PASSED = {"passed": True, "ended": False, "pending": None}


def _share(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def impact(people: Iterable[tuple[str | None, bool | None, Fraction | None]], *, small: Fraction = SMALL) -> Impact:
    """
    Compare groups by whom a step selected and by who scored above the median of all.

    Args:
        people: Each a `Person`, or a tuple like it.
        small: A group with less than this share of all whose group is known is never the benchmark.

    >>> step = impact([("a", True, Fraction(9)), ("a", True, Fraction(8)), ("b", False, Fraction(7)), ("b", True, Fraction(8))])
    >>> [(group.name, group.rate, group.against and group.against.ratio) for group in step.selection.groups]
    [('a', Fraction(1, 1), None), ('b', Fraction(1, 2), Fraction(1, 2))]
    """
    everyone = [Person(*person) for person in people]
    decided = [(person.group, person.selected) for person in everyone if person.selected is not None]
    scored = [(person.group, person.score) for person in everyone if person.score is not None]
    middle = median([score for _, score in scored]) if scored else None
    above = [(group, middle is not None and score > middle) for group, score in scored]
    return Impact(
        len(everyone),
        len(everyone) - len(decided),
        len(everyone) - len(scored),
        middle,
        rates(decided, small=small),
        rates(above, small=small),
    )


def rates(people: Iterable[tuple[str | None, bool]], *, small: Fraction = SMALL) -> Rates:
    """
    Compare groups by the share of them that was chosen.

    The benchmark is the highest rate among groups that are not small; of equal rates the largest group's, and of equal sizes the first by name.

    Args:
        people: The group of each, or None, and whether they were chosen.
        small: As in `impact`.
    """
    sizes: dict[str | None, int] = {}
    chosen: dict[str | None, int] = {}
    for group, is_chosen in people:
        sizes[group] = sizes.get(group, 0) + 1
        chosen[group] = chosen.get(group, 0) + bool(is_chosen)
    unknown = Tally(sizes.pop(None, 0), chosen.pop(None, 0))
    tallies = {name: Tally(sizes[name], chosen[name]) for name in sorted(name for name in sizes if name is not None)}
    known = sum(sizes.values())
    fit = [name for name, tally in tallies.items() if tally.size * small.denominator >= known * small.numerator]
    best = (
        min(fit, key=lambda name: (-Fraction(tallies[name].chosen, tallies[name].size), -tallies[name].size))
        if fit
        else None
    )
    why = _why_not(tallies, best)
    flips = set() if why else _flipping(tallies, fit)
    groups = []
    for name, tally in tallies.items():
        compared = best is not None and not why
        against = (
            _against(tally, tallies[best], name in flips) if best is not None and compared and name != best else None
        )
        bounds = _bounds(tallies, name, unknown, small) if compared and unknown.size else None
        share = Fraction(tally.size, known)
        groups.append(Group(name, *tally, share, name not in fit, compared and name == best, against, bounds))
    return Rates(tuple(groups), *unknown, why)


def _why_not(tallies: _Tallies, best: str | None) -> str:
    if not tallies:
        return "nobody's group is known"
    if len(tallies) == 1:
        return "there is only one group"
    if best is None:
        return "every group is too small to compare with"
    return "" if tallies[best].chosen else "nobody was chosen of any group that is large enough to compare with"


def _against(tally: Tally, best: Tally, flips: bool) -> Against:
    both, size = tally.chosen + best.chosen, tally.size + best.size
    ratio = Fraction(tally.chosen * best.size, tally.size * best.chosen)
    enough = -(
        -4 * best.chosen * tally.size // (5 * best.size)
    )  # the fewest chosen that are four fifths of the benchmark's rate or more
    swapped = (tally.chosen + 1) * best.size > (best.chosen - 1) * tally.size
    return Against(
        ratio,
        tally.is_below(_FOUR_FIFTHS, best),
        Fraction(both * tally.size, size) - tally.chosen,
        max(0, enough - tally.chosen),
        two_proportions(*tally[::-1], *best[::-1]),
        fisher(*tally[::-1], *best[::-1]),
        flips,
        ratio < 1 and swapped,
    )


def _flipping(tallies: _Tallies, fit: list[str]) -> set[str]:
    """The groups of which one person of any group, chosen or not chosen instead, would change the four-fifths finding."""
    found = _found(tallies, fit)
    flips: set[str] = set()
    for name, tally in tallies.items():
        for chosen in (tally.chosen - 1, tally.chosen + 1):
            if 0 <= chosen <= tally.size:
                flips |= found ^ _found({**tallies, name: Tally(tally.size, chosen)}, fit)
    return flips


def _found(tallies: _Tallies, fit: list[str]) -> set[str]:
    """The groups below four fifths of the highest rate."""
    best = max((tallies[name] for name in fit), key=lambda tally: Fraction(tally.chosen, tally.size))
    return {name for name, tally in tallies.items() if tally.is_below(_FOUR_FIFTHS, best)}


# ---------------------------------------------------------------------- people of unknown group


def _bounds(tallies: _Tallies, name: str, unknown: Tally, small: Fraction) -> tuple[Fraction, Fraction] | None:
    """The lowest and the highest ratio of a group, at most 1, over every way to give each person of unknown group one of these groups."""
    everyone = sum(tally.size for tally in tallies.values()) + unknown.size
    enough = -(-everyone * small.numerator // small.denominator)  # people who make a group large enough to compare with
    others = [tally for other, tally in tallies.items() if other != name]
    low = _lowest(tallies[name], others, unknown, enough)
    high = _highest(tallies[name], others, unknown, enough)
    return None if low is None or high is None else (low, high)


def _lowest(own: Tally, others: list[Tally], unknown: Tally, enough: int) -> Fraction | None:
    """
    All who were chosen go to one other group, all who were not to this one.

    Both move the ratio down, and neither stands in the other's way; but where that other group has to grow to be large enough to compare with, some of those
    who were not chosen go there.
    """
    passed_over = unknown.size - unknown.chosen
    ratios = []
    for other in others:
        moved = max(0, enough - other.size - unknown.chosen)
        chosen = other.chosen + unknown.chosen
        if moved <= passed_over and chosen:
            ratios.append(
                Fraction(own.chosen * (other.size + unknown.chosen + moved), (own.size + passed_over - moved) * chosen)
            )
    if own.size + unknown.size >= enough and own.chosen + unknown.chosen:
        ratios.append(Fraction(1))  # large enough, it is compared with a rate no lower than its own
    return min((*ratios, Fraction(1))) if ratios else None


def _highest(own: Tally, others: list[Tally], unknown: Tally, enough: int) -> Fraction | None:
    """All who were chosen go to this group; those who were not bring the others down, always the one with the highest rate at the time."""
    chosen = own.chosen + unknown.chosen
    large = [other for other in others if other.size >= enough]
    if not large:  # then it is compared with itself, if all may be of it
        return Fraction(1) if chosen and own.size + unknown.size >= enough else None
    heap = [(-Fraction(other.chosen, other.size), other.size, other.chosen) for other in large]
    heapq.heapify(heap)
    for _ in range(unknown.size - unknown.chosen):
        _, size, of = heap[0]
        if not of:
            break
        heapq.heapreplace(heap, (-Fraction(of, size + 1), size + 1, of))
    highest = -heap[0][0]
    if not highest:
        return _highest_above_none(own, others, unknown, enough)
    return min(Fraction(chosen, own.size + unknown.chosen) / highest, Fraction(1))


def _highest_above_none(own: Tally, others: list[Tally], unknown: Tally, enough: int) -> Fraction | None:
    """Nobody was chosen of those large enough to compare with: somebody has to be, at the lowest rate there can be, or this group is large enough itself."""
    chosen, passed_over = own.chosen + unknown.chosen, unknown.size - unknown.chosen
    if chosen and own.size + unknown.size >= enough:
        return Fraction(1)
    ratios = []
    for other in others:
        for given in range(min(1, unknown.chosen) + 1):  # of those who were chosen, to the other group
            size, of = other.size + given + passed_over, other.chosen + given
            if of and size >= enough:
                ratios.append(Fraction((chosen - given) * size, (own.size + unknown.chosen - given) * of))
    return min(max(ratios), Fraction(1)) if ratios else None
