"""
What a case that still waits for answers can come to: exactly, never by sampling.

Owns *completions* (FORMAT.md 6, step 6). Within a section it keeps the set of (flags, conditions, points) that the awaited items can add up to; sections
become additions to their stage, and stages, one after the other, either end the case or add to the total. What comes to the last stage is folded into two
halves, and a sorted sweep over pairs finds which bands some completion reaches. Bounded: past `LIMIT` states it claims nothing about verdicts; which caps last
is always found. Must not know of answers.
"""

from __future__ import annotations

from bisect import bisect_left
from math import gcd

from scoring.engine.circumstances import Circumstances
from scoring.engine.conditions import count, flag_truths, holds, outcome_truths, section_truths, stage_truths
from scoring.engine.plan import Frame, Plan, scale_for
from scoring.engine.table import EXCLUDED, FLAGS, OWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import TypeAlias

    from scoring.engine.judge import Standing
    from scoring.engine.parts import Item

    States: TypeAlias = dict[tuple[int, int], set[int]]  # (flag counts, conditions that hold) -> sums
    Front: TypeAlias = set[tuple[int, int, int]]  # flag counts, conditions that hold, points

__all__ = ["LIMIT", "lasting_caps", "reachable", "reachable_verdicts"]

LIMIT = 2**18  # states of a section or a half: about half a second of work and 30 MB
WORK = 2**22  # sums that are formed or looked up for one case: two seconds
MAX_FRONT = 512  # undominated completions; more are only met where many items have nothing but flagged best outcomes
_FEW = 2**12  # pairs that are quicker added one by one
_DENSE = 2**20  # bits: the widest range of sums that is worth a bit each

_FATAL, _KNOCK_OUT = FLAGS.index("fatal"), FLAGS.index("knock_out")
_KNOCK_OUT_CAP = 1  # its place in `Plan.caps`


def reachable(plan: Plan, notice: bool | None = True) -> tuple[str, ...] | None:
    """The verdicts that some submission reaches in which every item was administered, best first; None past the bound."""
    found: set[int] = set()
    for variant, frame in plan.frames.items():
        around = Circumstances(notice, variant=variant)
        waiting = [place for place in range(len(plan.items)) if place not in frame.outside]
        verdicts = _verdicts(_Search(plan, frame.blank, around, waiting, frame.maxima), 0)
        if verdicts is None:
            return None
        found.update(verdicts)
    return tuple(plan.verdicts[place] for place in sorted(found))


def reachable_verdicts(plan: Plan, standing: Standing) -> list[int] | None:
    """Find the verdicts that some completion of a pending case comes to, best first; None past the bound. Source: FORMAT.md 6, step 6."""
    search = _Search(plan, standing.codes, standing.around, standing.awaited, standing.maxima)
    return _verdicts(search, len(standing.stages) - 1)


def lasting_caps(plan: Plan, standing: Standing) -> list[int]:
    """Find the caps that hold in every completion, looking at the evaluated stages alone. Source: FORMAT.md 6, step 5."""
    search = _Search(plan, standing.codes, standing.around, standing.waiting, standing.maxima)
    return search.lasting_caps(len(standing.stages))


def _verdicts(search: _Search, start: int) -> list[int] | None:
    try:
        return search.verdicts(start)
    except _TooMany:
        return None


class _TooMany(Exception):  # noqa: N818 - not an error: the bound was met
    """More states than `LIMIT`."""


