"""
The command `analyse`: what past decisions say about a rubric, its raters, and whom it affects.

Owns which decisions of a log count, and how they are joined with the vault and a table of groups. Must not know how a figure is worked out, nor how it is
shown. Group labels are held while the command runs and are stored nowhere.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from scoring import canonical
from scoring.audit.fields import record_misfit
from scoring.change.analysis import forms
from scoring.change.examples import any_level
from scoring.change.groups import MAX_BYTES, Groups, read_groups
from scoring.change.impact import is_selected, steps
from scoring.change.key_check import suspects
from scoring.change.raters import agreement, rated_in
from scoring.cli.figures import (
    facts_of_form,
    facts_of_raters,
    facts_of_step,
    facts_of_suspect,
    show_form,
    show_raters,
    show_step,
    show_suspects,
)
from scoring.cli.inputs import open_log, tell_older, whole
from scoring.cli.options import READING, In, Reading
from scoring.cli.output import HOLDS, UNCHECKED, CallError, complain, counted, emit, progress, say
from scoring.cli.paths import shown, vault_missing
from scoring.engine.rubric import Rubric
from scoring.errors import LogError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scoring import AuditLog
    from scoring.change.raters import Rated

__all__ = ["analyse"]

_TABLE = "a table of groups, CSV whose first line is case,group"
# Of a decision, what figures are made of; the rest is let go, so that many fit into memory.
_KEPT = (
    "action", "handed_in", "irregularities", "notice", "outcomes", "reinstate", "score", "stages", "status", "variant", "verdict", "void",
)  # fmt: skip


class _Version(NamedTuple):
    """A version of a rubric that a log holds."""

    rubric: str
    version: str
    pack: str


class _Case(NamedTuple):
    """A case, by its newest decision. digest: the case's; version: its pack's digest, its profile and its level."""

    digest: str
    seq: int
    version: tuple[str, str, str | None]
    decision: dict[str, Any]


class _Read(NamedTuple):
    """
    What a log holds.

    Attributes:
        versions: In the order in which the log took them in.
        cases: By their digests, in the order of their first decisions.
        resolved: Digests of cases that a person said something of.
    """

    versions: list[_Version]
    cases: dict[str, _Case]
    resolved: set[str]


def analyse(
    directory: str,
    /,
    *,
    rubric: str | None = None,
    version: str | None = None,
    groups: In | None = None,
    at_least: str | None = None,
    vault: str | None = None,
    opening: Reading = READING,
    json: bool = False,
) -> int:
    """
    Tell what past decisions say: how items and raters did, which keys may be wrong, and with --groups whom the rubric affects.

    Each case counts once, by its newest decision, and by one version of one rubric; how many were decided by others is told. Profiles and levels are
    analysed each by itself. What cannot be worked out says why.

    Args:
        directory: The log.
        rubric: The rubric, where the log holds several.
        version: Its version; the last one that the log took in, where left out.
        groups: A table of the groups of cases, CSV whose first line is `case` and one to four names; `-` for standard input. It is read and not kept.
        at_least: The worst verdict that counts as selected. By default those are selected whose action is advance, and whoever waits for an answer or a
            person counts as not decided yet. What a person said counts either way.
        vault: The log's vault, where it does not lie beside the log.
        opening: What the log is opened with.
        json: One JSON object a line, for machines.
    """
    table = None if groups is None else read_groups(whole(groups, MAX_BYTES, _TABLE), shown(groups))
    with open_log(directory, opening, vault=vault) as log:
        tell_older(log)
        missing = vault_missing(directory, vault)
        read = _read(log)
        chosen = _chosen(read.versions, rubric, version)
        _must_know(log.pack(chosen.pack), at_least)
        by_plan: dict[tuple[str, str | None], list[_Case]] = {}
        for case in read.cases.values():
            if case.version[0] == chosen.pack:
                by_plan.setdefault(case.version[1:], []).append(case)
        total = sum(map(len, by_plan.values()))
        elsewhere = len(read.cases) - total
        if not json:
            others = _others(read, chosen) if elsewhere else ""
            say(f"{chosen.rubric} {chosen.version}: {counted(total, 'case')}{others}")
        study = _Study(log, read.resolved, table, at_least, json=json)
        for (profile, level), cases in by_plan.items():
            study.show(Rubric(log.pack(chosen.pack), profile, level), sorted(cases, key=lambda case: case.seq))
    if table is not None and study.matched and len(table.labels) > len(study.matched):
        lines = counted(len(table.labels) - len(study.matched), "line")
        complain(f"{lines} of {shown(groups or '')} name none of these cases")
    unread = study.unread if missing else []
    if unread:
        complain(f"{missing}, and with it {' and '.join(unread)}")
    elif table is not None and total and not study.matched:
        raise CallError(
            f"no case of {shown(groups or '')} is among these cases: does its first column hold their names?"
        )
    if json:
        unmatched = None if table is None else len(table.labels) - len(study.matched)
        counts = {"cases": total, "elsewhere": elsewhere, "matched": None if table is None else len(study.matched)}
        emit({"type": "analyse", **chosen._asdict(), **counts, "unmatched": unmatched, "unread": unread})
    return UNCHECKED if unread else HOLDS


def _read(log: AuditLog) -> _Read:
    read = _Read([], {}, set())
    for seq, line in progress(log.records(), "records"):
        record = _record(seq, line)
        body = record["body"]
        if record["type"] == "rubric":
            read.versions.append(_Version(body["rubric"], body["version"], body["pack"]))
        elif record["type"] == "decision":
            made = body["decision"]
            kept = {key: made[key] for key in _KEPT}
            case = body["disclosures"]["case"]
            read.cases[case] = _Case(case, seq, (made["pack"], made["profile"], made["level"]), kept)
        elif record["type"] == "resolution":
            read.resolved.add(body["disclosures"]["case"])
    return read


def _record(seq: int, line: bytes) -> Any:
    try:
        record = canonical.loads_canonical(line)
        wrong = record_misfit(record)
    except canonical.CanonicalError as error:
        wrong = str(error)
    if wrong:
        raise LogError(f"no record: {wrong}", seq=seq)
    return record


def _chosen(versions: Sequence[_Version], rubric: str | None, version: str | None) -> _Version:
    """The version that is meant: of the rubric that is named, or the only one there is, the last one or the one that is named."""
    names = list(dict.fromkeys(each.rubric for each in versions))
    if not names:
        raise CallError("this log holds no rubric yet, and so no decision")
    if rubric is None and len(names) > 1:
        raise CallError(f"this log holds several rubrics; --rubric says which: {', '.join(names)}")
    name = names[0] if rubric is None else rubric
    if name not in names:
        raise CallError(f"this log holds no such rubric; it holds {', '.join(names)}{did_you_mean(name, names)}")
    of = {each.version: each for each in versions if each.rubric == name}
    wanted = [*of][-1] if version is None else version
    if wanted not in of:
        raise CallError(
            f"this log holds no such version of {name}; it holds {', '.join(of)}{did_you_mean(wanted, [*of])}"
        )
    return of[wanted]


def _must_know(pack: bytes, at_least: str | None) -> None:
    """Refuse a verdict that the rubric does not have, before anything is shown."""
    known = Rubric(pack, level=any_level(pack)).plan.verdicts
    if at_least is not None and at_least not in known:
        raise CallError(f"--at-least: no such verdict; it is one of {', '.join(known)}{did_you_mean(at_least, known)}")


def _others(read: _Read, chosen: _Version) -> str:
    """By which other versions the rest of the cases were decided, and how to see them."""
    named = {each.pack: each for each in read.versions}
    counts = Counter(case.version[0] for case in read.cases.values() if case.version[0] != chosen.pack)
    told = []
    for pack, count in counts.items():
        each = named.get(pack)
        option = "" if each is None else f"--version {each.version}"
        if each is not None and each.rubric != chosen.rubric:
            option = f"--rubric {each.rubric} {option}"
        told.append(f"{counted(count, 'case')} by another version ({option or pack})")
    return "; " + ", ".join(told)


class _Study:
    """
    One analysis after the other of cases of a log.

    Attributes:
        unread: What the vault was needed for.
        matched: The cases that stand in the table of groups.
    """

    def __init__(
        self, log: AuditLog, resolved: set[str], table: Groups | None, at_least: str | None, *, json: bool
    ) -> None:
        self._log = log
        self._resolved = resolved
        self._table = table
        self._at_least = at_least
        self._json = json
        self.unread: list[str] = []
        self.matched: set[str] = set()

    def show(self, rubric: Rubric, cases: Sequence[_Case]) -> None:
        """Show everything that is known of the cases of one profile and level."""
        decisions = [case.decision for case in cases]
        self._head(rubric, decisions)
        of = {"profile": rubric.profile, "level": rubric.level}
        made, found = forms(rubric.plan, decisions), suspects(rubric, decisions)
        if self._json:
            self._emit(of, (fact for form in made for fact in facts_of_form(form)))
            self._emit(of, map(facts_of_suspect, found))
        else:
            for form in made:
                show_form(form)
            show_suspects(found, most=max((form.cases for form in made), default=0))
        if rubric.plan.rated:
            self._show_raters(rubric, cases, of)
        if self._table is not None:
            self._show_groups(rubric, cases, of, self._table)

    def _head(self, rubric: Rubric, decisions: Sequence[dict[str, Any]]) -> None:
        void = sum(decision["void"] is not None for decision in decisions)
        pending = sum(decision["status"] == "pending" for decision in decisions)
        if not self._json:
            level = f", level {rubric.level}" if rubric.level else ""
            say(
                f"\nprofile {rubric.profile}{level}: {counted(len(decisions), 'case')}, {pending:,} pending, {void:,} void"
            )

    def _emit(self, of: dict[str, Any], facts: Iterable[dict[str, Any]]) -> None:
        for fact in facts:
            emit({"type": fact["type"], **of, **fact})

    def _show_raters(self, rubric: Rubric, cases: Sequence[_Case], of: dict[str, Any]) -> None:
        ratings: list[Rated] = []
        unread = 0
        for case in progress(cases, "cases"):
            submission = self._log.submission(case.seq) if case.decision["void"] is None else {"answers": {}}
            unread += submission is None
            ratings += [] if submission is None else rated_in(rubric.plan, case.seq, submission["answers"])
        if unread == len(cases):
            self._lacks("what raters said")
        found = agreement(ratings)
        if self._json:
            self._emit(of, facts_of_raters(*found))
            return
        say(
            f"raters: {counted(len(ratings), 'rating')}"
            + (f"; of {counted(unread, 'case')} nothing is kept" if unread else "")
        )
        show_raters(*found)

    def _show_groups(self, rubric: Rubric, cases: Sequence[_Case], of: dict[str, Any], table: Groups) -> None:
        names = [self._log.case(case.seq) for case in cases]
        if all(name is None for name in names):
            self._lacks("whose cases these are")
        self.matched.update(name for name in names if name is not None and name in table.labels)
        decisions = [case.decision for case in cases]
        selected = [self._is_selected(rubric, case) for case in cases]
        for view, name in enumerate(table.views):
            labels = [table.label(case, view) for case in names]
            for step in steps(rubric.plan, decisions, labels, selected):
                if self._json:
                    self._emit(of, [facts_of_step(name, step)])
                else:
                    show_step(name, step)

    def _is_selected(self, rubric: Rubric, case: _Case) -> bool | None:
        verdict, action = case.decision["verdict"], case.decision["action"]
        if case.digest in self._resolved:
            standing = self._log.standing(case.seq)
            verdict, action = standing.effective_verdict, standing.host_action
        return is_selected(rubric.plan, verdict, action, self._at_least)

    def _lacks(self, what: str) -> None:
        if what not in self.unread:
            self.unread.append(what)
