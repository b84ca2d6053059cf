"""
How a decision gets into the log, or what people say of a case, and the rules that only a writer can keep.

An id stands once, a rubric and version have one pack, a decision cites a pack that is there, supersedes the newest of its case, and was made from what the
case's opening and resolutions say by then: one that was made before they came is scored again. The order of writing
is always the same: disclosures to the vault (outside the lock), pack file, records, fdatasync, answer. Whatever fails on the way, nobody is told of a
decision that is not durable; what may be left over is a disclosure that no record cites.

Must not know how an answer is scored.
"""

from __future__ import annotations

from scoring import canonical
from scoring.audit.binding import Binding
from scoring.audit.course import Course, amends, merged
from scoring.audit.disclosure import MAX_DISCLOSURE, disclose, disclose_answers, drawn_together, never_repeats
from scoring.audit.packs import describe
from scoring.errors import ConflictError, LogError, Problem, StoreError, SubmissionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from scoring.audit.chain import Batch
    from scoring.audit.disclosure import Disclosed
    from scoring.audit.draft import Draft, Scorer, Word
    from scoring.audit.forget import Forgetting
    from scoring.audit.index import Index
    from scoring.audit.journal import Journal
    from scoring.audit.packs import Packs
    from scoring.audit.vault import Filing, Vault

__all__ = ["Intake", "TwiceError", "is_same"]


class _Turn:
    """
    What one batch has so far.

    Attributes:
        rubric: What its drafts cite; None where they cite what is there.
        known, cases: The ids of its drafts, and the digests of their cases, that the log may have: it has none of the others.
        cited: Packs that it records. new: Its drafts by id. begun: Those that are the first of their case, by its digest. courses: By case digest.
        stale: Something was said of a case since its draft was bound.
    """

    __slots__ = ("batch", "begun", "cases", "cited", "courses", "known", "new", "rubric", "stale")

    def __init__(self, batch: Batch, rubric: Scorer[Any] | None, known: set[str], cases: set[str]) -> None:
        self.batch = batch
        self.rubric = rubric
        self.known = known
        self.cases = cases
        self.cited: set[str] = set()
        self.new: dict[str, Draft] = {}
        self.begun: dict[str, Draft] = {}
        self.courses: dict[str, Course] = {}
        self.stale = False


