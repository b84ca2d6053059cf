"""
Outcomes to a verdict: points, sections, total, band, caps, status, holds, action.

Owns the rules of `audit/FORMAT.md`, section 6; each function quotes its step. Takes codes (one for each item), never an answer: this is the half of the
engine that replays from the log alone. Everything is computed first and decided afterwards, and the result names what determined it.
"""

from __future__ import annotations

from itertools import product

from scoring.engine.classify import EXCLUDED, FLAGS, OWN
from scoring.engine.conditions import count, holds, is_below
from scoring.engine.plan import Plan, Scale, scale_for
from scoring.engine.reach import Reach, reach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
__all__ = ["HOLDS", "Standing", "action_of", "holds_of", "judge"]

HOLDS = ("refer", "verdict", "irregularity", "notice", "unclear")
TRIED_TOGETHER = 10  # unclear answers; 2^10 verdicts take some ten milliseconds, and a person is asked beyond that

_FATAL, _KNOCK_OUT, _REFER = (0xFFFF << 16 * FLAGS.index(flag) for flag in ("fatal", "knock_out", "refer"))


class Standing:
    """
    Everything that follows from the codes.

    Attributes:
        codes: The outcome of each item.
        word: How often each flag was raised.
        awaited: The items that wait for an answer, by place.
        earned, maxima: Of each section, in its units; a maximum of 0 means that the section is empty.
        scale, total: The denominator and cuts, and the total on that denominator.
        band: The verdict that the total reaches, or None while anything is awaited.
        caps: Places in `Plan.caps` of those that hold.
        status: ``ended``, ``pending`` or ``decided``.
        verdict: Its place in `Plan.verdicts`, or None.
        reach: What completions can come to; None where nothing is awaited.
    """

    __slots__ = (
        "awaited",
        "band",
        "caps",
        "codes",
        "earned",
        "maxima",
        "notice",
        "reach",
        "scale",
        "status",
        "total",
        "verdict",
        "word",
    )

    caps: Sequence[int]
    reach: Reach | None

    def __init__(
        self, codes: Sequence[int], notice: bool | None, earned: list[int], maxima: Sequence[int], scale: Scale
    ) -> None:
        self.codes = codes
        self.notice = notice
        self.earned = earned
        self.maxima = maxima
        self.scale = scale
        self.word = 0
        self.awaited: Sequence[int] = ()
        self.total = 0
        self.band: int | None = None
        self.status = ""
        self.verdict: int | None = None
        self.reach = None


def judge(plan: Plan, codes: Sequence[int], notice: bool | None) -> Standing:
    """
    Work out the verdict from outcomes.

    The verdict is the worst of the band and the caps that hold: a minimum over an ordered list, so that order never matters.

    Args:
        plan: The rubric.
        codes: One for each item.
        notice: Whether the candidate was told beforehand; None where the rubric has no notice.

    Source: FORMAT.md 6, steps 1 to 8.
    """
    # Steps 1 to 3. What excludes an item, or makes one wait, has a code below OWN; most sheets have none.
    maxima: Sequence[int]
    answered = min(codes) >= OWN
    if answered or EXCLUDED not in codes:
        maxima, scale = [section.maximum for section in plan.sections], plan.scale
    else:
        maxima = [
            sum(item.best for item in plan.items[section.start : section.stop] if codes[item.place] != EXCLUDED)
            for section in plan.sections
        ]
        scale = scale_for(plan, maxima)
    earned = [
        sum(map(tuple.__getitem__, section.points, codes[section.start : section.stop])) for section in plan.sections
    ]
    standing = Standing(codes, notice, earned, maxima, scale)
    for place, words in plan.flagged:
        standing.word += words[codes[place]]
    standing.total = _total(scale, earned)
    if not answered:
        standing.awaited = _awaited(plan, codes, maxima)

    # Steps 4 and 5.
    if standing.awaited:
        standing.reach = reach(plan, codes, standing.awaited, maxima, notice=notice)
        standing.caps = standing.reach.caps
    else:
        standing.band = next((place for place, cut in enumerate(scale.cuts) if standing.total >= cut), plan.bands - 1)
        standing.caps = _caps(plan, standing)

    # Steps 7 and 8.
    worst = [plan.caps[cap][1] for cap in standing.caps]
    if standing.band is not None:
        worst.append(standing.band)
    if standing.word & _KNOCK_OUT:
        standing.status = "ended"
    elif standing.awaited:
        standing.status = "pending"
    else:
        standing.status = "decided"
    standing.verdict = None if standing.status == "pending" else max(worst)
    return standing


