"""
The command `score`: submissions in, verdicts out.

Owns how a stream of submissions goes on past a bad one, and what is told where it ends early. Must not know how a verdict comes about, how it is shown, or how
a record is written.
"""

from __future__ import annotations

import sys
from collections import deque
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from scoring.audit.entry import Entry, take_apart
from scoring.cli.inputs import is_live, json_lines, must_keep, open_log, rubric_at, tell_heads
from scoring.cli.options import WRITING, In, Writing
from scoring.cli.output import HOLDS, WRONG, CallError, Table, complain, emit, new_file, place, progress, show_problems
from scoring.cli.paths import STDIN, shown, submissions_file
from scoring.cli.results import Result, cells, facts_of, heads
from scoring.cli.template import show_template
from scoring.engine.submission import MAX_SUBMISSION
from scoring.errors import Problem, ScoringError, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Any, BinaryIO

    from scoring import AuditLog, Decision, Rubric
    from scoring.audit.entry import Recorded

__all__ = ["score"]

_ROWS = 64  # results lined up together
_BATCH = 256  # submissions that share one disk sync in a log


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
    json: bool = False,
) -> int:
    """
    Turn submissions into verdicts.

    In a funnel a submission comes in instalments: each holds everything handed in so far, under an id of its own, and the newest one counts. A submission
    that cannot be scored is reported with its line, the others are scored, and the exit status is 2.

    Args:
        rubric: A rubric.yaml or a pack.
        submissions: A JSON file with one submission, or with one a line; `-` is standard input.
        profile: The rubric's weight profile; its default one otherwise.
        level: The level of the position, where the rubric has levels.
        log: Record every decision in this log before it is shown.
        create: Make the log, and its vault, where there is none.
        per_answer: Keep each answer as a disclosure of its own, so that one can be shown to an auditor without the others.
        vault: The log's vault, where it does not lie beside the log.
        new_vault: Begin a new vault where the log's is lost: what is recorded from now on is not linked with what its cases had before.
        template: Print an empty submission for this rubric to fill in, and score nothing.
        entries: Write what `scoring append` needs to record these decisions elsewhere, to a new file; `-` prints it instead of the results.
        opening: What the log is opened with.
        json: One JSON object a submission, for machines.
    """
    if log is not None and entries is not None:
        raise CallError("--log records the decisions here, --entries prepares to record them elsewhere: choose one")
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
    stream = _Stream(submissions, ready)
    if log is not None:
        with open_log(
            log,
            opening,
            vault=vault,
            create=create,
            new_vault=new_vault,
            hint="; --create makes one",
            per_answer=per_answer,
        ) as opened:
            must_keep(log, vault)
            status = _record(stream, ready, opened, json=json)
            tell_heads(opened)
            return status
    complain("not recorded: without --log nothing is written down")
    if entries is None:
        return stream.show(_decided(stream, ready), json=json)
    with _new_file(entries) as file:
        return stream.show(_decided(stream, ready, file), json=json, quiet=entries == STDIN)


def _decided(stream: _Stream, rubric: Rubric, entries: BinaryIO | None = None) -> Iterator[Result]:
    """Score, and write down nothing but entries for a log elsewhere."""
    for line, submission in stream.submissions():
        try:
            decision = rubric.score(submission)
            if entries is not None:
                name, case, rest = take_apart(submission)
                entries.write(Entry(name, case, decision.data, rest).to_bytes() + b"\n")
        except SubmissionError as error:
            stream.refuse(line, error)
        else:
            yield Result(line, submission.get("id"), decision)


