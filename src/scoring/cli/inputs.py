"""
What commands read: rubrics, logs, and JSON a line at a time, from files or from standard input.

Owns how a document that cannot be read is located without quoting it: cut off, not UTF-8, no JSON. Must not know how a document is judged.
"""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from contextlib import nullcontext
from itertools import count
from pathlib import Path

from scoring import canonical
from scoring.cli.output import HOLDS, UNCHECKED, CallError, complain, in_options, place
from scoring.cli.paths import (
    EXAMPLES,
    PACK,
    RUBRIC,
    STDIN,
    TEXT,
    UNKNOWN,
    YAML,
    existing_file,
    fitting_in,
    is_begun,
    kind_of,
    log_at,
    shown,
    vault_missing,
)
from scoring.engine.plan import MAX_PACK
from scoring.errors import LogError, Problem, RubricError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import Any, BinaryIO, TypeAlias

    from scoring import AuditLog, Rubric
    from scoring.audit.keys import SigningKey
    from scoring.cli.options import Reading, Writing

    Unread: TypeAlias = "tuple[int, bytes] | Line"  # a line with its number; what takes several was read already

__all__ = [
    "Line",
    "examined",
    "examined_data",
    "is_live",
    "json_lines",
    "json_problem",
    "length_of",
    "let_go",
    "must_keep",
    "open_log",
    "read_line",
    "rubric_at",
    "tell_heads",
    "tell_older",
    "unread_lines",
    "whole",
]


# --- rubrics and logs ---


def rubric_at(name: str, profile: str | None = None, level: str | None = None) -> Rubric:
    """
    Load a rubric, from YAML or from a pack.

    Raises:
        CallError: It is something else. RubricError: It is wrong; each problem has its place.
    """
    problems, rubric = examined(name, profile, level)
    if rubric is None:
        raise RubricError(problem for problem in problems if problem.severity == "error")
    return rubric


def examined(
    name: str, profile: str | None = None, level: str | None = None, *, any_level: bool = False
) -> tuple[list[Problem], Rubric | None]:
    """
    Read a rubric, and collect everything that is wrong with it or doubtful.

    Args:
        name: Its path, the directory that holds it as `rubric.yaml`, or `-`.
        profile: The weight profile; the rubric's default one where None.
        level: The level, where the rubric has levels.
        any_level: What is done with it is the same at each level: take the first where it has some.

    Returns:
        The problems, each with its place, and the rubric; None where it cannot score.

    Raises:
        CallError: It is something else.
    """
    from scoring.rubric.load import rubric_file

    name = rubric_file(name)
    return examined_data(whole(name, MAX_PACK, RUBRIC), name, profile, level, any_level=any_level)


def examined_data(
    data: bytes, name: str, profile: str | None = None, level: str | None = None, *, any_level: bool = False
) -> tuple[list[Problem], Rubric | None]:
    """Do what `examined` does with bytes that were read already."""
    from scoring.engine.rubric import Rubric
    from scoring.rubric.load import AUTHORED

    kind, file = kind_of(data), shown(name)
    authored = kind == YAML or (kind in (TEXT, UNKNOWN) and name.lower().endswith(AUTHORED))
    if not authored and kind not in (PACK, UNKNOWN):
        beside = fitting_in(Path(name).parent) if kind == EXAMPLES and name != STDIN else ""
        raise CallError(f"{file} is {kind}; expected {RUBRIC}{beside}")
    problems: list[Problem] = []
    if authored:
        from scoring.rubric.check import examine

        result = examine(data, file)
        problems += result.problems
        if result.pack is None:
            return problems, None
        data = result.pack
    else:
        try:
            canonical.loads(data)
        except canonical.CanonicalError as error:
            line, column, problem = json_problem(data, error)
            return place([Problem("pack", problem)], file, line, column), None
    try:
        return problems, Rubric(data, profile, _first_level(data) if any_level else level)
    except RubricError as error:
        told = [
            Problem(p.code, f"{p.message}; --level LEVEL says which") if p.code == "level" and level is None else p
            for p in error.problems
        ]
        return [*problems, *place(told, file)], None


def _first_level(pack: bytes) -> str | None:
    """The lowest level of a pack that may be anything; None where it has none to speak of, and then the engine says what is wrong."""
    document = canonical.loads(pack)
    levels = document.get("levels") if type(document) is dict else None
    first = levels[0] if type(levels) is list and levels else None
    name = first.get("id") if type(first) is dict else None
    return name if type(name) is str else None


