"""
Outcomes to a verdict: points, sections, stages, total, band, caps, status, holds, action.

Owns the rules of `audit/FORMAT.md`, section 6; each function quotes its step. Takes codes (one for each item), never an answer: this is the half of the
engine that replays from the log alone. Everything is computed first and decided afterwards, and the result names what determined it.
"""

from __future__ import annotations

from itertools import product

from scoring.engine.conditions import count, holds, is_below, stage_truths
from scoring.engine.plan import Plan, scale_for
from scoring.engine.reach import lasting_caps
from scoring.engine.table import EXCLUDED, FLAGS, OWN, UNOPENED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.engine.circumstances import Circumstances
    from scoring.engine.parts import Scale, Stage
    from scoring.engine.plan import Frame

__all__ = ["HOLDS", "Standing", "action_of", "holds_of", "judge", "stage_share"]

HOLDS = ("void", "refer", "verdict", "irregularity", "notice", "excerpt", "excluded", "unclear")
TRIED_TOGETHER = 10  # unclear answers; 2^10 verdicts take some ten milliseconds, and a person is asked beyond that

_FATAL, _KNOCK_OUT, _REFER = (0xFFFF << 16 * FLAGS.index(flag) for flag in ("fatal", "knock_out", "refer"))


class Standing:
    """
    Everything that follows from the codes.

    Attributes:
        codes: The outcome of each item; those of stages that were not evaluated are *unopened*.
        around: What counts beside them. frame: What the variant makes of the pack.
        stages: For each evaluated stage ``passed``, ``ended`` or ``pending``.
        words: How often each flag was raised, in the evaluated stages up to each of them.
        earned, maxima: Of each section, in its units; a maximum of 0 means that the section is empty.
        waiting: The items of evaluated stages that wait for an answer. awaited: What the decision says is awaited.
        scale, total: The denominator and cuts, and the total on that denominator; only where `band` is known.
        band: The verdict that the total reaches, or None while something is not known.
        caps: Places in `Plan.caps` of those that hold.
        status: ``void``, ``ended``, ``pending`` or ``decided``.
        verdict: Its place in `Plan.verdicts`, or None.
        lifted: The place of the last stage whose knock-outs and gates a reinstatement lifts; -1 for none.
    """

    __slots__ = (
        "around", "awaited", "band", "caps", "codes", "earned", "frame", "lifted", "maxima", "scale", "stages", "status", "total", "verdict",
        "waiting", "words",
    )  # fmt: skip

    scale: Scale
    caps: Sequence[int]
    awaited: Sequence[int]

    def __init__(self, plan: Plan, codes: Sequence[int], around: Circumstances, frame: Frame) -> None:
        self.codes = codes
        self.around = around
        self.frame = frame
        self.lifted = plan.lifted(around)
        self.stages: list[str] = []
        self.words: list[int] = []
        self.earned: list[int] = []
        self.maxima: list[int] = []
        self.waiting: list[int] = []
        self.awaited = ()
        self.total = 0
        self.band: int | None = None
        self.status = ""
        self.verdict: int | None = None

    @property
    def word(self) -> int:
        """How often each flag was raised."""
        return self.words[-1]


def judge(plan: Plan, codes: Sequence[int], around: Circumstances) -> Standing:
    """
    Work out the verdict from outcomes.

    The verdict is the worst of the band and the caps that hold: a minimum over an ordered list, so that order never matters.

    Args:
        plan: The rubric.
        codes: One for each item.
        around: What counts beside them.

    Source: FORMAT.md 6, steps 1 to 8.
    """
    frame = plan.frames[around.variant]
    standing = Standing(plan, codes, around, frame)
    for place, stage in enumerate(plan.stages):
        _add_up(plan, standing, stage)
        standing.stages.append(_stage_status(plan, standing, place))
        if standing.stages[-1] != "passed":
            break
    if len(standing.stages) < len(plan.stages):
        _leave(plan, standing)
    ended = standing.stages[-1] == "ended"

    # Steps 3 to 5.
    if standing.waiting:
        standing.caps = lasting_caps(plan, standing)
    else:
        if len(standing.stages) == len(plan.stages):
            standing.scale = _scale(plan, standing)
            standing.total = _total(plan, standing)
            standing.band = next(
                (place for place, cut in enumerate(standing.scale.cuts) if standing.total >= cut), plan.bands - 1
            )
        standing.caps = _caps(plan, standing)

    # Steps 7 and 8.
    if ended or standing.band is not None:
        standing.awaited = standing.waiting
    else:
        later = range(plan.stages[len(standing.stages) - 1].items.stop, len(plan.items))
        standing.awaited = [*standing.waiting, *(place for place in later if standing.codes[place] == UNOPENED)]
    if around.void is not None:
        standing.status = "void"
    elif ended:
        standing.status = "ended"
    else:
        standing.status = "decided" if standing.band is not None else "pending"
    if standing.status in {"ended", "decided"}:
        worst = [plan.caps[cap][1] for cap in standing.caps]
        standing.verdict = max(worst if standing.band is None else [standing.band, *worst])
    return standing


