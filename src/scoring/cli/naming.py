"""
How a decision of a log is named on the command line: by the number of its record, or by its case; and what a new record is called.

Owns what is said where a name fits nothing, or two things. Must not know what is done with the decision.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from scoring.cli.output import CallError
from scoring.errors import LogError

if TYPE_CHECKING:
    from scoring import AuditLog

__all__ = ["ELSEWHERE", "decision_named", "new_id"]

ELSEWHERE = "where it lies elsewhere, --vault PATH says where"
_BY_RECORD = "by the number of its record, which `scoring score` printed, such as '#17'"
_LOOKED_AT = 1000  # records, for the first decision whose case the vault does not have


def decision_named(log: AuditLog, name: str) -> int:
    """
    Find the record that is meant.

    Args:
        log: The log.
        name: A record's number, as 17 or #17; or a case, whose newest decision is meant; behind ``case:`` it is one in any case.

    Raises:
        CallError: There is none, or two may be meant.
    """
    number = _number(name)
    if number is not None:
        if not name.startswith("#") and _is_case(log, name):
            raise CallError(
                f"{name} may be a record's number, and is a case of this log too: write '#{name}' or case:{name}"
            )
        _must_be_decision(log, number)
        return number
    case = name.removeprefix("case:")
    try:
        found = log.find(case)
    except LogError as error:
        raise CallError(f"{error}: {ELSEWHERE}; or name the decision {_BY_RECORD}") from error
    if not found:
        raise CallError(
            f'no decision of a case "{case}" in this log{_not_in_vault(log)}; a decision is also named {_BY_RECORD}'
        )
    return int(found[-1]["seq"])


def new_id(what: str) -> str:
    """An id that nobody has used. It says nothing of the case, which must not be guessed from a record."""
    return f"{what}-{os.urandom(12).hex()}"


def _is_case(log: AuditLog, name: str) -> bool:
    try:
        return bool(log.find(name))
    except LogError:  # without the vault no name is a case's
        return False


def _not_in_vault(log: AuditLog) -> str:
    """Why a case may not be found though it is there: the vault is younger than the log, or answers were erased."""
    for seq in range(min(len(log), _LOOKED_AT)):
        if log.read(seq)["type"] == "decision" and log.case(seq) is None:
            return f" that its vault knows of. The vault does not hold whose record #{seq} is: it was begun anew, or that was erased"
    return ""


def _number(name: str) -> int | None:
    digits = name.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 16 else None


def _must_be_decision(log: AuditLog, seq: int) -> None:
    if seq >= len(log):
        raise CallError(f"this log has no record #{seq}: it holds {len(log):,}, the last is #{len(log) - 1}")
    kind = log.read(seq)["type"]
    if kind != "decision":
        raise CallError(f"record #{seq} is {'an' if kind == 'opening' else 'a'} {kind}; expected a decision")
