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
from scoring.audit.checkpoint import parse as parse_checkpoint
from scoring.audit.export import export as write_export
from scoring.audit.given import said_of_record
from scoring.audit.receipt import parse, with_record, write
from scoring.cli.inputs import let_go, open_log
from scoring.cli.naming import ELSEWHERE, decision_named
from scoring.cli.options import WRITING, Writing
from scoring.cli.output import HOLDS, UNCHECKED, CallError, complain, counted, emit, new_file, say
from scoring.cli.paths import STDIN
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    from scoring import AuditLog
    from scoring.audit.export import Exported

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

    Of a case that is not named, nothing that it disclosed goes along; but the records of all cases do, and they tell what each item came to: with its rubric,
    which option was picked. The same log gives the same archive. Exit status 3: the vault does not have all that was to be disclosed.

    Args:
        directory: The log.
        output: The zip archive to write, a file; one that exists is not overwritten.
        case: A case, or the number of a decision of it, as 17 or '#17'; once for each.
        answers: Of the named cases, only the answers to these items; they must have been recorded one by one. What the others came to stays to be seen.
        packs: The rubrics go along, keys and all. Without them no verdict can be recomputed, so that checking it ends with exit status 3; with them everybody's
            outcomes can be read.
        tiles: The log goes along as C2SP tlog-tiles too.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object, for machines.
    """
    if answers and not case:
        raise CallError("--answers goes with --case: whose answers?")
    if output == STDIN:
        raise CallError("an archive is not printed: --output names the file to write")
    with open_log(directory, opening, vault=vault) as log:
        no_vault = log.no_vault
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
        status = let_go(log)
    if json:
        emit({"file": output, "records": done.size, "cases": list(done.cases), "missing": list(done.remarks)})
        return _whole_export(done, no_vault) or status
    named = ", ".join(f"#{seq}" for seq in done.cases)
    say(f"{output}: {counted(done.size, 'record')}" + (f", with the cases of {named}" if named else ", and no case"))
    for remark in done.remarks:
        say(f"  {remark}")
    return _whole_export(done, no_vault) or status


def _whole_export(done: Exported, no_vault: str) -> int:
    """The exit status; what was to be disclosed and is not there is no matter of course."""
    if done.gone:
        complain(f"{no_vault}: {ELSEWHERE}" if no_vault else "the vault does not have all that was to be disclosed")
    return UNCHECKED if done.gone else HOLDS


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
        output: The file to write; one that exists is not overwritten. `-` prints it. Which decision it is of is told beside it.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object, for machines.
    """
    with open_log(directory, opening, vault=vault) as log:
        seq = None if record is None else _record_named(log, record)
        try:
            text = log.checkpoint() if seq is None else _with_record(log, seq)
            said = "" if seq is None else f"#{seq}, {said_of_record(log.read(seq))}"
        except LogError as error:
            if not log.no_heads or log.broken_head:
                raise
            raise CallError(str(error)) from error
        status = let_go(log)
    if output != STDIN:
        with new_file(output) as stream:
            stream.write(text.encode())
    if not parse_checkpoint(text.encode() if seq is None else parse(text.encode()).checkpoint).signatures:
        complain(
            "unsigned: whoever has the log could make another such file; with a key it shows who made it (`scoring keygen`)"
        )
    if json:
        emit({"file": output, "record": seq, "said": said or None, "text": text})
    elif output == STDIN:
        sys.stdout.write(text)
        if said:
            complain(f"the receipt of record {said}")
    else:
        say(f"{output}: " + (f"the receipt of record {said}" if said else "the checkpoint of the log"))
    return status


def _record_named(log: AuditLog, name: str) -> int:
    digits = name.removeprefix("#")
    if name.startswith("#") and digits.isascii() and digits.isdigit() and len(digits) <= 16 and int(digits) < len(log):
        return int(digits)
    return decision_named(log, name)


def _with_record(log: AuditLog, seq: int) -> str:
    """A receipt that carries its record, so that one file is enough."""
    return write(with_record(parse(log.receipt(seq).encode()), canonical.dumps(log.read(seq)))).decode()
