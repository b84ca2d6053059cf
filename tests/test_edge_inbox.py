"""Inboxes keep the first entry of an id, whole and durable; `append` gives each its place once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from logs import make_pack, submission
from scoring import AuditLog
from scoring.audit.entry import Entry
from scoring.cli import main
from scoring.edge.inbox import DirectoryInbox
from scoring.edge.s3 import S3Inbox
from scoring.errors import MissingExtraError, StoreError
from scoring.runtime import Scorer

SCORER = Scorer(make_pack())


def made(number: int, **changes: Any) -> bytes:
    return SCORER.score(json.dumps(submission(number, **changes)).encode())[1]


def ends_with(script: str, *arguments: Any) -> int:
    """The status that another process ends with."""
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True).returncode


# --- stores ---


@pytest.fixture(scope="module")
def moto() -> Any:
    """A store that honours create-if-absent, over HTTP."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def at_moto(moto: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the environment of a function says, and an empty bucket."""
    with urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST")):
        pass
    the_store_is(moto, monkeypatch)
    client = boto3.client("s3")
    client.create_bucket(Bucket="entries")
    yield client
    client.close()


def the_store_is(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)


@contextmanager
def small_store(*statuses: int) -> Any:
    """A store that answers each PUT with the next of these statuses, the last one for ever, whatever the PUT's condition says."""
    left = [*statuses]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # without it boto3 waits a second for leave to send the body

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class AnyInbox:
    """What every inbox does. Each class below says which one it is."""

    @pytest.fixture
    def inbox(self) -> Any:
        raise AssertionError("a class below says which")

    def test_the_first_entry_of_an_id_stays(self, inbox: Any) -> None:
        first, second = made(1), made(1, deadline="rash")
        assert first == inbox.put("s-1", first)
        assert first == inbox.put("s-1", second)
        assert made(2) == inbox.put("s-2", made(2))
        assert {first, made(2)} == {entry for _, entry in inbox.entries()}

    def test_of_many_at_once_one_wins_and_all_are_told_which(self, inbox: Any) -> None:
        won: list[bytes] = []
        ready = threading.Barrier(8)

        def put(number: int) -> None:
            ready.wait()
            won.append(inbox.put("s-1", b"%d" % number * 1000))

        threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (8, 1) == (len(won), len({*won}))
        assert [won[0]] == [entry for _, entry in inbox.entries()]


