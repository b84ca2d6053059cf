"""
Past one machine: submissions scored, and decided again, by Apache Spark's workers; and one writer that gives entries their places in a log.

Owns how a DataFrame says submissions and past decisions, and what comes back. Must not know how one is scored (`arrow.decided`) or decided again
(`change.again`). Imports nothing of Spark: it asks the DataFrame that it is given, and workers have pyarrow, without which Spark hands over no columns
(extra ``spark``). See ADR 0020.

A task that Spark runs again, or twice at once, does no harm. An entry follows from the submission, the pack, profile, level and SEMANTICS alone: the salts are
the log's, drawn where `append` gives the entry its place. So the second run makes the same bytes. Between two jobs the rubric may have become another one;
then the entry that was appended first stands, and `append` says for which ids that is another decision than the one at hand. A DataFrame is a plan, worked
out anew for every action on it: write what `score` gives to storage once, then append and count from there.
"""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from scoring import canonical
from scoring.audit.entry import Entry, take_apart
from scoring.audit.fields import decision_misfit
from scoring.audit.value import Value
from scoring.edge.arrow import COLUMNS, check_columns, decided
from scoring.engine.plan import SEMANTICS
from scoring.engine.rubric import Rubric
from scoring.engine.submission import parse
from scoring.errors import LogError, Problem, ScoringError, SubmissionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from pyarrow import RecordBatch
    from pyspark.sql import DataFrame

    from scoring.audit.log import AuditLog
    from scoring.change.again import Judged, Translation
    from scoring.engine.decision import Decision

    Made: TypeAlias = tuple[bytes, str, str | None]  # what makes a rubric again elsewhere
    Row: TypeAlias = dict[str, Any] | None  # None where a text in it is no UTF-8
    Past: TypeAlias = tuple[
        str | None, Decision, dict[str, Any] | None
    ]  # id, decision, what was scored where it is at hand

__all__ = ["JUDGED", "SCORED", "Appended", "append", "backtest", "score"]

SCORED = (*COLUMNS, "entry")  # the columns of `score`, behind those that are kept
# The columns of `backtest`. Caps and holds are the new ones, with commas between them. Where nobody can tell, there is an `error`.
_THEN = ("old_status", "old_verdict", "old_action", "old_score")
_NOW = ("new_status", "new_verdict", "new_action", "new_score", "new_caps", "new_holds")
JUDGED = ("id", *_THEN, *_NOW, "reread", "error")
_KINDS = {"entry": "binary", "reread": "boolean"}  # all others are text
_ROWS = 256  # that are laid out together: Spark hands over 10,000 at once, each of which may have 1 MiB
_BATCH = 64  # entries that share one fdatasync
_NO_TEXT = "holds bytes that are no UTF-8: write the column as UTF-8, or hand it over as binary"
MAX_REFUSED = 1_000  # refusals that are told one by one


def score(frame: DataFrame, rubric: Rubric, keep: Sequence[str] = ()) -> DataFrame:
    """
    Score every row of a DataFrame, as `arrow.score_batch` scores those of a table, and make its entry.

    Args:
        frame: Either it has a column ``submission``, text or binary, each a whole submission as JSON with `id` and `case`; or a column for each item that was
            asked, beside ``id``, ``case`` and ``handed_in``.
        rubric: What to score with: ``scoring.load(path, profile=, level=)``. Its pack travels with the job.
        keep: Columns that say nothing to the rubric, and are handed on as they are.

    Returns:
        One row for each: the columns kept, then `SCORED`. ``entry`` is what `append` takes, and holds personal data. A row that cannot be scored or recorded
        has an ``error`` instead, which repeats no answer, and the others go on. A verdict is handed out when `append` has recorded it, not before.

    Raises:
        SubmissionError: The DataFrame has a column that says nothing to this rubric.

    Source: FORMAT.md 9.
    """
    keep = _kept(frame, keep, SCORED)
    asked = [name for name in frame.columns if name not in keep]
    check_columns(rubric, asked)
    _must_be_text(frame, [name for name in asked if name == "submission"])
    return _spread(frame, partial(_Scoring, SEMANTICS, _made(rubric)), asked, keep, SCORED)


