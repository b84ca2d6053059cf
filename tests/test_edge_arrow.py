"""A table of submissions comes out row by row as each submission by itself, whoever holds the table."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import packs
from bench import work
from scoring import SubmissionError
from scoring.edge.arrow import COLUMNS, score_batch
from scoring.engine.rubric import Rubric
from strategies import cases, hostile_submissions, pack_bytes

RUBRIC = Rubric(pack_bytes(work.pack(5)))
SHEETS = work.sheets(5, 200)
TEXTS = [json.dumps(sheet) for sheet in SHEETS]
ROWS = [{"id": sheet["id"], "case": sheet["case"], **sheet["answers"]} for sheet in SHEETS]
for row in ROWS:
    row["item-003"] = row["item-003"] or []  # a column of lists holds no text


def one_by_one(rubric: Rubric, submissions: list[Any]) -> list[str | None]:
    """The bytes that replay compares, for each submission; None where it is refused."""
    found: list[str | None] = []
    for submission in submissions:
        try:
            found.append(rubric.score(submission).canonical().decode())
        except SubmissionError:
            found.append(None)
    return found


def unproven(sheets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in sheet.items() if key != "facts"} for sheet in sheets]


def decisions(scored: Any) -> list[str | None]:
    found: list[str | None] = pa.table(scored)["decision"].to_pylist()
    return found


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_whole_submissions_in_any_text_type(kind: pa.DataType) -> None:
    values = TEXTS if kind != pa.binary() else [text.encode() for text in TEXTS]
    table = pa.table(
        {"submission": pa.array(values).cast(kind) if kind != pa.string_view() else pa.array(values, kind)}
    )
    assert decisions(score_batch(RUBRIC, table)) == one_by_one(RUBRIC, SHEETS)


def test_answers_in_columns_of_several_batches_and_read_twice() -> None:
    table = pa.Table.from_batches(pa.Table.from_pylist(ROWS).to_batches(max_chunksize=37))
    scored = score_batch(RUBRIC, table)
    assert len(scored) == len(ROWS)
    assert decisions(scored) == decisions(scored) == one_by_one(RUBRIC, unproven(SHEETS))
    first = pa.table(scored).to_pylist()[0]
    expected = RUBRIC.score(unproven(SHEETS)[0])
    assert tuple(first) == COLUMNS
    assert (first["id"], first["case"], first["error"]) == (SHEETS[0]["id"], SHEETS[0]["case"], None)
    assert [first[name] for name in ("status", "action", "verdict", "outcomes")] == [
        expected.status, expected.action, expected.verdict, expected.data["outcomes"],
    ]  # fmt: skip
    assert (first["score"], first["holds"]) == (expected.data["score"], ",".join(expected.holds))


def test_polars_reads_and_writes_it() -> None:
    frame = pl.DataFrame(score_batch(RUBRIC, pl.DataFrame(ROWS)))
    assert frame["decision"].to_list() == one_by_one(RUBRIC, unproven(SHEETS))


@pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed: make test-tables")
def test_pandas_reads_and_writes_it() -> None:
    import pandas as pd

    scored = score_batch(RUBRIC, pd.DataFrame({"submission": TEXTS}))
    assert pa.table(scored).to_pandas()["decision"].tolist() == one_by_one(RUBRIC, SHEETS)


@pytest.mark.skipif(find_spec("duckdb") is None, reason="duckdb is not installed: make test-tables")
def test_duckdb_reads_and_writes_it() -> None:
    import duckdb

    given_ = pa.table({"submission": TEXTS})  # noqa: F841 - read by its name in the query
    scored = pa.table(score_batch(RUBRIC, duckdb.sql("from given_")))  # noqa: F841 - as above
    assert [row[0] for row in duckdb.sql("select decision from scored").fetchall()] == one_by_one(RUBRIC, SHEETS)


@settings(max_examples=30)
@given(st.data())
def test_a_refused_row_has_an_error_and_the_others_go_on(data: st.DataObject) -> None:
    """Each row is what the submission by itself is, the refused ones too, and no error says more than the library's."""
    pack, profile, _ = data.draw(cases())
    rubric = Rubric(pack_bytes(pack), profile)
    hostile = hostile_submissions(pack, profile).filter(lambda value: "\\ud" not in json.dumps(value))
    submissions = data.draw(st.lists(hostile, min_size=1, max_size=3))
    texts = [json.dumps(submission) for submission in submissions]
    rows = pa.table(score_batch(rubric, pa.table({"submission": texts}))).to_pylist()
    for row, text in zip(rows, texts, strict=True):
        error, decision = None, None
        try:
            decision = rubric.score(text.encode()).canonical().decode()
        except SubmissionError as refused:
            error = str(refused)
        assert (row["error"], row["decision"]) == (error, decision)
    assert len(rows) == len(texts)


def test_null_is_no_answer_and_an_empty_text_is_a_blank() -> None:
    rubric = packs.rubric(packs.pack(packs.section("s", packs.number("n"), packs.number("m"))))
    table = pa.table({"n": ["70", None], "m": ["", "70"]})
    named = [rubric.score({"answers": answers}).outcomes for answers in ({"n": "70", "m": ""}, {"m": "70"})]
    assert [list(names.values()) for names in named] == [["key-1", "blank"], ["absent", "key-1"]]
    assert decisions(score_batch(rubric, table)) == one_by_one(
        rubric, [{"answers": {"n": "70", "m": ""}}, {"answers": {"m": "70"}}]
    )


def test_a_column_that_the_rubric_does_not_know_is_named() -> None:
    with pytest.raises(SubmissionError, match=r"item-0000.*did you mean"):
        score_batch(RUBRIC, pa.table({"item-0000": ["A"]}))
    with pytest.raises(SubmissionError, match="beside submission"):
        score_batch(RUBRIC, pa.table({"submission": ["{}"], "id": ["a"]}))


def test_a_null_where_a_submission_should_be_is_an_error_of_its_row() -> None:
    rows = pa.table(score_batch(RUBRIC, pa.table({"submission": [None, TEXTS[0], "[1]"]}))).to_pylist()
    assert [row["error"] is None for row in rows] == [False, True, False]
