"""
Scored and decided again by Spark's workers as here, row by row; and each entry appended once.

What Spark does is tried on a real cluster, of two workers in processes of their own (`make test-spark`). What a worker does with the batches that Spark
hands it is tried without Spark.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import logs
from bench import work
from rubric_changes import KINDS
from scoring import SubmissionError
from scoring.audit.columns import columns_of, submissions_of
from scoring.audit.entry import Entry
from scoring.change.backtest import again, backtest
from scoring.edge import spark
from scoring.edge.arrow import decided, score_batch
from scoring.engine.plan import SEMANTICS
from scoring.engine.rubric import Rubric
from scoring.runtime import Scorer
from strategies import cases, hostile_submissions, pack_bytes
from test_backtest import changes, written

room, path, log = logs.room, logs.path, logs.log
ROOT = Path(__file__).parents[1]
RUBRIC = logs.RUBRIC
SECRET = "one-hundred-and-forty-one"


def made(rubric: Rubric) -> Any:
    return rubric.pack, rubric.profile, rubric.level


def batches(table: pa.Table) -> list[pa.RecordBatch]:
    """As Spark hands them over: several, not all of the same length."""
    return table.to_batches(max_chunksize=300)


def scored_here(rubric: Rubric, table: pa.Table, keep: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What the workers do for `score`, done here."""
    read = [name for name in table.schema.names if name not in keep]
    worker = spark._Scoring(SEMANTICS, made(rubric))
    return [
        row for part in spark._laid_out(batches(table), worker, read, [*keep], spark.SCORED) for row in part.to_pylist()
    ]


def judged_here(old: Rubric, new: Rubric, table: pa.Table, form: str) -> list[dict[str, Any]]:
    """What the workers do for `backtest`, done here."""
    worker = spark._Judging(SEMANTICS, made(old), made(new), form)
    parts = spark._laid_out(batches(table), worker, table.schema.names, [], spark.JUDGED)
    return [row for part in parts for row in part.to_pylist()]


def one_by_one(pack: bytes, profile: str | None, texts: list[bytes]) -> list[tuple[bytes | None, str | None]]:
    """Of each submission the entry that the door for functions makes, or what it says is wrong."""
    scorer = Scorer(pack, profile)
    found: list[tuple[bytes | None, str | None]] = []
    for text in texts:
        try:
            found.append((scorer.score(text)[1], None))
        except SubmissionError as error:
            found.append((None, str(error)))
    return found


@settings(max_examples=25)
@given(st.data())
def test_a_row_is_what_the_submission_by_itself_is(data: st.DataObject) -> None:
    """Entry and error are those of `Scorer.score`, the columns those of `score_batch`; one row for each, whatever it holds."""
    pack, profile, _ = data.draw(cases())
    rubric = Rubric(pack_bytes(pack), profile)
    hostile = hostile_submissions(pack, profile).filter(lambda value: "\\ud" not in json.dumps(value))
    sent = data.draw(st.lists(hostile, min_size=1, max_size=3))
    named = [{**one, "case": f"c-{n}", "id": f"s-{n}"} if isinstance(one, dict) else one for n, one in enumerate(sent)]
    texts = [json.dumps(one).encode() for one in named]
    rows = scored_here(rubric, pa.table({"submission": texts, "row": [*range(len(texts))]}), ("row",))
    assert [*range(len(texts))] == [row["row"] for row in rows]
    assert one_by_one(pack_bytes(pack), profile, texts) == [(row["entry"], row["error"]) for row in rows]
    for row, text in zip(rows, texts, strict=True):
        assert decided(rubric, {"submission": text}) == tuple(row[name] for name in spark.COLUMNS)


