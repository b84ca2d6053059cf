"""
The handle that hosts hold: open, decide, append, find, read, verify, replay; open a case, resolve, tell how it stands.

Must not know how an answer is scored (a rubric comes in as whatever has a pack and a `score`), nor in which order things are written (`intake`), nor
how records hang together (`journal`).
"""

# ruff: noqa: PTH100, PTH118 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import time

from scoring import canonical
from scoring.audit import fields
from scoring.audit.course import case_of
from scoring.audit.entry import Entry, Recorded, take_apart
from scoring.audit.forget import Forgetting, must_be_day, must_be_reason
from scoring.audit.intake import Draft, Intake, is_of, is_same
from scoring.audit.journal import Journal
from scoring.audit.packs import Packs
from scoring.audit.place import is_new
from scoring.audit.segments import MAX_BATCH_RECORDS
from scoring.audit.vault import ForeignVaultError, open_vault
from scoring.errors import ConflictError, LogError, Problem, ScoringError, SubmissionError
from scoring.events import emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, Literal, Self, TypeVar

    from scoring.audit.checkpoint import Head
    from scoring.audit.intake import Decided, Scorer
    from scoring.audit.keys import Signer
    from scoring.audit.precedence import Precedence
    from scoring.audit.replay import ReplayReport
    from scoring.audit.report import Report
    from scoring.audit.standing import Standing, Status
    from scoring.audit.vault import Vault

    Answer = TypeVar("Answer")
    Decision = TypeVar("Decision", bound=Decided)

__all__ = ["AuditLog"]

BATCH = 64  # submissions that share one fdatasync, unless the caller says otherwise
VAULT = ".vault"  # what the vault's name adds to the log's
_ATTEMPTS = (
    100  # at a batch of whose cases somebody says something each time that it was scored; one is the rule, two are rare
)


