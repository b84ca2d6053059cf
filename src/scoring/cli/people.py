"""
Commands for the people behind the rules: `resolve`, `status`.

Owns how a person's word and the rules' verdict are shown beside each other, and what is listed of a whole log. Must not know which of them counts: the log
tells.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from scoring.cli.inputs import must_keep, open_log, tell_heads, tell_older, whole
from scoring.cli.naming import ELSEWHERE, decision_named, new_id
from scoring.cli.options import READING, WRITING, Reading, Writing
from scoring.cli.output import FAILS, HOLDS, CallError, Table, complain, counted, emit, in_options, printable, say
from scoring.cli.paths import STDIN, shown
from scoring.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from scoring import AuditLog
    from scoring.audit.standing import Named, Said, Standing, Status

__all__ = ["resolve", "standing_facts", "standing_lines", "status"]

_MAX_WORDS = 65_536  # bytes; the log takes far fewer characters
_NAMED = 10  # cases named in a row
_DONE = {
    "confirm": "confirmed",
    "override": "overridden",
    "reinstate": "reinstated",
    "void": "made void",
    "withdraw": "withdrawn",
}


# --- resolve ---


def resolve(
    directory: str,
    record: str,
    action: Literal["confirm", "override", "reinstate", "void", "withdraw"],
    /,
    *,
    who: str,
    why: Annotated[str, Parameter(allow_leading_hyphen=True)],
    reason: str,
    verdict: str | None = None,
    stage: str | None = None,
    withdraws: int | None = None,
    id: str | None = None,  # noqa: A002 - the option's name
    vault: str | None = None,
    opening: Writing = WRITING,
    json: bool = False,
) -> int:
    """
    Record a person's word on the newest decision of a case, and say what holds now. No record is altered by it.

    confirm: the verdict stands, and what held it is answered. override: another verdict counts. reinstate: the case goes on although a knock-out or a gate
    ended it. void: the sitting does not count. withdraw: an earlier word is taken back. After reinstate, void, or the withdrawal of one, score the case again.

    Args:
        directory: The log.
        record: The decision, by its number, as 17 or '#17'; or its case.
        action: What is said.
        who: Who says it. It is kept in the vault alone, as is --why.
        why: Why, in words; `-` reads them from standard input.
        reason: Why, as a code that names nobody: it stays in the log in clear.
        verdict: With override: the verdict that counts instead.
        stage: With reinstate: the stage up to which knock-outs and gates are lifted.
        withdraws: With withdraw: the record of the word that is taken back.
        id: Your name for this word, the same on a retry; a new one otherwise.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object, for machines.
    """
    why = _words_in(why)
    with open_log(directory, opening, vault=vault) as log:
        must_keep(directory, vault)
        decision = decision_named(log, record)
        name = new_id(action) if id is None else id
        words: dict[str, Any] = {"verdict": verdict, "stage": stage, "withdraws": withdraws}
        seq = log.resolve(decision, action, id=name, who=who, why=why, reason=reason, **words)
        now = log.standing(decision)
        status = tell_heads(log)
    if json:
        said = {"seq": seq, "id": name, "decision": decision, "action": action, "reason": reason, **words}
        emit({**said, "standing": standing_facts(now)})
        return status
    what = f"#{withdraws} is" if action == "withdraw" else f"#{decision} is"
    say(f"record #{seq}: {what} {_DONE[action]}, reason {reason}")
    for line in standing_lines(now, named=False):
        say(line)
    return status


def _words_in(text: str) -> str:
    """What was said on the command line, or on standard input where it says so."""
    if text != STDIN:
        return text
    try:
        return whole(STDIN, _MAX_WORDS, "why, in words").decode().strip()
    except UnicodeDecodeError:
        raise CallError(f"{shown(STDIN)} is not UTF-8; expected why, in words") from None


def standing_facts(now: Standing, *, named: bool = True) -> dict[str, Any]:
    """
    How a case stands, for machines.

    Args:
        now: How it stands.
        named: Whether to tell who said it, and why in words.
    """
    return {
        "decision": now.seq,
        "opening": now.opening,
        "status": now.status,
        "verdict": now.verdict,
        "action": now.action,
        "holds": list(now.holds),
        "said": _said_facts(now.said, named=named),
        "void": _said_facts(now.void, named=named),
        "reinstate": _said_facts(now.reinstate, named=named),
        "again": now.is_stale,
        "effective_verdict": now.effective_verdict,
        "effective_action": now.effective_action,
        "host_action": now.host_action,
        "erased": now.erased,
    }


def _said_facts(said: Said | None, *, named: bool) -> dict[str, Any] | None:
    if said is None:
        return None
    keys = ("seq", "action", "reason", "verdict", "stage", *(("who", "why") if named else ()))
    return {key: getattr(said, key) for key in keys}


def standing_lines(now: Standing, *, named: bool = True) -> Iterator[str]:
    """How a case stands, for people: what the rules say, what a person says, and what is to be done."""
    held = f", held by {', '.join(now.holds)}" if now.holds else ""
    yield f"the rules say {now.verdict or now.status}, action {now.action}{held}"
    for said in (now.said, now.void, now.reinstate):
        if said is not None:
            yield _said_line(said, named=named)
    if now.is_stale:
        yield "the case is to be scored again, under a new id: what was said counts in its next decision"
    if now.erased is not None:
        yield f"what the case disclosed was erased at record {now.erased}"
    yield f"what counts now: {now.effective_verdict or '-'}; what to do: {now.host_action}"


def _said_line(said: Said, *, named: bool) -> str:
    to = f" to {said.verdict}" if said.verdict else f" up to stage {said.stage}" if said.stage else ""
    line = f"a person {_SAYS[said.action].format(said.decision)}{to}, reason {said.reason} (record #{said.seq})"
    if not named:
        return line
    if said.who is None:
        return f"{line}; who and why are not in the vault"
    return f"{line}: {printable(said.who)}: {printable(said.why or '-')}"


_SAYS = {
    "confirm": "confirmed #{}",
    "override": "overrode #{}",
    "reinstate": "reinstated #{}",
    "void": "made #{} void",
}


# --- status ---


def status(directory: str, /, *, vault: str | None = None, opening: Reading = READING, json: bool = False) -> int:
    """
    See what waits, what is held for a person, and what people said, over a whole log; and how far it is provable.

    A case whose name cannot be read, for its disclosure was changed, is told by its record's number; the exit status is 1 then.

    Args:
        directory: The log.
        vault: The log's vault, where it does not lie beside the log: it tells the cases by their names.
        opening: What the log is opened with.
        json: One JSON object a row, and one for the log, for machines.
    """
    with open_log(directory, opening, vault=vault) as log:
        found = log.status(_NAMED)
        unread: dict[str, list[int]] = {}
        rows = [(*row, _whose(log, row[2], unread)) for row in _rows(found)]
        leaf, proven, broken, no_vault = log.head[1], _proven(log), log.broken_head, log.no_vault
        tell_older(log)
        older = bool(log.out_of_step)
    totals = {"cases": found.cases, "decisions": found.decisions, "records": found.records}
    if rows and no_vault:
        complain(f"cases are told by their numbers alone: {no_vault}; {ELSEWHERE}")
    if json:
        for kind, name, placed, cases in rows:
            emit({"type": kind, "name": name, "cases": placed.count, "first": list(placed.seqs), "named": cases})
        for kind, people in (("said", found.people), ("superseded", found.superseded)):
            for action, reason, count in _words(people):
                emit({"type": kind, "action": action, "reason": reason, "count": count})
        for wrong, seqs in unread.items():
            emit({"type": "unreadable", "records": seqs, "detail": wrong})
        emit({"type": "log", **totals, "erased": found.erased, "recoveries": found.recoveries, "leaf": leaf, **proven})
        return _whole(directory, broken, unread, older=older)
    erased = f", {found.erased} erased" if found.erased else ""
    cut = f"; {counted(found.recoveries, 'record')} of an end that was cut off" if found.recoveries else ""
    say(", ".join(counted(number, what.removesuffix("s")) for what, number in totals.items()) + erased + cut)
    if not broken:
        say(_told_of_heads(found.records, proven))
    if rows:
        say()
        _show_rows(rows, {seq for seqs in unread.values() for seq in seqs})
    if found.people or found.superseded:
        say()
        _show_words(found)
    if not found.cases:
        complain("this log holds no case")
    return _whole(directory, broken, unread, older=older)


def _whole(directory: str, broken: str, unread: dict[str, list[int]], *, older: bool) -> int:
    """
    The exit status.

    A head that the log's key did not sign proves nothing, a case whose name cannot be read is not found by it, and nothing can be recorded in an older copy.
    """
    if broken:
        complain(f"nothing is provable: {in_options(broken)}")
    for wrong, seqs in unread.items():
        complain(
            f"{_listed(seqs)}: {in_options(wrong)}; `scoring verify {directory}` tells what else was, and what to do"
        )
    return FAILS if broken or unread or older else HOLDS


def _listed(seqs: Sequence[int]) -> str:
    return f"record{'s' * (len(seqs) > 1)} {', '.join(f'#{seq}' for seq in seqs)}"


def _proven(log: AuditLog) -> dict[str, Any]:
    """How many records the newest head stands for, and whose signatures it carries: nothing and nobody where it is not the log's."""
    if log.broken_head:
        return {"provable": 0, "signed_by": []}
    from scoring.audit import checkpoint, segments
    from scoring.audit.heads import Heads

    newest = Heads(log.path, segments.Segments(str(Path(log.path, "log")))).newest()
    signatures = () if newest is None else checkpoint.parse(newest.note).signatures
    return {
        "provable": newest.head.size if newest else 0,
        "signed_by": [f"{one.name}+{one.key_id:08x}" for one in signatures],
    }