class _Search:
    """
    One case and its completions.

    `full` is what each section's maximum is in every completion: an empty section that has weight is given any share that it could have, so it counts with
    all its items. `needed` is how far each flag has to be counted: once where it puts a cap, and as far as any override asks. A knock-out that ends the case
    (one that no reinstatement lifts) is a condition of its own, behind the literals.
    """

    def __init__(
        self, plan: Plan, codes: Sequence[int], around: Circumstances, waiting: Collection[int], maxima: Sequence[int]
    ) -> None:
        self.plan = plan
        self.codes = codes
        self.frame: Frame = plan.frames[around.variant]
        self.waiting = frozenset(waiting)
        self.maxima = maxima
        self.lifted = plan.lifted(around)
        self.fatal_caps = around.notice is not False
        self.full = [
            whole if maximum == 0 and section.share[0] else maximum
            for section, maximum, whole in zip(plan.sections, maxima, self.frame.maxima, strict=True)
        ]
        self.scale = self.frame.scale if self.full == self.frame.maxima else scale_for(plan, self.full)
        self.knocked_out = 1 << len(plan.literals)
        self.needed = [int(self.fatal_caps), 0, 0, 0]
        self.asked = {
            kind: {literal[1] for literal in plan.literals if literal[0] == kind} for kind in ("is", "below", "stage")
        }
        self.work = WORK
        for literal in plan.literals:
            if literal[0] == "flag":
                self.needed[literal[1]] = max(self.needed[literal[1]], literal[2])

    def verdicts(self, start: int) -> list[int]:
        """
        Go through the stages: which completions end, and what the others come to.

        *start* is the stage that the case has come to; those before it were passed.
        """
        plan, last = self.plan, len(self.plan.stages) - 1
        found: set[int] = set()
        so_far: States = {(0, 0): {0}}
        for place in range(last):
            so_far = self.join(so_far, self.stage_states(place))
            so_far = self.count_flags(so_far, place)
            if place >= start:
                so_far = self.without_ended(so_far, place, found)
        if last in self.asked["stage"]:
            parts = [self.stage_states(last)]
        else:
            parts = [self.contributions(n, self.section_states(n), weigh=True) for n in plan.stages[last].sections]
        if not so_far:
            return sorted(found)
        left: States = {(0, 0): {0}}
        right = so_far
        for states in sorted(parts, key=_size, reverse=True):
            if _size(left) > _size(right):
                left, right = right, left
            left = self.join(left, states)
        self.sweep(left, right, found)
        return sorted(found)

    def spend(self, sums: int) -> None:
        """Count what is done for this case, so that no pack and no submission makes it long."""
        self.work -= sums
        if self.work < 0:
            raise _TooMany

    def clip(self, word: int) -> int:
        """Forget what is counted beyond need, so that states which differ in nothing else become one."""
        if not word:
            return 0
        return sum(min(count(word, flag), most) << 16 * flag for flag, most in enumerate(self.needed))

    def outcomes(self, place: int) -> list[int]:
        """The codes that a completion may give an awaited item."""
        item = self.plan.items[place]
        return [code for code in item.codes() if code not in item.awaits and code not in range(EXCLUDED, OWN)]

    def truths(self, place: int, code: int) -> int:
        """The conditions that an outcome meets by itself."""
        item = self.plan.items[place]
        met = outcome_truths(self.plan, place, code) if place in self.asked["is"] else 0
        if count(item.words[code], _KNOCK_OUT) and self.plan.sections[item.section].stage > self.lifted:
            met |= self.knocked_out
        return met

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
            truths |= self.truths(item.place, code)
        states: States = {(self.clip(word), truths): {earned}}
        for item in waiting:
            steps: States = {}
            for code in self.outcomes(item.place):
                key = self.clip(item.words[code]), self.truths(item.place, code)
                steps.setdefault(key, set()).add(item.points[code])
            states = self.join(states, steps)
        if self.maxima[place] != self.full[place]:
            return dict.fromkeys(states, self.any_sum(place))
        return states

    def any_sum(self, place: int) -> set[int]:
        """What an empty section could earn; what those outcomes raise is left out of account."""
        sums = {0}
        for item in self.own_items(place):
            sums = _add(sums, {item.points[code] for code in self.outcomes(item.place)})
        return sums

    def own_items(self, place: int) -> list[Item]:
        """The items of a section that are the case's."""
        section = self.plan.sections[place]
        return [item for item in self.plan.items[section.start : section.stop] if item.place not in self.frame.outside]

    def contributions(self, place: int, states: States, *, weigh: bool) -> States:
        """Turn a section's points into what it adds to its stage, or to the total, and its shares into conditions."""
        stage = self.plan.sections[place].stage
        weight = self.scale.weights[stage] if weigh else 1
        factor, floor = self.scale.factors[place] * weight, self.scale.floors[place] * weight
        limited = place in self.asked["below"]
        result: States = {}
        for (word, truths), sums in states.items():
            for earned in sums if factor or limited else (0,):
                below = section_truths(self.plan, place, earned, self.full[place]) if limited else 0
                result.setdefault((word, truths | below), set()).add(max(earned * factor, floor))
        return result

    def stage_states(self, place: int) -> States:
        """What one stage can add to the total, and the conditions on its share."""
        asked = place in self.asked["stage"]
        states: States = {(0, 0): {0}}
        for section in self.plan.stages[place].sections:
            own = self.contributions(section, self.section_states(section), weigh=not asked)
            states = self.join(states, own)
        if not asked:
            return states
        result: States = {}
        for (word, truths), sums in states.items():
            for total in sums:
                below = stage_truths(self.plan, place, total, self.scale.stage_unit)
                result.setdefault((word, truths | below), set()).add(total * self.scale.weights[place])
        return result

    def count_flags(self, states: States, place: int) -> States:
        """Settle the conditions that count flags up to this stage."""
        result: States = {}
        for (word, truths), sums in states.items():
            key = word, truths | flag_truths(self.plan, word, range(place, place + 1))
            result[key] = result.get(key, set()) | sums
        return result

    def without_ended(self, states: States, place: int, found: set[int]) -> States:
        """Take out the completions that end at a stage, and note what they come to."""
        going_on: States = {}
        for (word, truths), sums in states.items():
            caps = self.caps(word, truths, place + 1)
            gates = self.plan.stages[place].gates if place > self.lifted else ()
            if _KNOCK_OUT_CAP in caps or any(cap in gates for cap in caps):
                found.add(max(self.plan.caps[cap][1] for cap in caps))
            else:
                going_on[word, truths] = sums
        return going_on

    def join(self, left: States, right: States) -> States:
        """Every state of one with every state of the other."""
        if len(left) * len(right) > LIMIT:
            raise _TooMany
        result: States = {}
        size = 0
        for (word, truths), sums in left.items():
            for (more, others), steps in right.items():
                key = self.clip(word + more), truths | others
                added = _add(sums, steps)
                self.spend(min(len(sums) * len(steps), _FEW) + len(added))
                before = result.get(key, set())
                result[key] = before | added
                size += len(result[key]) - len(before)
                if size > LIMIT:
                    raise _TooMany
        return result

    def sweep(self, left: States, right: States, found: set[int]) -> None:
        """Add which verdicts some pair of one total from each half comes to."""
        if len(left) * len(right) > LIMIT:
            raise _TooMany
        self.spend(len(left) * len(right))
        partners = {key: sorted(sums) for key, sums in right.items()}
        known: dict[tuple[int, int], int] = {}
        for (word, truths), sums in left.items():
            ordered = sorted(sums)
            for (more, others), others_sums in partners.items():
                key = self.clip(word + more), truths | others
                if key not in known:
                    caps = self.caps(*key, len(self.plan.stages))
                    known[key] = max((self.plan.caps[cap][1] for cap in caps), default=0)
                self.find_verdicts(ordered, others_sums, known[key], found)

    def caps(self, word: int, truths: int, reached: int) -> list[int]:
        """Which caps hold, by place, for a case of which *reached* stages are evaluated."""
        plan = self.plan
        truths |= flag_truths(plan, word, range(reached - 1, len(plan.stages)))
        caps = [0] * (self.fatal_caps and count(word, _FATAL) > 0) + [_KNOCK_OUT_CAP] * bool(truths & self.knocked_out)
        passed_by = {cap for n, stage in enumerate(plan.stages) for cap in stage.gates if not self.lifted < n < reached}
        return caps + [n for n, tree in enumerate(plan.trees, 2) if n not in passed_by and holds(tree, truths)]

    def find_verdicts(self, left: list[int], right: list[int], worst: int, found: set[int]) -> None:
        """Add the verdicts that one total of *left* and one of *right* come to under the cap *worst*."""
        low, high = left[0] + right[0], left[-1] + right[-1]
        cuts = self.scale.cuts
        for band in range(self.plan.bands):
            least = cuts[band] if band < len(cuts) else low
            below = cuts[band - 1] if band else high + 1
            verdict = max(band, worst)
            if verdict in found or low >= below or high < least:
                continue
            self.spend(min(len(left), len(right)))
            if _some_sum(left, right, least, below):
                found.add(verdict)

    def lasting_caps(self, reached: int) -> list[int]:
        """
        Find the caps that hold in every completion, looking at the first *reached* stages alone.

        Within them a condition can only turn off as a case gets better: with fewer flags, fewer literals, more points. So of all completions only those count
        that no other is better than in all three, and an item with an unflagged best outcome has only one: that outcome.
        """
        whole: Front = {(0, 0, 0)}
        for place in range(reached):
            asked = place in self.asked["stage"]
            best: Front = {(0, 0, 0)}
            for section in self.plan.stages[place].sections:
                best = self.join_best(best, self.best_of(section, keep=asked))
            unit = self.scale.stage_unit
            ends = {(word, truths | stage_truths(self.plan, place, total, unit), 0) for word, truths, total in best}
            whole = self.join_best(whole, ends if asked else best)
            settled = range(place, place + 1)
            whole = {(word, truths | flag_truths(self.plan, word, settled), 0) for word, truths, _ in whole}
        lasting = [{*self.caps(word, truths, reached)} for word, truths, _ in whole]
        return sorted(set.intersection(*lasting))

    def best_of(self, place: int, *, keep: bool) -> Front:
        """The undominated ends of a section; with what it adds to its stage only if *keep* says so."""
        section, full = self.plan.sections[place], self.full[place]
        best: Front = {(0, 0, 0)}
        for item in self.plan.items[section.start : section.stop]:
            code = self.codes[item.place]
            given = self.outcomes(item.place) if item.place in self.waiting and code != EXCLUDED else [code]
            steps = {(self.clip(item.words[c]), self.truths(item.place, c), item.points[c]) for c in given}
            best = self.join_best(best, _undominated(steps))
        if self.maxima[place] != full:
            most = sum(max(item.points[code] for code in self.outcomes(item.place)) for item in self.own_items(place))
            best = {(word, truths, most) for word, truths, _ in best}
        factor, floor = (self.scale.factors[place], self.scale.floors[place]) if keep else (0, 0)
        return {
            (word, truths | section_truths(self.plan, place, earned, full), max(earned * factor, floor))
            for word, truths, earned in best
        }

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
    if len(left) * len(right) <= _FEW or len(left) == 1 or len(right) == 1:
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
