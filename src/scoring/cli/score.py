"""
The command `score`: submissions in, verdicts out.

Owns how a stream of submissions goes on past a bad one, over how many processes it is spread, and what is told where it ends early. Several processes score
(`desk`); this one reads, records and prints, in the order of the input. Must not know how a verdict comes about, how it is shown, or how a record is written.
"""

from __future__ import annotations

import sys
from collections import deque
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from scoring.audit.crew import Crew, cores
from scoring.cli.desk import Desk, Scored, Wanted
from scoring.cli.handover import handover
from scoring.cli.inputs import is_live, length_of, must_keep, open_log, rubric_at, tell_heads, unread_lines
from scoring.cli.options import WRITING, In, Writing
from scoring.cli.output import (
    HOLDS,
    WRONG,
    CallError,
    Table,
    complain,
    counted,
    emit,
    in_options,
    json_text,
    place,
    progress,
    show_problems,
)
from scoring.cli.paths import STDIN, is_begun, shown, submissions_file
from scoring.cli.results import Place, heads, place_of, refused
from scoring.cli.template import show_template
from scoring.engine.ids import is_id
from scoring.engine.submission import MAX_SUBMISSION
from scoring.errors import LogError, Problem, ScoringError, StoreError, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeAlias

    from scoring import AuditLog, Decision, Rubric
    from scoring.audit.entry import Recorded
    from scoring.cli.handover import Handover
    from scoring.cli.inputs import Unread
    from scoring.engine.plan import Plan

    Shown: TypeAlias = str | tuple[str, ...]

__all__ = ["score"]

_ROWS = 64  # results lined up together
_BATCH = 256  # submissions that share one disk sync in a log, and that a process is given at once
_ROOM = 1 << 20  # bytes of submissions that a process is given at once
_WORTH_SHARING = 4 << 20  # bytes of an input; what is shorter is scored before another process has started


def score(
    rubric: In,
    submissions: In = STDIN,
    /,
    *,
    profile: str | None = None,
    level: str | None = None,
    log: str | None = None,
    create: bool = False,
    per_answer: bool = False,
    vault: str | None = None,
    new_vault: bool = False,
    opening: Writing = WRITING,
    template: bool = False,
    entries: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    resume: bool = False,
    json: bool = False,
) -> int:
    """
    Turn submissions into verdicts.

    In a funnel a submission comes in instalments: each holds everything handed in so far, under an id of its own, and the newest one counts. A submission
    that cannot be scored is reported with its line, the others are scored, and the exit status is 2. A long file is scored on all processors. After an
    interruption the same call can be given again with the same --log, or with --resume: what is recorded, or has its entry, keeps it.

    Args:
        rubric: A rubric.yaml, the directory that holds it, or a pack.
        submissions: A JSON file with one submission, or with one a line; `-` is standard input.
        profile: The rubric's weight profile; its default one otherwise.
        level: The level of the position, where the rubric has levels.
        log: Record every decision in this log before it is shown.
        create: Make the log, and its vault, where there is none.
        per_answer: Keep each answer as a disclosure of its own, so that one can be shown to an auditor without the others.
        vault: The log's vault, where it does not lie beside the log.
        new_vault: Begin a new vault where the log's is lost: what is recorded from now on is not linked with what its cases had before.
            Where the log or its vault is an older copy than the other: go on with both as they are.
        template: Print an empty submission for this rubric to fill in, and score nothing.
        entries: Write what `scoring append` needs to record these decisions elsewhere, to a new file; `-` prints it instead of the results.
        resume: Go on with the file that --entries names: submissions whose entries it has are passed over.
        opening: What the log is opened with.
        json: One JSON object a submission, for machines; of one that was not scored it has `error` and `problems`.
    """
    if log is not None and entries is not None:
        raise CallError("--log records the decisions here, --entries prepares to record them elsewhere: choose one")
    if resume and entries in (None, STDIN):
        raise CallError("--resume goes on with the file that --entries names: give both")
    if create and log is None:
        raise CallError("--create makes the log that --log names: give both")
    if (vault is not None or new_vault) and log is None:
        raise CallError(
            f"{'--vault is' if vault else '--new-vault begins'} the vault of the log that --log names: give both"
        )
    if (per_answer or opening != WRITING) and log is None:
        raise CallError("--per-answer, --key and --trusted-checkpoint are about the log that --log names: give it too")
    if rubric == submissions == STDIN and not template:
        raise CallError("the rubric and the submissions cannot both come from standard input")
    ready = rubric_at(rubric, profile, level)
    if template:
        show_template(ready, json=json)
        return HOLDS
    if submissions != STDIN:
        submissions_file(submissions)
    wanted = Wanted(json, quiet=entries == STDIN, entry=entries is not None, kept=log is not None)
    stream = _Stream(submissions, ready, wanted)
    if log is not None:
        if create and not is_begun(Path(log)) and stream.is_empty():
            return stream.show(iter(()))
        with (
            stream.crew() as crew,
            open_log(
                log,
                opening,
                vault=vault,
                create=create,
                new_vault=new_vault,
                hint="; --create makes one",
                per_answer=per_answer,
            ) as opened,
        ):
            must_keep(log, vault)
            status = _record(stream, stream.scored(crew), opened)
            told = tell_heads(opened)
            return status or told
    with stream.crew() as crew:
        if entries is None:
            complain("not recorded: without --log nothing is written down")
            return stream.show(_results(stream, stream.scored(crew)))
        with handover(entries, ready, resume=resume) as file:
            try:
                return stream.show(_results(stream, stream.scored(crew, file.missing), file))
            except KeyboardInterrupt:
                if entries != STDIN:
                    complain(f"stopped: the same call with --resume goes on with {entries}")
                raise
            finally:
                if file.passed:
                    complain(f"passed over: {counted(file.passed, 'submission')} whose entries {file.name} has")


