"""
How a decision gets into the log, and the rules that only a writer can keep.

An id stands once, a rubric and version have one pack, a decision cites a pack that is there and supersedes the newest of its case. The order of writing
is always the same: disclosures to the vault (outside the lock), pack file, records, fdatasync, answer. Whatever fails on the way, nobody is told of a
decision that is not durable; what may be left over is a disclosure that no record cites.

Must not know how an answer is scored.
"""

from __future__ import annotations

from scoring import canonical
from scoring.audit.packs import describe
from scoring.audit.vault import MAX_DISCLOSURE, disclose
from scoring.errors import ConflictError, LogError, Problem, StoreError, SubmissionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol, TypeVar

    from scoring.audit.chain import Batch
    from scoring.audit.journal import Journal
    from scoring.audit.packs import Packs
    from scoring.audit.vault import Vault

    class Decided(Protocol):
        """What a rubric makes of a submission."""

        @property
        def data(self) -> dict[str, Any]: ...

    Made_co = TypeVar("Made_co", bound=Decided, covariant=True)

    class Scorer(Protocol[Made_co]):
        """What the log needs of a rubric."""

        @property
        def pack(self) -> bytes: ...
        @property
        def digest(self) -> str: ...
        def score(self, submission: dict[str, Any], /) -> Made_co: ...


__all__ = ["Draft", "Intake", "is_of"]


class Draft:
    """
    A decision on its way into the log.

    Attributes:
        id, case, submission: Of the submission. decision: FORMAT.md 6; None where the id was known beforehand, and once `repeated` what was recorded then.
        digests: Of the disclosures, as the record holds them.
        seq: Its record, once it has one.
        repeated: It was recorded before.
        error: Why it is not recorded.
    """

    __slots__ = ("case", "decision", "digests", "error", "id", "repeated", "seq", "submission")

    def __init__(self, id: str, case: str, submission: dict[str, Any], decision: dict[str, Any] | None = None) -> None:  # noqa: A002
        self.id = id
        self.case = case
        self.submission = submission
        self.decision = decision
        self.digests: dict[str, str] = {}
        self.seq = -1
        self.repeated = False
        self.error: SubmissionError | LogError | None = None


class _Turn:
    """
    What one batch has so far.

    Attributes:
        rubric: What its drafts cite; None where they cite what is there.
        cited: Packs that it records. new: Its drafts by id. newest: The newest decision of each case digest in it.
    """

    __slots__ = ("batch", "cited", "new", "newest", "rubric")

    def __init__(self, batch: Batch, rubric: Scorer[Any] | None) -> None:
        self.batch = batch
        self.rubric = rubric
        self.cited: set[str] = set()
        self.new: dict[str, Draft] = {}
        self.newest: dict[str, int] = {}


def is_of(record: dict[str, Any], case_digest: str) -> bool:
    """Whether *record* is a decision of this case."""
    return bool(record["type"] == "decision" and record["body"]["disclosures"]["case"] == case_digest)


