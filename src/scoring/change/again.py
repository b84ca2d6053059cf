"""
One past decision, decided again under another version: from its outcomes where they tell enough, else from what was handed in.

Owns the exact road that every faster one has to agree with, and what of a submission another version is asked: `carried`. Takes plans, outcomes and
submissions; must not know where they lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from scoring.change.translate import Translation
from scoring.engine.exact import spell
from scoring.engine.judge import action_of, holds_of, judge
from scoring.engine.submission import read_submission
from scoring.errors import LogError, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoring.engine.judge import Standing
    from scoring.engine.plan import Plan

__all__ = ["Judged", "Translation", "carried", "from_outcomes", "from_submission"]


@attrs.frozen
class Judged:
    """
    What a case comes to, spelled as a decision spells it.

    Attributes:
        verdict, action, status, score: As in a decision, FORMAT.md 6; the score is a rational, or None.
        caps: The `by` of every cap that holds. holds: As in a decision.
    """

    verdict: str | None
    action: str
    status: str
    score: str | None
    caps: tuple[str, ...]
    holds: tuple[str, ...]


def judged(plan: Plan, standing: Standing) -> Judged:
    """Say what a standing comes to."""
    holds = holds_of(plan, standing)
    known = standing.band is not None and standing.status != "void"
    return Judged(
        verdict=None if standing.verdict is None else plan.verdicts[standing.verdict],
        action=action_of(plan, standing, holds),
        status=standing.status,
        score=spell(standing.total, standing.scale.unit) if known else None,
        caps=tuple(plan.caps[place][0] for place in standing.caps),
        holds=tuple(holds),
    )


def from_outcomes(
    way: Translation, codes: Sequence[int], variant: str | None, recorded: Mapping[str, Any]
) -> Standing | None:
    """
    Judge a recorded decision under the new plan.

    Args:
        way: From the plan that made it to the new one.
        codes: Its outcomes.
        variant: Of the case.
        recorded: `evaluated`, how many stages it evaluated, and `handed_in`, `irregularities`, `notice`, `reinstate`, `void` of the decision.

    Returns:
        None where only what was handed in could tell.

    Raises:
        LogError: The old plan has no such variant: the decision does not fit its pack.
    """
    if variant not in way.old.frames:
        raise LogError("variant: the pack has no such variant")
    new, reinstate = way.new, recorded["reinstate"]
    if way.variant(variant) not in new.frames or (reinstate and reinstate["stage"] not in new.stage_index):
        return None
    moved, unknown = way.codes(codes, variant, recorded["handed_in"], recorded["evaluated"])
    found = []
    for notice in way.notices(recorded["notice"]):
        standing = judge(new, moved, way.around(recorded, variant, notice))
        reached = len(standing.stages)
        if any(new.sections[new.items[place].section].stage < reached for place in unknown):
            return None
        taken = reached if standing.stages[-1] == "ended" else len(new.stages)
        if not way.conduct_is_told(recorded["irregularities"], variant, taken):
            return None
        found.append(standing)
    if len(found) > 1 and judged(new, found[0]) != judged(new, found[1]):
        return None
    return found[0]


def from_submission(plan: Plan, submission: Mapping[str, Any]) -> Standing:
    """
    Judge what was handed in, as far as *plan* asks for it and comes to it: an answer in a stage that it does not reach is not looked at, as outcomes are not.

    Raises:
        SubmissionError: The plan refuses it, as an answer of another kind than it takes.
    """
    taken = carried(plan, submission)
    try:
        standing = _judged_as_read(plan, taken)
    except SubmissionError as error:
        refused = {problem.path.removeprefix("answers/") for problem in error.problems}
        if not refused <= taken["answers"].keys() & plan.index.keys():
            raise
        taken = {**taken, "answers": {name: it for name, it in taken["answers"].items() if name not in refused}}
        standing = _judged_as_read(plan, taken)
        if any(_stage_of(plan, name) < len(standing.stages) for name in refused):
            raise error from None
    left = _before_the_end(plan, taken, standing)
    return standing if left is None else _judged_as_read(plan, left)


def _judged_as_read(plan: Plan, submission: dict[str, Any]) -> Standing:
    return judge(plan, *read_submission(plan, submission))


def _stage_of(plan: Plan, item: str) -> int:
    return plan.sections[plan.items[plan.index[item]].section].stage


def carried(plan: Plan, submission: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give what a case would have handed in had it been asked by *plan*: without what that does not ask.

    Left out are items and stages that it does not have, answers to items that are void or of another variant, and the variant where it has none. What it
    would refuse for another reason is left in, and is refused. Answers behind the end of the case are left out by `from_submission`, which knows the end.
    """
    found = dict(submission)
    facts = dict(found.get("facts", {}))
    if None in plan.frames:
        facts.pop("variant", None)
    variant = facts.get("variant")
    foreign = {item.id for item in plan.items if item.only not in {None, variant} or item.data["void"]}
    asked = plan.index.keys()
    found["answers"] = {
        name: answer for name, answer in found.get("answers", {}).items() if name in asked and name not in foreign
    }
    if "not_administered" in found:
        found["not_administered"] = {name: why for name, why in found["not_administered"].items() if name in asked}
    if "elapsed" in facts:
        facts["elapsed"] = {name: taken for name, taken in facts["elapsed"].items() if name in asked}
    if "handed_in" in found:
        found["handed_in"] = [stage for stage in found["handed_in"] if stage in plan.stage_index]
    if "facts" in found:
        found["facts"] = facts
    return found


def _before_the_end(plan: Plan, submission: dict[str, Any], standing: Standing) -> dict[str, Any] | None:
    """The submission without the answers behind the end of the case; None where there are none."""
    if standing.stages[-1] != "ended":
        return None
    stop = plan.stages[len(standing.stages) - 1].items.stop
    answers = {name: answer for name, answer in submission["answers"].items() if plan.index[name] < stop}
    return None if len(answers) == len(submission["answers"]) else {**submission, "answers": answers}
