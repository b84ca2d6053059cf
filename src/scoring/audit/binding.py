"""
What binds a case by now: its opening, the resolutions in force, the rubric that scores it.

Owns what is read of a case before something is recorded of it. Must not know how anything is written.
"""

from __future__ import annotations

from scoring.audit.course import WORDS, Course, case_of, merged
from scoring.errors import ConflictError, LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring.audit.draft import Draft
    from scoring.audit.forget import Forgetting
    from scoring.audit.index import Index
    from scoring.audit.journal import Journal
    from scoring.audit.packs import Packs
    from scoring.audit.vault import Vault

__all__ = ["Binding", "is_of"]

_OF_WORDS = frozenset({"void", "reinstate"})  # what a submission may say of what is in force


def is_of(record: dict[str, Any], case_digest: str, kinds: tuple[str, ...] = ("decision",)) -> bool:
    """Whether *record* is one of these types, and of this case."""
    return record["type"] in kinds and case_of(record) == case_digest


class Binding:
    """
    What binds the cases of one log.

    Args:
        journal, packs: Of the log.
        vault: Its vault, or None.
        forgetting: What erases.
    """

    def __init__(self, journal: Journal, packs: Packs, vault: Vault | None, forgetting: Forgetting) -> None:
        self._journal = journal
        self._packs = packs
        self._vault = vault
        self._forgetting = forgetting

    def course(self, case: str) -> Course:
        """What is recorded of the case with this digest."""

        def of_case(index: Index) -> list[int]:
            words = index.words_of(case)  # a word goes on counting while what is decided stays the same
            return sorted({*words, *(index.all_of(case) if words else index.newest_of(case))})

        course = Course()
        for record in self._journal.find(of_case, lambda record: is_of(record, case, (*WORDS, "decision"))):
            course.take(record["seq"], record["type"], record["body"])
        return course

    def course_of(self, case: str) -> Course:
        """What is recorded of a case; nothing where there is no vault to tell, or where the case was erased and comes back."""
        digest = self._vault.case_digest(case) if self._vault else None
        course = Course() if digest is None else self.course(digest)
        if course.erased is None:
            return course
        self._forgetting.redo()  # somebody stopped between the record and the vault
        return Course()

    def binds(self) -> bool:
        """Whether anything is said of any case: in most logs nothing is, and recording must not pay for it."""
        return self._journal.ask(lambda index: index.has_words())

    def _bound_course(self, case: str) -> Course:
        """As `course_of`, where anything is said of any case."""
        return self.course_of(case) if self.binds() else Course()

    @staticmethod
    def is_free(sent: dict[str, Any], *, spoken: bool) -> bool:
        """Whether nothing can bind what was sent, so that it is scored as it is; *spoken* as in `bind`."""
        return not spoken and _OF_WORDS.isdisjoint(sent)

    def bind(self, draft: Draft, pack: str | None = None, *, spoken: bool) -> None:
        """
        Make of what was sent what is to be scored; the draft gets an `error` where its case was opened for another rubric than *pack*.

        Args:
            draft: With what was sent.
            pack: What is to score it, if that is known.
            spoken: Whether anything is said of any case, which `binds` tells for many drafts at once.

        Raises:
            SubmissionError: It says something else than the opening fixed, or than is in force.

        Source: FORMAT.md 4, 8.
        """
        if self.is_free(draft.sent, spoken=spoken):
            draft.submission = draft.sent
            return
        course = self.course_of(draft.case) if spoken else Course()
        draft.words = course.words
        try:
            if pack is not None:
                self._must_be_opened_for(course, pack)
            opened = self._opened(course)
        except LogError as error:
            draft.error = error
            return
        draft.submission = merged(draft.sent, opened, course.void, course.reinstate)

    def _opened(self, course: Course) -> tuple[int, dict[str, Any]] | None:
        """The opening's record and the facts that it fixes."""
        if course.opening is None:
            return None
        seq, body = course.opening
        content = self._vault.value(body["disclosures"]["opening"], "opening") if self._vault else None
        facts = content.get("facts") if type(content) is dict else None
        if type(facts) is not dict:
            message = "the vault no longer has what this opening fixed for its case, and nothing can be scored without: put the vault back"
            raise LogError(message, seq=seq)
        return seq, facts

    def _must_be_opened_for(self, course: Course, pack: str) -> None:
        """Raise where a case was opened, and is scored by another rubric than that, or than the amendment of it that scored it last."""
        if course.opening is None:
            return
        seq, wanted = course.opening[0], course.opening[1]["pack"]
        if course.newest is not None:
            wanted = course.newest[1]["pack"]
        if pack != wanted:
            said = f"this case was opened by record #{seq}, and is scored by {self._called(wanted)}: load that"
            raise ConflictError(f"{said}. Another version comes in by a rescore alone", expected=wanted, found=pack)

    def _called(self, pack: str) -> str:
        names = self._packs.names(pack)
        return f"{names.rubric} {names.version}" if names else f"the pack {pack}"