class Intake(Binding):
    """
    The one way into a log.

    Args:
        journal, packs: Of the log.
        vault: Its vault, or None.
        refusal: Why nothing may be recorded without a vault; empty where the caller wants it so.
        forgetting: What erases.
        per_answer: Whether each answer lies in the vault by itself.
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
        forgetting: Forgetting,
        per_answer: bool,
        clock: Callable[[], str],
        entropy: Callable[[int], bytes],
    ) -> None:
        super().__init__(journal, packs, vault, forgetting)
        self._per_answer = per_answer
        self._refusal = refusal
        self._clock = clock
        self._entropy = entropy
        self._recurs = vault is not None or not never_repeats(entropy)  # whether a case's digest may come a second time
        self._cited: set[str] = set()  # packs that are known to be in the log; it never loses one

    def look(self, ids: Sequence[str]) -> tuple[bool, set[str]]:
        """What `binds` says, and those of some ids with which something is recorded already, readable or not."""

        def asked(index: Index) -> tuple[bool, set[str]]:
            return index.has_words(), index.known_ids(ids)

        spoken, found = self._journal.ask(asked)
        return spoken, {name for name in found if self._knows(name)}

    def _knows(self, id: str) -> bool:  # noqa: A002
        try:
            return bool(self._recorded(id))
        except LogError:  # `record` meets it again, and tells of it
            return True

    def _recorded(self, id: str) -> list[dict[str, Any]]:  # noqa: A002
        """The record with this id, if there is one."""

        def fits(record: dict[str, Any]) -> bool:
            return bool(record["body"].get("id") == id)

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

    # --- what people say ---

    def say(self, word: Word) -> int:
        """
        Record an opening or a resolution, and return its record when it is durable; said again, its first record.

        Raises:
            ConflictError: The id stands for something else, or the case is another than the caller takes it for.
            SubmissionError: It has no canonical form or is too long.
        """
        self._journal.must_append()
        if self._vault is None:
            raise StoreError(
                f"{self._refusal or 'this log was opened without its vault'}, so a case's records cannot be told; nothing was recorded"
            )
        for _ in range(_ATTEMPTS):
            for record in self._recorded(word.id):
                return self._said(word, record)
            times = self._vault.times
            self._place_of(word, self.course_of(word.case))  # a word that is refused leaves nothing in the vault
            disclosed = self._disclosed_as(self._entropy, word.kind, word.content)
            case = self._vault.store([(word.case, disclosed)], self._entropy, self._journal.durable)[0]
            digests = {word.kind: disclosed[0], "case": case}
            with self._journal:
                if self._vault.times == times:
                    return self._say(word, digests)
        raise LogError("cases are erased as often as something is to be said of one; nothing was recorded: try again")

    def _say(self, word: Word, digests: dict[str, str]) -> int:
        time = self._clock()
        for _ in range(2):
            rebuilds = self._journal.rebuilds
            for record in self._recorded(word.id):
                return self._said(word, record)
            body = self._place_of(word, self.course(digests["case"]))
            batch = self._journal.batch(time)
            if word.rubric is not None:
                self._cite(batch, word.rubric)
            seq = batch.add(word.kind, {**body, "disclosures": digests, "id": word.id})
            if rebuilds == self._journal.rebuilds:
                self._journal.append(batch)
                return seq
        raise LogError(_DAMAGED_AGAIN)

    def _place_of(self, word: Word, course: Course) -> dict[str, Any]:
        """What the record says in clear, if it may stand behind what is there."""
        body = dict(word.body)
        if word.kind == "resolution" and body["decision"] is None and course.newest is not None:
            body["decision"] = course.newest[0]
        _, wrong = course.misfit(word.kind, body, self._packs.names)
        if wrong:
            raise ConflictError(f"{wrong}; nothing was recorded")
        return body

    def _said(self, word: Word, record: dict[str, Any]) -> int:
        """The record of a word that was said before, if it is the same."""
        seq, body = record["seq"], record["body"]
        known = f'the id "{word.id}" is recorded already, as record #{seq}'
        if record["type"] != word.kind:
            raise ConflictError(f"{known}, for another type of record: give this {word.kind} an id of its own")
        case, content = self._disclosed(body["disclosures"], known, word.kind)
        asked = {key: value for key, value in word.body.items() if (key, value) != ("decision", None)}
        if case != word.case or {key: body[key] for key in asked} != asked or not _same(content, word.content):
            raise ConflictError(f"{known}, with another content: give this {word.kind} an id of its own")
        return int(seq)

    # --- decisions ---

    def record(self, drafts: Sequence[Draft], rubric: Scorer[Any] | None) -> bool:
        """
        Record *drafts* and return when they are durable: each has a `seq` or an `error` then.

        Returns:
            False where something was said of a case since its draft was bound, or a case was erased: then nothing was recorded, and all are to be bound and
            scored again.

        Args:
            drafts: In the order in which they are to stand.
            rubric: What they cite, recorded with them where it is new. Without it they cite what is there, and are recorded all or not at all:
                the first error is raised.
        """
        self._journal.must_append()
        times = self._vault.times if self._vault else 0
        self._disclose(drafts)
        with self._journal:
            if self._vault and self._vault.times != times:
                return False
            self._must_know_cases()
            turn = self._place_all(drafts, rubric)
            if turn.stale:
                return False
            if rubric is None:
                for error in filter(None, (draft.error for draft in drafts)):
                    raise error
            if turn.batch.lines:
                self._journal.append(turn.batch)
            self._cited |= turn.cited
        return True

    def _must_know_cases(self) -> None:
        """Without a vault each decision is a case of its own, and what people said of its case would be passed over."""
        if self._vault is None and self._journal.ask(lambda index: index.has_words()):
            message = (
                "this log has openings or resolutions, and without its vault nobody can tell which of them bind a submission; nothing was recorded. Open "
                "it with its vault; or record into a log of its own what is to have none"
            )
            raise StoreError(message)

    def _disclose(self, drafts: Sequence[Draft]) -> None:
        """Salt and hash what the records will not hold, and keep it in the vault."""
        if self._vault is None and self._refusal:
            message = (
                f"{self._refusal}; without the log's vault submissions would be lost, and nothing was recorded. Put it back, or open the log with vault=PATH "
                "where it lies now, with new_vault=True to begin a new one where nothing lies (earlier cases are not linked then), or with vault=False to "
                "record without keeping any"
            )
            raise StoreError(message)
        entropy = drawn_together(self._entropy, 2 * len(drafts))
        filings: list[Filing] = []
        fresh = []
        for draft in drafts:
            if draft.decision is None or draft.error is not None:
                continue
            try:
                disclosed = self._parts_of(entropy, draft.submission)
            except SubmissionError as error:
                draft.error = error
                continue
            filings.append((draft.case, *disclosed))
            fresh.append((draft, disclosed[0][0]))
        if self._vault is not None:
            cases = self._vault.store(filings, entropy, self._journal.durable) if filings else []
        else:
            cases = [disclose(entropy, "case", draft.case)[0] for draft, _ in fresh]
        for (draft, submission), case in zip(fresh, cases, strict=True):
            draft.digests = {"case": case, "submission": submission}

    def _parts_of(self, entropy: Callable[[int], bytes], submission: dict[str, Any]) -> list[Disclosed]:
        """The submission's disclosure, and those of its answers where each lies by itself."""
        answers = submission.get("answers")
        if type(answers) is dict and "_sd" in answers:
            message = "RFC 9901 keeps this name to itself, and what was answered could not be told from digests"
            raise SubmissionError([Problem("submission", message, path="answers/_sd")])
        if not self._per_answer or type(answers) is not dict:
            return [self._disclosed_as(entropy, "submission", submission)]
        try:
            whole, parts = disclose_answers(entropy, submission)
        except canonical.CanonicalError as error:
            path = f"answers/{error.path.removeprefix('2/')}"
            raise SubmissionError([Problem("submission", error.message, path=path)]) from None
        return [self._disclosed_as(entropy, "submission", whole), *parts]

    def _disclosed_as(self, entropy: Callable[[int], bytes], name: str, value: Any) -> Disclosed:
        try:
            disclosed = disclose(entropy, name, value)
        except canonical.CanonicalError as error:
            path = error.path.removeprefix("2/")  # the value is the third member of a disclosure
            raise SubmissionError([Problem(name, error.message, path=path)]) from None
        if len(disclosed[1]) > MAX_DISCLOSURE:
            raise SubmissionError([Problem(name, f"longer than {MAX_DISCLOSURE} bytes as a disclosure")])
        return disclosed

    def _place_all(self, drafts: Sequence[Draft], rubric: Scorer[Any] | None) -> _Turn:
        """Place each draft; and once more, where the index was made again meanwhile, for what it said before counts for nothing."""
        time = self._clock()
        fresh = [(draft, draft.decision) for draft in drafts if draft.error is None]
        ids = {draft.id for draft, _ in fresh}
        cases = {draft.digests["case"] for draft, _ in fresh if draft.digests} if self._recurs else set[str]()

        def known(index: Index) -> tuple[set[str], set[str]]:
            return index.known_ids(ids), index.known_cases(cases)

        for _ in range(2):
            rebuilds = self._journal.rebuilds
            turn = _Turn(self._journal.batch(time), rubric, *self._journal.ask(known))
            for draft, _ in fresh:
                if not self._begin(draft, turn):
                    self._place(draft, turn)
            if rebuilds == self._journal.rebuilds:
                return turn
            for draft, decision in fresh:
                draft.seq, draft.decision, draft.repeated, draft.error = -1, decision, False, None
        raise LogError(_DAMAGED_AGAIN)

    def _begin(self, draft: Draft, turn: _Turn) -> bool:
        """
        Give the first decision of a new case its record, where that asks for nothing more.

        Neither the log nor the batch has its id or its case, nothing bound it, and what it cites is known to be there. False where that does not apply, or
        nobody can say yet: then nothing was changed, and `_place` asks all there is to ask.
        """
        case, decision = draft.digests.get("case"), draft.decision
        if (
            case is None  # as that of a draft that was not scored, for its id was known beforehand
            or decision is None
            or draft.id in turn.known
            or draft.id in turn.new
            or case in turn.cases
            or case in turn.begun
            or case in turn.courses
            or draft.words
            or draft.amends is not None
        ):
            return False
        pack = decision.get("pack")
        if type(pack) is not str or pack not in self._cited or (turn.rubric is not None and turn.rubric.digest != pack):
            return False
        body = {"decision": decision, "disclosures": draft.digests, "id": draft.id, "supersedes": None}
        try:
            draft.seq = turn.batch.add("decision", body)
        except LogError as error:
            draft.error = error
        else:
            turn.new[draft.id] = turn.begun[case] = draft
        return True

    def _place(self, draft: Draft, turn: _Turn) -> None:
        """Give a draft the record that its id has, or one in the batch, or say why it gets none."""
        earlier = turn.new.get(draft.id)
        try:
            if earlier is not None:
                first = (earlier.case, earlier.submission, earlier.decision)
                self._repeat(draft, earlier.seq, first, together=turn.rubric is None)
            elif draft.id in turn.known:
                for record in self._recorded(draft.id):
                    _must_be_this_amendment(draft, record, turn.rubric)
                    self._repeat_recorded(draft, record)
        except (LogError, SubmissionError) as error:
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
        course = self._course_in(turn, case)
        supersedes = course.newest[0] if course.newest else None
        if draft.amends is not None:
            self._must_amend(draft, course, turn)
        elif course.words != draft.words:
            turn.stale = True
            return
        body = {"decision": draft.decision, "disclosures": draft.digests, "id": draft.id, "supersedes": supersedes}
        if course.words:
            if draft.amends is None:
                self._must_be_opened_for(course, draft.decision["pack"])
            _, wrong = course.misfit("decision", body, self._packs.names)
            if wrong:
                raise ConflictError(f"this decision does not stand behind what is recorded of its case: {wrong}")
        draft.seq = turn.batch.add("decision", body)
        course.take(draft.seq, "decision", body)

    def _course_in(self, turn: _Turn, case: str) -> Course:
        """What is recorded of a case, and what the batch has of it so far."""
        course = turn.courses.get(case)
        if course is None:
            course = turn.courses[case] = self.course(case) if case in turn.cases else Course()
            first = turn.begun.get(case)
            if first is not None:
                course.take(first.seq, "decision", {"decision": first.decision})
        return course

    def _must_amend(self, draft: Draft, course: Course, turn: _Turn) -> None:
        """Raise where a decision is not, by now, an amendment of its case's newest one. Source: FORMAT.md 4."""
        if course.words != draft.words:
            raise ConflictError("something was said of this case meanwhile; it was not scored again: plan again")
        if course.newest is None or course.newest[0] != draft.amends:
            seq = course.newest[0] if course.newest else None
            raise ConflictError(f"record #{seq} came meanwhile, and is the case's newest decision now")
        old, new = course.newest[1]["pack"], draft.decision["pack"] if draft.decision else None
        cites = turn.rubric.digest if turn.rubric else None
        if new != cites:
            raise ConflictError("it was not made by the rubric that is to be recorded", expected=cites, found=new)
        before, after = self._packs.names(old), self._packs.names(str(new))
        if before is None or after is None or not amends(before, after):
            raise ConflictError(f"{self._called(str(new))} does not say that it replaces {self._called(old)}")

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
        if record["type"] != "decision":
            raise ConflictError(
                f"{_known(draft, seq)}, for another type of record: give this submission an id of its own"
            )
        disclosed = self._disclosed(body["disclosures"], _known(draft, seq), "submission")
        self._repeat(draft, seq, (*disclosed, body["decision"]))

    def _repeat(self, draft: Draft, seq: int, first: tuple[Any, Any, Any], *, together: bool = False) -> None:
        """
        Give a draft whose id is known the first record, if it is the same submission.

        Args:
            draft: Of the second submission.
            seq: The first record.
            first: Its case, submission and decision.
            together: Both are recorded or none is, so that there is no first record to name.

        Raises:
            ConflictError: It is another, or nobody can tell.
        """
        case, submission, decision = first
        known = _known(draft, seq)
        # An id names one submission for ever: a changed one is a new submission, and needs an id of its own.
        if together and not (case == draft.case and self._is_same(submission, draft)):
            raise TwiceError(draft.id)
        if case != draft.case:
            raise ConflictError(f"{known}, for another case: give this submission an id of its own")
        if not self._is_same(submission, draft):
            raise ConflictError(f"{known}, with another content: give this submission an id of its own")
        draft.seq, draft.decision, draft.repeated = seq, decision, True

    def _is_same(self, first: Any, draft: Draft) -> bool:
        """Whether what was sent is what was scored first, once the same is merged in: a resolution that came since changes nothing."""
        if type(first) is not dict:
            return False
        opened = self._opened(self._bound_course(draft.case))
        try:
            return _same(first, merged(draft.sent, opened, first.get("void"), first.get("reinstate")))
        except SubmissionError:
            return False

    def _disclosed(self, digests: dict[str, str], known: str, name: str) -> tuple[Any, Any]:
        vault = self._vault
        case, content = (vault.value(digests[key], key) if vault else None for key in ("case", name))
        if case is None or content is None:
            erased = self._forgetting.erased_by(digests["case"])
            reason = "the vault no longer has it" if vault else "the log was opened without its vault"
            if erased is not None:
                reason = f"it was erased by record #{erased}"
            raise ConflictError(f"{known}, and cannot be compared with this one, for {reason}: use an id of its own")
        return case, content

    def _cite(self, batch: Batch, rubric: Scorer[Any]) -> int:
        """
        Make sure that a rubric is recorded and its pack is there, and return its record.

        Raises:
            ConflictError: Its id and version stand for another pack.
        """
        seq: int | None = self._journal.ask(lambda index: index.rubric(rubric.digest))
        if seq is not None:
            self._packs.restore(rubric.digest, rubric.pack)
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


