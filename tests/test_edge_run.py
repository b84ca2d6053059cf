"""The how-to's functions, packed by its recipe, run by the runtimes that clouds run them with."""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

import recipe
from logs import make_pack, submission
from scoring import canonical
from scoring.edge.door import Door
from scoring.edge.inbox import DirectoryInbox
from scoring.runtime import Scorer

SECRET = "one-hundred-and-forty-one"
RIGHT = {"action": "advance", "holds": [], "id": "s-1", "status": "decided", "verdict": "strong"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: Any) -> Path:
    """What the recipe makes, with this checkout for the package from the index."""
    return recipe.package(tmp_path_factory.mktemp("package"), make_pack())


@pytest.fixture(scope="module")
def bucket() -> Any:
    """The environment of a function whose inbox is in S3, and a client to look into it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    env = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_SECRET_ACCESS_KEY": "test",
        "INBOX": "s3://functions/in",
    }
    client = boto3.client(
        "s3",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url=env["AWS_ENDPOINT_URL_S3"],
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="functions")
    yield env, client
    client.close()
    server.stop()


class Runtime:
    """A runtime API as AWS gives it to a function: events out, results in. It hands out the next event when the last was answered."""

    def __init__(self) -> None:
        events: queue.Queue[Any] = queue.Queue()
        results: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.events, self.results = events, results

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                event = events.get()
                if event is None:
                    self.close_connection = True
                    return
                body = json.dumps(event).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "r-1")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60_000))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                results.put((self.path.rpartition("/")[2], said))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def ask(self, event: Any) -> tuple[str, Any]:
        """Have the function called, and wait for what it answers: ``response`` or ``error``, and what was posted."""
        self.events.put(event)
        return self.results.get(timeout=30)


@contextmanager
def in_lambda(directory: Path, env: dict[str, str]) -> Any:
    """A function run by AWS's own runtime client."""
    runtime = Runtime()
    thread = threading.Thread(target=runtime.server.serve_forever, args=(0.01,))
    thread.start()
    env = {**os.environ, **env, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server.server_port}"}
    command = [sys.executable, "-m", "awslambdaric", "function.decide"]
    with (directory / "told").open("wb") as told:
        function = subprocess.Popen(command, cwd=directory, env=env, stdout=told, stderr=told)
    try:
        yield runtime
    finally:
        function.kill()
        function.wait()
        runtime.events.put(None)
        runtime.server.shutdown()
        thread.join()
        runtime.server.server_close()


@pytest.mark.skipif(sys.platform != "linux", reason="AWS's runtime client is made for Linux")
def test_aws_runs_it(package: Path, bucket: Any, tmp_path: Path) -> None:
    """The zip as it was made, unpacked as AWS does, with the inbox in a bucket: all three kinds of event."""
    env, client = bucket
    with zipfile.ZipFile(package) as file:
        file.extractall(tmp_path)
    other = submission(1, deadline="rash")
    with in_lambda(tmp_path, env) as runtime:
        assert ("response", RIGHT) == runtime.ask(submission(1))
        assert ("response", RIGHT) == runtime.ask(submission(1))
        kind, said = runtime.ask(other)
        assert ("error", "ConflictError") == (kind, said["errorType"])
        kind, said = runtime.ask({"answers": {"deadline": 7, "outlier": {SECRET: 1}}, "case": SECRET, "id": "i"})
        assert ("error", "SubmissionError", True) == (
            kind,
            said["errorType"],
            "answers/deadline" in said["errorMessage"],
        )
        kind, said = runtime.ask(
            {"version": "2.0", "requestContext": {"http": {"method": "POST"}}, "body": json.dumps(submission(1))}
        )
        assert ("response", 200, RIGHT) == (kind, said["statusCode"], json.loads(said["body"]))
        records = [
            {"eventSource": "aws:sqs", "eventSourceARN": "q", "messageId": f"m-{n}", "body": json.dumps(body)}
            for n, body in enumerate([submission(2), other])
        ]
        assert ("response", {"batchItemFailures": [{"itemIdentifier": "m-1"}]}) == runtime.ask({"Records": records})
    kept = {it["Key"] for it in client.list_objects_v2(Bucket="functions")["Contents"]}
    assert {"in/create-if-absent", "in/s-1.json", "in/s-2.json"} == kept
    told = (tmp_path / "told").read_text()
    assert "message m-1 was not decided: the id s-1 stands for another" in told
    assert SECRET not in told