def backtest(frame: DataFrame, old: Rubric, new: Rubric, keep: Sequence[str] = ()) -> DataFrame:
    """
    Decide past cases again under *new*, each as `change.backtest` decides it.

    Args:
        frame: The past, in the first of these forms whose column it has: ``entry``, what `score` made; ``decision``, canonical JSON as a log holds it, with
            ``submission`` beside it, what was scored as JSON, null where that was erased; ``submission`` alone, which is then scored under *old*, too.
        old: What decided: the same pack, profile and level.
        new: What to try.
        keep: Columns that are handed on as they are; others are not read.

    Returns:
        One row for each: the columns kept, then `JUDGED`. ``groupBy("old_verdict", "new_verdict").count()`` is the matrix of the local backtest, if decisions
        that a newer one of their case supersedes are left out beforehand. ``reread`` says that outcomes did not tell and the answers were classified again.
        Where nobody can tell, or a stored decision is not what *old* makes of its outcomes, there is an ``error``, and nothing new.

    Raises:
        SubmissionError: The DataFrame has none of these columns.
    """
    keep = _kept(frame, keep, JUDGED)
    form = next((name for name in _PASTS if name in frame.columns), None)
    if form is None:
        message = f"there is none of the columns {', '.join(_PASTS)}, which say what was decided"
        raise SubmissionError([Problem("column", message)])
    read = [form, "submission"] if form == "decision" and "submission" in frame.columns else [form]
    _must_be_text(frame, read)
    chosen = frame.select(*dict.fromkeys((*read, *keep)))
    return _spread(chosen, partial(_Judging, SEMANTICS, _made(old), _made(new), form), read, keep, JUDGED)


def append(frame: DataFrame, log: AuditLog, rubric: Rubric | None = None) -> Appended:
    """
    Give each entry its place in a log: the one writer, which runs where the log's disk is. Entries come one partition after the other, never all at once.

    May be interrupted anywhere and done again, with the same DataFrame or one worked out anew: an id that the log has keeps its record. Of two submissions of
    one case the later one supersedes, so sort the DataFrame where cases come in instalments.

    Args:
        frame: With a column ``entry``, as `score` makes it; a row without one is counted and left.
        log: Open, with its vault.
        rubric: Is recorded before the entries where it is new. The log has to know what entries cite.

    Raises:
        StoreError: The log cannot be written. ConflictError: The rubric's version stands for another pack. SubmissionError: There is no column of entries.
    """
    _must_be_text(frame, ["entry"])
    if rubric is not None:
        log.publish(rubric)
    rows = frame.select("entry").toLocalIterator(prefetchPartitions=True)
    return _appended((row[0] for row in rows), log)


class Appended(Value):
    """
    What became of entries. All but those that were refused are durable.

    Attributes:
        recorded: How many have a new record.
        repeated: How many had their record already.
        others: Of the repeated ones the ids whose recorded decision is another than the entry's, made earlier by other rules: the recorded one stands.
        refused: How many got no place. They can be appended again once what is wrong is mended.
        problems: For the first 1,000 of these the id, empty where it is no entry, and what is wrong.
        without: How many rows had no entry: `score` says why.
    """

    __slots__ = ("recorded", "repeated", "others", "refused", "problems", "without")  # noqa: RUF023 - in the order of the constructor

    recorded: int
    repeated: int
    others: tuple[str, ...]
    refused: int
    problems: tuple[tuple[str, str], ...]
    without: int


# --- on the driver ---


def _kept(frame: DataFrame, keep: Sequence[str], ours: Sequence[str]) -> list[str]:
    """The columns to hand on, sure to be there and to get in nobody's way."""
    names = [keep] if isinstance(keep, str) else [*keep]
    problems = []
    for name in names:
        if name not in frame.columns:
            hint = did_you_mean(name, frame.columns)
            problems.append(Problem("column", f"is to be kept, and there is no such column{hint}", path=name))
        elif name in ours:
            problems.append(
                Problem("column", "is to be kept, and the result has a column of that name: rename it", path=name)
            )
    if problems:
        raise SubmissionError(problems)
    return names


