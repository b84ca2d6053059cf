"""What somebody who is new to the doors (functions, files, columns) runs into: each is told what is wrong, where, and what to do."""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import scoring
from logs import entry, make_pack, submission
from scoring import AuditLog, canonical
from scoring.cli import main
from scoring.edge import aws_lambda, gcp
from scoring.edge.arrow import COLUMNS, score_batch
from scoring.edge.inbox import DirectoryInbox
from scoring.engine.rubric import Rubric
from scoring.errors import ConflictError, RubricError, StoreError
from scoring.runtime import Scorer

ROOT = Path(__file__).parents[1]


class TestPacks:
    @pytest.mark.parametrize("change", ["empty", "unknown"])
    def test_keys_are_told_in_their_order_and_not_in_one_that_changes_with_every_run(self, change):
        keys = sorted(json.loads(make_pack()))
        if change == "empty":
            pack, expected = {}, [f'the key "{key}" is missing' for key in keys]
        else:
            pack = json.loads(make_pack()) | {f"x{n:02}": None for n in range(12)}
            expected = [f'unknown key "x{n:02}"' for n in range(12)]
        with pytest.raises(RubricError) as caught:
            Scorer(canonical.dumps(pack))
        assert [problem.message for problem in caught.value.problems] == expected


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("pack.json").write_bytes(make_pack())
    return tmp_path


@pytest.fixture
def call(here, capfd):
    def run(*argv):
        status = main([*map(str, argv)])
        return status, *capfd.readouterr()

    return run


def sheets(*submissions):
    return "".join(json.dumps(one) + "\n" for one in submissions)


class TestEntriesOfOneRun:
    FIRST, OTHER = submission(1), submission(1, case="case-9")

    @pytest.mark.parametrize("out", ["e.jsonl", "-"])
    def test_an_id_that_stands_for_two_submissions_is_refused_with_both_lines(self, call, out):
        Path("s.jsonl").write_text(sheets(self.FIRST, submission(2), self.OTHER, submission(3)))
        status, printed, err = call("score", "pack.json", "s.jsonl", "--entries", out)
        written = printed if out == "-" else Path("e.jsonl").read_text()
        assert ["s-1", "s-2", "s-3"] == [json.loads(line)["id"] for line in written.splitlines()]
        assert status == 2
        assert 's.jsonl:3: the id "s-1" stands for another submission, on line 1: give this one an id of its own' in err
        assert "case-9" not in err
        assert "not scored: 1 of 4 submissions" in err

    def test_what_stands_twice_has_one_entry_and_is_counted(self, call):
        Path("s.jsonl").write_text(sheets(self.FIRST, submission(2), dict(reversed(self.FIRST.items()))))
        status, printed, err = call("score", "pack.json", "s.jsonl", "--entries", "e.jsonl", "--json")
        assert (status, err) == (0, "scoring: passed over: 1 submission whose entries e.jsonl has\n")
        assert ["s-1", "s-2"] == [json.loads(line)["id"] for line in printed.splitlines()]
        assert 2 == Path("e.jsonl").read_bytes().count(b"\n")

    def test_what_a_resumed_run_adds_is_held_to_the_same(self, call):
        Path("s.jsonl").write_text(sheets(submission(2)))
        call("score", "pack.json", "s.jsonl", "--entries", "e.jsonl")
        Path("s.jsonl").write_text(sheets(submission(2), self.FIRST, self.OTHER))
        status, _, err = call("score", "pack.json", "s.jsonl", "--entries", "e.jsonl", "--resume")
        assert (status, Path("e.jsonl").read_bytes().count(b"\n")) == (2, 2)
        assert 's.jsonl:3: the id "s-1" stands for another submission, on line 2' in err

    @pytest.mark.parametrize("more", [["--entries", "e.jsonl"], ["--entries", "-"]])
    def test_whoever_writes_entries_is_not_told_that_nothing_is_written(self, call, more):
        Path("s.jsonl").write_text(sheets(self.FIRST))
        assert call("score", "pack.json", "s.jsonl", *more)[::2] == (0, "")
        assert "not recorded" in call("score", "pack.json", "s.jsonl")[2]


