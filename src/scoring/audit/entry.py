"""
What goes into a log and what comes back: submissions with a name, entries, and where they were recorded.

An entry is what a scorer makes somewhere without a log; the log gives it a place. Must not know of files, chains or salts.
"""

from __future__ import annotations

from scoring import canonical
from scoring.audit.fields import MAX_CASE, decision_misfit, is_case, is_id
from scoring.audit.value import Value
from scoring.errors import Problem, SubmissionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, TypeVar

    Decision_co = TypeVar("Decision_co", covariant=True)

    class _Of(Value, Generic[Decision_co]):
        pass

else:

    class _Of(Value):
        __slots__ = ()
        __class_getitem__ = classmethod(lambda cls, _: cls)

    Decision_co = None

__all__ = ["Entry", "Recorded", "entry_line", "name_problems", "take_apart"]

_NAMES_OF_ALL = frozenset({"id", "case"})  # what a submission is called, and whose it is
MAX_SUBMISSION = 1024 * 1024  # bytes; a sheet of 1,000 answers has some 60 KB


class Entry(Value):
    """
    A decision that is to be recorded.

    Attributes:
        id: The caller's name for the submission, the same on a retry.
        case: Whose it is.
        decision: As FORMAT.md 6 says: what `Decision.data` holds.
        submission: What was scored, without its `id` and `case`.
    """

    __slots__ = ("id", "case", "decision", "submission")  # noqa: RUF023 - in the order of the constructor

    id: str
    case: str
    decision: dict[str, Any]
    submission: dict[str, Any]

    def __init__(self, id: str, case: str, decision: dict[str, Any], submission: dict[str, Any]) -> None:  # noqa: A002
        super().__init__(id, case, decision, submission)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Entry(id={self.id!r})"  # the rest is personal data

    def to_bytes(self) -> bytes:
        """Write the entry as one line of canonical JSON, for handing it over in a file."""
        return b"".join(
            _line(*(canonical.dumps(part) for part in (self.case, self.decision, self.id, self.submission)))
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Entry:
        """
        Read what `to_bytes` wrote.

        Raises:
            SubmissionError: It is no entry; every problem is named.
        """
        try:
            value: Any = canonical.loads(data)
        except canonical.CanonicalError as error:
            raise SubmissionError([Problem("entry", f"not an entry: {error}")]) from None
        keys = {*cls.__slots__, "type"}
        if type(value) is not dict or value.keys() != keys or value["type"] != "decision":
            message = f"not an entry: expected an object of {', '.join(sorted(keys))} with the type decision"
            raise SubmissionError([Problem("entry", message)])
        entry = cls(*(value[key] for key in cls.__slots__))
        wrong = decision_misfit(entry.decision)
        entry.check([Problem("decision", wrong, path="decision")] if wrong else [])
        return entry

    def check(self, problems: list[Problem] | None = None) -> None:
        """
        Raise what keeps this entry out of every log, its decision apart, which is checked with the record.

        Raises:
            SubmissionError: With every problem, after those given.
        """
        objects = type(self.decision) is dict and type(self.submission) is dict
        if (
            not problems
            and objects
            and is_id(self.id)
            and is_case(self.case)
            and _NAMES_OF_ALL.isdisjoint(self.submission)
        ):
            return
        problems = [*(problems or []), *name_problems({"case": self.case, "id": self.id})]
        if type(self.decision) is not dict and not any(problem.path == "decision" for problem in problems):
            problems.append(Problem("decision", "expected an object", path="decision"))
        if type(self.submission) is not dict or not _NAMES_OF_ALL.isdisjoint(self.submission):
            problems.append(Problem("submission", "expected an object without id and case", path="submission"))
        if problems:
            raise SubmissionError(problems)


def _line(case: bytes, decision: bytes, name: bytes, submission: bytes) -> tuple[bytes, ...]:
    """The pieces of an entry's line, its members being canonical JSON already."""
    return (
        *(b'{"case":', case, b',"decision":', decision, b',"id":', name, b',"submission":', submission),
        b',"type":"decision"}',
    )


def entry_line(submission: dict[str, Any], decision: dict[str, Any]) -> bytes:
    """
    Write what `Entry.to_bytes` writes, for a submission that was parsed by `canonical.loads` and the decision that the engine made of it.

    Neither is looked at again: what was parsed strictly, and what the engine writes, has a canonical form.

    Raises:
        SubmissionError: The submission has no id or no case, or they are malformed.
    """
    name, case, rest = take_apart(submission)
    return canonical.encode({"case": case, "decision": decision, "id": name, "submission": rest, "type": "decision"})


class Recorded(_Of[Decision_co]):
    """
    A decision that has its place in the log.

    Attributes:
        seq: The record.
        decision: What was decided.
        repeated: The log had this submission already, and *decision* is the one recorded then.
    """

    __slots__ = ("seq", "decision", "repeated")  # noqa: RUF023 - in the order of the constructor

    seq: int
    decision: Decision_co
    repeated: bool

    def __init__(self, seq: int, decision: Decision_co, repeated: bool = False) -> None:
        super().__init__(seq, decision, repeated)

    def __repr__(self) -> str:
        return f"Recorded(seq={self.seq}{', repeated' if self.repeated else ''})"


def take_apart(submission: Any) -> tuple[str, str, dict[str, Any]]:
    """
    Split a submission into its id, its case, and what is scored.

    Args:
        submission: A dictionary, or the JSON of one.

    Raises:
        SubmissionError: It has no id or no case, or they are malformed. A case is never repeated in the message: it may be a person's name.

    Source: FORMAT.md 9.
    """
    if isinstance(submission, bytes):
        submission = _parse(submission)
    if type(submission) is not dict:
        raise SubmissionError([Problem("submission", "expected an object")])
    name: Any = submission.get("id")
    case: Any = submission.get("case")
    if not (is_id(name) and is_case(case)):
        raise SubmissionError(name_problems(submission))
    rest = submission.copy()
    del rest["id"], rest["case"]
    return name, case, rest


def _parse(data: bytes) -> Any:
    if len(data) > MAX_SUBMISSION:
        raise SubmissionError([Problem("submission", f"longer than {MAX_SUBMISSION} bytes")])
    try:
        return canonical.loads(data)
    except canonical.CanonicalError as error:
        raise SubmissionError([Problem("submission", f"not a submission: {error.message}")]) from None


def name_problems(document: dict[str, Any], what: str = "a submission") -> list[Problem]:
    """Say what is wrong with an id and a case; a case is never repeated."""
    return [
        Problem(
            f"{name}-missing" if document.get(name) is None else f"{name}-form",
            f"to be recorded, {what} needs {expected}",
            path=name,
        )
        for name, fits, expected in _NAMES
        if not fits(document.get(name))
    ]


_NAMES = (
    ("id", is_id, "an id of your own, the same on a retry: 1 to 48 of the characters A-Z a-z 0-9 . _ -"),
    ("case", is_case, f"a case, which says whose it is: text of 1 to {MAX_CASE} characters"),
)
