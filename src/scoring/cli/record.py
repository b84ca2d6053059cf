"""
Commands that put into a log what was not scored here: `append`, `open`.

Owns what a file may be that goes into a log, and which facts of a case can be fixed on the command line. Must not know how a record is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from scoring import canonical
from scoring.audit.entry import Entry
from scoring.audit.intake import TwiceError
from scoring.cli.inbox import is_inbox, taken
from scoring.cli.inputs import examined_data, json_problem, must_keep, open_log, rubric_at, tell_heads, whole
from scoring.cli.naming import new_id
from scoring.cli.options import WRITING, In, Writing
from scoring.cli.output import CallError, Table, complain, counted, emit, in_options, place, printable, say
from scoring.cli.paths import ENTRIES, PACK, STDIN, is_begun, kind_at, kind_of, shown
from scoring.cli.template import items_of
from scoring.engine.submission import MAX_SUBMISSION
from scoring.errors import LogError, Problem, RubricError, StoreError, SubmissionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from scoring import AuditLog, Rubric

__all__ = ["append", "open_case"]

_WANTED = "a pack or entries"
_MAX_FILE = 1 << 30  # bytes of entries; a file goes in as a whole, and so through memory


# --- append ---


def append(
    directory: str,
    file: In,
    /,
    *files: In,
    create: bool = False,
    per_answer: bool = False,
    vault: str | None = None,
    new_vault: bool = False,
    opening: Writing = WRITING,
    json: bool = False,
) -> int:
    """
    Put a rubric, or decisions made elsewhere, into a log.

    A file goes in as a whole or not at all. From an inbox each entry goes in that can, and what cannot is told at the end. What the log has already
    stays as it is, and the answer names its record.

    Args:
        directory: The log.
        file: A pack, which is published; or entries as `scoring score --entries` writes them, one a line, with `-` for standard input; or an inbox that
            functions fill, a directory or s3://BUCKET/PREFIX.
        files: More of them, in order.
        create: Make the log, and its vault, where there is none.
        per_answer: Keep each answer as a disclosure of its own, so that one can be shown to an auditor without the others.
        vault: The log's vault, where it does not lie beside the log.
        new_vault: Begin a new vault where the log's is lost: what is recorded from now on is not linked with what its cases had before.
            Where the log or its vault is an older copy than the other: go on with both as they are.
        opening: What the log is opened with.
        json: One JSON object a record, for machines.
    """
    if create and not is_begun(Path(directory)):
        for name in (file, *files):
            _must_be_takeable(name)
    table = Table("record", "type", "id", "file")
    new = 0
    try:
        with open_log(
            directory,
            opening,
            vault=vault,
            create=create,
            new_vault=new_vault,
            hint="; --create makes one",
            per_answer=per_answer,
        ) as log:
            for name in (file, *files):
                for facts in _taken(log, name, lambda: must_keep(directory, vault)):
                    new += not facts["repeated"]
                    if json:
                        emit(facts)
                    else:
                        again = " again" if facts["repeated"] else ""
                        table.row(
                            f"#{facts['seq']}{again}", facts["type"], facts["id"], f"{facts['file']}:{facts['line']}"
                        )
            status = tell_heads(log)
    except StoreError:
        if new:
            complain(
                f"stopped: {counted(new, 'record')} went in; the same call can be given again, and what is recorded keeps its record"
            )
        raise
    finally:  # what one file brought in stays in, whatever is wrong with the next
        table.show()
    return status


def _must_be_takeable(name: str) -> None:
    """Refuse what no log can take in, before one is made for it."""
    if name == STDIN or is_inbox(name):
        return
    kind = kind_at(name, _WANTED)
    if kind is not None:
        _must_be_kind(name, kind)
    if kind == PACK:
        _rubric_in(name, whole(name, _MAX_FILE, _WANTED))


def _taken(log: AuditLog, name: str, must_keep: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Take one file in, and tell the record of everything in it. A rubric needs no vault, so *must_keep* is asked for entries alone."""
    if is_inbox(name):
        for where, called, seq, repeated in taken(log, name, must_keep):
            yield {"file": where, "line": 1, "type": "decision", "id": called, "seq": seq, "repeated": repeated}
        return
    data = whole(name, _MAX_FILE, _WANTED)
    kind = kind_of(data)
    _must_be_kind(name, kind)
    if kind == ENTRIES:
        must_keep()
    size = len(log)
    for line, what, called, seq in _TAKEN[kind](log, name, data):
        yield {"file": shown(name), "line": line, "type": what, "id": called, "seq": seq, "repeated": seq < size}


def _must_be_kind(name: str, kind: str) -> None:
    if kind not in _TAKEN:
        wanted = "a pack, or entries as `scoring score --entries` writes them"
        raise CallError(f"{shown(name)} is {kind}; expected {wanted}")


def _rubric_in(name: str, data: bytes) -> Rubric:
    problems, rubric = examined_data(data, name, any_level=True)
    if rubric is None:
        raise RubricError(problems)
    return rubric


def _publish(log: AuditLog, name: str, data: bytes) -> list[tuple[int, str, str, int]]:
    rubric = _rubric_in(name, data)
    return [(1, "rubric", rubric.id, log.publish(rubric))]