class TwiceError(ConflictError):
    """
    Entries that go in together have one id and are of different submissions.

    Attributes:
        id: The one that stands twice.
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of FORMAT.md
        super().__init__(
            f'the id "{id}" stands twice in what is appended together, for different submissions: give one of them an id of its own; nothing was recorded'
        )
        self.id = id

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return type(self), (self.id,)


_ATTEMPTS = 100  # at a word during which something is erased each time; one is the rule
_DAMAGED_AGAIN = "the log's cache was damaged again as soon as it was made; nothing was recorded"


def _known(draft: Draft, seq: int) -> str:
    return f'the id "{draft.id}" is recorded already, as record #{seq}'


def _must_be_this_amendment(draft: Draft, record: dict[str, Any], rubric: Scorer[Any] | None) -> None:
    """What stands under an amendment's id is that amendment, or somebody took its name: then it was never scored again."""
    if draft.amends is None or record["type"] != "decision":
        return
    body = record["body"]
    found = (body["decision"]["pack"], body["supersedes"])
    if found != (rubric.digest if rubric else None, draft.amends):
        raise ConflictError(f"{_known(draft, record['seq'])}, which is not this case scored again: it was not recorded")


def is_same(recorded: Any, submission: Any) -> bool:
    """Whether both have one canonical form."""
    return type(recorded) is dict and type(submission) is dict and _same(recorded, submission)


def _same(recorded: dict[str, Any], submission: dict[str, Any]) -> bool:
    try:
        return canonical.dumps(recorded) == canonical.dumps(submission)
    except canonical.CanonicalError:  # what is recorded has a canonical form
        return False
