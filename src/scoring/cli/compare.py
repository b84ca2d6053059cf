"""
The command `compare`: what a change of a rubric does, to anybody and to those of the past.

Owns which version is the old one where nobody says it, and the exit status. `compared` and `facts` show it; must not know how any of it is worked out.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from scoring.change.compare import compare as compared
from scoring.change.comparison import Version
from scoring.change.groups import MAX_BYTES as MAX_TABLE
from scoring.change.groups import read_groups
from scoring.cli.compared import as_markdown, as_text
from scoring.cli.facts import as_csv, as_json
from scoring.cli.inputs import open_log, whole
from scoring.cli.options import READING, In, Reading
from scoring.cli.output import FAILS, HOLDS, UNCHECKED, CallError, complain, say
from scoring.cli.paths import STDIN, shown, vault_missing
from scoring.cli.versions import at_revision, in_force, named, version_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring import AuditLog
    from scoring.change.comparison import Comparison

__all__ = ["compare"]

_TABLE = "a table of groups, CSV with the columns case and up to four more"
_EVERY = 0.2  # seconds between two counts


def compare(
    old: In,
    new: In | None = None,
    /,
    *,
    log: Annotated[str | None, Parameter(name="--log")] = None,
    groups: Annotated[In | None, Parameter(name="--groups")] = None,
    vault: str | None = None,
    opening: Reading = READING,
    profile: str | None = None,
    level: str | None = None,
    markdown: bool = False,
    csv: bool = False,
    json: bool = False,
) -> int:
    """
    Say what a change of a rubric does: what was edited, whom it can move, and whom of the past it would move.

    OLD left out is the version in force in the log, or else what git has at HEAD. It may be a revision of git, such as main. What can move is decided for
    every set of answers there can be, in every profile and at every level; a log is only read. Exit status: 0 nothing can move but what the new version
    says it may (`replaces` with `may_move`), 1 something else moves, 2 the call or its input is wrong, 3 something is not decided.

    Args:
        old: The old version, a rubric.yaml, a pack or a revision of git; or, alone, the new version.
        new: The new version, a rubric.yaml, the directory that holds it, or a pack.
        log: A log, whose past decisions are decided again.
        groups: A table of the groups of cases, CSV whose first line is `case` and one to four names; it needs --log, is read and not kept.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        profile: The profile that is shown first; the new version's default where left out.
        level: The level that is shown first; the lowest where left out.
        markdown: As a comment on a change, in Markdown.
        csv: The past cases that move, one a line; it needs --log.
        json: One JSON object a line, for machines.
    """
    if markdown + csv + json > 1:
        raise CallError("one of --markdown, --csv and --json at a time")
    for option, given in (("--groups", groups is not None), ("--csv", csv), ("--vault", vault is not None)):
        if given and log is None:
            raise CallError(f"{option} is about past cases: it needs --log DIRECTORY")
    if csv and groups is not None:
        raise CallError(
            "--csv is a table of the cases that move: what --groups is for is shown without it, or with --json"
        )
    table = None if groups is None else read_groups(whole(groups, MAX_TABLE, _TABLE), shown(groups))
    with ExitStack() as stack:
        opened = None if log is None else stack.enter_context(open_log(log, opening, vault=vault))
        missing = None if log is None else vault_missing(log, vault)
        if missing:
            complain(f"{missing}: cases are not named, and what has to be read again cannot be")
        after = version_at(old if new is None else new)
        before = _before(None if new is None else old, old if new is None else new, after, opened)
        found = compared(
            before, after, log=opened, groups=table, profile=profile, level=level, progress=_counting("decisions")
        )
        for line in (as_json if json else as_csv if csv else as_markdown if markdown else as_text)(found):
            say(line)
        if found.matched == 0 and found.past is not None and found.past.cases and not missing:
            raise CallError(
                f"no case of {shown(groups or '')} is among these cases: does its first column hold their names?"
            )
        return _status(found)


def _status(found: Comparison) -> int:
    if found.beyond:
        return FAILS
    told = found.past is None or not found.past.unjudged
    return HOLDS if told and found.can_move is not None and found.examples_why is None else UNCHECKED


def _before(old: str | None, new: str, after: Version, log: AuditLog | None) -> Version:
    """The old version: as it was named, else in force in the log, else at HEAD."""
    if old is not None:
        if old == STDIN or Path(old).exists() or new == STDIN:
            return version_at(old)
        try:
            return at_revision(new, old)
        except CallError as unknown:
            try:
                return version_at(old)
            except CallError as error:
                raise CallError(f"{error}; nor is it a revision: {unknown}") from None
    if log is not None:
        found = in_force(log, after)
        if found is not None:
            return _with_examples(found, new)
        why = f"{log.path} has no other version of {after.rubric.id}"
    else:
        why = "no log was named"
    if new == STDIN:
        raise CallError(f"compare with what? {why}, and standard input is in no repository: name the old version first")
    try:
        return at_revision(new)
    except CallError as error:
        raise CallError(f"compare with what? {why}, and {error}: name the old version first") from None


def _with_examples(found: Version, new: str) -> Version:
    """A version from a log has no examples: those that git has at HEAD stand for them, else nothing does."""
    try:
        head = at_revision(named(new))
    except CallError:
        return found
    return Version(found.pack, found.where, found.source, head.examples, head.examples_file)


def _counting(what: str) -> Callable[[int, int], None] | None:
    """Count on standard error where somebody watches it and not the results."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        return None
    shown = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal shown
        if done == total:
            sys.stderr.write("\r\x1b[K")
        elif time.monotonic() - shown > _EVERY:
            shown = time.monotonic()
            sys.stderr.write(f"\r{done:,} of {total:,} {what}")
        sys.stderr.flush()

    return tell