def test_what_is_no_text_no_object_or_too_deep_is_an_error_of_its_row() -> None:
    """Spark checks no text: bytes that are no UTF-8 are one row's error, in either form of table, and its neighbours go on."""
    good = json.dumps(logs.submission(1)).encode()
    sent = [
        None,
        good,
        b'{"id": "\xff"}',
        b"[1]",
        b"[" * 100_000,
        b"{",
        json.dumps(logs.submission(2, outlier=7)).encode(),
    ]
    column = pa.array(sent, pa.binary()).view(pa.string())
    rows = scored_here(RUBRIC, pa.table({"submission": column}))
    assert [False, True, False, False, False, False, False] == [row["error"] is None for row in rows]
    assert Scorer(RUBRIC.pack).score(good)[1] == rows[1]["entry"]
    assert [None] * 6 == [row["entry"] for row in rows if row["error"]]
    answers = pa.array([b"141", b"\xff"], pa.binary()).view(pa.string())
    table = pa.table({"id": ["a", "b"], "case": ["a", "b"], "deadline": ["right", "right"], "outlier": answers})
    assert [None, "holds bytes that are no UTF-8: write the column as UTF-8, or hand it over as binary"] == [
        row["error"] for row in scored_here(RUBRIC, table)
    ]


def test_no_error_repeats_an_answer() -> None:
    """Whatever is wrong with a submission, what the candidate said stands in the entry alone."""
    whole = logs.submission(1, outlier=SECRET)
    sent = [
        {name: value for name, value in whole.items() if name != "id"},
        {**whole, "answers": {"outlier": [SECRET], "deadline": {SECRET: SECRET}}},
        {**whole, "facts": {"notice": SECRET}},
        SECRET,
    ]
    rows = scored_here(RUBRIC, pa.table({"submission": [json.dumps(one) for one in sent]}))
    assert [None] * 4 == [row["entry"] for row in rows]
    assert SECRET not in str(rows)
    assert rows[0]["error"].startswith("id: to be recorded, a submission needs an id")


def test_answers_in_columns_come_out_as_score_batch_says_with_an_entry_beside() -> None:
    """Lists, nulls and several batches."""
    rubric = Rubric(pack_bytes(work.pack(5)))
    table = pa.Table.from_pylist(
        [
            {
                "id": sheet["id"],
                "case": sheet["case"],
                **sheet["answers"],
                "item-003": sheet["answers"]["item-003"] or [],
            }
            for sheet in work.sheets(5, 700)
        ]
    )
    rows = scored_here(rubric, table)
    expected = pa.table(score_batch(rubric, table)).to_pylist()
    assert expected == [{name: row[name] for name in spark.COLUMNS} for row in rows]
    for row, sent in zip(rows, table.to_pylist(), strict=True):
        entry = Entry.from_bytes(row["entry"])
        answers = {name: value for name, value in sent.items() if name.startswith("item") and value is not None}
        assert (entry.id, entry.case, entry.submission) == (sent["id"], sent["case"], {"answers": answers})
        assert entry.decision == json.loads(row["decision"])


ODD = [1.5, 2**60, True, b"x", Decimal("1.50"), date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC), timedelta(1)]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_a_column_of_a_type_that_no_answer_has_is_refused_row_by_row(value: Any) -> None:
    """Whatever type a table has, a row becomes an entry or an error; null is no answer in any of them."""
    table = pa.table({"id": ["a", "b"], "case": ["a", "b"], "outlier": [value, None]})
    rows = scored_here(RUBRIC, table)
    assert "outlier" in rows[0]["error"]
    assert (None, None) == (rows[0]["entry"], rows[1]["error"])


EXPECTED = ("old_status", "old_verdict", "old_action", "new_status", "new_verdict", "new_action", "new_score", "new_caps", "new_holds")  # fmt: skip


def expected_of(found: Any) -> list[Any]:
    """What a local backtest says of one decision, as a row says it."""
    new = found.new
    if new is None:
        return [*found.old, *[None] * 6, None, found.why]
    caps, holds = ",".join(new.caps), ",".join(new.holds)
    return [*found.old, new.status, new.verdict, new.action, new.score, caps, holds, found.reread, None]