def _add_up(plan: Plan, standing: Standing, stage: Stage) -> None:
    """Steps 1 and 2 for one stage: what its sections earned, what it raised, and what it awaits."""
    codes = standing.codes
    own = codes[stage.items.start : stage.items.stop]
    sections = plan.sections[stage.sections.start : stage.sections.stop]
    # What excludes an item, or makes one wait, has a code below OWN, or is what people have still to rate; most sheets have none.
    answered = min(own) >= OWN
    if answered or EXCLUDED not in own:
        maxima = standing.frame.maxima[stage.sections.start : stage.sections.stop]
    else:
        maxima = [
            sum(item.best for item in plan.items[section.start : section.stop] if codes[item.place] != EXCLUDED)
            for section in sections
        ]
    standing.maxima += maxima
    standing.earned += [
        sum(map(tuple.__getitem__, section.points, codes[section.start : section.stop])) for section in sections
    ]
    word = standing.words[-1] if standing.words else 0
    for place, words in plan.flagged:
        if place in stage.items:
            word += words[codes[place]]
    standing.words.append(word)
    if not answered or plan.rated:
        waiting = [place for place, awaits in plan.waiting if codes[place] in awaits and place in stage.items]
        waiting += [place for place, code in zip(stage.items, own, strict=True) if code == UNOPENED]
        for section, maximum in zip(sections, maxima, strict=True):
            if maximum == 0 and section.share[0]:
                waiting += [
                    place
                    for place in range(section.start, section.stop)
                    if codes[place] == EXCLUDED and place not in standing.frame.outside
                ]
        standing.waiting += sorted(waiting)


def _stage_status(plan: Plan, standing: Standing, place: int) -> str:
    """Step 2: what becomes of a case after a stage."""
    if place > standing.lifted:
        before = standing.words[place - 1] if place else 0
        if (standing.words[place] - before) & _KNOCK_OUT:
            return "ended"
        gates = plan.stages[place].gates
        if gates and not standing.waiting:
            truths = _truths(plan, standing)
            if any(holds(plan.trees[cap - 2], truths) for cap in gates):
                return "ended"
    return "pending" if standing.waiting else "passed"


def _leave(plan: Plan, standing: Standing) -> None:
    """Step 2: the items of stages that were not evaluated are unopened, whatever was answered."""
    reached = plan.stages[len(standing.stages) - 1]
    start = reached.items.stop
    standing.codes = [*standing.codes[:start], *standing.frame.blank[start:]]
    standing.earned += [0] * (len(plan.sections) - reached.sections.stop)
    standing.maxima += standing.frame.maxima[reached.sections.stop :]


def _scale(plan: Plan, standing: Standing) -> Scale:
    """The scale for the maxima of the evaluated stages; what the others exclude is not known yet."""
    frame = standing.frame
    known = standing.maxima + frame.maxima[len(standing.maxima) :]
    return frame.scale if known == frame.maxima else scale_for(plan, known)


def _total(plan: Plan, standing: Standing) -> int:
    """Step 3: max(0, sum of stage weight times stage share)."""
    total = 0
    for stage, weight in zip(plan.stages, standing.scale.weights, strict=True):
        if weight:
            total += weight * _sum_of(standing, stage, standing.scale)
    return max(total, 0)


