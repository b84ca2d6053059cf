"""
Every past decision of a log under another version of its rubric: how many, which way, and who.

Owns the tally, and how it is spread over processes. `again` decides one decision exactly; `lanes` decides the plain ones of a chunk at once, with the same
result; `causes` says what moved a case. Takes plans, columns and a function that reads submissions; opens no log.
"""

from __future__ import annotations

import heapq
import multiprocessing
import os
import sys
import threading
from array import array
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

import attrs

from scoring.change.again import from_outcomes, from_submission, judged
from scoring.change.causes import Cause, causes
from scoring.change.lanes import Lanes, lanes_for
from scoring.change.translate import Translation
from scoring.engine.decision import decode_outcomes
from scoring.errors import LogError, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from scoring.audit.columns import Chunk, Columns, Group
    from scoring.change.again import Judged
    from scoring.engine.judge import Standing
    from scoring.engine.plan import Plan

    Submissions: TypeAlias = Callable[[int], Mapping[str, Any] | None]
    Pairs: TypeAlias = dict[tuple[str | None, str | None], int]
    Came: TypeAlias = tuple[str, str | None, str]  # status, verdict, action
    Task: TypeAlias = tuple[Group, int]

__all__ = ["Again", "Backtest", "Mover", "Movers", "Unjudged", "again", "backtest"]

_BYTE = 256
_WORTH_SHARING = 40_000  # decisions; beginning processes takes a few tens of milliseconds
_KEPT = 4_096  # decisions that are remembered by their outcomes: those of funnels that ended early are many and alike


@attrs.frozen
class Again:
    """
    One past decision, and what it would come to.

    Attributes:
        seq: Its record.
        old: Status, verdict and action as recorded.
        new: What it comes to under the new version; None where nobody can tell.
        why: Why nobody can tell; empty where somebody can.
        reread: Whether what was handed in had to be classified again.
    """

    seq: int
    old: Came
    new: Judged | None
    why: str = ""
    reread: bool = False


@attrs.frozen
class Unjudged:
    """A decision that cannot be decided again: its record, and why, in one sentence that repeats no answer."""

    seq: int
    why: str


@attrs.frozen
class Mover:
    """
    A case whose verdict or action would be another.

    Attributes:
        seq: The record of its decision.
        old, new: What it came to, worked out from its outcomes, and what it would come to; scores among it.
        causes: What did it: items first, those that moved the score most before the others; then shares, floors, cuts, caps, actions, holds, stages.
    """

    seq: int
    old: Judged
    new: Judged
    causes: tuple[Cause, ...]

    @property
    def items(self) -> tuple[str, ...]:
        """The ids of the items that moved it."""
        return tuple(cause.id for cause in self.causes if cause.kind == "item")


@attrs.frozen
class Backtest:
    """
    What would become of the past decisions of one pack, profile and level.

    Attributes:
        cases: How many decisions were decided again; superseded ones only where they were asked for.
        matrix: How many went from one verdict to another, the same included; None is no verdict: pending or void.
        actions: The same for actions.
        reread: How many of them were classified again from what was handed in.
        unjudged: Those that nobody can decide again, in the order of the log; they are in no count above.
        superseded: How many decisions were left out because a newer one of the case supersedes them.
        remarks: What the reader should know beside the numbers.
        movers: Whose verdict or action would be another: counted at once, and worked out one by one while it is iterated.
    """

    cases: int
    matrix: Pairs
    actions: Pairs
    reread: int
    unjudged: tuple[Unjudged, ...]
    superseded: int
    remarks: tuple[str, ...]
    movers: Movers = attrs.field(repr=False, eq=False)