def said(rows: list[dict[str, Any]]) -> list[list[Any]]:
    return [[row[name] for name in (*EXPECTED, "reread", "error")] for row in rows]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=3)
@given(data=st.data())
def test_a_backtest_here_is_the_local_one(kind: str, data: st.DataObject) -> None:
    """For each kind of change and each form of the past, every field is what `change.backtest.again` says."""
    old, new, profile, level, sent = data.draw(changes(kind))
    before, after = Rubric(pack_bytes(old), profile, level), Rubric(pack_bytes(new), profile, level)
    decided_then = [before.score(submission) for submission in sent]
    for where in logs.in_memory():
        columns = columns_of(written(where, [decision.data for decision in decided_then]))
        local = [*again(before.plan, after.plan, columns, lambda seq: sent[seq - 1])]
        told = [*again(before.plan, after.plan, columns, lambda _: None)]
    texts = [json.dumps(submission) for submission in sent]
    decisions = [decision.canonical().decode() for decision in decided_then]
    entries = [
        Entry(
            f"s-{n}", f"c-{n}", decision.data, {k: v for k, v in submission.items() if k not in ("id", "case")}
        ).to_bytes()
        for n, (decision, submission) in enumerate(zip(decided_then, sent, strict=True))
    ]
    forms = {
        "submission": pa.table({"submission": texts}),
        "entry": pa.table({"entry": entries}),
        "decision": pa.table({"decision": decisions, "submission": texts}),
    }
    for form, table in forms.items():
        rows = judged_here(before, after, table, form)
        assert [*map(expected_of, local)] == said(rows)
        assert [decision.data["score"] for decision in decided_then] == [row["old_score"] for row in rows]
    rows = judged_here(before, after, pa.table({"decision": decisions}), "decision")
    alone = [expected_of(one)[:-1] for one in told]
    assert alone == [row[:-1] for row in said(rows)]
    assert [one.new is None for one in told] == [row["error"] is not None for row in rows]


def test_a_stored_decision_that_was_changed_is_an_error_of_its_row() -> None:
    """Another verdict, other outcomes, another pack, no decision at all: nothing of it is counted, and nothing stops."""
    other = logs.make_rubric(version="2")
    good = RUBRIC.score(logs.submission(1)).data
    sent = [
        *({**good, "verdict": "fail"}, {**good, "outcomes": "zz"}, {**good, "outcomes": "A"}, {**good, "variant": "v"}),
        *({**good, "profile": "thirds"}, other.score(logs.submission(1)).data, {}, {**good, "handed_in": ["x"]}, good),
    ]
    texts: list[Any] = [None, "{", "\ufeff", *(json.dumps(one) for one in sent)]
    rows = judged_here(RUBRIC, other, pa.table({"decision": texts}), "decision")
    assert [False] * 11 + [True] == [row["error"] is None for row in rows]
    assert [None] * 11 + ["strong"] == [row["new_verdict"] for row in rows]
    assert "follow from its own outcomes" in rows[3]["error"]
    assert "another rubric" in rows[8]["error"]
    broken = judged_here(RUBRIC, other, pa.table({"entry": [None, b"{", b"\xff"]}), "entry")
    assert [3, 3] == [
        sum(row["error"] is not None for row in broken),
        sum(row["old_verdict"] is None for row in broken),
    ]


