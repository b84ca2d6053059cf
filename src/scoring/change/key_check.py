"""
Which items are perhaps keyed wrongly, and what another key would change.

Owns the suspicion: an item whose points hardly go with the rest of the score, or one of whose wrong outcomes goes with it better than the right one. It is a
reason to read the item again, never a finding that the key is wrong. Must not know how figures are shown.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs

from scoring import canonical
from scoring.change.analysis import samples
from scoring.change.statistics import Root
from scoring.engine.decision import decode_outcomes
from scoring.engine.rubric import Rubric
from scoring.engine.table import OWN
from scoring.errors import RubricError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoring.change.analysis import Sample, Tallies
    from scoring.engine.parts import Item

__all__ = ["FEWEST_FOR_KEYS", "Rekeyed", "Suspect", "suspects"]

FEWEST_FOR_KEYS = 30  # cases of a form; with fewer a handful of people make or break a correlation
_FEWEST_CHOSE = 5  # a wrong outcome, for it to say anything
_ZERO = Root(Fraction(0))
_MOST_REKEYED = 20  # suspects for which cases are judged again; with more of them it is not the keys that are wrong
_NEAR_ZERO = Root.of(Fraction(1, 10))
_KEYED = ("choice", "selection", "number", "text")  # what is compared with a key; the others are people's judgement


@attrs.frozen
class Rekeyed:
    """
    What it would do to give a wrong option the points of the right one, and that one the wrong one's.

    Attributes:
        outcome: The wrong option. right: The right one.
        correlation: Of the item with the rest of the score, keyed so.
        gain, lose: How many cases would earn more, or less, of the item.
        moves: How many cases would come to another verdict (or, without one, status), by the old and the new one. None where that cannot be told.
        why: Why not; empty where it can.
    """

    outcome: str
    right: str
    correlation: Root | None
    gain: int
    lose: int
    moves: Mapping[tuple[str, str], int] | None
    why: str


@attrs.frozen
class Suspect:
    """
    An item that is perhaps keyed wrongly.

    Attributes:
        item: Its id. stage, variant: Of the form in which it shows.
        cases: How many count.
        correlation: Of its points with the rest of the score.
        is_near_zero: Whether that is below 0.1.
        right: The same correlation of having the best outcome or not.
        better: Wrong outcomes for which it is higher, and above 0, each with how many have it; the highest first.
        rekeyed: With the first of them that is an option of a choice; None where there is none, for then it takes more than a swap, and
            behind the twentieth suspect.
    """

    item: str
    stage: str | None
    variant: str | None
    cases: int
    correlation: Root
    is_near_zero: bool
    right: Root | None
    better: tuple[tuple[str, int, Root], ...]
    rekeyed: Rekeyed | None


def suspects(rubric: Rubric, decisions: Sequence[Mapping[str, Any]]) -> list[Suspect]:
    """
    Name the items that are perhaps keyed wrongly, in every form with at least `FEWEST_FOR_KEYS` cases.

    Args:
        rubric: By which the decisions were made.
        decisions: Objects of FORMAT.md 6.

    Raises:
        LogError: Outcomes do not fit the rubric.
    """
    found: list[Suspect] = []
    for sample in samples(rubric.plan, decisions):
        if len(sample.cases) < FEWEST_FOR_KEYS or sample.stage is None:
            continue
        for n, item in enumerate(sample.items):
            again = decisions if len(found) < _MOST_REKEYED else None
            suspect = _suspect(rubric, sample, n, again) if item.data["kind"] in _KEYED else None
            if suspect is not None:
                found.append(suspect)
    return found


def _suspect(rubric: Rubric, sample: Sample, n: int, decisions: Sequence[Mapping[str, Any]] | None) -> Suspect | None:
    """What is suspicious about an item, or None; without *decisions* nothing is keyed anew."""
    item, tallies = sample.items[n], sample.tallies(n)
    correlation = sample.correlation(n, tallies, item.points)
    if correlation is None:
        return None
    best = {code for code in item.codes() if item.points[code] == item.best}
    right = _singled_out(sample, n, tallies, best)
    better = []
    for code, (count, _) in tallies.items():
        if code < OWN or code in best or count < _FEWEST_CHOSE:
            continue
        own = _singled_out(sample, n, tallies, {code})
        if own is not None and right is not None and own > max(right, _ZERO):
            better.append((code, count, own))
    near_zero = correlation < _NEAR_ZERO
    if not near_zero and not better:
        return None
    better.sort(key=lambda row: (-row[2].signed, row[0]))
    options = range(OWN, OWN + len(item.data["options"]) if item.data["kind"] == "choice" else OWN)
    wrong = next((code for code, _, _ in better if code in options), None)  # several at once cannot be a key
    swap = None if wrong is None else (wrong, _most_chosen(tallies, best))
    rekeyed = None if swap is None or decisions is None else _rekeyed(rubric, sample, n, swap, decisions)
    named = tuple((item.name(code), count, own) for code, count, own in better)
    return Suspect(
        item.id, sample.stage, sample.variant, len(sample.cases), correlation, near_zero, right, named, rekeyed
    )


def _singled_out(sample: Sample, n: int, tallies: Tallies, codes: set[int]) -> Root | None:
    """How having one of these outcomes goes with the rest of the score."""
    return sample.correlation(n, tallies, {code: int(code in codes) for code in tallies})


def _most_chosen(tallies: Tallies, codes: set[int]) -> int:
    return min(codes, key=lambda code: (-tallies.get(code, (0, 0))[0], code))


def _rekeyed(
    rubric: Rubric, sample: Sample, n: int, swapped: tuple[int, int], decisions: Sequence[Mapping[str, Any]]
) -> Rekeyed:
    """Swap the points of two options; their flags stay, for they say what an option means, not what it is worth."""
    item = sample.items[n]
    wrong, right = swapped
    points = dict(enumerate(item.points))
    points[wrong], points[right] = points[right], points[wrong]
    correlation = sample.correlation(n, sample.tallies(n), points)
    places = [place for place, decision in enumerate(decisions) if decision["void"] is None]
    coded = {place: decode_outcomes(rubric.plan, decisions[place]["outcomes"])[item.place] for place in places}
    gain, lose = (sum(code == one for code in coded.values()) for one in swapped)
    try:
        again = Rubric(_swapped_pack(rubric, item, wrong - OWN, right - OWN), rubric.profile, rubric.level)
    except RubricError as error:
        why = f"the rubric would need another change with it: {error.problems[0]}"
        return Rekeyed(item.name(wrong), item.name(right), correlation, gain, lose, None, why)
    moves: dict[tuple[str, str], int] = {}
    for place in places:
        if coded[place] in swapped:
            old, new = decisions[place], again.rejudge(dict(decisions[place]))
            move = (old["verdict"] or old["status"], new.verdict or new.status)
            if move[0] != move[1]:
                moves[move] = moves.get(move, 0) + 1
    return Rekeyed(item.name(wrong), item.name(right), correlation, gain, lose, moves, "")


def _swapped_pack(rubric: Rubric, item: Item, one: int, other: int) -> bytes:
    document: Any = canonical.loads(rubric.pack)
    for stage in document["stages"]:
        for section in stage["sections"]:
            for each in section["items"]:
                if each["id"] == item.id:
                    options = each["options"]
                    first, second = options[one]["points"], options[other]["points"]
                    options[one]["points"], options[other]["points"] = second, first
    return canonical.dumps(document)