def open_log(
    name: str,
    opening: Reading | Writing,
    *,
    vault: str | None = None,
    create: bool = False,
    new_vault: bool = False,
    hint: str = "",
    per_answer: bool = False,
) -> AuditLog:
    """
    Open a log to work with.

    Args:
        name: The directory.
        opening: The signing keys, and the checkpoint that the log must extend, as the call gives them.
        vault: The vault's file; None for the one beside the log.
        create: Make the log, and the vault, where there is none.
        new_vault: Begin a vault although the log has records of cases; or go on with an older copy.
        hint: What to say where there is none.
        per_answer: Keep each answer that is recorded as a disclosure of its own.

    Raises:
        CallError: It is no log, there is no such vault, or the keys are another log's. LogError: It is one, and damaged, or does not extend the checkpoint.
    """
    from scoring import AuditLog

    given: dict[str, Any] = {"vault": vault, "create": create, "new_vault": new_vault, "per_answer": per_answer}
    fresh = create and not is_begun(Path(name))
    if not fresh:
        _must_be_there(name, vault, new_vault=create or new_vault, hint=hint)
    given |= _opened_with(opening, None if fresh else name)
    try:
        opened = AuditLog.open(name, **given)
    except LogError as error:
        if not fresh:
            raise
        raise CallError(str(error)) from None
    if opened.recovered:
        complain(opened.recovered)
    _tell_rotation(given.get("signer") or ())
    return opened


def _tell_rotation(signers: Sequence[SigningKey]) -> None:
    """Say which key is the log's now, where the old one and the new one were given."""
    if len(signers) > 1:
        old, new = signers[0].verification_key, signers[-1].verification_key
        complain(
            f"the log's key is {new} from now on, and its file is enough for --key; keep {old}: it checks what was given out under it"
        )


def _opened_with(opening: Reading | Writing, log: str | None) -> dict[str, Any]:
    """The keys and the checkpoint of a call. What reads and checks them is loaded where there are some: most calls have none."""
    files = getattr(opening, "key", ())
    given: dict[str, Any] = {}
    if files or opening.trusted_checkpoint is not None:
        from scoring.cli.keys import checkpoint_in, signers_of

        given["signer"] = signers_of(files, log) or None
        given["trusted"] = None if opening.trusted_checkpoint is None else checkpoint_in(opening.trusted_checkpoint)
    return given


def _must_be_there(name: str, vault: str | None, *, new_vault: bool, hint: str) -> None:
    try:
        log_at(name)
    except CallError as error:
        raise CallError(f"{error}{hint}") from None
    missing = vault_missing(name, vault)
    if vault is not None and missing and not new_vault:
        raise CallError(missing)


def tell_heads(log: AuditLog) -> int:
    """Let go of a log, and say where its newest head leaves records out, and why: nobody should take them for provable. The exit status, as `let_go`."""
    why = log.no_heads if log.provable < len(log) else ""
    status = let_go(log)
    if why and status == HOLDS:
        complain(f"no head was made over what is new: {in_options(why)}")
    return status


def let_go(log: AuditLog) -> int:
    """Close a log, which makes the head that is due; the exit status, which is not `HOLDS` where that failed."""
    log.close()
    if not log.head_failed:
        return HOLDS
    complain(
        f"what this call recorded is durable, but no head could be made, so that it is not provable yet: {in_options(log.head_failed)}"
    )
    return UNCHECKED


def tell_older(log: AuditLog) -> None:
    """Say that the log that is read, or its vault, is an older copy than the other."""
    if log.out_of_step:
        complain(in_options(log.out_of_step))


def must_keep(log: str, vault: str | None) -> None:
    """
    Refuse to record where the answers would be lost.

    Raises:
        CallError: The vault is missing.
    """
    missing = vault_missing(log, vault)
    if missing:
        begin = "--new-vault begins a new one, which earlier cases are not in"
        raise CallError(
            f"{missing}, and nothing was recorded: put it back; --vault PATH says where it lies now, {begin}"
        )


# --- reading ---


def is_live(name: str) -> bool:
    """Whether an input is standard input and no regular file: whoever sends it may wait for each answer before sending on."""
    if name != STDIN:
        return False
    try:
        return not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
    except io.UnsupportedOperation:  # a stream without a descriptor, as a caller in this process may put there
        return True


def length_of(name: str) -> int:
    """How many bytes an input holds; 0 where that cannot be known beforehand."""
    try:
        found = os.fstat(sys.stdin.fileno()) if name == STDIN else Path(name).stat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def whole(name: str, most: int, wanted: str) -> bytes:
    """
    Read a file, or standard input, to its end.

    Raises:
        CallError: It is longer than *most* bytes, or not there.
        StoreError: It cannot be read.
    """
    with _opened(name, wanted) as stream:
        data = _read(name, stream, most + 1)
    if len(data) > most:
        raise CallError(f"{shown(name)} is longer than {most:,} bytes; expected {wanted}")
    return data


