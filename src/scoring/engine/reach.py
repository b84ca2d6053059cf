"""
What a case that still waits for answers can come to: exactly, never by sampling.

Owns *completions* (FORMAT.md 6, step 6). Within a section it keeps the set of (flags, conditions, points) that the awaited items can add up to; sections
then become additions to the total, are folded into two halves, and a sorted sweep over pairs finds which bands some completion reaches. Bounded: past
`LIMIT` states it claims nothing about verdicts; which caps last is always found. Must not know of answers.
"""

from __future__ import annotations

from bisect import bisect_left
from math import gcd

from scoring.engine.classify import BLANK, EXCLUDED, FLAGS, OWN
from scoring.engine.conditions import count, flag_truths, holds, outcome_truths, section_truths
from scoring.engine.plan import Plan, scale_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    States: TypeAlias = dict[tuple[int, int], set[int]]  # (flag counts, conditions that hold) -> sums
    Front: TypeAlias = set[tuple[int, int, int]]  # flag counts, conditions that hold, points

__all__ = ["LIMIT", "Reach", "reach", "reachable"]

LIMIT = 2**18  # states of a section or a half: about half a second of work and 30 MB
MAX_FRONT = 512  # undominated completions; more are only met where many items have nothing but flagged best outcomes
_DENSE = 2**20  # bits: the widest range of sums that is worth a bit each

_FATAL, _KNOCK_OUT = FLAGS.index("fatal"), FLAGS.index("knock_out")


class Reach:
    """
    What all completions together show.

    Attributes:
        verdicts: Places in `Plan.verdicts` that some completion comes to, best first; None past the bound.
        caps: Places in `Plan.caps` of those that hold in every completion.
    """

    __slots__ = ("caps", "verdicts")

    def __init__(self, verdicts: Sequence[int] | None, caps: Sequence[int]) -> None:
        self.verdicts = verdicts
        self.caps = caps


def reachable(plan: Plan, notice: bool | None = True) -> tuple[str, ...] | None:
    """The verdicts that some submission reaches in which every item was administered, best first; None past the bound."""
    everything = range(len(plan.items))
    maxima = [section.maximum for section in plan.sections]
    found = reach(plan, [BLANK] * len(plan.items), everything, maxima, notice=notice).verdicts
    return None if found is None else tuple(plan.verdicts[place] for place in found)


def reach(
    plan: Plan, codes: Sequence[int], awaited: Iterable[int], maxima: Sequence[int], *, notice: bool | None
) -> Reach:
    """
    Find the verdicts that completions reach and the caps that hold in all of them.

    Args:
        plan: The rubric.
        codes: The outcome of each item so far.
        awaited: Places of the items that a completion gives an outcome.
        maxima: Of each section, in its units, 0 for an empty one.
        notice: As in `judge`.

    Source: FORMAT.md 6, steps 5 and 6.
    """
    search = _Search(plan, codes, frozenset(awaited), maxima, notice)
    try:
        verdicts = search.verdicts()
    except _TooMany:
        verdicts = None
    return Reach(verdicts, search.lasting_caps())


class _TooMany(Exception):  # noqa: N818 - not an error: the bound was met
    """More states than `LIMIT`."""