def backtest(
    old: Plan,
    new: Plan,
    columns: Columns,
    submissions: Submissions,
    *,
    superseded: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Backtest:
    """
    Decide every past decision made under *old* again under *new*.

    What comes out for each is what `Rubric.score` under *new* makes of the submission that was stored, as far as *new* asks for it (`again.carried`): verdict,
    action, status, score, caps and holds. It is worked out from the outcomes where these tell it, and else from the submission.

    Args:
        old: The plan that made the decisions: the same pack, profile and level.
        new: The plan to try.
        columns: Of the log.
        submissions: Gives what was scored, by seq. It returns None, or raises a `LogError` that says why, where that is gone.
        superseded: Whether decisions count, too, that a newer one of the same case supersedes; by default each case counts once.
        workers: How many processes share the work; by default one for each core, where there is enough to share. The result is the same.
        progress: Is told how many decisions are done, and how many there are.

    Raises:
        LogError: The columns were changed meanwhile.
    """
    judge = _Judge(old, new, columns, submissions, superseded=superseded)
    tasks = _tasks(judge)
    tally = _Tally()
    total = sum(group.chunks[place][1] for group, place in tasks)
    done = 0
    for task, part in zip(tasks, _parts(judge, tasks, total, workers), strict=True):
        tally.take(task, part)
        done += task[0].chunks[task[1]][1]
        if progress is not None:
            progress(done, total)
    return tally.result(judge)


def again(
    old: Plan, new: Plan, columns: Columns, submissions: Submissions, *, superseded: bool = False
) -> Iterator[Again]:
    """Decide every past decision again, one by one, in the order of the log: as `backtest`, with what each comes to in full."""
    judge = _Judge(old, new, columns, submissions, superseded=superseded)
    by_group = [[*tasks] for _, tasks in groupby(_tasks(judge), key=lambda task: task[0])]
    streams = [(found for task in tasks for found in judge.each(*task)) for tasks in by_group]
    return heapq.merge(*streams, key=lambda found: found.seq)


class Movers:
    """The cases that move: `len` counts them, iterating works each of them out. Eight bytes of memory for each."""

    def __init__(self, judge: _Judge, places: Sequence[tuple[Task, array[int]]]) -> None:
        self._judge = judge
        self._places = places

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self._places)

    def __iter__(self) -> Iterator[Mover]:
        by_group = [[*places] for _, places in groupby(self._places, key=lambda placed: placed[0][0])]
        streams = [(mover for task, rows in places for mover in self._of(task, rows)) for places in by_group]
        return heapq.merge(*streams, key=lambda mover: mover.seq)

    def _of(self, task: Task, rows: Iterable[int]) -> Iterator[Mover]:
        chunk = self._judge.columns.chunk(*task)
        for row in rows:
            yield self._judge.mover(chunk, row)

    def seqs(self) -> list[int]:
        """Their records alone, in the order of the log; which works nothing out."""
        found: list[int] = []
        for task, rows in self._places:
            seqs = self._judge.columns.chunk(*task).seqs
            found += [seqs[row] for row in rows]
        return sorted(found)


@attrs.define
class _Part:
    """What became of one chunk."""

    pairs: Counter[tuple[Came, tuple[str | None, str]]] = attrs.Factory(Counter)
    movers: array[int] = attrs.field(factory=lambda: array("Q"))
    unjudged: list[Unjudged] = attrs.Factory(list)
    reread: int = 0
    superseded: int = 0

    def take(self, row: int, found: Again) -> None:
        """Count one decision."""
        self.reread += found.reread
        if found.new is None:
            self.unjudged.append(Unjudged(found.seq, found.why))
            return
        came = (found.new.verdict, found.new.action)
        self.pairs[found.old, came] += 1
        if came != found.old[1:]:
            self.movers.append(row)