class Line:
    """
    One JSON document of a stream.

    Attributes:
        number: The line it starts on, from 1.
        value: What it says; None where it says nothing.
        problem: Why it could not be read, without a word of what it holds; empty where it could.
        column: Where in the line that is, from 1; 0 where that is not known.
    """

    __slots__ = ("column", "number", "problem", "value")

    def __init__(self, number: int, value: Any, problem: str = "", column: int = 0) -> None:
        self.number = number
        self.value = value
        self.problem = problem
        self.column = column


def json_lines(name: str, most: int, wanted: str) -> Iterator[Line]:
    """
    Read JSON documents, one a line, as they come; or the one document that takes several lines.

    Args:
        name: A path, or `-`.
        most: Bytes that a document may have.
        wanted: What the documents are, for messages.

    Raises:
        CallError: There is no such file.
        StoreError: It cannot be read.
    """
    return (read_line(line, most) for line in unread_lines(name, most, wanted))


def unread_lines(name: str, most: int, wanted: str) -> Iterator[Unread]:
    """
    Read the lines that `json_lines` reads, and leave to `read_line` what they say, perhaps in another process.

    Raises:
        As `json_lines`.
    """
    with _opened(name, wanted) as stream:
        lines = _numbered(name, stream, most)
        for number, line in lines:
            if _is_open(line):  # no JSON ends like that, so it goes on
                yield from _in_several_lines((number, line), lines, most)
            elif line.strip():
                yield number, line


def read_line(line: Unread, most: int) -> Line:
    """Say what a line says."""
    return line if isinstance(line, Line) else _parsed(*line, most)


def _opened(name: str, wanted: str) -> AbstractContextManager[BinaryIO]:
    if name != STDIN:
        path = existing_file(name, wanted)
        try:
            return path.open("rb")
        except OSError as error:
            raise StoreError(f"{name} cannot be read: {error.strerror}") from error
    if sys.stdin.isatty():
        complain(f"reading {wanted} from the terminal; Ctrl-D ends it")
    return nullcontext(sys.stdin.buffer)


def _read(name: str, stream: BinaryIO, most: int) -> bytes:
    try:
        return stream.read(most)
    except OSError as error:
        raise StoreError(f"{shown(name)} cannot be read: {error.strerror}") from error


def _numbered(name: str, stream: BinaryIO, most: int) -> Iterator[tuple[int, bytes]]:
    """Lines, each with its number. One that is too long is cut, and the rest of it is passed over."""
    for number in count(1):
        try:
            line = rest = stream.readline(most + 1)
            while len(rest) > most and not rest.endswith(b"\n"):
                rest = stream.readline(most + 1)
        except OSError as error:
            raise StoreError(f"{shown(name)} cannot be read: {error.strerror}") from error
        if not line:
            return
        yield number, line


def _parsed(number: int, line: bytes, most: int) -> Line:
    if len(line) > most:
        return Line(number, None, f"longer than {most:,} bytes")
    try:
        return Line(number, canonical.loads(line.strip()))
    except canonical.CanonicalError as error:
        row, column, problem = json_problem(line.rstrip(), error)
        return Line(number + row - 1, None, problem, column)


def json_problem(data: bytes, error: canonical.CanonicalError) -> tuple[int, int, str]:
    """Where JSON goes wrong (line and column from 1; 1 and 0 where that is not known), and why, without quoting it."""
    try:
        json.loads(data.decode())
    except json.JSONDecodeError as place:
        if place.pos >= len(place.doc.rstrip()) or place.msg.startswith("Unterminated string"):
            return place.lineno, place.colno, "the JSON ends in the middle of a value: it looks cut off"
        if place.msg == "Extra data":
            return place.lineno, place.colno, "more JSON behind the first value: each object needs a line of its own"
        return place.lineno, place.colno, f"not JSON: {place.msg}"
    except (ValueError, RecursionError):  # not UTF-8, too deep, or too long a number: the strict reader has the words
        pass
    return 1, 0, error.message


def _is_open(line: bytes) -> bool:
    """Whether a document may go on behind this line, as JSON that was printed for people does."""
    return line.strip()[-1:] in (b"{", b"[", b",") and line.lstrip()[:1] in (b"{", b"[")


def _in_several_lines(first: tuple[int, bytes], lines: Iterator[tuple[int, bytes]], most: int) -> Iterator[Line]:
    """Read one document to the end of the input; or, if that is none, take each line for a document."""
    held = [first]
    size = len(first[1])
    for line in lines:
        held.append(line)
        size += len(line[1])
        if size > most:
            break
    document = _parsed(first[0], b"".join(line for _, line in held), most)
    each = [_parsed(*line, most) for line in held if line[1].strip()] if document.problem else []
    if not any(type(line.value) is dict for line in each):
        yield document
        return
    yield from each
    for number, text in lines:
        if text.strip():
            yield _parsed(number, text, most)
