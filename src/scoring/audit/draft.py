"""
What is on its way into a log: a decision, or what people say of a case; and what the log needs of a rubric.

Must not know how it gets there (`intake`).
"""

from __future__ import annotations

from scoring.audit.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeVar

    from scoring.errors import LogError, SubmissionError

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
        @property
        def profile(self) -> str: ...
        @property
        def level(self) -> str | None: ...
        def score(self, submission: dict[str, Any], /) -> Made_co: ...


__all__ = ["Draft", "Word"]


class Draft:
    """
    A decision on its way into the log.

    Attributes:
        id, case, sent: Of the submission as it was sent. submission: With what its case's opening and resolutions add, once it is bound.
        words: The openings and resolutions of its case that it was bound by.
        amends: The decision that it scores again under another version of its rubric; None for any other.
        decision: FORMAT.md 6; None where the id was known beforehand, and once `repeated` what was recorded then.
        digests: Of the disclosures, as the record holds them.
        seq: Its record, once it has one.
        repeated: It was recorded before.
        error: Why it is not recorded.
    """

    __slots__ = (
        "amends",
        "case",
        "decision",
        "digests",
        "error",
        "id",
        "repeated",
        "sent",
        "seq",
        "submission",
        "words",
    )

    def __init__(
        self,
        id: str,  # noqa: A002 - the word of FORMAT.md
        case: str,
        sent: dict[str, Any],
        amends: int | None = None,
        decision: dict[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.case = case
        self.sent = self.submission = sent
        self.words: tuple[int, ...] = ()
        self.amends = amends
        self.decision = decision
        self.digests: dict[str, str] = {}
        self.seq = -1
        self.repeated = False
        self.error: SubmissionError | LogError | None = None


class Word(Value):
    """
    What people say of a case: an opening or a resolution on its way into the log.

    Attributes:
        kind: Its type. id: The caller's name for it. case: Whose case.
        content: What its disclosure holds.
        body: What its record says in clear. A resolution whose `decision` is None is about the newest.
        rubric: What an opening cites, recorded with it where it is new.
    """

    __slots__ = ("kind", "id", "case", "content", "body", "rubric")  # noqa: RUF023 - in the order of the constructor

    kind: str
    id: str
    case: str
    content: dict[str, Any]
    body: dict[str, Any]
    rubric: Scorer[Any] | None

    __hash__ = None  # type: ignore[assignment]