class _Tally:
    """What became of all chunks so far."""

    def __init__(self) -> None:
        self.all = _Part()
        self.places: list[tuple[Task, array[int]]] = []

    def take(self, task: Task, part: _Part) -> None:
        self.all.pairs.update(part.pairs)
        self.all.unjudged += part.unjudged
        self.all.reread += part.reread
        self.all.superseded += part.superseded
        if part.movers:
            self.places.append((task, part.movers))

    def result(self, judge: _Judge) -> Backtest:
        verdicts: Counter[tuple[str | None, str | None]] = Counter()
        actions: Counter[tuple[str | None, str | None]] = Counter()
        for ((_, verdict, action), (new_verdict, new_action)), count in sorted(self.all.pairs.items(), key=repr):
            verdicts[verdict, new_verdict] += count
            actions[action, new_action] += count
        return Backtest(
            cases=sum(verdicts.values()),
            matrix=dict(verdicts),
            actions=dict(actions),
            reread=self.all.reread,
            unjudged=tuple(sorted(self.all.unjudged, key=lambda one: one.seq)),
            superseded=self.all.superseded,
            remarks=_remarks(judge.way),
            movers=Movers(judge, self.places),
        )


def _remarks(way: Translation) -> tuple[str, ...]:
    if way.new.notice_digest in {None, way.old.notice_digest}:
        return ()
    return (
        "the notice reads otherwise: nobody who was shown the old one has proof of the new one, so that a fatal answer puts no cap and a person is asked",
    )


class _Judge:
    """Decides past decisions again: the plain ones of a chunk at once, each of the others exactly."""

    def __init__(self, old: Plan, new: Plan, columns: Columns, submissions: Submissions, *, superseded: bool) -> None:
        self.way = Translation(old, new)
        self.columns = columns
        self.superseded = superseded
        self._submissions = submissions
        self._lanes: dict[str | None, Lanes | None] = {}
        self._known: dict[Any, Standing | None] = {}
        self._same: Translation | None = None

    def lanes(self, variant: str | None) -> Lanes | None:
        if variant not in self._lanes:
            self._lanes[variant] = lanes_for(self.way, variant)
        return self._lanes[variant]

    def part(self, group: Group, place: int) -> _Part:
        """Count the decisions of a chunk."""
        chunk = self.columns.chunk(group, place)
        part = _Part()
        lanes = self.lanes(group.variant)
        if lanes is None or len(chunk.results) > _BYTE:
            rows: Iterable[int] = range(len(chunk))
            if not self.superseded:
                part.superseded = sum(chunk.superseded)
                rows = [row for row in rows if not chunk.superseded[row]]
        else:
            rows = self._count(lanes, chunk, part)
        for row in rows:
            part.take(row, self.row(chunk, row))
        part.movers = array("Q", sorted(part.movers))
        return part

    def _count(self, lanes: Lanes, chunk: Chunk, part: _Part) -> list[int]:
        """Count the plain decisions of a chunk; return the others."""
        bits, unclear = lanes.bits(chunk)
        keys = _together([*bits, chunk.superseded, bytes(chunk.came.tolist())])
        width = 8 * len(bits)
        slow, moved = set(), set()
        for key, count in Counter(keys).items():
            if not self.superseded and key >> width & 1:
                part.superseded += count
                continue
            new = lanes.judged(key & (1 << width) - 1, unclear)
            if new is None:
                slow.add(key)
                continue
            old = chunk.results[key >> width + 8]
            part.pairs[old, (new.verdict, new.action)] += count
            if (new.verdict, new.action) != old[1:]:
                moved.add(key)
        if moved:
            part.movers.extend(row for row, key in enumerate(keys) if key in moved)
        return [row for row, key in enumerate(keys) if key in slow] if slow else []

    def each(self, group: Group, place: int) -> Iterator[Again]:
        """Decide the decisions of a chunk one by one."""
        chunk = self.columns.chunk(group, place)
        lanes = self.lanes(group.variant)
        plain: list[Judged | None] = [None] * len(chunk)
        scores: Sequence[str] = ()
        if lanes is not None:
            bits, unclear = lanes.bits(chunk)
            plain = [lanes.judged(key, unclear) for key in _together(bits)]
            scores = lanes.scores(chunk) if any(plain) else ()
        for row, new in enumerate(plain):
            if chunk.superseded[row] and not self.superseded:
                continue
            if new is None:
                yield self.row(chunk, row)
            else:
                old = chunk.results[chunk.came[row]]
                yield Again(chunk.seqs[row], old, attrs.evolve(new, score=scores[row]))

    def row(self, chunk: Chunk, row: int) -> Again:
        """Decide one decision exactly."""
        seq, old = chunk.seqs[row], chunk.results[chunk.came[row]]
        try:
            standing, reread = self._standing(chunk, row)
        except LogError as error:
            return Again(seq, old, None, error.message)
        except SubmissionError as error:
            why = "; ".join(map(str, error.problems))
            return Again(seq, old, None, f"the new version refuses what was handed in: {why}")
        return Again(seq, old, judged(self.way.new, standing), "", reread)

    def _standing(self, chunk: Chunk, row: int) -> tuple[Standing, bool]:
        outcomes, around = chunk.outcomes(row), chunk.around[row]
        recorded = chunk.circumstances[around]
        key = (outcomes, chunk.variant, repr(recorded))
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            codes = decode_outcomes(self.way.old, outcomes)
            self._known[key] = from_outcomes(self.way, codes, chunk.variant, recorded)
        standing = self._known[key]
        if standing is not None:
            return standing, False
        submission = self._submissions(chunk.seqs[row])
        if submission is None:
            raise LogError("the vault does not have what was scored")
        return from_submission(self.way.new, submission), True

    def mover(self, chunk: Chunk, row: int) -> Mover:
        """Work out what moved one case."""
        old, new = self.way.old, self.way.new
        if self._same is None:
            self._same = Translation(old, old)
        recorded = chunk.circumstances[chunk.around[row]]
        before = from_outcomes(self._same, decode_outcomes(old, chunk.outcomes(row)), chunk.variant, recorded)
        after, _ = self._standing(chunk, row)
        if before is None:
            raise LogError("it does not follow from its own outcomes; run verify", seq=chunk.seqs[row])
        found = causes(old, before, new, after)
        return Mover(chunk.seqs[row], judged(old, before), judged(new, after), found)


