"""
A case that shows something: outcomes made into submissions, and scored again before anybody sees them.

Owns the confirmation. What a search found is believed only once the real readers and the real judge say the same; where they say something else the search
is wrong, and that is an error, never a report. Must not know how a case was found.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from scoring.change.answers import NoAnswerError, submission_for
from scoring.change.joint import UNKNOWN
from scoring.engine.decision import Decision
from scoring.engine.submission import read_submission
from scoring.engine.table import NO_ENTRY, UNOPENED
from scoring.errors import SubmissionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scoring.change.search import Fewest
    from scoring.change.sides import Side
    from scoring.engine.plan import Plan

__all__ = ["Shown", "WrongProofError", "condition_holds", "show"]


class WrongProofError(AssertionError):
    """A case that a proof rests on comes out otherwise when it is scored: the proof is wrong, and so is this program."""


class Shown(NamedTuple):
    """A confirmed case: how many items are not absent, its labels, and for each plan submission, decision and outcomes by item."""

    cost: int
    labels: tuple[str, ...]
    submissions: tuple[dict[str, Any], ...]
    decisions: tuple[Decision, ...]
    outcomes: dict[str, tuple[str | None, ...]]

    def of_one(self) -> dict[str, Any]:
        """As `Proof.witness` has it."""
        (submission,), (decision,) = self.submissions, self.decisions
        return {
            "submission": submission,
            "outcomes": {name: outcome for name, (outcome,) in self.outcomes.items()},
            "verdict": decision.verdict,
            "action": decision.action,
        }

    def of_two(self) -> dict[str, Any]:
        """As `Move.witness` has it."""
        old, new = self.submissions
        return {"old": old, "new": new, "outcomes": {name: list(pair) for name, pair in self.outcomes.items()}}


def show(
    sides: Sequence[Side],
    fewest: Fewest,
    expected: set[tuple[str, ...]],
    called: Callable[[Decision], str],
    *,
    sure: bool,
) -> Shown | None:
    """
    Turn outcomes into a submission for each plan, score them, and see that they come out as was claimed.

    Args:
        sides: The cases that were searched.
        fewest: The outcomes.
        expected: The labels that they may come to, one for each plan.
        called: From a decision to its label.
        sure: Whether there has to be such a submission; where it is not, None is returned if none is found.

    Raises:
        WrongProofError: They come out otherwise.
    """
    codes = [_codes(side, n, fewest) for n, side in enumerate(sides)]
    try:
        submissions = [
            submission_for(side.plan, row, variant=side.case.variant, notice=side.case.notice is not False)
            for side, row in zip(sides, codes, strict=True)
        ]
        if len(sides) == 2:
            submissions = _as_one(sides, codes, submissions, fewest)
    except NoAnswerError as error:
        if sure:
            raise WrongProofError(str(error)) from error
        return None
    decisions = []
    for side, row, submission in zip(sides, codes, submissions, strict=True):
        read, around = read_submission(side.plan, submission)
        if read != row and not sure:
            return None  # a pair of outcomes that could not be ruled out, and that this answer does not give
        if read != row:
            raise WrongProofError("a submission was read otherwise than it was made")
        decisions.append(Decision.of(side.plan, read, around))
    labels = tuple(called(decision) for decision in decisions)
    if labels not in expected or any(decision.status not in {"decided", "ended"} for decision in decisions):
        raise WrongProofError(f"claimed {' or '.join(map(str, sorted(expected)))}, but scoring it again says {labels}")
    return Shown(fewest.cost, labels, tuple(submissions), tuple(decisions), _named(sides, codes, fewest))


def _codes(side: Side, n: int, fewest: Fewest) -> list[int]:
    codes = list(side.frame.blank)
    for question, outcome in fewest.chosen:
        place, code = question.places[n], outcome.codes[n]
        if place is not None and code is not None:
            codes[place] = code
    return codes


def _as_one(
    sides: Sequence[Side], codes: list[list[int]], submissions: list[dict[str, Any]], fewest: Fewest
) -> list[dict[str, Any]]:
    """Give both plans the same answer to what both ask; raters whose rules changed say what each version needs."""
    old, new = submissions
    shared = [
        (question, outcome)
        for question, outcome in fewest.chosen
        if all(place is not None for place in question.places) and None not in outcome.codes
    ]
    panels = [submission.get("facts", {}).get("raters") for submission in submissions]
    answers = [dict(submission["answers"]) for submission in submissions]
    for question, outcome in shared:
        rated = sides[1].plan.items[question.places[1] or 0].table.rate is not None
        if rated and panels[0] != panels[1]:
            continue
        answer = outcome.answer
        if answer is UNKNOWN:
            answer = new["answers"].get(question.id, NO_ENTRY)
        for own in answers:
            own.pop(question.id, None)
            if answer is not NO_ENTRY:
                own[question.id] = answer
    joined = [{**submission, "answers": own} for submission, own in zip((old, new), answers, strict=True)]
    for side, row, submission, apart in zip(sides, codes, joined, submissions, strict=True):
        if _reads(side.plan, submission) != row:
            rated_ids = {item.id for item in side.plan.items if item.table.rate is not None}
            submission["answers"] |= {name: answer for name, answer in apart["answers"].items() if name in rated_ids}
    return joined


def _reads(plan: Plan, submission: dict[str, Any]) -> list[int] | None:
    try:
        return read_submission(plan, submission)[0]
    except SubmissionError:
        return None


def _named(sides: Sequence[Side], codes: list[list[int]], fewest: Fewest) -> dict[str, tuple[str | None, ...]]:
    """The outcome of each item that is not absent under every plan, in rubric order."""
    found = {}
    for question, _ in fewest.chosen:
        names = tuple(
            None if place is None or codes[n][place] == UNOPENED else side.plan.items[place].name(codes[n][place])
            for n, (side, place) in enumerate(zip(sides, question.places, strict=True))
        )
        if {*names} - {None, "absent"}:
            found[question.id] = names
    return found


def condition_holds(decision: Decision, when: dict[str, Any] | None) -> bool:
    """
    Whether a guarantee's condition holds of a decision, from what the decision says of itself.

    Args:
        decision: Decided or ended.
        when: As a pack writes conditions, and `every`; None holds of all.
    """
    if when is None:
        return True
    if "all" in when:
        return all(condition_holds(decision, part) for part in when["all"])
    if "any" in when:
        return any(condition_holds(decision, part) for part in when["any"])
    if "flag" in when:
        return bool(len(decision.flags.get(when["flag"], ())) >= when.get("at_least", 1))
    if "section" in when:
        share = decision.sections[when["section"]]
        return share is not None and bool(share < Fraction(when["below"]))
    if "stage" in when:
        share = decision.stages[when["stage"]][1]
        return share is not None and bool(share < Fraction(when["below"]))
    outcomes = decision.outcomes
    if "every" in when:
        seen = [outcome for outcome in outcomes.values() if outcome not in {"excluded", "unopened"}]
        return all(outcome in when["every"] for outcome in seen)
    return bool(outcomes[when["item"]] in when["is"])