def test_entries_are_appended_once(log: Any) -> None:
    """New, repeated, refused and missing ones are counted apart; those with nothing wrong go in, whatever is wrong beside them."""
    log.publish(RUBRIC)
    entries: list[Any] = [logs.entry(number).to_bytes() for number in range(150)]
    conflict = logs.entry(3, outlier="7").to_bytes()
    foreign = Scorer(logs.make_pack(version="2")).score(json.dumps(logs.submission(900)).encode())[1]
    mixed = [*entries[:70], None, conflict, b"{", foreign, *map(bytearray, entries[70:]), entries[0], entries[149]]
    done = spark._appended(iter(mixed), log)
    assert (150, 2, (), 3, 1) == (done.recorded, done.repeated, done.others, done.refused, done.without)
    assert ["", "s-3", "s-900"] == sorted(name for name, _ in done.problems)
    again_ = spark._appended(iter(entries), log)
    assert (0, 150, (), 0, 0) == (again_.recorded, again_.repeated, again_.others, again_.refused, again_.without)
    assert [f"s-{number}" for number in range(150)] == logs.ids(log)
    assert log.verify().ok
    assert log.replay().ok


def test_a_decision_recorded_earlier_by_other_rules_stands_and_is_named(log: Any) -> None:
    """The rubric became another one between two jobs: the log keeps what it has, and the caller hears for which ids that differs."""
    stricter = logs.make_rubric(version="2", points="2")
    log.decide(RUBRIC, logs.submission(1))
    log.publish(stricter)
    scorer = Scorer(stricter.pack)
    entries = [scorer.score(json.dumps(logs.submission(number)).encode())[1] for number in (1, 2)]
    done = spark._appended(entries, log)
    assert (1, 1, ("s-1",)) == (done.recorded, done.repeated, done.others)
    assert RUBRIC.digest == log.find("case-1")[0]["body"]["decision"]["pack"]


def test_workers_with_other_semantics_score_nothing() -> None:
    with pytest.raises(RuntimeError, match="same scoreproof everywhere"):
        spark._Scoring(SEMANTICS + 1, made(RUBRIC))


# --- on a cluster ---