class _Search:
    """
    One case and its completions.

    `full` is what each section's maximum is in every completion: an empty section that has weight is given any share that it could have, so it counts with
    all its items. `needed` is how far each flag has to be counted: once where it puts a cap, and as far as any override asks.
    """

    def __init__(
        self, plan: Plan, codes: Sequence[int], waiting: frozenset[int], maxima: Sequence[int], notice: bool | None
    ) -> None:
        self.plan = plan
        self.codes = codes
        self.waiting = waiting
        self.maxima = maxima
        self.fatal_caps = notice is not False
        self.full = [
            section.maximum if maximum == 0 and section.share[0] else maximum
            for section, maximum in zip(plan.sections, maxima, strict=True)
        ]
        self.scale = scale_for(plan, self.full)
        self.needed = [int(self.fatal_caps), 1, 0, 0]
        for kind, flag, limit in plan.literals:
            if kind == "flag":
                self.needed[flag] = max(self.needed[flag], limit)

    def verdicts(self) -> list[int]:
        """Fold all sections into two halves and sweep over their pairs."""
        sections = [self.contributions(place, self.section_states(place)) for place in range(len(self.full))]
        left: States = {(0, 0): {0}}
        right = left
        for states in sorted(sections, key=_size, reverse=True):
            if _size(left) > _size(right):
                left, right = right, left
            left = self.join(left, states)
        return self.sweep(left, right)

    def clip(self, word: int) -> int:
        """Forget what is counted beyond need, so that states which differ in nothing else become one."""
        if not word:
            return 0
        return sum(min(count(word, flag), most) << 16 * flag for flag, most in enumerate(self.needed))

    def outcomes(self, place: int) -> list[int]:
        """The codes that a completion may give an awaited item."""
        item = self.plan.items[place]
        return [code for code in item.codes() if code not in item.awaits and code not in range(EXCLUDED, OWN)]

    def section_states(self, place: int) -> States:
        """What the items of one section can add up to."""
        plan, section = self.plan, self.plan.sections[place]
        word = truths = earned = 0
        waiting = []
        for item in plan.items[section.start : section.stop]:
            code = self.codes[item.place]
            if item.place in self.waiting and code != EXCLUDED:
                waiting.append(item)
                continue
            word += item.words[code]
            earned += item.points[code]
            truths |= outcome_truths(plan, item.place, code)
        states: States = {(self.clip(word), truths): {earned}}
        for item in waiting:
            steps: States = {}
            named = any(kind == "is" and subject == item.place for kind, subject, _ in plan.literals)
            for code in self.outcomes(item.place):
                key = self.clip(item.words[code]), outcome_truths(plan, item.place, code) if named else 0
                steps.setdefault(key, set()).add(item.points[code])
            states = self.join(states, steps)
        if self.maxima[place] != self.full[place]:
            return dict.fromkeys(states, self.any_sum(place))
        return states

    def any_sum(self, place: int) -> set[int]:
        """What an empty section could earn; what those outcomes raise is left out of account."""
        section = self.plan.sections[place]
        sums = {0}
        for item in self.plan.items[section.start : section.stop]:
            sums = _add(sums, {item.points[code] for code in self.outcomes(item.place)})
        return sums

    def contributions(self, place: int, states: States) -> States:
        """Turn a section's points into what it adds to the total, and its shares into conditions."""
        factor, floor = self.scale.factors[place], self.scale.floors[place]
        limited = any(kind == "below" and subject == place for kind, subject, _ in self.plan.literals)
        result: States = {}
        for (word, truths), sums in states.items():
            for earned in sums if factor or limited else (0,):
                below = section_truths(self.plan, place, earned, self.full[place]) if limited else 0
                result.setdefault((word, truths | below), set()).add(max(earned * factor, floor))
        return result

    def join(self, left: States, right: States) -> States:
        """Every state of one with every state of the other."""
        if len(left) * len(right) > LIMIT:
            raise _TooMany
        result: States = {}
        size = 0
        for (word, truths), sums in left.items():
            for (more, others), steps in right.items():
                key = self.clip(word + more), truths | others
                before = result.get(key, set())
                result[key] = before | _add(sums, steps)
                size += len(result[key]) - len(before)
                if size > LIMIT:
                    raise _TooMany
        return result

    def sweep(self, left: States, right: States) -> list[int]:
        """Find which verdicts some pair of one total from each half comes to."""
        if len(left) * len(right) > LIMIT:
            raise _TooMany
        found: set[int] = set()
        partners = {key: sorted(sums) for key, sums in right.items()}
        known: dict[tuple[int, int], int] = {}
        for (word, truths), sums in left.items():
            ordered = sorted(sums)
            for (more, others), others_sums in partners.items():
                key = self.clip(word + more), truths | others
                if key not in known:
                    known[key] = max((self.plan.caps[cap][1] for cap in self.caps(*key)), default=0)
                self.find_verdicts(ordered, others_sums, known[key], found)
        return sorted(found)

    def caps(self, word: int, truths: int) -> list[int]:
        """Which caps hold, by place."""
        truths |= flag_truths(self.plan, word)
        own = [self.fatal_caps and count(word, _FATAL) > 0, count(word, _KNOCK_OUT) > 0]
        met = [*own, *(holds(tree, truths) for tree in self.plan.trees)]
        return [place for place, is_met in enumerate(met) if is_met]

    def find_verdicts(self, left: list[int], right: list[int], worst: int, found: set[int]) -> None:
        """Add the verdicts that one total of *left* and one of *right* come to under the cap *worst*."""
        low, high = left[0] + right[0], left[-1] + right[-1]
        cuts = self.scale.cuts
        for band in range(self.plan.bands):
            least = cuts[band] if band < len(cuts) else low
            below = cuts[band - 1] if band else high + 1
            verdict = max(band, worst)
            if verdict not in found and low < below and high >= least and _some_sum(left, right, least, below):
                found.add(verdict)

    def lasting_caps(self) -> list[int]:
        """
        Find the caps that hold in every completion.

        A condition can only turn off as a case gets better: with fewer flags, fewer literals, more points. So of all completions only those count that no other
        is better than in all three, and an item with an unflagged best outcome has only one: that outcome.
        """
        plan = self.plan
        whole: Front = {(0, 0, 0)}
        for place, section in enumerate(plan.sections):
            best: Front = {(0, 0, 0)}
            for item in plan.items[section.start : section.stop]:
                code = self.codes[item.place]
                given = self.outcomes(item.place) if item.place in self.waiting and code != EXCLUDED else [code]
                steps = {(self.clip(item.words[c]), outcome_truths(plan, item.place, c), item.points[c]) for c in given}
                best = self.join_best(best, _undominated(steps))
            most = self.most(place) if self.maxima[place] != self.full[place] else None
            whole = self.join_best(
                whole,
                {
                    (word, truths | section_truths(plan, place, earned if most is None else most, self.full[place]), 0)
                    for word, truths, earned in best
                },
            )
        lasting = [{*self.caps(word, truths)} for word, truths, _ in whole]
        return sorted(set.intersection(*lasting))

    def most(self, place: int) -> int:
        """The most that an empty section could earn."""
        section = self.plan.sections[place]
        items = self.plan.items[section.start : section.stop]
        return sum(max(item.points[code] for code in self.outcomes(item.place)) for item in items)

    def join_best(self, left: Front, right: Front) -> Front:
        """Every state of one with every state of the other, without those that another is better than."""
        if len(left) * len(right) > MAX_FRONT:
            left, right = {_ideal(left)}, {_ideal(right)}
        return _undominated({(self.clip(a[0] + b[0]), a[1] | b[1], a[2] + b[2]) for a in left for b in right})


