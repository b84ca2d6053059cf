"""
Commands that give something of a log away: `export`, `receipt`.

Owns where it is written. Must not know what goes into it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from scoring import canonical
from scoring.audit.export import export as write_export
from scoring.audit.receipt import parse, with_record, write
from scoring.cli.inputs import open_log
from scoring.cli.naming import decision_named
from scoring.cli.options import WRITING, Writing
from scoring.cli.output import HOLDS, CallError, counted, emit, new_file, say
from scoring.cli.paths import STDIN
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    from scoring import AuditLog

__all__ = ["export", "receipt"]


def export(
    directory: str,
    /,
    *,
    output: Annotated[str, Parameter(name=["--output", "-o"])],
    case: list[str] | None = None,
    answers: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    packs: bool = False,
    tiles: bool = False,
    vault: str | None = None,
    opening: Writing = WRITING,
    json: bool = False,
) -> int:
    """
    Pack what an auditor gets: the records, the heads, the programs that check them; and of the cases that are named a receipt, a page, and what they said.

    Nothing goes along that a case disclosed which is not named. The same log gives the same archive.

    Args:
        directory: The log.
        output: The zip archive to write; one that exists is not overwritten.
        case: A case, or the number of a decision of it, as 17 or '#17'; once for each.
        answers: Of the named cases, only the answers to these items; they must have been recorded one by one.
        packs: The rubrics go along, keys and all. Without them no verdict can be recomputed.
        tiles: The log goes along as C2SP tlog-tiles too.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object, for machines.
    """
    if answers and not case:
        raise CallError("--answers goes with --case: whose answers?")
    with open_log(directory, opening, vault=vault) as log:
        seqs = [decision_named(log, name) for name in case or ()]
        stream = new_file(output)
        try:
            with stream:
                done = write_export(log, stream, seqs, packs=packs, tiles=tiles, answers=answers)
        except BaseException as error:
            Path(output).unlink()
            if isinstance(error, OSError):
                raise StoreError(f"{output} cannot be written: {error.strerror}") from error
            raise
    if json:
        emit({"file": output, "records": done.size, "cases": list(done.cases), "missing": list(done.remarks)})
        return HOLDS
    named = ", ".join(f"#{seq}" for seq in done.cases)
    say(f"{output}: {counted(done.size, 'record')}" + (f", with the cases of {named}" if named else ", and no case"))
    for remark in done.remarks:
        say(f"  {remark}")
    return HOLDS


# --- receipt ---


def receipt(
    directory: str,
    record: str | None = None,
    /,
    *,
    output: Annotated[str, Parameter(name=["--output", "-o"])] = STDIN,
    vault: str | None = None,
    opening: Writing = WRITING,
    json: bool = False,
) -> int:
    """
    Give away what shows that a record is in a log: its receipt, which carries the record. Without a record: the checkpoint of the whole log.

    Whoever has it checks it with `scoring verify FILE --key KEY`, offline. A candidate's receipt shows that a decision was recorded, and that nobody left it
    out; a checkpoint kept elsewhere shows whether anything up to it was changed. Neither holds an answer, or says whose it is.

    Args:
        directory: The log.
        record: Any record's number, as 17 or '#17'; or a case, whose newest decision is meant.
        output: The file to write; one that exists is not overwritten. `-` prints it.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object, for machines.
    """
    with open_log(directory, opening, vault=vault) as log:
        seq = None if record is None else _record_named(log, record)
        try:
            text = log.checkpoint() if seq is None else _whole(log, seq)
        except LogError as error:
            if not log.no_heads or log.broken_head:
                raise
            raise CallError(str(error)) from error
    if output != STDIN:
        with new_file(output) as stream:
            stream.write(text.encode())
    if json:
        emit({"file": output, "record": seq, "text": text})
    elif output == STDIN:
        sys.stdout.write(text)
    else:
        say(f"{output}: " + ("the checkpoint of the log" if seq is None else f"the receipt of record #{seq}"))
    return HOLDS


def _record_named(log: AuditLog, name: str) -> int:
    digits = name.removeprefix("#")
    if name.startswith("#") and digits.isascii() and digits.isdigit() and len(digits) <= 16 and int(digits) < len(log):
        return int(digits)
    return decision_named(log, name)


def _whole(log: AuditLog, seq: int) -> str:
    """A receipt that carries its record, so that one file is enough."""
    return write(with_record(parse(log.receipt(seq).encode()), canonical.dumps(log.read(seq)))).decode()