class TestAppend:
    def written(self, *entries):
        Path("e.jsonl").write_bytes(b"".join(entry.to_bytes() + b"\n" for entry in entries))

    def test_two_entries_with_one_id_are_told_by_their_lines_and_no_record_is_made_up(self, call):
        call("append", "log", "pack.json", "--create")
        self.written(entry(1), entry(2), entry(1, case="case-9"))
        status, _, err = call("append", "log", "e.jsonl")
        assert status == 2
        assert 'e.jsonl:3: the id "s-1" stands twice in this file, for different submissions, on the lines 1, 3' in err
        assert "nothing of this file was recorded" in err
        assert "record #" not in err
        with AuditLog.open("log") as log:
            assert 2 == len(log)

    @pytest.mark.parametrize(
        ("files", "said"),
        [
            (["nothere"], "nothere: no such file"),
            (["pack.json", "nothere"], "nothere: no such file"),
            (["notes.txt"], "notes.txt is text; expected a pack, or entries"),
            (["bad.json"], "bad.json: default_profile"),
            (["."], ". is a directory; expected a pack or entries"),
        ],
    )
    def test_no_log_is_made_for_what_none_takes_in(self, call, files, said):
        Path("notes.txt").write_text("some words\n")
        Path("bad.json").write_bytes(canonical.dumps(json.loads(make_pack()) | {"default_profile": "no id/"}))
        status, _, err = call("append", "log", *files, "--create")
        assert status == 2
        assert said in err
        assert not Path("log").exists()

    def test_whoever_lacks_the_rubric_is_told_the_command(self, call):
        with AuditLog.open("log", create=True):
            self.written(entry(1))
        assert "publish its rubric first, with `scoring append LOG PACK`" in call("append", "log", "e.jsonl")[2]

    def test_the_library_says_the_same_of_entries_that_go_in_together(self, tmp_path):
        with AuditLog.open(tmp_path / "log", create=True) as log:
            log.publish(Rubric(make_pack()))
            with pytest.raises(ConflictError, match='the id "s-1" stands twice in what is appended') as caught:
                log.append([entry(1), entry(1, case="case-9")])
            assert "case-9" not in str(caught.value)
            assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
            assert [2, 2] == log.append([entry(1), entry(1)])


class Stranger:
    """Fails with words that quote what it was given."""

    def __call__(self, event, *_):
        raise LookupError(json.dumps(event))


def http(body, **more):
    return {"requestContext": {"http": {"method": "POST"}}, "body": body, **more}


def nameless(number):
    return {key: value for key, value in submission(number).items() if key != "id"}


def queued(number, sheet):
    return {"body": json.dumps(sheet), "eventSource": "aws:sqs", "messageId": f"m-{number}"}


class TestIdsOfAFunction:
    BAD = pytest.mark.parametrize(
        ("name", "said"),
        [
            (Stranger(), "LookupError at test_newcomers.py:"),
            (lambda *_: None, "it gave a value of type NoneType"),
            (lambda *_: "no id/", "it gave text that is no id"),
        ],
    )

    @pytest.fixture
    def made(self, tmp_path):
        return lambda name: aws_lambda.handler(pack=make_pack(), sink=DirectoryInbox(tmp_path), id=name)

    @BAD
    def test_one_message_that_cannot_be_named_fails_alone(self, made, name, said, capsys):
        event = {"Records": [queued(1, submission(1)), queued(2, nameless(2)), queued(3, submission(3))]}
        assert {"batchItemFailures": [{"itemIdentifier": "m-2"}]} == made(name)(event, None)
        told = capsys.readouterr().err
        assert told.startswith("scoring: message m-2 was not decided: id= failed")
        assert said in told
        assert "case-2" not in told
        assert 1 == told.count("\n")

    @BAD
    def test_a_direct_event_is_raised_as_the_stores_fault(self, made, name, said):
        with pytest.raises(StoreError, match="id= failed") as caught:
            made(name)(nameless(2), None)
        assert said in str(caught.value)
        assert "case-2" not in str(caught.value)

    @BAD
    def test_over_http_the_caller_is_not_blamed(self, made, name, said, capsys):
        answer = made(name)(http(json.dumps(nameless(2))), None)
        told = json.loads(answer["body"])
        assert (503, "unrecorded") == (answer["statusCode"], told["error"])
        assert "the function's fault and not the sender's" in told["message"]
        assert said not in told["message"]
        assert said in capsys.readouterr().err

    def test_message_id_says_that_an_event_is_no_message(self, made, capsys):
        decide = made(aws_lambda.message_id)
        with pytest.raises(StoreError, match="id= failed: message_id names the messages of a queue"):
            decide(nameless(2), None)
        assert 503 == decide(http(json.dumps(nameless(2))), None)["statusCode"]
        assert "message_id names the messages of a queue" in capsys.readouterr().err