def _sum_of(standing: Standing, stage: Stage, scale: Scale) -> int:
    """What the sections of a stage add to it, each no lower than its floor, in the scale's stage units."""
    return sum(max(standing.earned[place] * scale.factors[place], scale.floors[place]) for place in stage.sections)


def _caps(plan: Plan, standing: Standing) -> list[int]:
    """Step 5, where nothing is awaited."""
    caps = []
    if standing.word & _FATAL and standing.around.notice is not False:
        caps.append(0)
    lifted = standing.words[min(standing.lifted, len(standing.words) - 1)] if standing.lifted >= 0 else 0
    if (standing.word - lifted) & _KNOCK_OUT:
        caps.append(1)
    if plan.trees:
        truths = _truths(plan, standing)
        caps += [
            place for place, tree in enumerate(plan.trees, 2) if _counts(plan, standing, place) and holds(tree, truths)
        ]
    return caps


def _counts(plan: Plan, standing: Standing, cap: int) -> bool:
    """Whether a cap can hold at all: a gate does only in a stage that was evaluated and is not lifted."""
    for place, stage in enumerate(plan.stages):
        if cap in stage.gates:
            return standing.lifted < place < len(standing.stages)
    return True


def _truths(plan: Plan, standing: Standing) -> int:
    """Which literals hold, one bit for each, looking at the evaluated stages alone."""
    truths = 0
    reached = len(standing.words)
    for place, (kind, subject, limit, *bound) in enumerate(plan.literals):
        if kind == "flag":
            met = count(standing.words[min(bound[0], reached - 1)], subject) >= limit
        elif kind == "is":
            met = plan.sections[plan.items[subject].section].stage < reached and standing.codes[subject] in limit
        elif kind == "below":
            met = plan.sections[subject].stage < reached and is_below(
                plan, subject, standing.earned[subject], standing.maxima[subject], limit
            )
        else:
            met = subject < reached and _is_stage_below(plan, standing, subject, place)
        truths |= met << place
    return truths


def _is_stage_below(plan: Plan, standing: Standing, stage: int, literal: int) -> bool:
    num, den = stage_share(plan, standing, stage)
    return bool(stage_truths(plan, stage, num, den) >> literal & 1)


def stage_share(plan: Plan, standing: Standing, stage: int) -> tuple[int, int]:
    """The share of an evaluated stage, as sum and unit."""
    scale = _scale(plan, standing) if standing.band is None else standing.scale
    return _sum_of(standing, plan.stages[stage], scale), scale.stage_unit


def holds_of(plan: Plan, standing: Standing) -> list[str]:
    """
    Why a person must act before the decision takes effect; it never moves the verdict.

    Source: FORMAT.md 6, steps 9 and 10.
    """
    if standing.status == "void":
        return ["void"]
    verdict = standing.verdict
    reasons = {
        "refer": bool(standing.word & _REFER),
        "verdict": verdict is not None and plan.actions[verdict] == "review",
        "irregularity": bool(standing.around.irregularities),
        "notice": bool(standing.word & _FATAL) and standing.around.notice is False,
        "excerpt": bool(standing.frame.excerpts),
        "excluded": any(
            standing.codes[place] == EXCLUDED for place in plan.guards if place not in standing.frame.outside
        ),
        "unclear": verdict is not None and _might_differ(plan, standing),
    }
    return [reason for reason in HOLDS if reasons.get(reason)]


def _might_differ(plan: Plan, standing: Standing) -> bool:
    """Step 10: whether some of the unclear answers, had they been right, would have changed the verdict."""
    codes = standing.codes
    unclear = [place for place, code in plan.unclear if codes[place] == code]
    if not unclear:
        return False
    best = [plan.items[place].best_code for place in unclear]
    flagged = any(plan.items[place].words[code] for place, code in zip(unclear, best, strict=True))
    if len(plan.stages) == 1 and not flagged:
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
    return judge(plan, changed, standing.around).verdict


def action_of(plan: Plan, standing: Standing, holds: Sequence[str]) -> str:
    """Return what a host branches on. Source: FORMAT.md 6, step 11."""
    if standing.status == "pending":
        return "wait"
    if holds or standing.verdict is None:
        return "review"
    return plan.actions[standing.verdict]