def _append(log: AuditLog, name: str, data: bytes) -> list[tuple[int, str, str, int]]:
    entries: list[tuple[int, Entry]] = []
    problems: list[Problem] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                entries.append((number, Entry.from_bytes(line)))
            except SubmissionError as error:
                problems += place(error.problems, shown(name), number)
    if problems:
        raise SubmissionError(problems)
    try:
        seqs = log.append(entry for _, entry in entries)
    except SubmissionError as error:
        told = [Problem(p.code, in_options(p.message), path=p.path) for p in error.problems]
        raise SubmissionError(place(told, shown(name))) from None
    except TwiceError as error:
        twice = [number for number, entry in entries if entry.id == error.id]
        raise CallError(
            f'{shown(name)}:{twice[-1]}: the id "{error.id}" stands twice in this file, for different submissions, on the lines {_listed(twice)}: give each'
            " an id of its own; nothing of this file was recorded"
        ) from error
    except LogError as error:
        # The log was sound when it was opened: what it refuses here is what was given to it.
        raise CallError(f"{shown(name)}: {error}; nothing of this file was recorded") from error
    return [(number, "decision", entry.id, seq) for (number, entry), seq in zip(entries, seqs, strict=True)]


def _listed(lines: list[int]) -> str:
    more = f" and {len(lines) - 10:,} more" if len(lines) > 10 else ""
    return ", ".join(map(str, lines[:10])) + more


_TAKEN = {PACK: _publish, ENTRIES: _append}


# --- open ---


def open_case(
    directory: str,
    rubric: In,
    /,
    *,
    case: str,
    id: str | None = None,  # noqa: A002 - the option's name
    profile: str | None = None,
    level: str | None = None,
    variant: str | None = None,
    rater: list[str] | None = None,
    facts: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    create: bool = False,
    vault: str | None = None,
    new_vault: bool = False,
    opening: Writing = WRITING,
    json: bool = False,
) -> int:
    """
    Fix what holds for a case before its candidate starts: rubric, profile and level; variant, panel, notice and accommodation.

    It is optional, and binding once it is there: a submission of the case that says otherwise is refused.

    Args:
        directory: The log.
        rubric: A rubric.yaml, the directory that holds it, or a pack.
        case: Whose case.
        id: Your name for this opening, the same on a retry; a new one otherwise.
        profile: The rubric's weight profile; its default one otherwise.
        level: The level of the position, where the rubric has levels.
        variant: The variant that the candidate takes.
        rater: One of the panel, as NAME:ROLE; given once for each of them.
        facts: A JSON file with the facts that are fixed: accommodation, notice, raters, started_at, variant, each of them or not; `-` is standard input.
        create: Make the log, and its vault, where there is none.
        vault: The log's vault, where it does not lie beside the log.
        new_vault: Begin a new vault where the log's is lost: what is recorded from now on is not linked with what its cases had before.
            Where the log or its vault is an older copy than the other: go on with both as they are.
        opening: What the log is opened with.
        json: One JSON object, for machines.
    """
    if rubric == facts == STDIN:
        raise CallError("the rubric and the facts cannot both come from standard input")
    ready = rubric_at(rubric, profile, level)
    fixed = _fixed(facts, variant, _panel(ready, rater or []))
    name = new_id("opening") if id is None else id
    with open_log(
        directory, opening, vault=vault, create=create, new_vault=new_vault, hint="; --create makes one"
    ) as log:
        must_keep(directory, vault)
        size = len(log)
        seq = log.open_case(ready, case, name, fixed)
        status = tell_heads(log)
    chosen = {"rubric": ready.id, "version": ready.version, "profile": ready.profile, "level": ready.level}
    if json:
        emit({"seq": seq, "id": name, "repeated": seq < size, **chosen, "fixed": sorted(fixed)})
        return status
    at = f", level {ready.level}" if ready.level else ""
    say(
        f"record #{seq}{' again' if seq < size else ''}: {printable(case)} is opened under {ready.id} {ready.version},"
        f" profile {ready.profile}{at}; fixed: {', '.join(sorted(fixed)) or 'no fact'}"
    )
    return status


def _fixed(name: str | None, variant: str | None, panel: dict[str, str]) -> dict[str, Any]:
    """The facts that a call names, from the file and from the options."""
    fixed = {} if name is None else _facts_in(name)
    if variant is not None:
        fixed = _with(fixed, "variant", variant)
    if panel:
        fixed = _with(fixed, "raters", panel)
    return fixed


def _facts_in(name: str) -> dict[str, Any]:
    data = whole(name, MAX_SUBMISSION, "facts in JSON")
    try:
        facts = canonical.loads(data)
    except canonical.CanonicalError as error:
        line, column, problem = json_problem(data, error)
        raise SubmissionError(place([Problem("json", problem)], shown(name), line, column)) from None
    if type(facts) is not dict:
        raise CallError(f"{shown(name)} holds no JSON object; expected the facts that are fixed")
    if "facts" in facts:
        raise CallError(
            f"{shown(name)} looks like a submission; expected the facts alone: what stands there under facts"
        )
    return facts


def _with(fixed: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    if name in fixed:
        raise CallError(f"{name} stands in the facts and among the options: say it once")
    return {**fixed, name: value}


def _panel(rubric: Rubric, raters: list[str]) -> dict[str, str]:
    """The panel that a call names. An opening cannot be altered, so a role in which nobody rates is most likely a slip."""
    panel = dict(_seat(rater) for rater in raters)
    if len(panel) < len(raters):
        raise CallError("--rater names one person twice: each rates in one role")
    needed = sorted({role for item in items_of(rubric) for role in item.get("raters", {}).get("needs", {})})
    for role in panel.values():
        if role not in needed:
            roles = ", ".join(needed) or "there is none"
            raise CallError(
                f"--rater: no item is rated by that role; the roles are: {roles}{did_you_mean(role, needed)}"
            )
    return panel


def _seat(text: str) -> tuple[str, str]:
    rater, colon, role = text.rpartition(":")
    if not (colon and rater and role):
        raise CallError("--rater wants NAME:ROLE, such as r1:recruiter")
    return rater, role