class _Tally:
    """What this run has sent to a log, and how many new records came of it."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._recorded = 0
        self._looked_at = len(log)  # records before this one are counted, or not of this run
        self.waiting: deque[tuple[int, Any]] = deque()  # line and id of what has no answer yet

    def add(self, done: Recorded[Decision]) -> None:
        """Count a decision that came back."""
        if not done.repeated:
            self._recorded += 1
            self._looked_at = max(self._looked_at, done.seq + 1)

    def tell(self) -> None:
        """Say how far it came. A batch may be durable though no answer for it was passed on, so the log is asked."""
        try:
            count = self._recorded + self._unanswered()
        except ScoringError:  # what ended it may have left the log unusable for this process
            complain("stopped: the log does not tell how much was recorded; the same ids can be sent again")
            return
        complain(
            f"stopped: {count} {'decision was' if count == 1 else 'decisions were'} recorded; the same ids can be sent again,"
            " and what is recorded keeps its record"
        )

    def _unanswered(self) -> int:
        ids = [name for _, name in self.waiting]
        since = map(self._log.read, range(self._looked_at, len(self._log)))
        return sum(record["type"] == "decision" and record["body"]["id"] in ids for record in since)


def _record(stream: _Stream, rubric: Rubric, log: AuditLog, *, json: bool) -> int:
    """Score, record and show; whoever ends it early, or does not take the results, hears how many are recorded."""
    tally = _Tally(log)
    try:
        status = stream.show(_recorded(stream, rubric, log, tally), json=json)
        sys.stdout.flush()
    except (KeyboardInterrupt, OSError):  # what a log or an input raises is no OSError: this one is the output's
        tally.tell()
        raise
    return status


def _recorded(stream: _Stream, rubric: Rubric, log: AuditLog, tally: _Tally) -> Iterator[Result]:
    """Score and record: a result comes only when it is durable."""

    def submissions() -> Iterator[dict[str, Any]]:
        for line, submission in stream.submissions():
            tally.waiting.append((line, submission.get("id", "")))
            yield submission

    for done in log.decide_all(rubric, submissions(), batch=1 if stream.live else _BATCH):
        line, name = tally.waiting.popleft()
        if isinstance(done, ScoringError):
            stream.refuse(line, done)
        else:
            tally.add(done)
            yield Result(line, name, done.decision, done.seq, _other_rules(done, rubric) if done.repeated else None)


def _other_rules(done: Recorded[Decision], rubric: Rubric) -> str:
    """By what rules a decision was made earlier, where these are others than today's."""
    then = done.decision.plan
    if then.digest != rubric.digest:
        return f"under {then.pack['rubric']} {then.pack['version']}"
    others = [("profile", then.profile, rubric.profile), ("level", then.level, rubric.level)]
    return " and ".join(f"with {what} {before}" for what, before, now in others if before != now)


class _Stream:
    """
    Submissions as they come in, and how many of them were not scored.

    Attributes:
        live: Whether the sender may wait for each answer before sending on.
    """

    def __init__(self, name: str, rubric: Rubric) -> None:
        self._name = name
        self._rubric = rubric
        self.live = is_live(name)
        self._count = 0
        self._refused = 0

    def submissions(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every object, with the line it starts on; whatever else stands there is reported and passed over."""
        for line in progress(json_lines(self._name, MAX_SUBMISSION, "submissions"), "submissions"):
            self._count += 1
            if line.problem:
                self.refuse(line.number, SubmissionError([Problem("json", line.problem)]), line.column)
            elif type(line.value) is not dict:
                problem = Problem(
                    "submission", "expected an object with the key answers; of several, each on a line of its own"
                )
                self.refuse(line.number, SubmissionError([problem]))
            else:
                yield line.number, line.value

    def refuse(self, line: int, error: ScoringError, column: int = 0) -> None:
        """Report a submission that is not scored, so that the others can go on."""
        self._refused += 1
        problems = error.problems if isinstance(error, SubmissionError) else [Problem("log", str(error))]
        show_problems(place(problems, shown(self._name), line, column))

    def show(self, results: Iterator[Result], *, json: bool, quiet: bool = False) -> int:
        """Print results as they come, and say how it went."""
        table = Table("record", "submission", *heads(self._rubric))
        try:
            for number, result in enumerate(results, 1):
                if quiet:
                    continue
                if json:
                    emit(facts_of(result))
                else:
                    table.row(
                        result.record, result.name or f"line {result.line}", *cells(result.decision, self._rubric)
                    )
                    if self.live or number % _ROWS == 0:
                        table.show()
                if self.live:
                    sys.stdout.flush()
        finally:  # what is recorded is told, whatever ends it
            table.show()
        if not self._count:
            complain(f"{shown(self._name)} holds no submission")
        elif self._refused:
            complain(f"not scored: {self._refused} of {self._count} submissions")
        return WRONG if self._refused or not self._count else HOLDS


def _new_file(name: str) -> AbstractContextManager[BinaryIO]:
    """Open a file for entries that did not exist; nobody but its owner may read it, for answers stand in it."""
    if name == STDIN:
        return nullcontext(sys.stdout.buffer)
    return new_file(name)
