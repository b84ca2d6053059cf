"""
What a handle of a log tells: its records, what they disclose, and how its cases stand.

Owns the parts that every door of a handle shares. Must not know how anything gets into the log.
"""

from __future__ import annotations

from contextlib import contextmanager

from scoring.audit.binding import is_of
from scoring.audit.course import case_of
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeVar

    from scoring.audit.forget import Forgetting
    from scoring.audit.group import Group
    from scoring.audit.intake import Intake
    from scoring.audit.journal import Journal
    from scoring.audit.packs import Packs
    from scoring.audit.precedence import Precedence
    from scoring.audit.standing import Standing, Status
    from scoring.audit.vault import Vault

    Answer = TypeVar("Answer")

__all__ = ["Reading"]


class Reading:
    """The part of `AuditLog` that reads; what it is made of."""

    def __init__(  # noqa: PLR0917 - made by `AuditLog.open` alone
        self,
        journal: Journal,
        packs: Packs,
        vault: Vault | None,
        no_vault: str,
        intake: Intake,
        forgetting: Forgetting,
        group: Group | None,
    ) -> None:
        self._journal = journal
        self._packs = packs
        self._vault = vault
        self._no_vault = no_vault  # why there is none
        self._intake = intake
        self._forgetting = forgetting
        self._group = group  # what gathers the calls of many threads, if anything does
        self._recorded_rubrics: Any = None

    # --- what is in it ---

    @property
    def path(self) -> str:
        """The log directory, absolute."""
        return self._journal.directory

    @property
    def origin(self) -> str:
        """The name that the log was given when it was made."""
        return self._journal.origin

    @property
    def no_vault(self) -> str:
        """Why this handle has no vault, or the empty string: nothing is known then of who a record is of, nor of what was answered."""
        return "" if self._vault is not None else self._no_vault

    @property
    def head(self) -> tuple[int, str]:
        """How many records there are, and the leaf of the last one."""
        tail = self._journal.tail
        return tail.size, tail.leaf or ""

    def __len__(self) -> int:
        return self._journal.tail.size

    def read(self, seq: int) -> dict[str, Any]:
        """
        Read record *seq*.

        Raises:
            LogError: There is none, or it is damaged.
        """
        return self._journal.record(seq)

    def records(self) -> Iterator[tuple[int, bytes]]:
        """Read all records as ``(seq, line)``, in order and in little memory; the line is without its line end."""
        return self._journal.lines()

    def find(self, case: str) -> list[dict[str, Any]]:
        """
        Find the decisions of a case, oldest first.

        Raises:
            LogError: There is no vault, and so no way to tell which records are this case's.
        """
        digest = self._needs_vault("cases cannot be found").case_digest(case)
        if digest is None:
            return []
        return self._journal.find(lambda index: index.all_of(digest), lambda record: is_of(record, digest))

    def decision(self, seq: int) -> Any:
        """
        Make the recorded decision readable, under the rubric that it was made by: a `Decision`, as `Rubric.score` gives.

        Raises:
            LogError: Record *seq* is no decision, does not follow from its own outcomes, or its pack is missing or was changed.
        """
        recorded = self._decision_record(seq)["body"]["decision"]
        with _naming(seq):
            return self._rubrics.decision(recorded)

    def _decision_record(self, seq: int) -> dict[str, Any]:
        record = self.read(seq)
        if record["type"] != "decision":
            raise LogError(f"a {record['type']} record, which holds no decision", seq=seq)
        return record

    def submission(self, seq: int) -> dict[str, Any] | None:
        """Return what was scored in record *seq*, without id and case; None where it is no decision or the vault does not have it."""
        return self._disclosed(seq, "submission")  # type: ignore[no-any-return]

    def case(self, seq: int) -> str | None:
        """Return whose record *seq* is; None where it is nobody's or the vault does not have it."""
        return self._disclosed(seq, "case")  # type: ignore[no-any-return]

    def facts(self, seq: int) -> dict[str, Any] | None:
        """Return what the opening *seq* fixed, FORMAT.md 8; None where it is no opening or the vault does not have it."""
        content = self._disclosed(seq, "opening")
        return None if content is None else content["facts"]

    def said(self, seq: int) -> dict[str, str] | None:
        """Return the `who` and `why` of the resolution *seq*; None where it is none or the vault does not have it."""
        return self._disclosed(seq, "resolution")  # type: ignore[no-any-return]

    def records_of(self, of: int | str) -> list[dict[str, Any]]:
        """
        Read all records of a case, oldest first: its opening, its decisions, resolutions and erasure.

        Args:
            of: The case, or the seq of any record of it.

        Raises:
            LogError: There is no such case, or it was given by its name, and there is no vault to find it.
        """
        digest = case_of(self.read(of)) if type(of) is int else self._digest_of(str(of), "cases cannot be found")
        if digest is None:
            raise LogError("a record of no case", seq=int(of))
        return self._journal.find(
            lambda index: sorted({*index.words_of(digest), *index.all_of(digest)}),
            lambda record: case_of(record) == digest,
        )

    def disclosures(self, seq: int, answers: Sequence[str] | None = None) -> dict[str, str]:
        """
        Return the disclosures of record *seq* as the vault has them, RFC 9901 texts by their digests: to be shown to whoever checks the record.

        Args:
            seq: The record.
            answers: Of the answers only those to these items; then none where all of a submission's answers are one disclosure.

        Raises:
            LogError: A disclosure was changed.
        """
        digests = self.read(seq)["body"].get("disclosures", {})
        vault = self._vault
        if vault is None:
            return {}
        wanted = [*digests.values()]
        if "submission" in digests:
            parts = vault.parts(digests["submission"])
            if answers is not None:
                if not parts:  # all answers are one disclosure, which would show the others too
                    wanted.remove(digests["submission"])
                parts = [part for part in parts if (vault.answer(part) or ("",))[0] in answers]
            wanted += parts
        texts = {digest: vault.text(digest) for digest in wanted}
        return {digest: text for digest, text in texts.items() if text is not None}

    def shown(self, digest: str) -> tuple[str, Any]:
        """
        Read one disclosure: its name, or the item that it answers, and its value as it lies in the vault.

        Raises:
            LogError: The vault does not have it, or it was changed.
        """
        found = self._needs_vault("nothing is disclosed").answer(digest)
        if found is None:
            raise LogError(f"the vault does not have the disclosure {digest}")
        return found

    def pack(self, digest: str) -> bytes:
        """
        Read a rubric that the log cites.

        Raises:
            LogError: It is missing, or was changed.
        """
        return self._packs.read(digest)

    def _disclosed(self, seq: int, name: str) -> Any:
        digest = self.read(seq)["body"].get("disclosures", {}).get(name)
        if digest is None or self._vault is None:
            return None
        with _naming(seq):
            return self._vault.value(digest, name)

    # --- how cases stand ---

    def standing(self, of: int | str) -> Standing:
        """
        Tell how a case stands: what the rules say, what a person says, and what a host is to do.

        Args:
            of: The case, or the seq of any record of it.

        Raises:
            LogError: It has no decision; or it was given by its name, and there is no vault to find it.
        """
        from scoring.audit.standing import standing

        if type(of) is int:
            digest = case_of(self.read(of))
            if digest is None:
                raise LogError("a record of no case", seq=of)
        else:
            digest = self._digest_of(str(of), "cases cannot be found")
        return standing(self._intake.course(digest), self._packs.names, self._vault)

    def status(self, named: int = 20) -> Status:
        """
        Count what waits, what is held, and what people said, over all cases; some 600 bytes of memory for each.

        Args:
            named: So many records are named of each kind, the oldest first.
        """
        from scoring.audit.standing import status

        return status(self._journal.lines(), named)

    def precedence(self, seq: int) -> Precedence:
        """
        Tell what came before decision *seq*, by the log's order and by the times that are claimed. See `precedence.precedence`.

        Raises:
            LogError: Record *seq* is no decision.
        """
        from scoring.audit.precedence import precedence

        record = self._decision_record(seq)
        cited = self._journal.ask(lambda index: index.rubric(record["body"]["decision"]["pack"]))
        opening = self._intake.course(record["body"]["disclosures"]["case"]).opening
        return precedence(
            record,
            cited=self.read(cited) if cited is not None else None,
            opening=self.read(opening[0]) if opening else None,
            submission=self.submission(seq),
        )

    def _digest_of(self, case: str, otherwise: str) -> str:
        digest = self._needs_vault(otherwise).case_digest(case)
        if digest is None:
            raise LogError("this log has no such case: it never came up, or was erased")
        return digest

    def taken_back(self, seq: int) -> dict[str, list[str]]:
        """
        Tell what decision *seq* was scored without, or otherwise, that the decision it supersedes was scored with. See `instalments.taken_back`.

        Nothing is told where the two were made by different rubrics, or the vault does not have what was scored.

        Raises:
            LogError: Record *seq* is no decision, or a pack is missing or was changed.
        """
        from scoring.audit.instalments import items_in, taken_back

        record = self._decision_record(seq)
        earlier = record["body"]["supersedes"]
        if earlier is None:
            return {}
        found = []
        for placed in (self._decision_record(earlier), record):
            decision, sent = placed["body"]["decision"], self.submission(placed["seq"])
            rubric, items = items_in(self._packs.read(decision["pack"]))
            if sent is None:
                return {}
            found.append((rubric, (sent, decision, items)))
        (rubric, before), (another, after) = found
        return taken_back(before, after) if rubric == another else {}

    def _needs_vault(self, otherwise: str) -> Vault:
        if self._vault is None:
            raise LogError(f"{self._no_vault}, so {otherwise}")
        return self._vault

    def _in_turn(self, work: Callable[[], Answer]) -> Answer:
        """Do what takes a turn of the journal. A signal handler that raises can keep a turn from being left: so it is left once more."""
        if self._journal.writes():  # a turn within a turn is refused, and must not end the outer one
            return work()
        try:
            return work()
        finally:
            self._journal.leave()

    @property
    def _rubrics(self) -> Any:
        """The engine, met only by `replay`: it makes a recorded decision readable again, under the rubric of that time."""
        if self._recorded_rubrics is None:
            from scoring.audit.replay import Rubrics

            self._recorded_rubrics = Rubrics(self._packs)
        return self._recorded_rubrics


@contextmanager
def _naming(seq: int) -> Iterator[None]:
    """What is found wrong with what a record cites names the record."""
    try:
        yield
    except LogError as error:
        if error.seq is not None:
            raise
        raise LogError(error.message, seq=seq, expected=error.expected, found=error.found) from error
