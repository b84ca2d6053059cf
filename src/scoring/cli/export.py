"""
The command `export`: what an auditor gets.

Owns where the archive is written. Must not know what goes into it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from scoring.audit.export import export as write_export
from scoring.cli.inputs import open_log
from scoring.cli.naming import decision_named
from scoring.cli.output import HOLDS, CallError, counted, emit, say
from scoring.errors import StoreError

__all__ = ["export"]


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
        json: One JSON object, for machines.
    """
    target = Path(output)
    if answers and not case:
        raise CallError("--answers goes with --case: whose answers?")
    with open_log(directory, vault=vault) as log:
        seqs = [decision_named(log, name) for name in case or ()]
        try:
            # Nobody but its owner may read it, for answers may stand in it.
            stream = os.fdopen(
                os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb"
            )
        except FileExistsError:
            raise CallError(f"{output} exists already, and is not overwritten") from None
        except OSError as error:
            raise StoreError(f"{output} cannot be written: {error.strerror}") from error
        try:
            with stream:
                done = write_export(log, stream, seqs, packs=packs, tiles=tiles, answers=answers)
        except BaseException as error:
            target.unlink()
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