class TestWhatAFunctionIsMadeOf:
    @pytest.mark.parametrize("make", [aws_lambda.handler, gcp.handler])
    def test_a_pack_that_cannot_be_read_is_the_stores_fault(self, make, tmp_path):
        for path in (tmp_path / "nope", str(tmp_path)):
            with pytest.raises(StoreError, match="cannot be read"):
                make(pack=path)
        with pytest.raises(TypeError, match="pack: expected the bytes"):
            make(pack=7)

    @pytest.mark.parametrize("sink", ["s3://bucket", {}, DirectoryInbox])
    def test_a_sink_that_is_none_is_refused_before_anything_is_scored(self, sink):
        with pytest.raises(TypeError, match="sink: expected an object with put"):
            aws_lambda.handler(pack=make_pack(), sink=sink)

    def test_a_pack_can_be_pinned(self):
        pack = make_pack()
        digest = hashlib.sha256(pack).hexdigest()
        assert callable(aws_lambda.handler(pack=pack, digest=digest))
        flipped = make_pack(version="2")
        for make in (aws_lambda.handler, gcp.handler):
            with pytest.raises(RubricError, match=f"and digest= expects {digest}"):
                make(pack=flipped, digest=digest)


class TestBodies:
    @pytest.mark.parametrize(
        ("event", "said"),
        [
            (http(None), "the request has no body"),
            (http(""), "the request has no body"),
            ({"requestContext": {}}, "the request has no body"),
            (http({"answers": {}}), "the request has no body"),
            (http(" \n"), "is empty; expected a submission as JSON"),
            (http(json.dumps(submission(1)), isBase64Encoded=True), "base64, which it is not"),
            (http("abc", isBase64Encoded=True), "base64, which it is not"),
            (http("\u00e9", isBase64Encoded=True), "base64, which it is not"),
        ],
    )
    def test_a_body_that_is_none_is_told_in_words(self, tmp_path, event, said):
        answer = aws_lambda.handler(pack=make_pack(), sink=DirectoryInbox(tmp_path))(event, None)
        told = json.loads(answer["body"])
        assert (400, "submission") == (answer["statusCode"], told["error"])
        assert said in told["problems"][0]["message"]
        assert [] == [*tmp_path.iterdir()]


class TestPages:
    """What is written for newcomers runs as it stands there."""

    RULES = ROOT / "rules"

    def run(self, page, holding):
        document = Sybil(parsers=[PythonCodeBlockParser()], path=str(ROOT)).parse(ROOT / "docs/howto" / page)
        (example,) = [one for one in document.examples() if holding in str(one.parsed)]
        example.evaluate()

    def test_the_page_of_columns(self, tmp_path, monkeypatch):
        pytest.importorskip("pyarrow", reason="the example's table is pyarrow's")
        (tmp_path / "rules").symlink_to(self.RULES)
        monkeypatch.chdir(tmp_path)
        self.run("columns.md", "score_batch")
        page = (ROOT / "docs/howto/columns.md").read_text()
        told = page.partition("## What comes back")[2]
        assert [*COLUMNS] == [
            name for row in told.split("\n| `")[1:] for name in row.split(" |")[0].replace("`", "").split(", ")
        ]

    def test_the_scorer_on_the_page_of_functions(self, tmp_path, monkeypatch):
        (tmp_path / "rubric.pack.json").write_bytes(scoring.load(self.RULES / "ml-engineer-mid-written").pack)
        monkeypatch.chdir(tmp_path)
        self.run("serverless.md", "scorer.score(")

    @pytest.mark.parametrize("make", [aws_lambda.handler, gcp.handler])
    def test_every_argument_of_a_handler_stands_on_the_page(self, make):
        page = (ROOT / "docs/howto/serverless.md").read_text()
        told = page.partition("| argument |")[2].partition("\n\n")[0]
        named = {row.split("`")[0]: "required" in row.split("|")[1] for row in told.split("\n| `")[1:]}
        assert named == {name: one.default is one.empty for name, one in inspect.signature(make).parameters.items()}


class TestTypes:
    @pytest.mark.parametrize(
        ("given", "said"),
        [("text", "got str: encode it"), (None, "got NoneType"), ({}, "got dict: json.dumps")],
    )
    def test_a_scorer_says_what_it_takes(self, given, said):
        with pytest.raises(TypeError, match="submission: expected bytes") as caught:
            Scorer(make_pack()).score(given)
        assert said in str(caught.value)

    @pytest.mark.parametrize("table", [{"id": ["a"]}, [{"id": "a"}], "table.parquet", None])
    def test_a_batch_says_what_a_table_is(self, table):
        with pytest.raises(TypeError, match=r"table: expected columns .*pyarrow.Table.from_pylist"):
            score_batch(Rubric(make_pack()), table)

    @pytest.mark.parametrize("rubric", ["pack.json", Path("pack.json"), make_pack()])
    def test_a_batch_says_what_a_rubric_is(self, rubric):
        with pytest.raises(TypeError, match=r"rubric: expected a Rubric, got .*scoring.load"):
            score_batch(rubric, None)
