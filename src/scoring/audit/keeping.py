"""
The part of a log's handle that keeps cases and forgets them: erasure, retention, legal hold.

Must not know in which order an erasure is done (`forget`), nor how the vault does it.
"""

from __future__ import annotations

from scoring.audit.course import case_of
from scoring.audit.forget import must_be_day, must_be_reason
from scoring.audit.reading import Reading
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scoring.audit.vault import Vault

__all__ = ["Keeping"]


class Keeping(Reading):
    """The part of `AuditLog` that keeps and forgets."""

    def erase(self, case: int | str, *, reason: str) -> int | None:
        """
        Erase what a case disclosed: the case itself, its submissions, openings and resolutions. Its records stay, and say no more whose they are.

        Where this process stops in between, opening the log goes on. A case that comes back later is another one to the log.

        Args:
            case: The case; or the seq of any record of it, which can be asked for again, while the name of an erased case is unknown.
            reason: Why, as a code that names nobody: it stays in the log in clear.

        Returns:
            The erasure's record, the same again where there is one. None where the log has no record of the case, only the vault.

        Raises:
            ConflictError: The case is held, or to be kept longer.
            LogError: There is no such case, or no vault.
            SubmissionError: The reason is no code.
            StoreError: The machine could not do it. If the record is there, the vault is not done yet: erase once more, or open the log again.

        Source: FORMAT.md 4, 8.
        """
        must_be_reason(reason)
        self._needs_vault("nothing can be erased")
        digest = case_of(self.read(case)) if type(case) is int else self._digest_of(str(case), "nothing can be erased")
        if digest is None:
            raise LogError("a record of no case", seq=int(case))
        return self._in_turn(lambda: self._forgetting.erase(digest, reason))

    def sweep(self) -> int:
        """
        Erase from the vault what no record cites, but of cases that are kept or held: left over where a process was stopped, or a record refused.

        Harmless where it stays, and done by itself when a log is opened whose end a crash had torn. Every record is read, and nobody else records meanwhile.

        Returns:
            How many disclosures there were.

        Raises:
            LogError: There is no vault, or a record is damaged.
            StoreError: The vault cannot be written now.
        """
        self._needs_vault("there is nothing to sweep")
        return self._in_turn(self._forgetting.sweep)

    def erased(self, seq: int) -> int | None:
        """Return the record by which the case of record *seq* was erased; None where it was not, or is a record of no case."""
        digest = case_of(self.read(seq))
        return None if digest is None else self._forgetting.erased_by(digest)

    def retain(self, case: str, until: str | None) -> None:
        """
        Keep a case until a day: before it, `erase` is refused; from then on the case is `due`. The vault alone knows of it.

        Args:
            case: Whose case.
            until: As YYYY-MM-DD, in UTC; None takes back what was said before.

        Raises:
            ConflictError: There is no such case.
            SubmissionError: It is no day.
        """
        if until is not None:
            must_be_day(until)
        self._writable_vault().retain(case, until)

    def hold(self, case: str, reason: str) -> None:
        """
        Hold a case: until `release`, `erase` is refused, and says the reason.

        Raises:
            ConflictError: There is no such case.
            SubmissionError: The reason is no code.
        """
        must_be_reason(reason)
        self._writable_vault().hold(case, reason)

    def release(self, case: str) -> None:
        """Let go of a case that was held. One that was not stays as it is."""
        self._writable_vault().hold(case, None)

    def keeping(self, case: str) -> tuple[str | None, str | None]:
        """Return until which day a case is kept, and why it is held: each None where nobody said."""
        return self._needs_vault("nothing is known of cases").keeping(self._digest_of(case, "cases cannot be found"))

    def due(self, on: str | None = None) -> list[str]:
        """Return the cases whose day came up to *on*, by default today by the log's clock, and that are not held; in the order of their names."""
        day = self._forgetting.today() if on is None else on
        must_be_day(day)
        return self._needs_vault("nobody can tell which cases are due").due(day)

    def _writable_vault(self) -> Vault:
        self._journal.must_append()
        return self._needs_vault("nothing is known of cases")