def _must_be_text(frame: DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if name not in frame.columns:
            raise SubmissionError([Problem("column", "there is no such column", path=name)])
        kind = frame.schema[name].dataType.typeName()
        if kind not in {"string", "binary"}:
            message = f"is a {kind}; expected text or binary: where it is a struct, to_json makes a text of it"
            raise SubmissionError([Problem("column", message, path=name)])


def _made(rubric: Rubric) -> Made:
    return rubric.pack, rubric.profile, rubric.level


def _spread(
    frame: DataFrame,
    begin: Callable[[], Callable[[Row], tuple[Any, ...]]],
    read: list[str],
    keep: list[str],
    ours: Sequence[str],
) -> DataFrame:
    """Have the workers do it. What is sent is the name of what begins and what that needs; Spark itself broadcasts what is long."""
    schema = type(frame.schema)([frame.schema[name] for name in keep])
    for name in ours:
        schema = schema.add(name, _KINDS.get(name, "string"))

    def on_worker(batches: Iterator[RecordBatch]) -> Iterator[RecordBatch]:
        return _laid_out(batches, begin(), read, keep, ours)

    return frame.mapInArrow(on_worker, schema)


# --- on the workers ---


@lru_cache(maxsize=8)
def _rubric(pack: bytes, profile: str, level: str | None) -> Rubric:
    """Prepare a pack once in the life of a worker."""
    return Rubric(pack, profile, level)


def _laid_out(
    batches: Iterable[RecordBatch],
    work: Callable[[Row], tuple[Any, ...]],
    read: list[str],
    keep: list[str],
    ours: Sequence[str],
) -> Iterator[RecordBatch]:
    """Do the *work* for each row, and set what comes of it beside the columns that are kept."""
    import pyarrow as pa

    as_arrow = {"binary": pa.binary(), "boolean": pa.bool_()}
    kinds = [as_arrow.get(_KINDS.get(name, ""), pa.string()) for name in ours]
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS):
            part = batch.slice(start, _ROWS)
            rows = [work(values) for values in _values(part.select(read))]
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
            yield pa.RecordBatch.from_arrays([*part.select(keep).columns, *arrays], names=[*keep, *ours])


def _values(part: RecordBatch) -> Iterator[Row]:
    """The rows of a part. Spark checks no text, so one that is none is found here, and by itself."""
    try:
        yield from part.to_pylist()
    except UnicodeDecodeError:
        for place in range(part.num_rows):
            try:
                (row,) = part.slice(place, 1).to_pylist()
            except UnicodeDecodeError:
                row = None
            yield row


def _must_agree(semantics: int) -> None:
    if semantics != SEMANTICS:
        message = (
            f"the driver has SEMANTICS {semantics} and this worker {SEMANTICS}: install the same scoreproof everywhere"
        )
        raise RuntimeError(message)


class _Scoring:
    """Scores rows, and remembers the entry of what it scored last: a rubric for `decided`."""

    def __init__(self, semantics: int, rubric: Made) -> None:
        _must_agree(semantics)
        self._rubric = _rubric(*rubric)
        self._entry: bytes | None = None

    def __call__(self, values: Row) -> tuple[Any, ...]:
        if values is None:
            return (*[None] * (len(COLUMNS) - 1), _NO_TEXT, None)
        self._entry = None
        return (*decided(self, values), self._entry)  # type: ignore[arg-type] # it asks for `score` and nothing else

    def score(self, submission: Any) -> Decision:
        decision = self._rubric.score(submission)
        name, case, rest = take_apart(submission)
        self._entry = Entry(name, case, decision.data, rest).to_bytes()
        return decision


class _Judging:
    """Decides rows again."""

    def __init__(self, semantics: int, old: Made, new: Made, form: str) -> None:
        from scoring.change.again import Translation

        _must_agree(semantics)
        self._old = _rubric(*old)
        self._way = Translation(self._old.plan, _rubric(*new).plan)
        self._past = _PASTS[form]

    def __call__(self, values: Row) -> tuple[Any, ...]:
        if values is None:
            return (*[None] * (len(JUDGED) - 1), _NO_TEXT)
        name, then, now, reread, error = None, _NOTHING[: len(_THEN)], _NOTHING, None, None
        try:
            name, decision, submission = self._past(self._old, values)
            data = decision.data
            then = (data["status"], data["verdict"], data["action"], data["score"])
            new, reread = _again(self._way, decision, submission)
            now = (new.status, new.verdict, new.action, new.score, ",".join(new.caps), ",".join(new.holds))
        except LogError as found:
            error = found.message
        except SubmissionError as found:
            error = "; ".join(map(str, found.problems))
        return (name, *then, *now, reread, error)


_NOTHING: tuple[str | None, ...] = (None,) * len(_NOW)