def test_the_zip_alone_is_enough(package: Path, tmp_path: Path) -> None:
    """Nothing but the zip and the standard library: less than 1 MB, no orjson, and the entry that the library writes with it."""
    assert package.stat().st_size < 1_000_000
    (tmp_path / "inbox").mkdir()
    cases = [submission(1), submission(2, case="Zoë 漢字", deadline="rash", outlier="about 1é4")]
    script = """if True:
        import json, sys
        sys.path.insert(0, sys.argv[1])
        from scoring.edge.aws_lambda import handler
        from scoring.edge.inbox import DirectoryInbox
        from zipimport import zipimporter
        pack = zipimporter(sys.argv[1]).get_data("rubric.pack.json")
        decide = handler(pack=pack, sink=DirectoryInbox(sys.argv[2]))
        for line in sys.stdin:
            print(json.dumps(decide(json.loads(line), None)))
        print("orjson" in sys.modules, sys.modules["scoring"].__file__)
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(package), str(tmp_path / "inbox")],
        check=True,
        capture_output=True,
        input="".join(json.dumps(case) + "\n" for case in cases),
        text=True,
    ).stdout.splitlines()
    canonical.load_orjson()
    assert "orjson" in sys.modules
    assert f"False {package}/scoring/__init__.py" == done.pop()
    assert [RIGHT, "review"] == [json.loads(done[0]), json.loads(done[1])["action"]]
    scorer = Scorer(make_pack())
    for case in cases:
        kept = (tmp_path / "inbox" / f"{case['id']}.json").read_bytes()
        assert scorer.score(json.dumps(case).encode())[1] == kept


@contextmanager
def at_google(directory: Path, env: dict[str, str]) -> Any:
    """A function served by Google's framework; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    framework = shutil.which("functions-framework", path=str(Path(sys.executable).parent))
    assert framework is not None
    command = [framework, "--source", "main.py", "--target", "decide", "--host", "127.0.0.1", "--port", str(port)]
    with (directory / "told").open("wb") as told:
        server = subprocess.Popen(command, cwd=directory, env=os.environ | env, stdout=told, stderr=told)
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert server.poll() is None, (directory / "told").read_text()
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait()


def post(url: str, body: bytes | None) -> tuple[int, Any]:
    """POST a body, or GET where there is none: the status, and the JSON that comes back."""
    try:
        with urllib.request.urlopen(url, data=body) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_google_runs_it(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(recipe.block("python", "edge.gcp"))
    (tmp_path / "rubric.pack.json").write_bytes(make_pack())
    (tmp_path / "inbox").mkdir()
    sent = json.dumps(submission(1)).encode()
    with at_google(tmp_path, {"INBOX": str(tmp_path / "inbox")}) as url:
        assert (200, RIGHT) == post(url, sent)
        assert (200, RIGHT) == post(url, sent)
        conflict, wrong, method = (post(url, body) for body in (sent.replace(b"right", b"rash"), b"{}", None))
        shutil.rmtree(tmp_path / "inbox")
        unrecorded = post(url, sent)
    assert [(409, "conflict"), (400, "submission"), (405, "method"), (503, "unrecorded")] == [
        (status, said["error"]) for status, said in (conflict, wrong, method, unrecorded)
    ]
    assert {"error", "message"} == {*unrecorded[1]}


def test_the_pages_own_sink_keeps_the_first(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(recipe.block("python", "sqlite3"), names)
    sink = names["Table"](str(tmp_path / "entries"))
    door = Door(make_pack(), sink=sink)
    assert RIGHT == door.decide(json.dumps(submission(1)).encode())
    assert sink.put("s-1", b"second") == DirectoryInbox(tmp_path).put("s-1", sink.put("s-1", b"third"))
    assert RIGHT == door.decide(json.dumps(submission(1)).encode())
    assert 409 == door.answer(json.dumps(submission(1, deadline="rash")).encode())[0]