class TestDirectory(AnyInbox):
    @pytest.fixture
    def inbox(self, tmp_path: Path) -> DirectoryInbox:
        return DirectoryInbox(tmp_path)

    def test_entries_come_in_the_order_in_which_they_were_put(self, inbox: DirectoryInbox, tmp_path: Path) -> None:
        for when, name in enumerate(["s-9", "s-1", "S-5"], 1):
            inbox.put(name, name.encode())
            os.utime(tmp_path / f"{name}.json", ns=(when, when))
        assert [b"s-9", b"s-1", b"S-5"] == [entry for _, entry in inbox.entries()]

    def test_a_directory_is_never_made(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="make it, or mount it"):
            DirectoryInbox(tmp_path / "missing")
        assert not (tmp_path / "missing").exists()

    def test_an_entry_is_for_its_owner_alone(self, inbox: DirectoryInbox, tmp_path: Path) -> None:
        inbox.put("s-1", made(1))
        assert 0o600 == (tmp_path / "s-1.json").stat().st_mode & 0o777

    @pytest.mark.parametrize("step", ["write_all", "sync", "link", "unlink", "sync_directory"])
    def test_a_crash_leaves_a_whole_entry_or_none(self, inbox: DirectoryInbox, tmp_path: Path, step: str) -> None:
        """The process is gone before, or in the middle of, each step; the retry gets one entry, durable."""
        script = """
            import os, sys
            from scoring.edge import inbox
            step, entry = sys.argv[2], b"x" * 1000
            def gone(*arguments, **more):
                if step == "write_all":
                    os.write(arguments[0], entry[:500])
                os._exit(9)
            setattr(os if step in ("link", "unlink") else inbox, step, gone)
            inbox.DirectoryInbox(sys.argv[1]).put("s-1", entry)
        """
        assert 9 == ends_with(script, tmp_path, step)
        left = [entry for _, entry in inbox.entries()]
        assert left == ([b"x" * 1000] if step in ("unlink", "sync_directory") else [])
        assert b"x" * 1000 == inbox.put("s-1", b"x" * 1000)
        assert [b"x" * 1000] == [entry for _, entry in inbox.entries()]

    def test_what_was_there_is_made_durable_before_it_is_answered(
        self, inbox: DirectoryInbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever linked it may not have synced the directory yet."""
        inbox.put("s-1", b"first")
        monkeypatch.setattr("scoring.edge.inbox.sync_directory", raises(OSError(5, "Input/output error")))
        with pytest.raises(StoreError, match="Input/output error"):
            inbox.put("s-1", b"second")

    @pytest.mark.parametrize("step", ["write_all", "sync"])
    def test_a_write_that_fails_leaves_nothing(
        self, inbox: DirectoryInbox, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(f"scoring.edge.inbox.{step}", raises(OSError(28, "No space left on device")))
        with pytest.raises(StoreError, match="No space left on device"):
            inbox.put("s-1", b"first")
        assert [] == [*tmp_path.iterdir()]


def raises(error: Exception) -> Any:
    def call(*_: Any) -> None:
        raise error

    return call


@pytest.mark.usefixtures("at_moto")
class TestS3(AnyInbox):
    @pytest.fixture
    def inbox(self, at_moto: Any) -> S3Inbox:  # noqa: ARG002 - the bucket has to be there first
        return S3Inbox("s3://entries/a/b")

    def test_an_entry_is_an_object_of_its_own(self, inbox: S3Inbox, at_moto: Any) -> None:
        inbox.put("s-1", made(1))
        at_moto.put_object(Bucket="entries", Key="a/b/deeper/s-2.json", Body=b"of another inbox")
        at_moto.put_object(Bucket="entries", Key="a/by-hand.json", Body=b"beside it")
        assert made(1) == at_moto.get_object(Bucket="entries", Key="a/b/s-1.json")["Body"].read()
        assert [("s3://entries/a/b/s-1.json", made(1))] == [*inbox.entries()]

    def test_a_whole_bucket_may_be_an_inbox(self) -> None:
        for url in ("s3://entries", "s3://entries/"):
            assert b"first" == S3Inbox(url).put("s-1", b"first")
        assert [("s3://entries/s-1.json", b"first")] == [*S3Inbox("s3://entries", read_only=True).entries()]

    def test_all_pages_of_a_listing_are_read(self, inbox: S3Inbox, at_moto: Any) -> None:
        for number in range(7):
            inbox.put(f"s-{number}", b"%d" % number)
        original = at_moto.list_objects_v2
        at_moto.list_objects_v2 = lambda **arguments: original(MaxKeys=3, **arguments)
        pages = S3Inbox("s3://entries/a/b", client=at_moto, read_only=True)
        assert {b"%d" % number for number in range(7)} == {entry for _, entry in pages.entries()}

    def test_a_later_start_finds_the_store_as_good_as_the_first(self, inbox: S3Inbox) -> None:
        inbox.put("s-1", b"first")
        assert b"first" == S3Inbox("s3://entries/a/b").put("s-1", b"second")

    def test_for_reading_alone_nothing_is_written(self, at_moto: Any) -> None:
        inbox = S3Inbox("s3://entries", read_only=True)
        with pytest.raises(StoreError, match="for reading alone"):
            inbox.put("s-1", b"first")
        assert "Contents" not in at_moto.list_objects_v2(Bucket="entries")

    @pytest.mark.parametrize(
        ("url", "said"),
        [("s3://nowhere/a", "NoSuchBucket"), ("s3://", "expected s3://BUCKET"), ("/tmp", "expected s3://BUCKET")],
    )
    def test_an_inbox_that_is_none_is_refused(self, url: str, said: str) -> None:
        with pytest.raises(StoreError, match=said):
            S3Inbox(url)


class TestStores:
    def test_a_store_that_ignores_the_condition_is_refused_at_the_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with small_store(200) as url:
            the_store_is(url, monkeypatch)
            with pytest.raises(StoreError, match="a retried event could get a second decision"):
                S3Inbox("s3://entries")

    def test_a_store_that_is_busy_is_asked_again_and_not_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with small_store(412, 409, 409, 200, 409) as url:
            the_store_is(url, monkeypatch)
            inbox = S3Inbox("s3://entries")
            assert b"first" == inbox.put("s-1", b"first")
            with pytest.raises(StoreError, match="409"):
                inbox.put("s-1", b"first")

    def test_a_store_that_fails_keeps_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with small_store(412, 500) as url:
            the_store_is(url, monkeypatch)
            inbox = S3Inbox("s3://entries")
            with pytest.raises(StoreError, match="500"):
                inbox.put("s-1", b"first")
        with pytest.raises(StoreError, match="EndpointConnectionError"):
            inbox.put("s-1", b"first")

    def test_without_boto3_the_error_names_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "boto3", None)
        with pytest.raises(MissingExtraError, match=r"scoreproof\[aws\]"):
            S3Inbox("s3://entries")


# --- append ---


@pytest.fixture
def call(capsys: Any) -> Any:
    def told(*argv: Any) -> tuple[int, list[Any], str]:
        status = main([*map(str, argv), "--json"])
        out, err = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err

    return told


@pytest.fixture
def log(tmp_path: Path, call: Any) -> Path:
    (tmp_path / "pack").write_bytes(make_pack())
    assert 0 == call("append", tmp_path / "log", tmp_path / "pack", "--create")[0]
    return tmp_path / "log"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def ids_in(log: Path) -> list[str]:
    with AuditLog.open(log) as opened:
        bodies = [json.loads(line) for _, line in opened.records()]
    return [record["body"]["id"] for record in bodies if record["type"] == "decision"]


class TestAppend:
    def test_each_entry_gets_its_place_once(self, log: Path, inbox: Path, call: Any) -> None:
        for number in range(3):
            DirectoryInbox(inbox).put(f"s-{number}", made(number))
        status, told, _ = call("append", log, inbox)
        assert (0, [2, 3, 4]) == (status, [each["seq"] for each in told])
        assert {"file", "line", "type", "id", "seq", "repeated"} == {*told[0]}
        assert str(inbox / "s-0.json") == told[0]["file"]
        DirectoryInbox(inbox).put("s-3", made(3))
        status, told, _ = call("append", log, inbox)
        assert (0, [True, True, True, False]) == (status, [each["repeated"] for each in told])
        assert ["s-0", "s-1", "s-2", "s-3"] == ids_in(log)
        assert 0 == main(["replay", str(log)])

    def test_an_empty_inbox_is_no_error(self, log: Path, inbox: Path, call: Any) -> None:
        assert (0, [], "") == call("append", log, inbox)

    def test_one_bad_entry_keeps_no_other_from_its_place(self, log: Path, inbox: Path, call: Any) -> None:
        store = DirectoryInbox(inbox)
        other = Scorer(make_pack(version="2")).score(json.dumps(submission(8)).encode())[1]
        for name, entry in {"s-1": made(1), "s-2": made(2)[:-9], "s-8": other, "s-9": made(9)}.items():
            store.put(name, entry)
        with AuditLog.open(log) as opened:
            opened.append([Entry.from_bytes(made(3))])
        store.put("s-3", made(3, deadline="rash"))
        status, told, err = call("append", log, inbox)
        assert (2, ["s-1", "s-9"]) == (status, [each["id"] for each in told])
        assert ["s-3", "s-1", "s-9"] == ids_in(log)
        places = [line.split(": ")[0].rpartition("/")[2] for line in err.splitlines()]
        assert ["s-2.json", "s-3.json", "s-8.json"] == sorted(places)
        assert "publish its rubric first" in err
        assert "rash" not in err

    def test_a_directory_of_other_things_is_no_inbox(self, log: Path, inbox: Path, call: Any) -> None:
        (inbox / "notes.txt").write_text("not an entry")
        status, told, err = call("append", log, inbox)
        assert (2, []) == (status, told)
        assert "is a directory; expected a pack or entries" in err
        assert 2 == call("append", log, log)[0]

    def test_without_its_vault_nothing_goes_in(self, log: Path, inbox: Path, call: Any) -> None:
        DirectoryInbox(inbox).put("s-1", made(1))
        Path(f"{log}.vault").unlink()
        status, told, err = call("append", log, inbox)
        assert (2, []) == (status, told)
        assert "the vault" in err

    @pytest.mark.parametrize("after", [1, 2, 4])
    def test_interrupted_anywhere_and_run_again_each_is_there_once(self, log: Path, inbox: Path, after: int) -> None:
        for number in range(130):
            DirectoryInbox(inbox).put(f"s-{number}", made(number))
        script = """
            import os, sys
            from scoring.cli import main
            durable, left = os.fdatasync, int(sys.argv[3])
            def sync(fd):
                global left
                durable(fd)
                left -= 1
                if not left:
                    os._exit(9)
            os.fdatasync = sync
            sys.exit(main(["append", sys.argv[1], sys.argv[2]]))
        """
        assert 9 == ends_with(script, log, inbox, after)
        assert 0 == main(["append", str(log), str(inbox)])
        assert sorted(f"s-{number}" for number in range(130)) == sorted(ids_in(log))
        assert 0 == main(["verify", str(log)])

    @pytest.mark.usefixtures("at_moto")
    def test_a_bucket_is_read_as_a_directory_is(self, log: Path, call: Any) -> None:
        inbox = S3Inbox("s3://entries/in")
        for number in range(3):
            inbox.put(f"s-{number}", made(number))
        status, told, _ = call("append", log, "s3://entries/in")
        assert (0, {False}) == (status, {each["repeated"] for each in told})
        status, told, _ = call("append", log, "s3://entries/in")
        assert (0, {True}) == (status, {each["repeated"] for each in told})
        assert ["s-0", "s-1", "s-2"] == sorted(ids_in(log))
        status, _, err = call("append", log, "s3://nowhere")
        assert (2, True) == (status, "NoSuchBucket" in err)
