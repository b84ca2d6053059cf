"""
What the serverless doors share: a submission's bytes in, an answer out that stands on an entry which is durable.

Owns the order (score, put the entry where it stays, answer from the entry that won) and the words and numbers of the answer. Must not know of any cloud,
nor where a sink keeps its entries. Imports what `scoring.runtime` imports and little more, so that a cold function starts fast.
"""

from __future__ import annotations

import sys

from scoring import canonical
from scoring.audit.entry import Entry
from scoring.engine.ids import MAX_ID, is_id
from scoring.engine.plan import MAX_PACK
from scoring.engine.submission import parse
from scoring.errors import ConflictError, Problem, RubricError, ScoringError, StoreError, SubmissionError
from scoring.runtime import Scorer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import Any, Protocol

    class Sink(Protocol):
        """Where entries become durable."""

        def put(self, id: str, entry: bytes, /) -> bytes:  # noqa: A002 - the word of FORMAT.md
            """Keep *entry* unless the id has one, and return the one that is kept; it is durable when this returns."""


__all__ = ["CONTENT_TYPE", "Door", "complain", "refusal"]

CONTENT_TYPE = "application/json"
_ANSWERED = ("action", "holds", "status", "verdict")  # of FORMAT.md 6, beside the id
_UNRECORDED = "nothing was recorded, so there is no verdict; send the same submission with the same id again"
_UNNAMED = (
    "nothing was recorded, so there is no verdict: what gives an id to a submission without one failed, which is the function's fault and not the sender's; "
    "send the submission with an id of its own, or again once the function is mended"
)
_UNNAMED_LOGGED = "nothing was recorded, so there is no verdict"


class _NoIdError(StoreError):
    """What was to give the submission an id did not."""


# The first row that fits an error: its HTTP status, what `error` says, and what the caller is told where the error's own words are the operator's.
_ERRORS: tuple[tuple[type[ScoringError], int, str, str], ...] = (
    (SubmissionError, 400, "submission", ""),
    (ConflictError, 409, "conflict", ""),
    (_NoIdError, 503, "unrecorded", _UNNAMED),
    (StoreError, 503, "unrecorded", _UNRECORDED),
)


class Door:
    """
    A rubric and a sink, made ready once while a function starts. May be shared by threads, if its sink may.

    Args:
        pack: The pack's bytes, or the path of its file.
        profile: Which weights; the pack's default where None.
        level: Which level's expectations, where the rubric has levels.
        sink: Where entries become durable. Without one nothing is ever decided.
        digest: The SHA-256 that the pack must have, in hexadecimal; any where None.

    Raises:
        RubricError: The pack is wrong, is another than *digest* says, or has no such profile or level.
        StoreError: The pack's file cannot be read. TypeError: The sink has no `put`, or the pack is neither bytes nor a path.
    """

    __slots__ = ("_scorer", "_sink")

    def __init__(
        self,
        pack: bytes | str | os.PathLike[str],
        profile: str | None = None,
        level: str | None = None,
        sink: Sink | None = None,
        digest: str | None = None,
    ) -> None:
        if sink is not None and (isinstance(sink, type) or not callable(getattr(sink, "put", None))):
            message = f"sink: expected an object with put(id, entry), or None, got {_kind(sink)}"
            raise TypeError(message)
        self._scorer = Scorer(pack if isinstance(pack, bytes) else _in_file(pack), profile, level)
        found = self._scorer.rubric.digest
        if digest is not None and digest != found:
            message = f"its SHA-256 is {found}, and digest= expects {digest}: deploy the pack that was meant, or name the new one's digest"
            raise RubricError([Problem("pack-digest", message)])
        self._sink = sink

    def decide(self, submission: bytes, name: Callable[[], str] | None = None) -> dict[str, Any]:
        """
        Decide one submission, once for its id, however often it comes.

        Args:
            submission: JSON, at most 1 MiB, with a `case`: FORMAT.md 9.
            name: Gives the id of a submission that has none of its own.

        Returns:
            `action`, `holds`, `id`, `status` and `verdict` of the first decision under this id.

        Raises:
            SubmissionError: It is wrong; every problem is named, and no answer repeated.
            ConflictError: Its id stands for another submission.
            StoreError: There is no sink, or it did not keep the entry, or *name* failed or gave no id: there is no verdict then.
        """
        if self._sink is None:
            raise StoreError(f"there is no sink to keep the entry: {_UNRECORDED}")
        if not submission.strip():
            raise SubmissionError([Problem("submission", "is empty; expected a submission as JSON")])
        document = parse(submission)
        if name is not None and type(document) is dict and document.get("id") is None:
            document["id"] = _named(name)
        decision, line = self._scorer.score_parsed(document)
        known = document["id"]
        won = self._put(known, line)
        data = decision.data if won == line else _first(known, line, decision.data, won).decision
        return {"id": known} | {key: data[key] for key in _ANSWERED}

    def answer(self, submission: bytes, name: Callable[[], str] | None = None) -> tuple[int, bytes]:
        """
        Do what `decide` does, for HTTP: the status, and the body as JSON.

        What went wrong with a sink is told on standard error, which is the operator's; the caller learns that nothing was decided.
        """
        try:
            return 200, canonical.dumps(self.decide(submission, name))
        except (SubmissionError, ConflictError, StoreError) as error:
            return refusal(error)

    def _put(self, name: str, line: bytes) -> bytes:
        """Have the entry kept. Whatever a sink raises, nothing is known to be kept then."""
        try:
            won = self._sink.put(name, line)  # type: ignore[union-attr] # without a sink nothing comes this far
        except StoreError as error:
            raise StoreError(f"{error}: {_UNRECORDED}") from error
        except Exception as error:  # a stranger's text might quote the entry, so its kind and place have to do
            raise StoreError(f"the sink failed with {_kind_and_place(error)}: {_UNRECORDED}") from error
        if type(won) is not bytes:
            raise StoreError(f"the sink returned a {type(won).__name__} and not the entry that won: {_UNRECORDED}")
        return won


