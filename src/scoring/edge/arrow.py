"""
Columns in, columns out: many submissions at once for whoever holds them in a table.

Anything that speaks the Arrow C stream protocol (polars, pandas, DuckDB, pyarrow, Spark) can hand a table over and read the answer, and none of them is needed
here: `nanoarrow` carries the buffers (extra ``arrow``). Owns how a table says a submission and how a decision is laid out in columns. Must not score: each row
goes through `Rubric.score`, so that a row in a table and a submission by itself come out the same to the byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoring.errors import MissingExtraError, Problem, SubmissionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoring.engine.rubric import Rubric

__all__ = ["COLUMNS", "Scored", "check_columns", "decided", "score_batch"]

# What comes back, in this order, all of it text, `holds` with commas between them. A refused row has `error` and, where known, `id` and `case`.
COLUMNS = ("id", "case", "status", "action", "verdict", "score", "holds", "outcomes", "decision", "error")
_WHOLE = "submission"  # the column that holds whole submissions as JSON
_NAMES = (
    "id",
    "case",
    "handed_in",
)  # what a table may say beside its answers; facts are only said in whole submissions


class Scored:
    """
    A table of decisions, one row for each row that came in and in their order.

    Whatever reads the Arrow C stream protocol reads it, as often as it likes: ``polars.DataFrame(scored)``, ``pyarrow.table(scored)``.
    """

    __slots__ = ("_batches", "_schema")

    def __init__(self, schema: Any, batches: Sequence[Any]) -> None:
        self._schema = schema
        self._batches = batches

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the table over. Source: the Arrow PyCapsule interface."""
        from nanoarrow.c_array_stream import CArrayStream

        return CArrayStream.from_c_arrays([*self._batches], self._schema).__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return sum(len(batch) for batch in self._batches)


def score_batch(rubric: Rubric, table: Any) -> Scored:
    """
    Score every row of a table.

    Args:
        rubric: What to score with.
        table: Anything with ``__arrow_c_stream__`` or ``__arrow_c_array__``. Either it has the one column ``submission``, each a whole submission as JSON; or a
            column for each item that was asked, named by the item's id, beside ``id``, ``case`` and ``handed_in`` where they are wanted. Null says that there
            is no answer, an empty text that the answer is blank. Batches are read one at a time.

    Returns:
        One row for each, with the columns `COLUMNS`. ``decision`` is the text that replay compares; ``score`` an exact share such as ``7/10``. A row that
        cannot be scored has an ``error``, which says where and what and repeats no answer, and the others go on.

    Raises:
        SubmissionError: The table has a column that says nothing to this rubric.
        MissingExtraError: The extra ``arrow`` is not installed.
        TypeError: *rubric* is no rubric, or *table* no table.
    """
    _must_fit(rubric, table)
    try:
        import nanoarrow as na
    except ImportError:
        raise MissingExtraError("scoring tables", "arrow") from None
    stream = na.ArrayStream(table)
    check_columns(rubric, [field.name for field in stream.schema.fields])
    schema = na.c_schema(na.struct({name: na.string() for name in COLUMNS}))
    batches = []
    for chunk in _chunks(stream):
        rows = [decided(rubric, values) for values in chunk.to_pylist()]
        columns = [na.c_array([row[place] for row in rows], na.string()) for place in range(len(COLUMNS))]
        batches.append(na.c_array_from_buffers(schema, len(rows), [None], null_count=0, children=columns))
    return Scored(schema, batches)


def _must_fit(rubric: object, table: object) -> None:
    from scoring.engine.rubric import Rubric

    if not isinstance(rubric, Rubric):
        message = f"rubric: expected a Rubric, got {type(rubric).__name__}: scoring.load(PATH) gives one"
        raise TypeError(message)
    if not any(hasattr(table, name) for name in ("__arrow_c_stream__", "__arrow_c_array__")):
        message = (
            f"table: expected columns that speak the Arrow C stream protocol, such as a pyarrow.Table or a DataFrame of polars or pandas, got "
            f"{type(table).__name__}: pyarrow.table(columns) makes one of a dict of lists, pyarrow.Table.from_pylist(rows) of a list of dicts"
        )
        raise TypeError(message)


def _chunks(stream: Any) -> Iterator[Any]:
    """The batches of a stream, each of which can give its rows."""
    views = [field.name for field in stream.schema.fields if _is_view(field)]
    if not views:
        yield from stream.iter_chunks()
        return
    # nanoarrow 0.9 does not survive reading views, which is what polars hands over.
    try:
        import pyarrow as pa
    except ImportError:
        message = "is a string view, which pyarrow alone can read here: install it, or cast the column to plain text"
        raise SubmissionError([Problem("column", message, path=name) for name in views]) from None
    yield from pa.RecordBatchReader.from_stream(stream)


def _is_view(field: Any) -> bool:
    """Whether a column holds views, or lists of them."""
    name = field.type.name
    if name in {"LIST", "LARGE_LIST", "FIXED_SIZE_LIST"}:
        return _is_view(field.value_type)
    return name in {"STRING_VIEW", "BINARY_VIEW"}


def check_columns(rubric: Rubric, names: Sequence[str]) -> None:
    """
    Refuse a table that has a column which says nothing to this rubric.

    Raises:
        SubmissionError: With every such column.
    """
    known = [_WHOLE] if _WHOLE in names else [*_NAMES, *rubric.plan.index]
    message = f"no item of this rubric, nor one of {', '.join(_NAMES)}, nor {_WHOLE}"
    if _WHOLE in names:
        message = f"beside {_WHOLE} there is no other column: what is to be scored stands in it"
    problems = [
        Problem("column", message + did_you_mean(name, known), path=name[:100]) for name in names if name not in known
    ]
    if problems:
        raise SubmissionError(problems[:20])


def decided(rubric: Rubric, values: dict[str, Any]) -> tuple[Any, ...]:
    """The columns of one row: of its decision, or of what kept it from being scored."""
    submission: Any = None
    try:
        submission = _parsed(values[_WHOLE]) if _WHOLE in values else _submission(values)
        decision = rubric.score(submission)
    except SubmissionError as error:
        named = submission if type(submission) is dict else {}
        names = (name if type(name) is str else None for name in (named.get("id"), named.get("case")))
        return (*names, *[None] * (len(COLUMNS) - 3), str(error))
    data = decision.data
    return (
        *(submission.get("id"), submission.get("case"), data["status"], data["action"], data["verdict"], data["score"]),
        *(",".join(data["holds"]), data["outcomes"], decision.canonical().decode(), None),
    )


def _parsed(text: str | bytes | None) -> Any:
    from scoring.engine.submission import parse

    if text is None:
        raise SubmissionError([Problem("submission", "is missing: the column holds null")])
    return parse(text.encode() if isinstance(text, str) else text)


def _submission(values: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in values.items() if value is not None}
    return {**{name: said.pop(name) for name in _NAMES if name in said}, "answers": said}
