"""
What a change of a rubric does, all of it: what was edited, whom that can move, whom of the past it would move, what else it breaks.

Owns what is put together, and between which profiles and levels. Each part has a module of its own: `edits`, `prove`, `stops`, `backtest`, `examples`,
`impact`; `comparison` says what they come to. Takes packs, a log that somebody opened, a table of groups; opens no log, asks no version control.
"""

from __future__ import annotations

import os
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scoring.audit.columns import columns_of, submissions_of
from scoring.change.backtest import again, backtest
from scoring.change.comparison import Affected, Broken, Comparison, Past, Renamed, Run, Version, called
from scoring.change.edits import Source, edits, renamed_items, renamed_options
from scoring.change.examples import FILE_NAME, any_level, run_on
from scoring.change.groups import MAX_BYTES as MAX_TABLE
from scoring.change.groups import Groups, read_groups
from scoring.change.impact import impact, is_selected
from scoring.change.promises import positions
from scoring.change.prove import BOUND, moves
from scoring.change.stops import stops
from scoring.engine.decision import ALPHABET
from scoring.engine.rubric import Rubric
from scoring.engine.table import ABSENT, EXCLUDED, UNOPENED
from scoring.errors import Problem, RubricError
from scoring.rubric.check import examine
from scoring.rubric.load import AUTHORED, pack_at, read_file, rubric_file
from scoring.rubric.reader import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scoring.audit.columns import Columns
    from scoring.audit.log import AuditLog
    from scoring.change.again import Judged
    from scoring.change.examples import ExampleReport
    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

__all__ = ["Affected", "Comparison", "Past", "Run", "Version", "compare", "version_of"]


# ---------------------------------------------------------------------- the parts


def version_of(what: Version | Rubric | bytes | str | os.PathLike[str]) -> Version:
    """
    Take a rubric in any form in which it may be at hand.

    Raises:
        RubricError: It is wrong. StoreError: It cannot be read.
    """
    if isinstance(what, Version):
        return what
    if isinstance(what, Rubric):
        return Version(what.pack)
    if isinstance(what, bytes):
        return Version(Rubric(what, level=any_level(what)).pack)
    path = rubric_file(os.fspath(what))
    if not path.lower().endswith(AUTHORED):
        data = pack_at(path)
        return Version(Rubric(data, level=any_level(data)).pack, path)
    data = read_file(path, MAX_BYTES)
    checked = examine(data, path)
    if checked.pack is None:
        raise RubricError(problem for problem in checked.problems if problem.severity == "error")
    beside = Path(path).with_name(FILE_NAME)
    examples = read_file(str(beside), MAX_BYTES) if beside.is_file() else None
    return Version(checked.pack, path, Source(data, path), examples, str(beside))