def _together(columns: Sequence[bytes]) -> Sequence[int]:
    """The bytes that stand beside one another as one number each, the first column the lowest."""
    if len(columns) == 1:
        return columns[0]
    for kind in "HIQ":
        found = array(kind)
        if len(columns) <= found.itemsize:
            room = bytearray(found.itemsize * len(columns[0]))
            for place, column in enumerate(columns):
                room[place :: found.itemsize] = column
            found.frombytes(room)
            if sys.byteorder == "big":
                found.byteswap()
            return found
    return [int.from_bytes(row, "little") for row in zip(*columns, strict=True)]


# --- how the work is spread ---


def _tasks(judge: _Judge) -> list[Task]:
    old = judge.way.old
    groups = judge.columns.of(old.digest, old.profile, old.level)
    return [(group, place) for group in groups for place in range(len(group.chunks))]


def _parts(judge: _Judge, tasks: Sequence[Task], total: int, workers: int | None) -> Iterator[_Part]:
    """What became of each chunk, in their order."""
    if workers is None:
        # A fork beside another thread may copy a lock that nobody will ever open.
        shared = _FORKS and threading.active_count() == 1 and total >= _WORTH_SHARING
        workers = len(os.sched_getaffinity(0)) if shared else 1
    if min(workers, len(tasks)) < 2 or not _FORKS:
        yield from (judge.part(*task) for task in tasks)
        return
    context = multiprocessing.get_context("fork")
    with context.Pool(min(workers, len(tasks)), _share, (judge,)) as pool:
        yield from pool.imap(_part, tasks)


_FORKS = hasattr(os, "sched_getaffinity") and "fork" in multiprocessing.get_all_start_methods()
_shared: list[_Judge] = []  # by a fork alone: a vault cannot be sent to another process


def _share(judge: _Judge) -> None:
    _shared[:] = [judge]


def _part(task: Task) -> _Part:
    return _shared[0].part(*task)
