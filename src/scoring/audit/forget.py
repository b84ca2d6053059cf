"""
How a log forgets a case: the order of an erasure, and what makes sure that it comes to its end.

The record first, durable; then what the vault has of the case; then the vault's journal. Whoever stops in between leaves a record, and whoever opens the
log next finds it and goes on: the vault remembers up to which record it has erased. So an old vault that was put back forgets again too. Must not know
how disclosures lie in the vault, nor how an answer is scored.
"""

from __future__ import annotations

from scoring import canonical
from scoring.audit.course import case_of
from scoring.audit.fields import is_id, is_time
from scoring.errors import ConflictError, LogError, Problem, SubmissionError
from scoring.events import emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from scoring.audit.index import Index
    from scoring.audit.journal import Journal
    from scoring.audit.vault import Vault

__all__ = ["Forgetting", "must_be_day", "must_be_reason"]


class Forgetting:
    """
    What erases, for one log.

    Args:
        journal: Of the log.
        vault: Its vault, or None.
        clock: Gives the time of a record, and the day on which retention ends.
    """

    def __init__(self, journal: Journal, vault: Vault | None, clock: Callable[[], str]) -> None:
        self._journal = journal
        self._vault = vault
        self._clock = clock

    def erased_by(self, case: str) -> int | None:
        """Return the record by which the case with this digest was erased."""

        def fits(record: dict[str, Any]) -> bool:
            return case_of(record) == case

        records = self._journal.find(lambda index: index.words_of(case), fits)
        return next((int(record["seq"]) for record in records if record["type"] == "erasure"), None)

    def today(self) -> str:
        """The day that it is, YYYY-MM-DD, by the log's clock."""
        return self._clock()[:10]

    def redo(self) -> None:
        """
        Finish the erasures that the vault has not done, or not to their end.

        Raises:
            StoreError: The vault cannot be written now.
        """
        if self._vault is None or self._journal.refusal:
            return
        since = self._vault.erased_to
        records = self._journal.find(lambda index: index.erasures_from(since), _is_erasure)
        if records:
            self._vault.forget((record["body"]["case"] for record in records), records[-1]["seq"] + 1)

    def erase(self, case: str, reason: str) -> int | None:
        """
        Erase the case with this digest; once it is, it stays so.

        Returns:
            The record that says so; None where nothing was ever recorded of the case, so that only the vault had something to forget.

        Raises:
            ConflictError: It is held, or to be kept longer.
            SubmissionError: The reason is no code.
            StoreError: There is a record, and the vault is not done with it: opening the log, or erasing once more, goes on.
        """
        must_be_reason(reason)
        self._journal.must_append()
        with self._journal:
            seq = self._recorded(case, reason)
            if seq is None and self._vault is not None:
                # Within the turn: a decision of the case may be on its way, with its disclosures in the vault, and has to see that they are gone.
                self._vault.forget((case,), 0)
        self.redo()
        if seq is not None:
            emit("erased", seq=seq)
        return seq

    def sweep(self) -> int:
        """
        Erase from the vault what no record cites, and return how many disclosures there were. Every record is read, and nobody else records meanwhile.

        Raises:
            StoreError: The vault cannot be written now.
        """
        self._journal.must_append()
        if self._vault is None:
            return 0
        with self._journal:
            swept = self._vault.sweep(self._cited())
        if swept:
            emit("swept", disclosures=swept)
        return swept

    def _cited(self) -> Iterator[str]:
        """The digests of all disclosures that records name."""
        for seq, line in self._journal.lines():
            try:
                record: Any = canonical.loads_canonical(line)
                yield from record["body"].get("disclosures", {}).values()
            except (canonical.CanonicalError, AttributeError, KeyError, TypeError):
                raise LogError("no record, so nobody can tell what is left over: run verify", seq=seq) from None

    def _recorded(self, case: str, reason: str) -> int | None:
        for _ in range(2):
            rebuilds = self._journal.rebuilds
            seq = self.erased_by(case)
            if seq is not None:
                return seq
            time = self._clock()
            self._must_be_free(case, time[:10])
            if not self._journal.ask(lambda index: _has_records(index, case)):
                if rebuilds == self._journal.rebuilds:
                    return None
                continue
            batch = self._journal.batch(time)
            seq = batch.add("erasure", {"case": case, "reason": reason})
            if rebuilds == self._journal.rebuilds:
                self._journal.append(batch)
                return seq
        raise LogError("the log's cache was damaged again as soon as it was made; nothing was recorded")

    def _must_be_free(self, case: str, today: str) -> None:
        until, hold = self._vault.keeping(case) if self._vault is not None else (None, None)
        if hold is not None:
            raise ConflictError(f"this case is held, reason {hold}, and was not erased: release it first")
        if until is not None and today < until:
            raise ConflictError(f"this case is to be kept until {until}, and it is {today}: it was not erased")


def _is_erasure(record: dict[str, Any]) -> bool:
    return bool(record["type"] == "erasure")


def _has_records(index: Index, case: str) -> bool:
    return bool(index.newest_of(case) or index.words_of(case))


def must_be_reason(reason: Any) -> None:
    """
    Check a code that says why, and stays in clear.

    Raises:
        SubmissionError: It is none.
    """
    if not is_id(reason):
        message = "give a code that names nobody, 1 to 48 of the characters A-Z a-z 0-9 . _ -"
        raise SubmissionError([Problem("reason", message, path="reason")])


def must_be_day(day: Any) -> None:
    """
    Check a day.

    Raises:
        SubmissionError: It is none of the calendar's.
    """
    if type(day) is not str or not is_time(f"{day}T00:00:00Z"):
        raise SubmissionError([Problem("day", "give a day of the calendar as YYYY-MM-DD", path="day")])
