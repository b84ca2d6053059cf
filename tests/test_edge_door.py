"""What serverless functions answer: once for each id, only on a durable entry, and never an answer of the candidate's."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import uuid
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from logs import make_pack, submission
from scoring.audit.entry import Entry
from scoring.edge import aws_lambda, gcp
from scoring.edge.door import Door
from scoring.edge.inbox import DirectoryInbox
from scoring.engine.rubric import Rubric
from scoring.errors import ConflictError, RubricError, StoreError, SubmissionError

SECRET = "one-hundred-and-forty-one"
KEYS = ["action", "holds", "id", "status", "verdict"]
REFERRED = {
    "action": "review",
    "holds": ["refer", "verdict"],
    "id": "s-1",
    "status": "decided",
    "verdict": "borderline",
}


def sent(number: int = 1, **changes: Any) -> bytes:
    return json.dumps(submission(number, **changes)).encode()


@pytest.fixture
def inbox(tmp_path: Any) -> DirectoryInbox:
    return DirectoryInbox(tmp_path)


@pytest.fixture
def door(inbox: DirectoryInbox) -> Door:
    return Door(make_pack(), sink=inbox)


class Broken:
    """A sink that fails in a way of its own."""

    def __init__(self, how: Any) -> None:
        self.how = how

    def put(self, _name: str, entry: bytes) -> Any:
        return self.how(entry)


def fails(entry: bytes) -> bytes:
    raise ValueError(f"row {entry.decode()} does not fit")


BROKEN = {
    "none at all": None,
    "quotes the entry": Broken(fails),
    "returns nothing": Broken(lambda _: None),
    "returns no entry": Broken(lambda _: b"{}"),
    "returns the entry of another": Broken(lambda entry: entry.replace(b'"id":"s-1"', b'"id":"S-1"')),
}


class TestDoor:
    def test_the_answer_is_what_a_host_branches_on(self, door: Door) -> None:
        decision = Rubric(make_pack()).score(sent(deadline="rash"))
        assert REFERRED == door.decide(sent(deadline="rash"))
        assert (decision.action, list(decision.holds), decision.verdict) == (
            "review",
            ["refer", "verdict"],
            "borderline",
        )

    def test_the_entry_is_kept_before_the_answer_leaves(self, door: Door, inbox: DirectoryInbox) -> None:
        door.decide(sent())
        ((_, kept),) = inbox.entries()
        assert "s-1" == Entry.from_bytes(kept).id
        assert submission(1)["answers"] == Entry.from_bytes(kept).submission["answers"]

    def test_a_retry_gets_the_first_decision_whatever_the_rubric_has_become(
        self, door: Door, inbox: DirectoryInbox
    ) -> None:
        first = door.decide(sent(outlier="1"))
        newer = Door(make_pack(version="2", points="3"), "thirds", sink=inbox)
        spelt_otherwise = json.dumps(dict(reversed(submission(1, outlier="1").items())), indent=1).encode()
        assert first == newer.decide(spelt_otherwise)
        assert first != newer.decide(sent(2, outlier="1")) | {"id": "s-1"}

    def test_events_at_the_same_time_get_one_decision(self, inbox: DirectoryInbox) -> None:
        """One function is deployed anew while the other still runs: each would decide otherwise."""
        doors = [Door(make_pack(), profile, sink=inbox) for profile in ("equal", "thirds") * 4]
        told: list[dict[str, Any]] = []
        ready = threading.Barrier(len(doors))

        def ask(door: Door) -> None:
            ready.wait()
            told.append(door.decide(sent(outlier="1")))

        threads = [threading.Thread(target=ask, args=(door,)) for door in doors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [told[0]] * 8 == told
        assert {"borderline", "fail"} == {
            door.decide(sent(number, outlier="1"))["verdict"] for number, door in enumerate(doors[:2], 2)
        }

    @pytest.mark.parametrize(
        "change", [{"deadline": "rash"}, {"case": "another"}, {"outlier": "1"}, {"not_administered": {}}]
    )
    def test_another_submission_under_the_id_is_a_conflict(self, door: Door, change: dict[str, Any]) -> None:
        first = door.decide(sent())
        with pytest.raises(ConflictError, match="the id s-1 stands for another submission"):
            door.decide(sent(**change))
        status, body = door.answer(sent(**change))
        assert (409, "conflict") == (status, json.loads(body)["error"])
        assert first == door.decide(sent())

    @pytest.mark.parametrize("how", BROKEN, ids=str)
    def test_without_a_durable_entry_there_is_no_verdict(self, how: str, capsys: Any) -> None:
        door = Door(make_pack(), sink=BROKEN[how])
        with pytest.raises(StoreError, match="there is no verdict"):
            door.decide(sent(outlier=SECRET))
        status, body = door.answer(sent(outlier=SECRET))
        assert (503, ["error", "message"]) == (status, [*json.loads(body)])
        told = capsys.readouterr().err
        assert told.startswith("scoring: ")
        assert 1 == told.count("\n")
        for text in (body.decode(), told):
            assert SECRET not in text
            assert "case-1" not in text

    def test_a_sinks_own_words_reach_the_operator_and_not_the_caller(self, tmp_path: Any, capsys: Any) -> None:
        (tmp_path / "gone").mkdir()
        door = Door(make_pack(), sink=DirectoryInbox(tmp_path / "gone"))
        (tmp_path / "gone").rmdir()
        _, body = door.answer(sent())
        assert "No such file or directory" in capsys.readouterr().err
        assert str(tmp_path) not in body.decode()

    def test_all_problems_are_told_and_no_answer(self, door: Door) -> None:
        answers = {"deadline": 7, "outlier": {SECRET: 1}, "nowhere": SECRET}
        status, body = door.answer(json.dumps({"answers": answers, "case": "c", "id": "s-1"}).encode())
        told = json.loads(body)
        assert (400, "submission") == (status, told["error"])
        assert ["code", "message", "path"] == [*told["problems"][0]]
        assert {"answers/deadline", "answers/outlier", "answers/nowhere"} == {p["path"] for p in told["problems"]}
        assert SECRET not in body.decode()

    @pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"answers":{}}', b'{"id":1}', b"[" * 2000, b"1.5"])
    def test_what_is_no_submission_is_refused(self, door: Door, inbox: DirectoryInbox, data: bytes) -> None:
        assert 400 == door.answer(data)[0]
        assert [] == [*inbox.entries()]

    def test_an_id_is_given_only_where_there_is_none(self, door: Door) -> None:
        nameless = json.dumps(submission(1) | {"id": None}).encode()
        assert "s-1" == door.decide(sent(), lambda: "given")["id"]
        assert "given" == door.decide(nameless, lambda: "given")["id"]
        assert 400 == door.answer(nameless)[0]
        assert 503 == door.answer(nameless, lambda: "no id/")[0]
        assert 503 == door.answer(nameless, lambda: uuid.UUID(int=1))[0]  # type: ignore[arg-type, return-value]
        assert 400 == door.answer(b"[]", lambda: "given")[0]

    def test_a_pack_may_be_a_file(self, tmp_path: Any, inbox: DirectoryInbox) -> None:
        (tmp_path / "a.pack").write_bytes(make_pack())
        assert "strong" == Door(tmp_path / "a.pack", sink=inbox).decide(sent())["verdict"]
        with pytest.raises(RubricError):
            Door(make_pack(), "nowhere")


def over_http(body: Any, method: str = "POST", **more: Any) -> dict[str, Any]:
    """An event as a function URL gives it: payload format 2.0."""
    return {"version": "2.0", "requestContext": {"http": {"method": method}}, "body": body} | more


def message(number: int, body: str, arn: str = "arn:aws:sqs:eu-west-1:1:q", group: str | None = None) -> dict[str, Any]:
    attributes = {} if group is None else {"MessageGroupId": group}
    return {
        "attributes": attributes,
        "body": body,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "messageId": f"m-{number}",
    }


class TestAws:
    @pytest.fixture
    def decide(self, inbox: DirectoryInbox) -> Any:
        return aws_lambda.handler(pack=make_pack(), sink=inbox)

    def test_called_directly_the_event_is_the_submission(self, decide: Any) -> None:
        assert KEYS == sorted(decide(submission(1), None))
        with pytest.raises(ConflictError):
            decide(submission(1, deadline="rash"), None)

    @pytest.mark.parametrize("event", [None, [], 1.5, {"answers": {"outlier": 1.5}, "case": "c", "id": "i"}])
    def test_a_direct_event_that_is_wrong_raises(self, decide: Any, event: Any) -> None:
        with pytest.raises(SubmissionError):
            decide(event, None)

    def test_a_direct_event_without_bottom_is_refused(self, decide: Any) -> None:
        event: Any = []
        for _ in range(100_000):
            event = [event]
        with pytest.raises(SubmissionError, match="too deep"):
            decide(event, None)

    @pytest.mark.parametrize("spell", [bytes.decode, lambda body: base64.b64encode(body).decode()])
    def test_over_http_the_body_is_the_submission(self, decide: Any, spell: Any) -> None:
        event = over_http(spell(sent(deadline="rash")), isBase64Encoded=spell is not bytes.decode)
        answer = decide(event, None)
        assert (200, False) == (answer["statusCode"], answer["isBase64Encoded"])
        assert REFERRED == json.loads(answer["body"])
        assert {"cache-control": "no-store", "content-type": "application/json"} == answer["headers"]
        json.dumps(answer)  # AWS takes nothing else

    def test_the_older_payload_format_is_read_too(self, decide: Any) -> None:
        event = {"httpMethod": "POST", "requestContext": {}, "body": sent().decode(), "isBase64Encoded": False}
        assert 200 == decide(event, None)["statusCode"]
        assert 405 == decide(event | {"httpMethod": "GET"}, None)["statusCode"]

    def test_every_refusal_has_its_status(self, decide: Any, capsys: Any) -> None:
        decide(submission(1), None)
        no_sink = aws_lambda.handler(pack=make_pack())
        answers = [
            decide(over_http(None), None),
            decide(over_http("!", isBase64Encoded=True), None),
            decide(over_http(sent(deadline="rash").decode()), None),
            decide(over_http(None, "GET"), None),
            no_sink(over_http(sent().decode()), None),
        ]
        assert [400, 400, 409, 405, 503] == [answer["statusCode"] for answer in answers]
        errors = [json.loads(answer["body"])["error"] for answer in answers]
        assert ["submission", "submission", "conflict", "method", "unrecorded"] == errors
        assert "no sink" in capsys.readouterr().err

    def test_of_a_queues_batch_only_what_failed_comes_again(
        self, decide: Any, inbox: DirectoryInbox, capsys: Any
    ) -> None:
        bodies = [sent(1).decode(), "", sent(2).decode(), sent(1, outlier=SECRET).decode()]
        event = {"Records": [message(number, body) for number, body in enumerate(bodies)]}
        failed = {"batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-3"}]}
        assert failed == decide(event, None)
        assert ["s-1.json", "s-2.json"] == sorted(name.rpartition("/")[2] for name, _ in inbox.entries())
        told = capsys.readouterr().err
        assert ["m-1", "m-3"] == [line.split()[2] for line in told.splitlines()]
        assert SECRET not in told
        assert failed == decide(event, None)  # delivered again
        assert 2 == len([*inbox.entries()])

    def test_in_a_fifo_queue_what_follows_a_failure_in_its_group_waits(self, decide: Any) -> None:
        rows = [(1, "a", sent(1)), (2, "b", b"wrong"), (3, "b", sent(3)), (4, "a", sent(4))]
        records = [message(n, body.decode(), "arn:aws:sqs:eu-west-1:1:q.fifo", group) for n, group, body in rows]
        failed = decide({"Records": records}, None)["batchItemFailures"]
        assert ["m-2", "m-3"] == [each["itemIdentifier"] for each in failed]
        fair = [record | {"eventSourceARN": "arn:aws:sqs:eu-west-1:1:q"} for record in records]
        assert [{"itemIdentifier": "m-2"}] == decide({"Records": fair}, None)["batchItemFailures"]

    def test_a_message_may_give_the_id(self, inbox: DirectoryInbox) -> None:
        decide = aws_lambda.handler(pack=make_pack(), sink=inbox, id=aws_lambda.message_id)
        nameless = {key: value for key, value in submission(1).items() if key != "id"}
        event = {"Records": [message(7, json.dumps(nameless))]}
        assert {"batchItemFailures": []} == decide(event, None) == decide(event, None)
        ((where, _),) = inbox.entries()
        assert where.endswith("/m-7.json")

    def test_records_of_another_source_are_refused_whole(self, decide: Any, inbox: DirectoryInbox) -> None:
        stream = message(2, sent(2).decode()) | {"eventSource": "aws:kinesis"}
        with pytest.raises(SubmissionError, match="aws:kinesis"):
            decide({"Records": [message(1, sent(1).decode()), stream]}, None)
        assert [] == [*inbox.entries()]


class TestGcp:
    def request(self, data: bytes, method: str = "POST") -> Request:
        return Request(EnvironBuilder(method=method, data=data).get_environ())

    def test_the_body_is_the_submission(self, inbox: DirectoryInbox) -> None:
        decide = gcp.handler(pack=make_pack(), sink=inbox)
        body, status, headers = decide(self.request(sent(deadline="rash")))
        assert (REFERRED, 200) == (json.loads(body), status)
        assert "application/json" == headers["Content-Type"]
        assert [400, 409, 405] == [
            decide(request)[1] for request in (self.request(b"{"), self.request(sent()), self.request(b"", "GET"))
        ]

    def test_the_request_may_give_the_id(self, inbox: DirectoryInbox) -> None:
        decide = gcp.handler(pack=make_pack(), sink=inbox, id=lambda request: request.headers["X-Id"])
        nameless = json.dumps({key: value for key, value in submission(1).items() if key != "id"}).encode()
        environ = EnvironBuilder(method="POST", data=nameless, headers={"X-Id": "from-a-header"}).get_environ()
        assert "from-a-header" == json.loads(decide(Request(environ))[0])["id"]

    def test_without_a_sink_there_is_no_verdict(self, capsys: Any) -> None:
        assert 503 == gcp.handler(pack=make_pack())(self.request(sent()))[1]
        assert "no sink" in capsys.readouterr().err


def test_a_cold_function_imports_nothing_that_it_does_not_need(tmp_path: Any) -> None:
    """Making AWS's handler with a directory inbox and deciding pull in none of the packages that people need, nor boto3."""
    script = (
        "import sys, json\n"
        "from scoring.edge.aws_lambda import handler\n"
        "from scoring.edge.inbox import DirectoryInbox\n"
        "decide = handler(pack=sys.argv[1], sink=DirectoryInbox(sys.argv[2]))\n"
        "event = json.loads(sys.argv[3])\n"
        "assert decide(event, None) == decide(event, None)\n"
        "print(*sorted(sys.modules))"
    )
    (tmp_path / "inbox").mkdir()
    (tmp_path / "pack").write_bytes(make_pack())
    argv = [sys.executable, "-I", "-c", script, tmp_path / "pack", tmp_path / "inbox", sent().decode()]
    modules = {*subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()}
    unwanted = {
        *("asyncio", "attr", "attrs", "boto3", "botocore", "cattrs", "cryptography", "cyclopts", "flask", "hypothesis"),
        *("logging", "pathlib", "rich", "socket", "sqlite3", "structlog", "typing", "yaml"),
    }
    assert "scoring.edge.door" in modules
    assert set() == unwanted & modules
