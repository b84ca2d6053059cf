"""
The part of a log's handle that scores and records: one decision, many, those made elsewhere, and those of a rubric's next version.

Owns what happens between a submission and its draft. Must not know how an answer is scored (a rubric is whatever has a pack and a `score`), nor in which
order things are written (`intake`).
"""

from __future__ import annotations

import time

from scoring import canonical
from scoring.audit.draft import Draft
from scoring.audit.entry import MAX_SUBMISSION, Entry, Recorded, take_apart
from scoring.audit.intake import is_same
from scoring.audit.reading import Reading
from scoring.audit.segments import MAX_BATCH_RECORDS
from scoring.errors import ConflictError, LogError, Problem, ScoringError, SubmissionError
from scoring.events import emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, TypeVar

    from scoring.audit.draft import Decided, Scorer

    Decision = TypeVar("Decision", bound=Decided)

__all__ = ["Deciding"]

BATCH = 64  # submissions that share one fdatasync, unless the caller says otherwise
_ATTEMPTS = 100  # at a batch of whose cases somebody speaks each time that it was scored; one is the rule, two are rare


class Deciding(Reading):
    """The part of `AuditLog` that records decisions."""

    def decide(self, rubric: Scorer[Decision], submission: dict[str, Any] | bytes) -> Recorded[Decision]:
        """
        Score a submission and record the decision; returns when it is durable.

        The same submission under the same id gives the decision that was recorded first, whatever the rubric says today.

        Args:
            rubric: What to score by. Its pack is recorded with the first decision that cites it.
            submission: As FORMAT.md 9 says, with `id` and `case`.

        Raises:
            SubmissionError: It cannot be scored, or lacks id or case.
            ConflictError: The id stands for another submission already, or the rubric's version for another pack.
            LogError: The log is damaged, or the record would be too long.
            StoreError: The machine could not record it. Nothing was decided.
        """
        _must_score(rubric)
        if self._group is None:
            done = self._decide(rubric, [submission])[0]
        else:
            size = _size_of(submission)
            done = self._group.do(rubric, lambda some: self._decide(rubric, some), [submission], size)[0]
        if isinstance(done, ScoringError):
            raise done
        return done

    def decide_all(
        self, rubric: Scorer[Decision], submissions: Iterable[dict[str, Any] | bytes], batch: int = BATCH
    ) -> Iterator[Recorded[Decision] | SubmissionError | LogError]:
        """
        Score and record many, with one vault transaction and one fdatasync for each *batch*.

        Yields:
            For each submission, in order, what `decide` would have returned, or the error that concerns this submission alone.

        Raises:
            As `decide`, for what concerns the log, the rubric or the machine: then nothing of this batch was recorded.
        """
        if not 1 <= batch <= MAX_BATCH_RECORDS:
            raise ValueError(f"a batch is 1 to {MAX_BATCH_RECORDS} submissions")
        _must_score(rubric)
        waiting = []
        for submission in submissions:
            waiting.append(submission)
            if len(waiting) == batch:
                yield from self._decide(rubric, waiting)
                waiting = []
        if waiting:
            yield from self._decide(rubric, waiting)

    def publish(self, rubric: Scorer[Any]) -> int:
        """
        Record a rubric before anything is decided by it, and return the record. A rubric that is recorded already stays where it is.

        Raises:
            ConflictError: Its id and version stand for another pack already.
        """
        return self._in_turn(lambda: self._intake.publish(rubric))

    def append(self, entries: Iterable[Entry]) -> list[int]:
        """
        Record decisions that were made elsewhere, all of them or none; returns their records when they are durable.

        The log takes the decisions as they are; `replay` checks them.

        Raises:
            SubmissionError: An entry's id, case or submission does not fit the format.
            ConflictError: An id stands for another submission already.
            LogError: A decision does not fit the format, or cites a rubric that the log does not have.
        """
        kept = [*entries]
        for entry in kept:
            entry.check()
        if self._group is None:
            return self._append(kept)
        return self._group.do(None, self._append, kept, sum(_size_of(entry.submission) for entry in kept))

    def _append(self, kept: Sequence[Entry]) -> list[int]:
        for _ in range(_ATTEMPTS):
            spoken = self._intake.binds()
            drafts = [Draft(entry.id, entry.case, entry.submission, decision=entry.decision) for entry in kept]
            bound = [draft for draft in drafts if not self._intake.is_free(draft.sent, spoken=spoken)]
            # What was recorded before is not bound again. Where nothing binds anything, it is enough that the turn tells it.
            known = self._intake.look([draft.id for draft in bound])[1] if bound else ()
            for draft in bound:
                if draft.id not in known:
                    self._must_be_bound(draft, spoken=spoken)
            if self._in_turn(lambda: self._intake.record(drafts, None)):  # noqa: B023 - called at once
                return [draft.seq for draft in drafts]
        raise _always_stale()

    def _must_be_bound(self, draft: Draft, *, spoken: bool) -> None:
        """A decision that was made elsewhere must have been made from what is scored: nothing can be merged into it any more."""
        self._intake.bind(draft, spoken=spoken)
        if draft.error is None and draft.submission != draft.sent:
            message = "was made without what is fixed or in force for its case: score what `inputs` gives"
            draft.error = SubmissionError([Problem("entry-unbound", message, path=f"entry {draft.id}")])

    def inputs(self, case: str, submission: dict[str, Any]) -> dict[str, Any]:
        """
        Return what is scored for a submission of this case: with the facts of its opening, and the `void` and `reinstate` in force.

        Args:
            case: Whose it is.
            submission: Without id and case.

        Raises:
            SubmissionError: It says something else than is fixed or in force.
            LogError: The vault no longer has what was fixed.

        Source: FORMAT.md 8.
        """
        draft = Draft("", case, submission)
        self._intake.bind(draft, spoken=self._intake.binds())
        if draft.error is not None:
            raise draft.error
        return draft.submission

    def _decide(
        self, rubric: Scorer[Decision], submissions: Sequence[Any]
    ) -> list[Recorded[Decision] | SubmissionError | LogError]:
        started = time.perf_counter_ns()
        try:
            drafts, made = self._scored_and_recorded(rubric, submissions)
        except ScoringError as error:
            emit("log_failed", reason=type(error).__name__)
            raise
        _tell(rubric, drafts, (time.perf_counter_ns() - started) // 1000)
        return [
            draft if isinstance(draft, SubmissionError) else draft.error or self._recorded(draft, made)
            for draft in drafts
        ]

    def _scored_and_recorded(
        self, rubric: Scorer[Decision], submissions: Sequence[Any]
    ) -> tuple[list[Draft | SubmissionError], dict[str, Decision]]:
        for _ in range(_ATTEMPTS):
            made: dict[str, Decision] = {}
            drafts = [_draft(rubric, submission) for submission in submissions]
            spoken, known = self._intake.look([draft.id for draft in drafts if isinstance(draft, Draft)])
            for place, draft in enumerate(drafts):
                # A retry is not scored again: what counts is what was recorded.
                if isinstance(draft, Draft) and draft.id not in known and draft.id not in made:
                    drafts[place] = self._scored(rubric, draft, made, spoken=spoken)
            accepted = [draft for draft in drafts if isinstance(draft, Draft)]
            if self._in_turn(lambda: self._intake.record(accepted, rubric)):  # noqa: B023 - called at once
                return drafts, made
        raise _always_stale()

    def _scored(
        self, rubric: Scorer[Decision], draft: Draft, made: dict[str, Decision], *, spoken: bool
    ) -> Draft | SubmissionError:
        try:
            self._intake.bind(draft, rubric.digest, spoken=spoken)
            if draft.error is None:
                made[draft.id] = decision = rubric.score(draft.submission)
                draft.decision = decision.data
        except SubmissionError as error:
            return error
        return draft

    def _recorded(self, draft: Draft, made: dict[str, Decision]) -> Recorded[Decision] | LogError:
        """What is wrong with an old record concerns one draft alone: others of its batch are recorded by now."""
        if not draft.repeated:
            return Recorded(draft.seq, made[draft.id])
        try:
            return Recorded(draft.seq, self._rubrics.decision(draft.decision), repeated=True)
        except LogError as error:
            return error
        except ScoringError as error:
            return LogError(f"it is recorded, and cannot be read under its rubric: {error}", seq=draft.seq)

    def amend(
        self, rubric: Scorer[Any], entries: Iterable[tuple[Entry, int]]
    ) -> list[int | LogError | SubmissionError]:
        """
        Record decisions by the version of a rubric that replaces the one of the decisions they supersede. For `rescore` alone.

        Args:
            rubric: The new version, recorded where it is new.
            entries: Decisions, each with the one that it scores again: the newest of its case, made from the same submission by the replaced version.

        Returns:
            For each its record, or why it has none. At most 256 at once.

        Source: FORMAT.md 4.
        """
        kept = [*entries]
        for _ in range(_ATTEMPTS):
            spoken, known = self._intake.look([entry.id for entry, _ in kept])
            drafts = [self._amended(entry, amends, spoken=spoken, known=entry.id in known) for entry, amends in kept]
            if self._in_turn(lambda: self._intake.record(drafts, rubric)):  # noqa: B023 - called at once
                return [draft.error or draft.seq for draft in drafts]
        raise _always_stale()

    def _amended(self, entry: Entry, amends: int, *, spoken: bool, known: bool) -> Draft:
        """An amendment changes the rules and never the answers: it is made from what was scored, and what is in force by now."""
        draft = Draft(entry.id, entry.case, entry.submission, amends)
        if known:
            return draft
        scored = self.submission(amends) or {}
        draft.sent = {key: value for key, value in scored.items() if key not in ("void", "reinstate")}
        try:
            self._intake.bind(draft, spoken=spoken)
        except SubmissionError as error:
            draft.error = error
        if draft.error is None and not is_same(draft.submission, entry.submission):
            said = f"it was not made from what record #{amends} scored and what is in force for its case by now"
            draft.error = ConflictError(f"{said}; it was not scored again: plan again")
        draft.decision = entry.decision
        return draft


def _size_of(submission: Any) -> int:
    """About how many bytes a submission has; what cannot be written is refused where it is looked at, and takes the room of the longest."""
    if type(submission) is bytes:
        return len(submission)
    try:
        return len(canonical.encode(submission))
    except (TypeError, ValueError, RecursionError):
        return MAX_SUBMISSION


def _always_stale() -> LogError:
    return LogError("something new is said of these cases as often as they are scored; nothing was recorded: try again")


def _must_score(rubric: Any) -> None:
    if not hasattr(rubric, "score"):
        raise TypeError(f"the first argument, rubric, is a {type(rubric).__name__}: rubric comes before submission")


def _tell(rubric: Scorer[Any], drafts: Sequence[Draft | SubmissionError], elapsed_us: int) -> None:
    """Let operations hear of a batch."""
    seqs = [draft.seq for draft in drafts if isinstance(draft, Draft) and not draft.repeated and draft.error is None]
    if seqs:
        emit("recorded", first=seqs[0], last=seqs[-1], pack=rubric.digest, elapsed_us=elapsed_us)
    for refused in drafts:
        if isinstance(refused, SubmissionError):
            emit("refused", problems=len(refused.problems))  # a path may be made of keys that the sender chose


def _draft(rubric: Scorer[Any], submission: Any) -> Draft | SubmissionError:
    try:
        return Draft(*take_apart(submission))
    except SubmissionError as error:
        return _all_problems(rubric, submission, error)


def _all_problems(rubric: Scorer[Any], submission: Any, error: SubmissionError) -> SubmissionError:
    """Without an id or a case nothing was scored yet; the caller should hear of everything at once."""
    if type(submission) is dict and {problem.path for problem in error.problems} & {"id", "case"}:
        try:
            rubric.score({key: value for key, value in submission.items() if key not in ("id", "case")})
        except SubmissionError as more:
            return SubmissionError({str(problem): problem for problem in (*error.problems, *more.problems)}.values())
    return error
