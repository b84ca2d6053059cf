"""
The part of a log's handle by which people speak: they open a case, and say what is to become of a decision.

Must not know what may be said (`people`), nor where it may stand (`intake`, `course`).
"""

from __future__ import annotations

from scoring.audit.reading import Reading
from scoring.errors import LogError
from scoring.events import emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring.audit.draft import Scorer, Word

__all__ = ["Speaking"]


class Speaking(Reading):
    """The part of `AuditLog` that records what people say."""

    def open_case(self, rubric: Scorer[Any], case: str, id: str, facts: dict[str, Any] | None = None) -> int:  # noqa: A002
        """
        Fix for a case, before its candidate starts, what it will be scored by; returns the record when it is durable.

        From then on every submission of the case is scored by this rubric with its profile and level, and with these facts.

        Args:
            rubric: As loaded for the position. Its pack is recorded with the opening where it is new.
            case: Whose case.
            id: The caller's name for this opening, the same on a retry.
            facts: Those of FORMAT.md 9 that are fixed: `accommodation`, `notice`, `raters`, `started_at`, `variant`, each of them or not.

        Raises:
            SubmissionError: The case, the id or a fact does not fit.
            ConflictError: The case has an opening or a decision already, or the id stands for something else.
            StoreError: There is no vault, or the machine could not record it.

        Source: FORMAT.md 4, 8.
        """
        from scoring.audit.people import opening

        word = opening(rubric, case, id, {} if facts is None else facts)
        seq = self._in_turn(lambda: self._intake.say(word))
        emit("opened", seq=seq, pack=rubric.digest)
        return seq

    def resolve(
        self,
        target: int | str,
        action: str,
        *,
        id: str,  # noqa: A002
        who: str,
        why: str,
        reason: str,
        verdict: str | None = None,
        stage: str | None = None,
        withdraws: int | None = None,
    ) -> int:
        """
        Record a person's word on a case's newest decision; returns the record when it is durable. No record is altered by it.

        A `reinstate` or `void` takes effect with the case's next decision: score it again.

        Args:
            target: The decision, by its record, which must still be the case's newest; or the case, whatever its newest decision is.
            action: ``confirm``, ``override``, ``reinstate``, ``void`` or ``withdraw``.
            id: The caller's name for this resolution, the same on a retry.
            who: Who says so, 1 to 200 characters. It lies in the vault alone, as does *why*.
            why: In 1 to 2,000 characters.
            reason: Why, as a code that names nobody: it stays in the log in clear.
            verdict: With ``override``: the verdict that counts instead, one of the rubric's.
            stage: With ``reinstate``: the stage up to which knock-outs and gates are lifted.
            withdraws: With ``withdraw``: the record of the resolution that is taken back.

        Raises:
            SubmissionError: An argument does not fit; every problem is named.
            ConflictError: The case stands otherwise: another decision is the newest, or what was asked cannot be done to it.
            LogError: Record *target* is no decision, or the vault does not have its case.
            StoreError: There is no vault, or the machine could not record it.

        Source: FORMAT.md 4, 8.
        """
        clear = {"action": action, "reason": reason, "stage": stage, "verdict": verdict, "withdraws": withdraws}
        seq = self._in_turn(lambda: self._intake.say(self._resolution(target, id, who, why, clear)))
        emit("resolved", seq=seq)
        return seq

    def _resolution(self, target: int | str, id: str, who: str, why: str, clear: dict[str, Any]) -> Word:  # noqa: A002
        from scoring.audit.people import resolution

        if type(target) is not int:
            return resolution(str(target), None, id, who, why, clear)
        self._needs_vault("nothing can be resolved")
        self._decision_record(target)
        case = self.case(target)
        if case is None:
            raise LogError(
                "the vault no longer has the case of this decision, so nothing can be said of it", seq=target
            )
        return resolution(case, target, id, who, why, clear)
