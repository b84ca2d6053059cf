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
from scoring.audit.entry import Entry, Recorded, take_apart
from scoring.audit.intake import Draft, Intake, is_of, is_same
from scoring.audit.journal import Journal
from scoring.audit.packs import Packs
from scoring.audit.place import is_new
from scoring.audit.segments import MAX_BATCH_RECORDS
from scoring.audit.vault import open_vault
from scoring.errors import ConflictError, LogError, Problem, ScoringError, SubmissionError
from scoring.events import emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, Literal, Self, TypeVar

    from scoring.audit.intake import Decided, Scorer
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

    def __init__(self, journal: Journal, packs: Packs, vault: Vault | None, no_vault: str, intake: Intake) -> None:
        self._journal = journal
        self._packs = packs
        self._vault = vault
        self._no_vault = no_vault  # why there is none
        self._intake = intake
        self._recorded_rubrics: Any = None

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        origin: str | None = None,
        vault: str | os.PathLike[str] | Literal[False] | None = None,
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
            clock: Gives the time of a record as FORMAT.md 1 spells it; by default the system's, in UTC.
            entropy: Gives so many random bytes; by default the system's.

        Raises:
            LogError: There is something else, the log's end is damaged, or the vault is another log's.
            StoreError: There is nothing, or it cannot be read.
        """
        directory = os.path.abspath(path)
        clock = clock or _now
        entropy = entropy or os.urandom
        if origin is not None and not fields.is_origin(origin):
            raise LogError("an origin is 1 to 200 printable ASCII characters without space")
        fresh = is_new(directory, create=create)
        journal = Journal(directory)
        try:
            if fresh:
                journal.begin(origin or f"scoreproof-log-{entropy(16).hex()}", clock())
            journal.identify(origin)
            kept, no_vault = None, "this log was opened without its vault"
            if vault is not False:
                place = directory + VAULT if vault is None else os.path.abspath(vault)
                kept, no_vault = open_vault(place, journal.genesis, create=create, read_only=bool(journal.refusal))
        except BaseException:
            journal.close()
            raise
        packs = Packs(os.path.join(directory, "packs"))
        refusal = "" if kept is not None or vault is False else no_vault
        intake = Intake(journal, packs, kept, refusal, clock=clock, entropy=entropy)
        return cls(journal, packs, kept, no_vault, intake)

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
            disclosures = self.read(of)["body"].get("disclosures")
            if disclosures is None:
                raise LogError("a record of no case", seq=of)
            digest = disclosures["case"]
        else:
            digest = self._needs_vault("cases cannot be found").case_digest(str(of))
            if digest is None:
                raise LogError("this log has no such case")
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

    def verify(self, *, expect: tuple[int, str] | None = None) -> Report:
        """
        Check everything that can be checked, in one pass and in little memory. See `verify.verify_directory`.

        Args:
            expect: A `head` of this log that was kept elsewhere.
        """
        from scoring.audit.verify import verify_directory

        return verify_directory(
            self.path, vault=self._vault.path if self._vault else False, expect=expect, size=len(self)
        )

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
        return replay(lines, self._packs, self._vault, self._no_vault)

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