def refusal(error: ScoringError) -> tuple[int, bytes]:
    """What HTTP says of an error: the status, and the body as JSON. What is the operator's goes to the function's log."""
    status, what, told = next(row[1:] for row in _ERRORS if isinstance(error, row[0]))
    document: dict[str, Any] = {"error": what}
    if isinstance(error, SubmissionError):
        document["problems"] = [
            {"code": problem.code, "message": problem.message, "path": problem.path} for problem in error.problems
        ]
    elif told:
        complain(str(error))
        document["message"] = told
    else:
        document["message"] = str(error)
    return status, canonical.dumps(document)


def _in_file(path: str | os.PathLike[str]) -> bytes:
    if not isinstance(path, str) and not hasattr(path, "__fspath__"):
        message = f"pack: expected the bytes of a pack or the path of its file, got {_kind(path)}"
        raise TypeError(message)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib alone would cost a cold start more than this package does
            return file.read(MAX_PACK + 1)
    except OSError as error:
        raise StoreError(f"the pack {path} cannot be read: {error.strerror}") from error


def _named(name: Callable[[], str]) -> str:
    """The id that the operator's function gives. Whatever it raises is not the sender's fault."""
    try:
        given = name()
    except StoreError as error:
        raise _NoIdError(f"id= failed: {error}; {_UNNAMED_LOGGED}") from error
    except Exception as error:  # a stranger's text might quote the submission, so its kind and place have to do
        raise _NoIdError(f"id= failed with {_kind_and_place(error)}; {_UNNAMED_LOGGED}") from error
    if not is_id(given):
        what = "text that is no id" if type(given) is str else _kind(given)
        message = (
            f"id= failed: it gave {what}; expected 1 to {MAX_ID} of the characters A-Z a-z 0-9 . _ -; {_UNNAMED_LOGGED}"
        )
        raise _NoIdError(message)
    return given


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a value of type {type(value).__name__}"


def _first(name: str, line: bytes, decision: dict[str, Any], won: bytes) -> Entry:
    """The entry that was first under this id, if it is of the same submission as *line*; the rubric may have become another one since."""
    try:
        first = Entry.from_bytes(won)
    except SubmissionError:
        raise StoreError(f"under the id {name} the sink holds something that is no entry: {_UNRECORDED}") from None
    if first.id != name:  # as on a file system that does not tell upper from lower case
        raise StoreError(f"under the id {name} the sink holds the entry of another id: {_UNRECORDED}")
    if Entry(name, first.case, decision, first.submission).to_bytes() != line:
        raise ConflictError(f"the id {name} stands for another submission: give this one an id of its own")
    return first


def _kind_and_place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"


def complain(text: str) -> None:
    """Print one line on standard error, which clouds keep as the function's log."""
    sys.stderr.write(f"scoring: {text}\n")