def _told_of_heads(records: int, proven: dict[str, Any]) -> str:
    if not proven["provable"]:
        return "there is no head: nothing is provable"
    signed = ", ".join(proven["signed_by"])
    behind = records - proven["provable"]
    more = f"; {counted(behind, 'record')} behind it" if behind else ""
    return f"provable up to #{proven['provable'] - 1}, by a head that {f'{signed} signed' if signed else 'nobody signed'}{more}"


def _rows(found: Status) -> Iterator[tuple[str, str | None, Named]]:
    """What a person may have to do: the kind, the stage or hold, and the cases."""
    if found.opened.count:
        yield "opened", None, found.opened
    yield from (("waits", stage, placed) for stage, placed in found.waits.items())
    yield from (("held", hold, placed) for hold, placed in found.held.items())
    if found.again.count:
        yield "again", None, found.again


def _whose(log: AuditLog, placed: Named, unread: dict[str, list[int]]) -> list[str | None]:
    """The cases' names; those that cannot be read are None, and noted in *unread* by what is wrong."""
    names: list[str | None] = []
    for seq in placed.seqs:
        try:
            names.append(log.case(seq))
        except LogError as error:
            names.append(None)
            seqs = unread.setdefault(error.message, [])
            if seq not in seqs:
                seqs.append(seq)
    return names


def _show_rows(rows: Iterable[tuple[str, str | None, Named, list[str | None]]], unread: AbstractSet[int]) -> None:
    told = {"opened": "opened, not scored yet", "waits": "waits at stage", "held": "held by", "again": "to score again"}
    table = Table("what", "cases", "the first of them")
    for kind, name, placed, cases in rows:
        named = [
            f"#{seq}{' unreadable' * (seq in unread)}" if case is None else f"#{seq} {printable(case)}"
            for seq, case in zip(placed.seqs, cases, strict=True)
        ]
        more = ", ..." if placed.count > len(named) else ""
        table.row(f"{told[kind]} {name or ''}".rstrip(), str(placed.count), ", ".join(named) + more)
    table.show()


def _words(people: dict[str, dict[str, int]]) -> Iterator[tuple[str, str, int]]:
    for action, reasons in people.items():
        yield from ((action, reason, count) for reason, count in reasons.items())


def _show_words(found: Status) -> None:
    table = Table("what people said", "times", "by reason")
    for then, people in (("", found.people), (", then superseded", found.superseded)):
        for action, reasons in people.items():
            by_reason = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
            table.row(_DONE[action] + then, str(sum(reasons.values())), by_reason)
    table.show()