def _ideal(states: Front) -> tuple[int, int, int]:
    """A state at least as good as each of these: what holds for it holds for all of them."""
    fewest = sum(min(count(word, flag) for word, _, _ in states) << 16 * flag for flag in range(len(FLAGS)))
    common = -1
    for _, truths, _ in states:
        common &= truths
    return fewest, common, max(earned for _, _, earned in states)


def _undominated(states: Front) -> Front:
    """The states that no other has fewer flags, fewer true literals and more points than."""
    if len(states) == 1:
        return states
    kept: Front = set()
    for state in sorted(
        states, key=lambda s: (sum(count(s[0], flag) for flag in range(len(FLAGS))), s[1].bit_count(), -s[2])
    ):
        word, truths, earned = state
        if not any(
            other[2] >= earned
            and other[1] & ~truths == 0
            and all(count(other[0], flag) <= count(word, flag) for flag in range(len(FLAGS)))
            for other in kept
        ):
            kept.add(state)
    return kept


def _size(states: States) -> int:
    return sum(map(len, states.values()))


def _add(left: set[int], right: set[int]) -> set[int]:
    """All sums of one number of each set."""
    if len(left) * len(right) <= 4096 or len(left) == 1 or len(right) == 1:
        return {a + b for a in left for b in right}
    small, large = sorted((left, right), key=len)
    base_small, base_large = min(small), min(large)
    step = gcd(*(number - base_small for number in small), *(number - base_large for number in large))
    width = (max(small) - base_small + max(large) - base_large) // step
    if width <= _DENSE and len(small) * width <= 2**30:
        # Sums that lie close together, as marks in small steps do, are one integer with a bit for each.
        bits = int("".join("1" if number in large else "0" for number in range(max(large), base_large - 1, -step)), 2)
        total = 0
        for number in small:
            total |= bits << (number - base_small) // step
        base = base_small + base_large
        return {base + place * step for place, bit in enumerate(bin(total)[:1:-1]) if bit == "1"}
    if len(left) * len(right) > 4 * LIMIT:
        raise _TooMany
    return {a + b for a in left for b in right}


def _some_sum(left: list[int], right: list[int], least: int, below: int) -> bool:
    """Whether some a of *left* and b of *right*, both sorted, have least <= a + b < below."""
    if len(left) > len(right):
        left, right = right, left
    for number in left:
        place = bisect_left(right, least - number)
        if place < len(right) and right[place] + number < below:
            return True
    return False