@pytest.fixture(scope="module")
def cluster() -> Any:
    """A driver, a master and two workers, each a process of its own, that speak over sockets of this machine alone."""
    if find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: make test-spark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java for Spark to run on: make test-spark")
    import pyspark
    from pyspark.sql import SparkSession

    home = Path(pyspark.__file__).parent
    given_ = {"PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    before = {name: os.environ.get(name) for name in given_}
    os.environ.update(given_)
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false")
    for name in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(name, "127.0.0.1")
    session = builder.config("spark.log.level", "OFF").getOrCreate()
    yield session
    name = session.sparkContext.applicationId
    session.stop()
    shutil.rmtree(home / "work" / name, ignore_errors=True)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def spread(cluster: Any, room: Path, table: pa.Table, parts: int = 4) -> Any:
    """A table as a DataFrame of several partitions, read from files as a job would read it."""
    room.mkdir()
    each = -(-table.num_rows // parts)
    for part in range(parts):
        pq.write_table(table.slice(part * each, each), room / f"{part}.parquet")
    return cluster.read.parquet(str(room))


def collected(frame: Any, order: str = "n") -> list[dict[str, Any]]:
    return frame.toArrow().sort_by(order).to_pylist()


def test_the_work_is_done_by_two_processes_that_are_not_this_one(cluster: Any, room: Path) -> None:
    """Or what follows would show nothing."""

    def who(parts: Any) -> Any:
        for part in parts:
            yield pa.RecordBatch.from_pydict({"parent": [os.getppid()] * part.num_rows})

    frame = spread(cluster, room / "in", pa.table({"n": [*range(8)]}), parts=8)
    parents = {row["parent"] for row in frame.repartition(8).mapInArrow(who, "parent long").toArrow().to_pylist()}
    assert 2 == len(parents)
    assert os.getpid() not in parents


def test_a_frame_is_scored_as_here_though_a_worker_dies(cluster: Any, room: Path, log: Any) -> None:
    """Bad rows among good ones, columns that are kept, a task that is run again: each row once, the same to the byte; then each entry once in a log."""
    texts: list[Any] = [
        json.dumps(logs.submission(n, deadline=["right", "rash", "false"][n % 3])).encode() for n in range(900)
    ]
    texts[7], texts[8], texts[301], texts[302] = None, b"[" * 5_000, b'{"id": "\xff"}', b"{}"
    column = pa.array(texts, pa.binary()).view(pa.string())
    stamps = pa.array([*range(900)], pa.timestamp("us", "UTC"))
    notes = [{"a": [str(n), None], "b": None if n % 2 else n} for n in range(900)]
    table = pa.table({"n": [*range(900)], "submission": column, "stamp": stamps, "note": notes})
    frame = spread(cluster, room / "in", table)
    died = room / "died"

    def die_once(parts: Any) -> Any:
        for count, part in enumerate(parts):
            if not count:
                try:
                    os.close(os.open(str(died), os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    pass
                else:
                    yield part
                    os._exit(9)
            yield part

    keep = ("n", "stamp", "note")
    scored = spark.score(frame.mapInArrow(die_once, frame.schema), RUBRIC, keep)
    assert [*keep, *spark.SCORED] == scored.columns
    scored.write.parquet(str(room / "out"))
    assert died.exists()
    scored = cluster.read.parquet(str(room / "out"))
    expected = scored_here(RUBRIC, table, keep)
    assert expected == collected(scored)
    assert 4 == sum(row["error"] is not None for row in expected)
    done = spark.append(scored.orderBy("n"), log, RUBRIC)
    assert (896, 0, 0, 4) == (done.recorded, done.repeated, done.refused, done.without)
    assert [row["id"] for row in expected if row["entry"]] == logs.ids(log)
    again_ = spark.append(spark.score(frame, RUBRIC, keep), log, RUBRIC)
    assert (0, 896, (), 0, 4) == (again_.recorded, again_.repeated, again_.others, again_.refused, again_.without)
    assert 898 == len(log)
    assert log.verify().ok
    assert log.replay().complete


def test_answers_in_columns_are_scored_as_here(cluster: Any, room: Path) -> None:
    """The rubric, its profile and lists of answers reach the workers."""
    rubric = Rubric(pack_bytes(work.pack(5)))
    sheets = work.sheets(5, 400)
    rows = [
        {"id": s["id"], "case": s["case"], **s["answers"], "item-003": s["answers"]["item-003"] or []} for s in sheets
    ]
    table = pa.Table.from_pylist(rows)
    found = collected(spark.score(spread(cluster, room / "in", table), rubric), "id")
    assert sorted(scored_here(rubric, table), key=lambda row: row["id"]) == found
    assert [] == [row for row in found if row["error"]]


def past_of(log: Any) -> pa.Table:
    """The decisions of a log, what was scored beside them where that is not erased, and whether a newer one supersedes them."""
    rows, gone = [], set()
    for seq, line in log.records():
        record = json.loads(line)
        if record["type"] == "decision":
            gone.add(record["body"]["supersedes"])
            decision, scored = json.dumps(record["body"]["decision"]), log.submission(seq)
            rows.append({"n": seq, "decision": decision, "submission": None if scored is None else json.dumps(scored)})
    return pa.Table.from_pylist([row | {"superseded": row["n"] in gone} for row in rows])


def test_a_backtest_on_a_cluster_is_the_local_one(cluster: Any, room: Path, log: Any) -> None:
    """A log with superseded and erased decisions, a change that makes numbers be read again: row by row, and as a matrix that Spark counts."""
    document = logs.pack_document(version="2", points="3")
    document["stages"][0]["sections"][1]["items"][0]["keys"][0]["high"] = "142"
    old, new = RUBRIC, Rubric(pack_bytes(document))
    for n in range(300):
        answers = {"deadline": ["right", "rash", "false"][n % 3], "outlier": ["141", "142", "7"][n % 7 % 3]}
        log.decide(old, logs.submission(n, f"case-{n % 280}", **answers))
    for case in ("case-1", "case-30", "case-200"):
        log.erase(case, reason="asked-to")
    local = backtest(old.plan, new.plan, columns_of(log), submissions_of(log))
    frame = spread(cluster, room / "in", past_of(log)).where("not superseded")
    found = spark.backtest(frame, old, new, keep=["n"])
    one_by_one_ = again(old.plan, new.plan, columns_of(log), submissions_of(log))
    rows = collected(found)
    for row, one in zip(rows, one_by_one_, strict=True):
        assert expected_of(one)[:-1] == said([row])[0][:-1]
        assert (one.seq, one.new is None) == (row["n"], row["error"] is not None)
    counted = found.where("error is null").groupBy("old_verdict", "new_verdict").count().collect()
    assert local.matrix == {(row[0], row[1]): row[2] for row in counted}
    assert local.reread == sum(bool(row["reread"]) for row in rows)
    assert 3 == len(local.unjudged) == sum(row["error"] is not None for row in rows)
    assert 20 == local.superseded
    table = pa.table({"submission": [json.dumps(logs.submission(n, outlier=["141", "142"][n % 2])) for n in range(50)]})
    entries = spark.score(spread(cluster, room / "new", table), old).select("entry")
    both = [
        spark.backtest(past, old, new).toArrow().sort_by("id")
        for past in (entries, cluster.read.parquet(str(room / "new")))
    ]
    assert both[0] == both[1]
    assert 25 == Counter(both[0]["old_verdict"].to_pylist())["borderline"]


def test_what_says_nothing_to_the_rubric_is_refused_before_anything_runs(cluster: Any) -> None:
    """An unknown column, one to keep that is not there or in the way, a submission that is no text, a past that is none."""
    frame = cluster.createDataFrame([("a", "{}")], "id string, submission string")
    with pytest.raises(SubmissionError, match="beside submission there is no other column"):
        spark.score(frame, RUBRIC)
    with pytest.raises(SubmissionError, match="no such column; did you mean"):
        spark.score(frame, RUBRIC, ["submision"])
    with pytest.raises(SubmissionError, match="rename it"):
        spark.score(frame, RUBRIC, "id")
    with pytest.raises(SubmissionError, match="is a struct; expected text"):
        spark.score(frame.selectExpr("struct(id) as submission"), RUBRIC)
    with pytest.raises(SubmissionError, match="none of the columns entry, decision, submission"):
        spark.backtest(frame.select("id"), RUBRIC, RUBRIC)
    with pytest.raises(SubmissionError, match="entry: there is no such column"):
        spark.append(frame, None)  # type: ignore[arg-type] # no log is asked


SHELL = "import subprocess; subprocess.run(['sh', '-e'], input={!r}, check=True, text=True)"
AT_THE_END = """
import json
with scoring.AuditLog.open("decisions") as log:
    repeated = append(scored, log, rubric)
rows = sorted([row["id"], row["verdict"]] for row in scored.collect())
moves = sorted([row["old_verdict"], row["new_verdict"]] for row in moved.collect())
print(json.dumps([rows, moves, repeated.recorded, repeated.repeated]))
"""


@pytest.mark.usefixtures("cluster")
def test_the_page_can_be_followed(room: Path) -> None:
    """Every command and snippet of docs/howto/spark.md in an empty directory, in its order, but for the installation; and they show what it says."""
    script = []
    for piece in (ROOT / "docs/howto/spark.md").read_text(encoding="utf-8").split("\n```"):
        language, _, body = piece.partition("\n")
        if language == "python":
            script.append(body)
        elif language == "sh" and "pip install" not in body:
            script.append(SHELL.format(body))
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-c", "\n".join([*script, AT_THE_END])]
    done = subprocess.run(command, cwd=room, env=env, check=True, capture_output=True, text=True)
    assert "Appended(recorded=2, repeated=0, others=(), refused=0, problems=(), without=1)" in done.stdout
    rows = [["s-1", "pass"], ["s-2", "pass"], ["s-3", None]]
    assert [rows, [["pass", "pass"], ["pass", "talk"]], 0, 2] == json.loads(done.stdout.splitlines()[-1])