class AuditLog:
    """
    An append-only, hash-chained log. Made by `open`; threads may share it, and both sides of a fork: each goes on by itself, whoever closes first.

    A fork waits until no thread is using the vault or the index, which takes milliseconds; after five seconds it waits no longer, and the child
    cannot use the vault.

    >>> with AuditLog.open("decisions", create=True) as log:  # doctest: +SKIP
    ...     done = log.decide(rubric, submission)
    """

    def __init__(  # noqa: PLR0917 - made by `open` alone
        self, journal: Journal, packs: Packs, vault: Vault | None, no_vault: str, intake: Intake, forgetting: Forgetting
    ) -> None:
        self._journal = journal
        self._packs = packs
        self._vault = vault
        self._no_vault = no_vault  # why there is none
        self._intake = intake
        self._forgetting = forgetting
        self._recorded_rubrics: Any = None

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        origin: str | None = None,
        vault: str | os.PathLike[str] | Literal[False] | None = None,
        per_answer: bool = False,
        signer: Signer | Sequence[Signer] | None = None,
        trusted: str | bytes | None = None,
        clock: Callable[[], str] | None = None,
        entropy: Callable[[int], bytes] | None = None,
    ) -> AuditLog:
        """
        Open a log; it is never made unless *create* says so.

        Args:
            path: The directory.
            create: Make the log, and its vault, where they are missing.
            origin: What a new log is called: 1 to 200 printable ASCII characters without space. An existing log must be called so.
            vault: The vault's file, by default *path* with ``.vault`` behind it; False for none: then submissions are not kept,
                and nothing that needs them can be done.
            per_answer: Keep each answer of what is recorded from now on as a disclosure of its own, so that one can be shown without the others;
                by default one submission is one disclosure, which takes less time and room.
            signer: Signs the log's heads; its name is the log's origin, and a new log takes its origin from it. The first one becomes the log's key. To
                replace the key give ``[old, new]``: the first head under the new one carries both. Whoever opens a log that has a key without its signer
                may record, and makes no heads: `no_heads` says so, and the key's holder makes them.
            trusted: A checkpoint of this log that was kept elsewhere: the log must extend it. Every record below it is read.
            clock: Gives the time of a record as FORMAT.md 1 spells it; by default the system's, in UTC.
            entropy: Gives so many random bytes; by default the system's.

        Raises:
            LogError: There is something else; the log does not hold what its newest head or *trusted* stands for; its end is damaged otherwise than by
                a crash, which is mended; the signer does not fit; or *vault* is another log's. Where another log's vault lies beside the log, the log
                opens for what needs none.
            StoreError: There is nothing, or it cannot be read; or an erasure that was begun cannot be finished.
            MissingExtraError: A signer was given, and the extra `sign` is not installed.
        """
        directory = os.path.abspath(path)
        clock = clock or _now
        entropy = entropy or os.urandom
        if origin is not None and not fields.is_origin(origin):
            raise LogError("an origin is 1 to 200 printable ASCII characters without space")
        signers = _signers(signer)
        if signers:
            origin = _origin_of(signers, origin)
        fresh = is_new(directory, create=create)
        journal = Journal(directory)
        kept, no_vault = None, "this log was opened without its vault"
        try:
            if fresh:
                journal.begin(origin or f"scoreproof-log-{entropy(16).hex()}", clock())
            journal.identify(origin, clock)
            if trusted is not None:
                journal.must_extend(_head_of(trusted))
            if vault is not False:
                place = directory + VAULT if vault is None else os.path.abspath(vault)
                try:
                    kept, no_vault = open_vault(place, journal.genesis, create=create, read_only=bool(journal.refusal))
                except ForeignVaultError as error:
                    if create or vault is not None:
                        raise
                    no_vault = error.message
            forgetting = Forgetting(journal, kept, clock)
            forgetting.redo()
            if signers:
                journal.sign_with(signers, clock)
        except BaseException:
            journal.close()
            if kept is not None:
                kept.close()
            raise
        packs = Packs(os.path.join(directory, "packs"))
        refusal = "" if kept is not None or vault is False else no_vault
        intake = Intake(
            journal, packs, kept, refusal, forgetting=forgetting, per_answer=per_answer, clock=clock, entropy=entropy
        )
        return cls(journal, packs, kept, no_vault, intake, forgetting)

    def close(self) -> None:
        """Let go of all files. Closing twice is harmless."""
        try:
            self._journal.close()
        finally:
            if self._vault is not None:
                self._vault.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
            LogError: Record *seq* is no decision, or its pack is missing or was changed.
        """
        return self._rubrics.decision(self._decision_record(seq)["body"]["decision"])

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
        return None if digest is None or self._vault is None else self._vault.value(digest, name)

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

    # --- checking ---

    def verify(
        self,
        *,
        key: str | None = None,
        trusted: str | bytes | None = None,
        expect: tuple[int, str] | None = None,
        fast: bool = False,
    ) -> Report:
        """
        Check everything that can be checked, in one pass and in little memory. See `verify.verify_directory`.

        Args:
            key: A verification key of this log, as its holder gave it out: an unsigned log fails then.
            trusted: A checkpoint of this log that was kept elsewhere.
            expect: A `head` of this log that was kept elsewhere.
            fast: Whether to check the bytes alone: chain, tree, heads.
        """
        from scoring.audit.verify import verify_directory

        return verify_directory(
            self.path,
            vault=self._vault.path if self._vault else False,
            expect=expect,
            size=len(self),
            key=key,
            trusted=trusted,
            fast=fast,
        )

    # --- heads ---

    @property
    def no_heads(self) -> str:
        """Why this handle makes no heads, or the empty string: the log has a key whose signer was not given, or nothing can be written here."""
        return self._journal.no_heads

    def checkpoint(self) -> str:
        """
        Return the checkpoint of all that is recorded now, made where the newest is older: to be given away, for whoever has it can tell what was changed.

        Raises:
            LogError: The log has a key, and its signer was not given.
            StoreError: It could not be written.

        Source: FORMAT.md 11.
        """
        return self._in_turn(self._journal.checkpoint).note.decode()

    def receipt(self, seq: int) -> str:
        """
        Return what shows that record *seq* is in this log: a C2SP tlog-proof under the newest head, which is made where none covers the record.

        Raises:
            LogError, StoreError: There is no such record; or as `checkpoint`.

        Source: FORMAT.md 11.
        """
        from scoring.audit.receipt import write

        return write(self._in_turn(lambda: self._journal.receipt(seq))).decode()

    def replay(self, seq: int | None = None) -> ReplayReport:
        """
        Recompute one decision, or all of them. See `replay.replay`.

        Raises:
            LogError: Record *seq* is no decision, or is not there.
        """
        from scoring.audit.replay import replay

        lines: Iterable[tuple[int, bytes]] = self._journal.lines()
        if seq is not None:
            record = self.read(seq)
            if record["type"] != "decision":
                raise LogError(f"a {record['type']} record, which holds no decision to replay", seq=seq)
            lines = [(seq, canonical.dumps(record))]
        return replay(lines, self._packs, self._vault, self._no_vault, self._forgetting.erased_by)

    # --- keeping and forgetting ---

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

    # --- recording ---

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
        done = self._decide(rubric, [submission])[0]
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
        drafts: list[Draft] = []
        for _ in range(_ATTEMPTS):
            drafts = [self._appended(entry) for entry in kept]
            if self._in_turn(lambda: self._intake.record(drafts, None)):  # noqa: B023 - called at once
                return [draft.seq for draft in drafts]
        raise _always_stale()

    def _appended(self, entry: Entry) -> Draft:
        """A decision that was made elsewhere must have been made from what is scored: nothing can be merged into it any more."""
        draft = Draft(entry.id, entry.case, entry.submission)
        draft.decision = entry.decision
        if self._intake.knows(entry.id):
            return draft
        self._intake.bind(draft)
        if draft.error is None and draft.submission != entry.submission:
            message = "was made without what is fixed or in force for its case: score what `inputs` gives"
            draft.error = SubmissionError([Problem("entry-unbound", message, path=f"entry {entry.id}")])
        return draft

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
        self._intake.bind(draft)
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
            drafts = [self._draft(rubric, submission, made) for submission in submissions]
            accepted = [draft for draft in drafts if isinstance(draft, Draft)]
            if self._in_turn(lambda: self._intake.record(accepted, rubric)):  # noqa: B023 - called at once
                return drafts, made
        raise _always_stale()

    def _draft(self, rubric: Scorer[Decision], submission: Any, made: dict[str, Decision]) -> Draft | SubmissionError:
        try:
            draft = Draft(*take_apart(submission))
            # A retry is not scored again: what counts is what was recorded.
            if draft.id not in made and not self._intake.knows(draft.id):
                self._intake.bind(draft, rubric.digest)
                if draft.error is None:
                    made[draft.id] = decision = rubric.score(draft.submission)
                    draft.decision = decision.data
        except SubmissionError as error:
            return _all_problems(rubric, submission, error)
        return draft

    def _in_turn(self, work: Callable[[], Answer]) -> Answer:
        """Do what takes a turn of the journal. A signal handler that raises can keep a turn from being left: so it is left once more."""
        if self._journal.writes():  # a turn within a turn is refused, and must not end the outer one
            return work()
        try:
            return work()
        finally:
            self._journal.leave()

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

    @property
    def _rubrics(self) -> Any:
        """The engine, met only by `replay`: it makes a recorded decision readable again, under the rubric of that time."""
        if self._recorded_rubrics is None:
            from scoring.audit.replay import Rubrics

            self._recorded_rubrics = Rubrics(self._packs)
        return self._recorded_rubrics

    # --- people ---

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
        return self._in_turn(lambda: self._intake.say(word))

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
        from scoring.audit.people import resolution

        clear = {"action": action, "reason": reason, "stage": stage, "verdict": verdict, "withdraws": withdraws}
        if type(target) is not int:
            word = resolution(str(target), None, id, who, why, clear)
            return self._in_turn(lambda: self._intake.say(word))
        self._needs_vault("nothing can be resolved")
        self._decision_record(target)
        case = self.case(target)
        if case is None:
            raise LogError(
                "the vault no longer has the case of this decision, so nothing can be said of it", seq=target
            )
        word = resolution(case, target, id, who, why, clear)
        return self._in_turn(lambda: self._intake.say(word))

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
        drafts = [self._amended(entry, amends) for entry, amends in entries]
        self._in_turn(lambda: self._intake.record(drafts, rubric))
        return [draft.error or draft.seq for draft in drafts]

    def _amended(self, entry: Entry, amends: int) -> Draft:
        """An amendment changes the rules and never the answers: it is made from what was scored, and what is in force by now."""
        draft = Draft(entry.id, entry.case, entry.submission, amends)
        if self._intake.knows(entry.id):
            return draft
        scored = self.submission(amends) or {}
        draft.sent = {key: value for key, value in scored.items() if key not in ("void", "reinstate")}
        try:
            self._intake.bind(draft)
        except SubmissionError as error:
            draft.error = error
        if draft.error is None and not is_same(draft.submission, entry.submission):
            said = f"it was not made from what record #{amends} scored and what is in force for its case by now"
            draft.error = ConflictError(f"{said}; it was not scored again: plan again")
        draft.decision = entry.decision
        return draft


def _signers(signer: Any) -> tuple[Signer, ...]:
    """One signer, or the old and the new one, as a tuple."""
    return () if signer is None else (signer,) if hasattr(signer, "sign") else tuple(signer)


def _origin_of(signers: tuple[Signer, ...], origin: str | None) -> str:
    """What the log of these signers is called: a key's name is its log's origin, FORMAT.md 11."""
    from scoring.audit.keys import VerificationKey

    for signer in signers:
        name = VerificationKey.parse(signer.verification_key).name
        if {name, signer.name} != {origin or name} or not fields.is_origin(name):
            message = "a signer's name is its log's origin: make a key of that name"
            raise LogError(message, expected=origin or name, found=signer.name)
        origin = name
    return origin or ""


def _head_of(trusted: str | bytes) -> Head:
    from scoring.audit.checkpoint import parse

    return parse(trusted.encode() if isinstance(trusted, str) else trusted).head


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


def _all_problems(rubric: Scorer[Any], submission: Any, error: SubmissionError) -> SubmissionError:
    """Without an id or a case nothing was scored yet; the caller should hear of everything at once."""
    if type(submission) is dict and {problem.path for problem in error.problems} & {"id", "case"}:
        try:
            rubric.score({key: value for key, value in submission.items() if key not in ("id", "case")})
        except SubmissionError as more:
            return SubmissionError({str(problem): problem for problem in (*error.problems, *more.problems)}.values())
    return error


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