def _again(way: Translation, decision: Decision, submission: Mapping[str, Any] | None) -> tuple[Judged, bool]:
    """One decision under the new version, and whether it took the submission: what the local backtest does for a decision that is not plain."""
    from scoring.change.again import from_outcomes, from_submission, judged

    before = decision.standing
    recorded = {**decision.data, "evaluated": len(before.stages)}
    standing = from_outcomes(way, before.codes, decision.variant, recorded)
    if standing is not None:
        return judged(way.new, standing), False
    if submission is None:
        raise LogError("its outcomes do not tell, and there is no submission beside it")
    try:
        return judged(way.new, from_submission(way.new, submission)), True
    except SubmissionError as error:
        why = "; ".join(map(str, error.problems))
        raise LogError(f"the new version refuses what was handed in: {why}") from None


def _of_entry(old: Rubric, values: dict[str, Any]) -> Past:
    entry = Entry.from_bytes(_bytes_of(values["entry"], "entry"))
    return entry.id, _stored(old, entry.decision), entry.submission


def _of_decision(old: Rubric, values: dict[str, Any]) -> Past:
    try:
        data: Any = canonical.loads(_bytes_of(values["decision"], "decision"))
    except canonical.CanonicalError as error:
        raise SubmissionError([Problem("decision", f"not a decision: {error.message}")]) from None
    wrong = decision_misfit(data)
    if wrong:
        raise SubmissionError([Problem("decision", wrong, path="decision")])
    scored = values.get("submission")
    submission = None if scored is None else parse(_bytes_of(scored, "submission"))
    return None, _stored(old, data), submission


def _of_submission(old: Rubric, values: dict[str, Any]) -> Past:
    submission = parse(_bytes_of(values["submission"], "submission"))
    decision = old.score(submission)
    return submission.get("id"), decision, submission


# How a row says what was decided, by the column that says it.
_PASTS: dict[str, Callable[[Rubric, dict[str, Any]], Past]] = {
    "entry": _of_entry,
    "decision": _of_decision,
    "submission": _of_submission,
}


def _bytes_of(value: str | bytes | bytearray | None, name: str) -> bytes:
    if value is None:
        raise SubmissionError([Problem(name, "is missing: the column holds null", path=name)])
    return value.encode() if isinstance(value, str) else bytes(value)


def _stored(old: Rubric, data: dict[str, Any]) -> Decision:
    """A decision that somebody stored, if it is what *old* makes of its outcomes."""
    if (data["pack"], data["profile"], data["level"]) != (old.digest, old.profile, old.level):
        raise LogError("it was decided by another rubric, profile or level than the old one given here")
    decision = old.rejudge(data)
    if decision.data != data:
        raise LogError("the stored decision does not follow from its own outcomes: it was changed, or is damaged")
    return decision


# --- the one writer ---


def _appended(entries: Iterable[str | bytes | bytearray | None], log: AuditLog) -> Appended:
    recorded, repeated, refused, without = 0, 0, 0, 0
    others: list[str] = []
    problems: list[tuple[str, str]] = []
    left = iter(entries)
    while batch := [*islice(left, _BATCH)]:
        without += batch.count(None)
        size = len(log)
        new = set()
        for entry, found in _placed(log, [_bytes_of(data, "entry") for data in batch if data is not None]):
            if isinstance(found, ScoringError):
                refused += 1
                if len(problems) < MAX_REFUSED:
                    problems.append((entry.id if entry else "", str(found)))
            elif found >= size and found not in new:
                new.add(found)
            else:
                repeated += 1
                if entry and log.read(found)["body"]["decision"] != entry.decision:
                    others.append(entry.id)
        recorded += len(new)
    return Appended(recorded, repeated, tuple(others), refused, tuple(problems), without)


def _placed(log: AuditLog, batch: Sequence[bytes]) -> Iterator[tuple[Entry | None, int | ScoringError]]:
    """The entries of a batch, each with its record or with what keeps it from having one."""
    entries: list[Entry] = []
    for data in batch:
        try:
            entries.append(Entry.from_bytes(data))
        except SubmissionError as error:
            yield None, error
    yield from _together(log, entries)


def _together(log: AuditLog, entries: Sequence[Entry]) -> Iterator[tuple[Entry, int | ScoringError]]:
    """Append entries; where the log refuses them, each by itself, so that only those stay behind that are wrong."""
    if not entries:
        return
    try:
        yield from zip(entries, log.append(entries), strict=True)
    except (SubmissionError, LogError) as error:
        if len(entries) == 1:
            yield entries[0], error
            return
        for entry in entries:
            yield from _together(log, [entry])