def _results(
    stream: _Stream, scored: Iterator[Scored], entries: Handover | None = None
) -> Iterator[tuple[Place, Shown]]:
    """What is to be shown; and what is written down are entries for a log elsewhere, at most."""
    for one in scored:
        if one.problems:
            stream.refuse(one, one.problems)
            continue
        try:
            new = entries is None or entries.write(one.line, one.name, one.entry)
        except SubmissionError as error:
            stream.refuse(one, error.problems)
            continue
        if new:
            yield Place(one.line, one.name), one.shown


class _Tally:
    """What this run has sent to a log, and how many new records came of it."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._recorded = 0
        self._looked_at = len(log)  # records before this one are counted, or not of this run
        self.waiting: deque[Scored] = deque()  # what has no answer yet

    def add(self, done: Recorded[Any]) -> None:
        """Count a decision that came back."""
        if not done.repeated:
            self._recorded += 1
            self._looked_at = max(self._looked_at, done.seq + 1)

    def tell(self) -> None:
        """Say how far it came. A batch may be durable though no answer for it was passed on, so the log is asked."""
        count, more = self._recorded, ""
        try:
            count += self._unanswered()
        except ScoringError:  # what ended it may have left the log unusable for this process
            if not count:
                complain("stopped: the log does not tell how much was recorded; the same ids can be sent again")
                return
            more = ", perhaps more"
        complain(
            f"stopped: {counted(count, 'decision')} {'was' if count == 1 else 'were'} recorded{more}; the same ids can be sent again,"
            " and what is recorded keeps its record"
        )

    def _unanswered(self) -> int:
        ids = [one.name for one in self.waiting]
        since = map(self._log.read, range(self._looked_at, len(self._log)))
        return sum(record["type"] == "decision" and record["body"]["id"] in ids for record in since)


class _Made:
    """A decision of another process."""

    def __init__(self, scored: Scored) -> None:
        self.sent: dict[str, Any] = scored.submission or {}
        self.data = scored.data or {}
        self.shown = scored.shown


class _Beforehand:
    """A rubric for a log, which knows what was scored beforehand."""

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric
        self.pack, self.digest, self.profile, self.level = rubric.pack, rubric.digest, rubric.profile, rubric.level
        self._made: dict[int, _Made] = {}

    def score(self, submission: dict[str, Any]) -> Decision | _Made:
        """Score, unless it is exactly what was sent: to some the log adds what was fixed for their case."""
        made = self._made.get(id(submission.get("answers")))
        if made is None or len(submission) != len(made.sent) - 2:  # all but id and case
            return self._rubric.score(submission)
        alike = all(made.sent.get(key, made) is value for key, value in submission.items())
        return made if alike else self._rubric.score(submission)

    def expect(self, scored: Scored) -> None:
        """Keep what was scored of a submission until it is recorded."""
        if scored.submission is not None and scored.data is not None:
            self._made[id(scored.submission["answers"])] = _Made(scored)

    def forget(self, scored: Scored) -> None:
        """Let go of it."""
        if scored.submission is not None:
            self._made.pop(id(scored.submission.get("answers")), None)


def _record(stream: _Stream, scored: Iterator[Scored], log: AuditLog) -> int:
    """Record and show; whoever ends it early, or does not take the results, hears how many are recorded."""
    tally = _Tally(log)
    try:
        status = stream.show(_recorded(stream, scored, log, tally))
        sys.stdout.flush()
    except (
        KeyboardInterrupt,
        OSError,
        LogError,
        StoreError,
    ):  # an OSError is the output's: a log and an input raise ours
        tally.tell()
        raise
    return status


def _recorded(stream: _Stream, scored: Iterator[Scored], log: AuditLog, tally: _Tally) -> Iterator[tuple[Place, Shown]]:
    """Record: a result comes only when it is durable."""
    rubric = _Beforehand(stream.rubric)

    def submissions() -> Iterator[dict[str, Any]]:
        for one in scored:
            if one.submission is None:
                stream.refuse(one, one.problems)
                continue
            rubric.expect(one)
            tally.waiting.append(one)
            yield one.submission

    for done in log.decide_all(rubric, submissions(), batch=1 if stream.live else _BATCH):
        one = tally.waiting.popleft()
        rubric.forget(one)
        if isinstance(done, ScoringError):
            stream.refuse(one, _problems_of(done))
            continue
        tally.add(done)
        came = done.decision
        earlier = _other_rules(came.plan, stream.rubric) if done.repeated and not isinstance(came, _Made) else None
        yield (
            Place(one.line, one.name, done.seq, earlier),
            came.shown if isinstance(came, _Made) else stream.desk.show(came),
        )


def _other_rules(then: Plan, rubric: Rubric) -> str:
    """By what rules a decision was made earlier, where these are others than today's."""
    if then.digest != rubric.digest:
        return f"under {then.pack['rubric']} {then.pack['version']}"
    others = [("profile", then.profile, rubric.profile), ("level", then.level, rubric.level)]
    return " and ".join(f"with {what} {before}" for what, before, now in others if before != now)