def compare(
    old: Version | Rubric | bytes | str | os.PathLike[str],
    new: Version | Rubric | bytes | str | os.PathLike[str],
    *,
    log: AuditLog | None = None,
    groups: Groups | bytes | str | os.PathLike[str] | None = None,
    profile: str | None = None,
    level: str | None = None,
    bound: int = BOUND,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """
    Say what a change of a rubric does.

    Args:
        old: The version to compare with: a path, a pack's bytes, a loaded rubric, or a `Version`.
        new: The version to try, in the same forms.
        log: Open, with its vault where cases are to be named; its decisions by *old* are decided again.
        groups: A table of cases and their groups, read already, as bytes, or as a path; it needs a log. Nothing of it is stored.
        profile: What is shown first; that of a loaded rubric, or the new version's default, where None.
        level: As *profile*; the lowest where None.
        bound: As in `moves`: the most sums of one half of all cases that a proof looks at.
        progress: Is told how many past decisions are done, and how many there are.

    Raises:
        RubricError: A version is wrong, or has no such profile or level. StoreError: A file cannot be read.
        SubmissionError: The table of groups is wrong. LogError: The log is damaged.
        ValueError: Groups without a log.
    """
    if groups is not None and log is None:
        raise ValueError("groups are those of past cases: they need a log")
    before, after = version_of(old), version_of(new)
    first = _asked(after, new, profile, level)
    found = edits(before.rubric.plan.pack, after.rubric.plan.pack, before.source, after.source)
    ways, only_old, only_new = _ways(before, after, first)
    runs = tuple(_run(before.pack, after.pack, way, bound) for way in ways)
    columns = None if log is None else columns_of(log)
    past = None if log is None or columns is None else _past(before, after, log, columns, progress)
    examples, why = _broken(before, after)
    told, matched, unmatched = (
        ((), None, None)
        if groups is None or log is None or columns is None
        else _impact(before, after, log, columns, groups)
    )
    renamed = tuple(_renamed(before, after, columns))
    bump = _bump(before, after, log, columns)
    return Comparison(
        before, after, found, renamed, runs, only_new, only_old, past, examples, why, told, matched, unmatched, bump
    )


def _asked(after: Version, given: Any, profile: str | None, level: str | None) -> tuple[str, str | None]:
    """The profile and level that come first, sure to be there."""
    if isinstance(given, Rubric):
        profile, level = profile or given.profile, level or given.level
    plan = Rubric(after.pack, profile, level or any_level(after.pack)).plan
    return plan.profile, plan.level


Way: TypeAlias = "tuple[str, tuple[str, str | None]]"  # the old profile; the new profile and level


def _ways(
    before: Version, after: Version, first: tuple[str, str | None]
) -> tuple[list[Way], tuple[str, ...], tuple[str, ...]]:
    """What is compared with what. Where no profile and level of the new version is one of the old one, their defaults are compared."""
    then, now = positions(before.rubric.plan.pack), positions(after.rubric.plan.pack)
    both = [place for place in sorted(now, key=lambda place: place != first) if place in then]
    ways: list[Way] = [(place[0], place) for place in both]
    if first not in both:
        levels = {level for _, level in then}
        default = before.rubric.profile
        if first[1] in levels:
            ways.insert(0, (default, first))
        elif not ways:
            apart = "" if before.rubric.id == after.rubric.id else "these are two different rubrics; "
            of = apart + f"{_levels('old', before, then)}, and {_levels('new', after, now)}: no case is one of both"
            raise RubricError([Problem("level", of, path="levels")])
    gone = tuple(called(*place) for place in then if place not in now)
    come = tuple(called(*place) for place in now if place not in then and place != first)
    return ways, gone, come


def _levels(word: str, version: Version, places: list[tuple[str, str | None]]) -> str:
    levels = [*dict.fromkeys(level for _, level in places if level is not None)]
    has = f"has the level{'s' * (len(levels) > 1)} {', '.join(levels)}" if levels else "has no levels"
    return f"the {word} version ({version.rubric.id}) {has}"


def _renamed(before: Version, after: Version, columns: Columns | None) -> Iterator[Renamed]:
    plan = before.rubric.plan
    items, pack = {item.id: item for item in plan.items}, after.rubric.plan.pack
    for old, new in renamed_items(plan.pack, pack).items():
        answers = {*range(len(items[old].words))} - {ABSENT, EXCLUDED, UNOPENED}
        yield Renamed(None, old, new, _answered(plan, before.rubric.digest, items[old], answers, columns))
    for item, old, new in renamed_options(plan.pack, pack):
        answers = {code for code in range(len(items[item].words)) if old in items[item].name(code).split("+")}
        yield Renamed(item, old, new, _answered(plan, before.rubric.digest, items[item], answers, columns))


def _answered(plan: Plan, digest: str, item: Item, answers: set[int], columns: Columns | None) -> int | None:
    """How many past decisions have one of some outcomes of an item, each case once."""
    if columns is None:
        return None
    first = sum(other.digits for other in plan.items[: item.place])
    width = item.digits
    wanted = {bytes(ALPHABET[code // 64**n % 64] for n in reversed(range(width))) for code in answers}
    count = 0
    for group in columns.of(digest):
        for n in range(len(group.chunks)):
            chunk = columns.chunk(group, n)
            rows = Counter(zip(chunk.superseded, *chunk.digits[first : first + width], strict=True))
            count += sum(many for (gone, *digits), many in rows.items() if not gone and bytes(digits) in wanted)
    return count


def _run(old: bytes, new: bytes, way: Way, bound: int) -> Run:
    was, (profile, level) = way
    before = _plan(old, was, level)
    after = _plan(new, profile, level)
    if before.scoring_digest == after.scoring_digest and was == profile:
        return Run(profile, level, was, None, None)
    verdicts = moves(before, after, bound=bound)
    actions = moves(before, after, by="action", bound=bound)
    return Run(profile, level, was, verdicts, actions, tuple(stops(before, after)))


def _plan(pack: bytes, profile: str, level: str | None) -> Plan:
    return Rubric(pack, profile, level).plan


def _past(
    before: Version, after: Version, log: AuditLog, columns: Columns, progress: Callable[[int, int], None] | None
) -> Past:
    digest, own = before.rubric.digest, before.rubric.id
    submissions = submissions_of(log)
    tests, left = [], []
    for profile, level in dict.fromkeys((group.profile, group.level) for group in columns.of(digest)):
        old, new = _plan(before.pack, profile, level), _loaded(after.pack, profile, level)
        if new is None:
            left.append((profile, level, sum(group.decisions for group in columns.of(digest, profile, level))))
        else:
            tests.append((profile, level, backtest(old, new, columns, submissions, progress=progress)))
    named = {group.pack for group in columns.groups} - {digest}
    kin = {pack for pack in named if _rubric_id(log, pack) == own}
    others = sum(group.decisions for group in columns.groups if group.pack in kin)
    return Past(tuple(tests), tuple(left), others, log.case)


def _loaded(pack: bytes, profile: str, level: str | None) -> Plan | None:
    try:
        return _plan(pack, profile, level)
    except RubricError:
        return None


def _rubric_id(log: AuditLog, digest: str) -> str:
    return Rubric(pack := log.pack(digest), level=any_level(pack)).id


def _broken(before: Version, after: Version) -> tuple[tuple[Broken, ...], str | None]:
    """The old version's examples that held and hold no longer; or why that cannot be told."""
    if before.examples is None:
        return (), None
    try:
        was: ExampleReport = run_on(before.pack, before.examples, before.examples_file)
    except RubricError as error:
        return (), f"the examples cannot be read with the old version: {error.problems[0]}"
    try:
        now = run_on(after.pack, before.examples, before.examples_file)
    except RubricError as error:
        return (), f"the old version's examples cannot be read with the new one: {error.problems[0]}"
    held = {result.id: result for result in was.results if result.holds}
    return tuple(Broken(held[one.id], one) for one in now.results if one.id in held and not one.holds), None


def _impact(
    before: Version, after: Version, log: AuditLog, columns: Columns, groups: Groups | bytes | str | os.PathLike[str]
) -> tuple[tuple[Affected, ...], int, int]:
    table = _groups(groups)
    people = [*_people(before, after, log, columns)]
    told = []
    for n, view in enumerate(table.views):
        then, now = (impact((table.label(case, n), *came[side]) for case, came in people) for side in (0, 1))
        told.append(Affected(view, then, now))
    matched = {case for case, _ in people if case in table.labels}
    return tuple(told), len(matched), len(table.labels) - len(matched)


def _groups(groups: Groups | bytes | str | os.PathLike[str]) -> Groups:
    if isinstance(groups, Groups):
        return groups
    if isinstance(groups, bytes):
        return read_groups(groups)
    return read_groups(read_file(os.fspath(groups), MAX_TABLE), os.fspath(groups))


_Came: TypeAlias = "tuple[bool | None, Fraction | None]"


def _people(
    before: Version, after: Version, log: AuditLog, columns: Columns
) -> Iterator[tuple[str | None, tuple[_Came, _Came]]]:
    """Each case that both versions can decide: its name, and whether it is selected, and its score, under either."""
    digest, submissions = before.rubric.digest, submissions_of(log)
    for profile, level in dict.fromkeys((group.profile, group.level) for group in columns.of(digest)):
        old, new = _plan(before.pack, profile, level), _loaded(after.pack, profile, level)
        if new is None:
            continue
        both = zip(again(old, old, columns, submissions), again(old, new, columns, submissions), strict=True)
        for then, now in both:
            if then.new is not None and now.new is not None:
                yield log.case(then.seq), (_came(old, then.new), _came(new, now.new))


def _came(plan: Plan, judged: Judged) -> _Came:
    """Whether the rules alone select the case; what a person said of it stays out, as it was said of the old version."""
    score = None if judged.score is None else Fraction(judged.score)
    return is_selected(plan, judged.verdict, judged.action), score


# ---------------------------------------------------------------------- names of versions


def _bump(before: Version, after: Version, log: AuditLog | None, columns: Columns | None) -> str | None:
    """A version that scored somebody keeps its name; what differs from it needs another."""
    rubric = after.rubric
    if log is not None and columns is not None:
        for group in columns.groups:
            if group.pack == rubric.digest:
                continue
            other = Rubric(pack := log.pack(group.pack), level=any_level(pack))
            if (other.id, other.version) == (rubric.id, rubric.version):
                count = sum(same.decisions for same in columns.of(group.pack))
                return f"{rubric.version} has {count:,} decision{'' if count == 1 else 's'}: make this {_next(rubric.version)}"
    if (before.rubric.id, before.rubric.version) != (
        rubric.id,
        rubric.version,
    ) or before.rubric.digest == rubric.digest:
        return None
    return f"this is still called {rubric.version}: make it {_next(rubric.version)} before it scores anybody"


def _next(version: str) -> str:
    """The name behind a name: its last number, one higher."""
    digits = len(version) - len(version.rstrip("0123456789"))
    head, number = version[: len(version) - digits], version[len(version) - digits :]
    return f"{head}{int(number) + 1:0{digits}d}" if digits else f"{version}-2"