class Intake:
    """
    The one way into a log.

    Args:
        journal, packs: Of the log.
        vault: Its vault, or None.
        refusal: Why nothing may be recorded without a vault; empty where the caller wants it so.
        clock: Gives the time of a record.
        entropy: Gives so many random bytes.
    """

    def __init__(
        self,
        journal: Journal,
        packs: Packs,
        vault: Vault | None,
        refusal: str,
        *,
        clock: Callable[[], str],
        entropy: Callable[[int], bytes],
    ) -> None:
        self._journal = journal
        self._packs = packs
        self._vault = vault
        self._refusal = refusal
        self._clock = clock
        self._entropy = entropy
        self._cited: set[str] = set()  # packs that are known to be in the log; it never loses one

    def knows(self, id: str) -> bool:  # noqa: A002
        """Whether a submission with this id is recorded already, readable or not."""
        try:
            return bool(self._recorded(id))
        except LogError:  # `record` meets it again, and tells of it
            return True

    def _recorded(self, id: str) -> list[dict[str, Any]]:  # noqa: A002
        """The record with this id, if there is one."""

        def fits(record: dict[str, Any]) -> bool:
            return bool(record["type"] == "decision" and record["body"]["id"] == id)

        return self._journal.find(lambda index: index.with_id(id), fits)

    def publish(self, rubric: Scorer[Any]) -> int:
        """Record a rubric, unless it is, and return its record."""
        with self._journal:
            batch = self._journal.batch(self._clock())
            seq = self._cite(batch, rubric)
            if batch.lines:
                self._journal.append(batch)
            self._cited.add(rubric.digest)
            return seq

    def record(self, drafts: Sequence[Draft], rubric: Scorer[Any] | None) -> None:
        """
        Record *drafts* and return when they are durable: each has a `seq` or an `error` then.

        Args:
            drafts: In the order in which they are to stand.
            rubric: What they cite, recorded with them where it is new. Without it they cite what is there, and are recorded all or not at all:
                the first error is raised.
        """
        self._journal.must_append()
        self._disclose(drafts)
        with self._journal:
            turn = self._place_all(drafts, rubric)
            if rubric is None:
                for error in filter(None, (draft.error for draft in drafts)):
                    raise error
            if turn.batch.lines:
                self._journal.append(turn.batch)
            self._cited |= turn.cited

    def _disclose(self, drafts: Sequence[Draft]) -> None:
        """Salt and hash what the records will not hold, and keep it in the vault."""
        if self._vault is None and self._refusal:
            message = (
                f"{self._refusal}, and without it submissions would be lost; nothing was recorded. Put it back, or open the log with vault=PATH where it "
                "lies now, with create=True to begin a new one (earlier cases are not linked then), or with vault=False to record without keeping any"
            )
            raise StoreError(message)
        filings = []
        fresh = []
        for draft in drafts:
            if draft.decision is not None:
                try:
                    disclosed = disclose(self._entropy, "submission", draft.submission)
                except canonical.CanonicalError as error:
                    path = error.path.removeprefix("2/")  # the value is the third member of a disclosure
                    draft.error = SubmissionError([Problem("submission", error.message, path=path)])
                    continue
                if len(disclosed[1]) > MAX_DISCLOSURE:
                    problem = Problem("submission", f"longer than {MAX_DISCLOSURE} bytes as a disclosure")
                    draft.error = SubmissionError([problem])
                    continue
                draft.digests["submission"] = disclosed[0]
                filings.append((draft.case, disclosed))
                fresh.append(draft)
        if self._vault is None:
            cases = [disclose(self._entropy, "case", case)[0] for case, _ in filings]
        else:
            cases = self._vault.store(filings, self._entropy) if filings else []
        for draft, case in zip(fresh, cases, strict=True):
            draft.digests["case"] = case

    def _place_all(self, drafts: Sequence[Draft], rubric: Scorer[Any] | None) -> _Turn:
        """Place each draft; and once more, where the index was made again meanwhile, for what it said before counts for nothing."""
        time = self._clock()
        fresh = [(draft, draft.decision) for draft in drafts if draft.error is None]
        for _ in range(2):
            rebuilds = self._journal.rebuilds
            turn = _Turn(self._journal.batch(time), rubric)
            for draft, decision in fresh:
                draft.seq, draft.decision, draft.repeated, draft.error = -1, decision, False, None
                self._place(draft, turn)
            if rebuilds == self._journal.rebuilds:
                return turn
        raise LogError("the log's cache was damaged again as soon as it was made; nothing was recorded")

    def _place(self, draft: Draft, turn: _Turn) -> None:
        """Give a draft the record that its id has, or one in the batch, or say why it gets none."""
        earlier = turn.new.get(draft.id)
        try:
            if earlier is not None:
                self._repeat(draft, earlier.seq, (earlier.case, earlier.submission, earlier.decision))
            else:
                for record in self._recorded(draft.id):
                    self._repeat_recorded(draft, record)
        except LogError as error:
            draft.error = error
            return
        if draft.repeated:
            return
        if turn.rubric is not None and not self._is_cited(turn.rubric.digest, turn):
            self._cite(turn.batch, turn.rubric)  # what is wrong with the rubric concerns all drafts, and is raised
            turn.cited.add(turn.rubric.digest)
        try:
            self._add(draft, turn)
            turn.new[draft.id] = draft
        except LogError as error:
            draft.error = error

    def _add(self, draft: Draft, turn: _Turn) -> None:
        if draft.decision is None:
            raise LogError(f'the first submission with the id "{draft.id}" was not recorded, so neither is this one')
        self._must_be_cited(draft.decision, turn)
        case = draft.digests["case"]
        supersedes = turn.newest.get(case)
        if supersedes is None:
            newest = self._journal.find(lambda index: index.newest_of(case), lambda record: is_of(record, case))
            supersedes = newest[0]["seq"] if newest else None
        body = {"decision": draft.decision, "disclosures": draft.digests, "id": draft.id, "supersedes": supersedes}
        draft.seq = turn.newest[case] = turn.batch.add("decision", body)

    def _is_cited(self, pack: str, turn: _Turn) -> bool:
        return pack in self._cited or pack in turn.cited

    def _must_be_cited(self, decision: dict[str, Any], turn: _Turn) -> None:
        pack = decision.get("pack")
        if type(pack) is not str or self._is_cited(pack, turn):  # what is no text at all, the record's table tells
            return
        if self._journal.ask(lambda index: index.rubric(pack)) is None:
            message = f"the decision cites the pack {pack}, which this log does not have: publish its rubric first"
            raise LogError(message)
        self._cited.add(pack)

    def _repeat_recorded(self, draft: Draft, record: dict[str, Any]) -> None:
        seq, body = record["seq"], record["body"]
        self._repeat(draft, seq, (*self._disclosed(body["disclosures"], _known(draft, seq)), body["decision"]))

    def _repeat(self, draft: Draft, seq: int, first: tuple[Any, Any, Any]) -> None:
        """
        Give a draft whose id is known the first record, if it is the same submission.

        Args:
            draft: Of the second submission.
            seq: The first record.
            first: Its case, submission and decision.

        Raises:
            ConflictError: It is another, or nobody can tell.
        """
        case, submission, decision = first
        known = _known(draft, seq)
        # An id names one submission for ever: a changed one is a new submission, and needs an id of its own.
        if case != draft.case:
            raise ConflictError(f"{known}, for another case: give this submission an id of its own")
        if not _same(submission, draft.submission):
            raise ConflictError(f"{known}, with another content: give this submission an id of its own")
        draft.seq, draft.decision, draft.repeated = seq, decision, True

    def _disclosed(self, digests: dict[str, str], known: str) -> tuple[Any, Any]:
        vault = self._vault
        case, submission = (vault.value(digests[name], name) if vault else None for name in ("case", "submission"))
        if case is None or submission is None:
            reason = "the vault no longer has it" if vault else "the log was opened without its vault"
            raise ConflictError(f"{known}, and cannot be compared with this one, for {reason}: use an id of its own")
        return case, submission

    def _cite(self, batch: Batch, rubric: Scorer[Any]) -> int:
        """
        Make sure that a rubric is recorded, and return its record.

        Raises:
            ConflictError: Its id and version stand for another pack.
        """
        seq: int | None = self._journal.ask(lambda index: index.rubric(rubric.digest))
        if seq is not None:
            return seq
        body = describe(rubric.pack)
        if body["pack"] != rubric.digest:
            raise LogError(
                "a rubric gives another digest than its pack has", expected=body["pack"], found=rubric.digest
            )
        held = self._journal.ask(lambda index: index.version(body["rubric"], body["version"]))
        if held is not None:
            message = (
                f"{body['rubric']} {body['version']} is recorded already, as record #{held[0]}, with another content: "
                "a rubric that changed needs a new version"
            )
            raise ConflictError(message, expected=held[1], found=body["pack"])
        self._packs.keep(body["pack"], rubric.pack)
        return batch.add("rubric", body)


def _known(draft: Draft, seq: int) -> str:
    return f'the id "{draft.id}" is recorded already, as record #{seq}'


def _same(recorded: dict[str, Any], submission: dict[str, Any]) -> bool:
    try:
        return canonical.dumps(recorded) == canonical.dumps(submission)
    except canonical.CanonicalError:  # what is recorded has a canonical form
        return False