class _Stream:
    """
    Submissions as they come in, and how many of them were not scored.

    Attributes:
        rubric: What they are scored by. desk: Where.
        live: Whether the sender may wait for each answer before sending on.
    """

    def __init__(self, name: str, rubric: Rubric, wanted: Wanted) -> None:
        self._name = name
        self._wanted = wanted
        self.rubric = rubric
        self.desk = Desk(rubric, wanted)
        self.live = is_live(name)
        self._lines = unread_lines(name, MAX_SUBMISSION, "submissions")
        self._count = 0
        self._refused = 0

    def is_empty(self) -> bool:
        """Whether nothing comes in at all; it waits for the first line."""
        first = next(self._lines, None)
        self._lines = iter(()) if first is None else chain((first,), self._lines)
        return first is None

    def crew(self) -> Crew[list[Unread], list[Scored]]:
        """Those who score: all processors where it is worth it. To be called before a log is open, which no other process should inherit."""
        return Crew(self.desk, cores() if length_of(self._name) >= _WORTH_SHARING else 1)

    def scored(
        self,
        crew: Crew[list[Unread], list[Scored]],
        among: Callable[[Iterator[Unread]], Iterator[Unread]] = iter,
    ) -> Iterator[Scored]:
        """What came of every line, in the order of the input; *among* takes out what is to be passed over."""
        lines = among(self._counted(self._lines))
        answers = (one for _, some in crew.do(_parts(lines, self.live)) for one in some)
        return progress(answers, "submissions")

    def _counted(self, lines: Iterator[Unread]) -> Iterator[Unread]:
        for line in lines:
            self._count += 1
            yield line

    def refuse(self, one: Scored, problems: Sequence[Problem]) -> None:
        """Report a submission that is not scored, so that the others can go on; to machines among the results as well."""
        self._refused += 1
        show_problems(place(problems, shown(self._name), one.line, one.column))
        if self._wanted.json and not self._wanted.quiet:
            emit(refused(Place(one.line, one.name if is_id(one.name) else None), problems))

    def show(self, results: Iterator[tuple[Place, Shown]]) -> int:
        """Print results as they come, and say how it went."""
        table = Table("record", "submission", *heads(self.rubric))
        try:
            for number, (where, came) in enumerate(results, 1):
                if self._wanted.quiet:
                    continue
                if isinstance(came, str):
                    sys.stdout.write(f"{json_text(place_of(where))[:-1]},{came}\n")
                else:
                    table.row(where.record, where.name or f"line {where.line}", *came)
                    if self.live or number % _ROWS == 0:
                        table.show()
                if self.live:
                    sys.stdout.flush()
        finally:  # what is recorded is told, whatever ends it
            table.show()
        if not self._count:
            complain(f"{shown(self._name)} holds no submission")
        elif self._refused:
            complain(f"not scored: {self._refused:,} of {counted(self._count, 'submission')}")
        return WRONG if self._refused or not self._count else HOLDS


def _parts(lines: Iterator[Unread], live: bool) -> Iterator[list[Unread]]:
    """Lines in parts, each of which is scored at once."""
    part: list[Unread] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(line[1]) if isinstance(line, tuple) else MAX_SUBMISSION
        if live or len(part) == _BATCH or size >= _ROOM:
            yield part
            part, size = [], 0
    if part:
        yield part


def _problems_of(error: ScoringError) -> Sequence[Problem]:
    return error.problems if isinstance(error, SubmissionError) else [Problem("log", in_options(str(error)))]