def _total(scale: Scale, earned: Sequence[int]) -> int:
    """Step 3: max(0, sum of share times section share), each section no lower than its floor."""
    total = 0
    for units, factor, floor in zip(earned, scale.factors, scale.floors, strict=True):
        total += max(units * factor, floor)
    return max(total, 0)


def _awaited(plan: Plan, codes: Sequence[int], maxima: Sequence[int]) -> list[int]:
    """Step 2: items that wait, and the excluded items of a weighted section that is empty."""
    awaited = [place for place, awaits in plan.waiting if codes[place] in awaits]
    for section, maximum in zip(plan.sections, maxima, strict=True):
        if maximum == 0 and section.share[0]:
            awaited += [place for place in range(section.start, section.stop) if codes[place] == EXCLUDED]
    return sorted(awaited)


def _caps(plan: Plan, standing: Standing) -> list[int]:
    """Step 5, where nothing is awaited."""
    caps = []
    if standing.word & _FATAL and standing.notice is not False:
        caps.append(0)
    if standing.word & _KNOCK_OUT:
        caps.append(1)
    if plan.trees:
        truths = _truths(plan, standing)
        caps += [place for place, tree in enumerate(plan.trees, 2) if holds(tree, truths)]
    return caps


def _truths(plan: Plan, standing: Standing) -> int:
    """Which literals hold, one bit for each."""
    truths = 0
    for place, (kind, subject, limit) in enumerate(plan.literals):
        if kind == "flag":
            met = count(standing.word, subject) >= limit
        elif kind == "is":
            met = standing.codes[subject] in limit
        else:
            met = is_below(plan, subject, standing.earned[subject], standing.maxima[subject], limit)
        truths |= met << place
    return truths


def holds_of(plan: Plan, standing: Standing, irregularities: Sequence[str]) -> list[str]:
    """
    Why a person must act before the decision takes effect; it never moves the verdict.

    Source: FORMAT.md 6, steps 9 and 10.
    """
    verdict = standing.verdict
    reasons = {
        "refer": bool(standing.word & _REFER),
        "verdict": verdict is not None and plan.actions[verdict] == "review",
        "irregularity": bool(irregularities),
        "notice": bool(standing.word & _FATAL) and standing.notice is False,
        "unclear": verdict is not None and _might_differ(plan, standing),
    }
    return [reason for reason in HOLDS if reasons[reason]]


def _might_differ(plan: Plan, standing: Standing) -> bool:
    """Step 10: whether some of the unclear answers, had they been right, would have changed the verdict."""
    codes = standing.codes
    unclear = [place for place, code in plan.unclear if codes[place] == code]
    if not unclear:
        return False
    best = [plan.items[place].best_code for place in unclear]
    if not any(plan.items[place].words[code] for place, code in zip(unclear, best, strict=True)):
        return _verdict_with(plan, standing, unclear, best) != standing.verdict
    if len(unclear) > TRIED_TOGETHER:
        return True
    return any(
        _verdict_with(
            plan,
            standing,
            [place for place, taken in zip(unclear, chosen, strict=True) if taken],
            [code for code, taken in zip(best, chosen, strict=True) if taken],
        )
        != standing.verdict
        for chosen in product((False, True), repeat=len(unclear))
    )


def _verdict_with(plan: Plan, standing: Standing, places: Sequence[int], codes: Sequence[int]) -> int | None:
    changed = list(standing.codes)
    for place, code in zip(places, codes, strict=True):
        changed[place] = code
    return judge(plan, changed, standing.notice).verdict


def action_of(plan: Plan, standing: Standing, holds: Sequence[str]) -> str:
    """Return what a host branches on. Source: FORMAT.md 6, step 11."""
    if standing.verdict is None:
        return "wait"
    return "review" if holds else plan.actions[standing.verdict]
