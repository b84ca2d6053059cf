"""`scoring score` over long files: on all processors what one does, past bad lines, and on after an interruption without a second decision."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import packs
import scoring
from bench import work
from scoring import canonical
from scoring.audit import crew
from scoring.audit.verify import verify_directory
from scoring.cli import main
from scoring.cli import score as command

COUNT = 1_000  # several parts, none of them full at the end
LONG = 4_000  # more than is scored before it can be interrupted; the file is long enough for several processes


def sheet_lines(count: int, more: str = "") -> list[bytes]:
    sheets = work.sheets(5, count)
    for sheet in sheets:
        sheet["answers"]["item-002"] += more
    return [canonical.dumps(sheet) + b"\n" for sheet in sheets]


@pytest.fixture(autouse=True)
def _room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("pack.json").write_bytes(canonical.dumps(work.pack(5)))
    lines = sheet_lines(COUNT)
    lines[3] = b'{"id": "cut off\n'
    lines[400] = b"[1]\n"
    lines[700] = lines[700].replace(b'"item-000"', b'"item-999"')
    Path("some.jsonl").write_bytes(b"".join(lines))


@pytest.fixture
def shared(monkeypatch):
    """Every input is worth two processes."""
    monkeypatch.setattr(command, "_WORTH_SHARING", 1)
    monkeypatch.setattr(command, "cores", lambda: 2)


@pytest.fixture
def call(capfd):
    def call(*argv):
        status = main([*map(str, argv)])
        return status, *capfd.readouterr()

    return call


class TestSeveralProcesses:
    @pytest.mark.parametrize("more", [["--json"], [], ["--entries", "-"]])
    def test_what_is_printed_is_what_one_process_prints_bad_lines_included(self, call, more, monkeypatch):
        alone = call("score", "pack.json", "some.jsonl", *more)
        monkeypatch.setattr(command, "_WORTH_SHARING", 1)
        monkeypatch.setattr(command, "cores", lambda: 3)
        assert call("score", "pack.json", "some.jsonl", *more) == alone
        status, out, err = alone
        assert status == 2
        assert out.count("\n") == COUNT + {"--json": 0, "": -2, "--entries": -3}[more[0] if more else ""]
        assert [line.split(" ")[0] for line in err.splitlines() if "not recorded" not in line] == [
            "some.jsonl:4:8:",
            "some.jsonl:401:",
            "some.jsonl:701:",
            *["some.jsonl:701:"] * (err.count(":701:") - 1),
            "scoring:",
        ]
        assert err.endswith(f"not scored: 3 of {COUNT:,} submissions\n")

    def test_what_is_recorded_is_what_one_process_records(self, call, monkeypatch):
        alone = call("score", "pack.json", "some.jsonl", "--log", "one", "--create", "--json")
        monkeypatch.setattr(command, "_WORTH_SHARING", 1)
        assert call("score", "pack.json", "some.jsonl", "--log", "two", "--create", "--json") == alone
        logs = [scoring.AuditLog.open(name) for name in ("one", "two")]
        bodies = [[log.read(seq)["body"] for seq in range(2, len(log))] for log in logs]
        for log in logs:
            log.close()
        told = [[(body.get("id"), body.get("decision")) for body in each] for each in bodies]
        assert told[0] == told[1]
        assert verify_directory(Path("two")).ok

    @pytest.mark.usefixtures("shared")
    def test_they_do_score(self, call, monkeypatch):
        """Else this module shows nothing: no line is scored in the process that prints."""
        monkeypatch.setattr(scoring.cli.desk.Desk, "_scored", None)
        assert call("score", "pack.json", "some.jsonl", "--json")[0] == 2

    @pytest.mark.usefixtures("shared")
    def test_one_that_dies_is_done_without(self, call, monkeypatch):
        alone = call("score", "pack.json", "some.jsonl", "--json")
        monkeypatch.setattr(crew, "_SERVE", "raise SystemExit")
        assert call("score", "pack.json", "some.jsonl", "--json") == alone

    @pytest.mark.usefixtures("shared")
    def test_what_is_fixed_for_a_case_counts_though_it_was_scored_without_it(self, call):
        """The other process does not know the opening, the one that records does."""
        document = packs.sample()
        Path("pack.json").write_bytes(canonical.dumps(document))
        rubric = packs.rubric(document)
        answers = {"answers": {"sum": "70", "word": "median"}}
        with scoring.AuditLog.open("log", create=True) as log:
            log.decide(rubric, {**answers, "id": "s-0", "case": "c"})
            log.resolve("c", "void", id="v", who="Ada", why="another person sat there", reason="identity")
        Path("one.jsonl").write_bytes(
            b"".join(canonical.dumps({**answers, "id": f"s-{case}", "case": case}) + b"\n" for case in ("c", "d"))
        )
        status, out, _ = call("score", "pack.json", "one.jsonl", "--log", "log", "--json")
        assert (status, [json.loads(line)["status"] for line in out.splitlines()]) == (0, ["void", "pending"])


def started(*argv: str) -> subprocess.Popen[bytes]:
    def interruptible():  # a shell that runs these tests in the background has them ignore the signal
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    env = {**os.environ, "PYTHONPATH": str(Path(scoring.__file__).parents[1])}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [sys.executable, "-m", "scoring.cli", *argv], env=env, preexec_fn=interruptible, start_new_session=True, **pipes
    )


def stopped(process: subprocess.Popen[bytes], file: Path, how: signal.Signals) -> str:
    """End a run once it has written something, and before it is done; none of its processes is there afterwards."""
    until = time.monotonic() + 60
    while not file.exists() or not file.stat().st_size:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.002)
    process.send_signal(how)
    with process:
        err = process.stderr.read().decode()
    assert process.returncode != 0, "it was done before it could be stopped"
    while True:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return err
        assert time.monotonic() < until, "a process outlived the one that started it"
        time.sleep(0.01)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
class TestInterrupted:
    @pytest.fixture(autouse=True)
    def _long(self):
        Path("long.jsonl").write_bytes(b"".join(sheet_lines(LONG, " and so on" * 80)) + b"broken\n")
        assert Path("long.jsonl").stat().st_size > command._WORTH_SHARING

    def test_entries_are_gone_on_with_and_come_out_as_without_the_interruption(self, how, call):
        given = ["score", "pack.json", "long.jsonl", "--entries", "entries.jsonl", "--json"]
        err = stopped(started(*given), Path("entries.jsonl"), how)
        if how == signal.SIGINT:
            assert err.endswith("stopped: the same call with --resume goes on with entries.jsonl\n")
        had = Path("entries.jsonl").read_bytes().count(b"\n")
        assert 0 < had < LONG
        status, out, err = call(*given, "--resume")
        assert status == 2
        assert f"passed over: {had} submissions whose entries entries.jsonl has" in err
        assert f"long.jsonl:{LONG + 1}:1: not JSON" in err
        assert out.count('"decision":') == LONG - had
        call("score", "pack.json", "long.jsonl", "--entries", "whole.jsonl", "--json")
        assert Path("entries.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()

    def test_a_log_has_each_decision_once_in_the_order_of_the_file(self, how, call):
        given = ["score", "pack.json", "long.jsonl", "--log", "log", "--create", "--json"]
        stopped(started(*given), Path("log/log/000000000000.jsonl"), how)
        status, out, err = call(*given)
        assert status == 2
        assert f"not scored: 1 of {LONG + 1:,} submissions" in err
        told = [json.loads(line) for line in out.splitlines()]
        assert [(each["line"], each["error"]) for each in told if "error" in each] == [(LONG + 1, "submission")]
        results = [each for each in told if "error" not in each]
        assert [result["id"] for result in results] == [f"s-{n}" for n in range(LONG)]
        assert [result["seq"] for result in results] == sorted(result["seq"] for result in results)
        with scoring.AuditLog.open("log") as log:
            kinds = [log.read(seq)["type"] for seq in range(len(log))]
        assert kinds.count("decision") == LONG


class TestResume:
    @pytest.fixture
    def entries(self, call):
        call("score", "pack.json", "some.jsonl", "--entries", "entries.jsonl", "--json")
        return Path("entries.jsonl")

    def resumed(self, call, *more):
        return call("score", "pack.json", "some.jsonl", "--entries", "entries.jsonl", "--resume", "--json", *more)

    def test_what_a_crash_left_of_the_last_line_is_written_anew(self, entries, call):
        whole = entries.read_bytes()
        entries.write_bytes(whole[:-40])
        status, out, _ = self.resumed(call)
        assert (status, out.count('"decision":'), entries.read_bytes()) == (2, 1, whole)

    def test_lines_that_were_mended_are_scored_and_no_other_is_scored_again(self, entries, call):
        had = entries.read_bytes()
        Path("some.jsonl").write_bytes(b"".join(sheet_lines(COUNT)))
        status, out, _ = self.resumed(call)
        assert (status, [json.loads(line)["id"] for line in out.splitlines()]) == (0, ["s-3", "s-400", "s-700"])
        assert entries.read_bytes().startswith(had)
        assert self.resumed(call)[:2] == (0, "")

    def test_an_id_that_stands_for_another_submission_is_reported(self, entries, call):
        lines = Path("some.jsonl").read_bytes().splitlines(keepends=True)
        lines[5] = lines[5].replace(b'"case":"c-5"', b'"case":"c-6"')
        Path("some.jsonl").write_bytes(b"".join(lines))
        had = entries.read_bytes()
        status, out, err = self.resumed(call)
        assert (status, entries.read_bytes()) == (2, had)
        assert {"error"} == {
            key for line in out.splitlines() for key in json.loads(line) if key in ("error", "decision")
        }
        assert "some.jsonl:6: its id stands for another submission in entries.jsonl" in err

    @pytest.mark.parametrize("twice", [[7], [7, 8]])
    def test_a_submission_that_stands_twice_in_the_input_is_not_taken_for_another(self, call, twice):
        lines = sheet_lines(10)
        Path("some.jsonl").write_bytes(b"".join([*lines, *(lines[n] for n in twice)]))
        call("score", "pack.json", "some.jsonl", "--entries", "entries.jsonl", "--json")
        assert self.resumed(call)[:2] == (0, "")

    def test_other_rules_are_refused(self, entries, call):
        document = work.pack(5) | {"version": "other"}
        Path("pack.json").write_bytes(canonical.dumps(document))
        had = entries.read_bytes()
        status, out, err = self.resumed(call)
        assert (status, out, entries.read_bytes()) == (2, "", had)
        assert "entries.jsonl:1: an entry by another rubric, version, profile or level" in err

    def test_another_file_is_left_as_it_is(self, call):
        Path("entries.jsonl").write_text("notes\nof mine")
        status, _, err = self.resumed(call)
        assert (status, Path("entries.jsonl").read_text()) == (2, "notes\nof mine")
        assert "entries.jsonl:1: no entry" in err

    def test_where_there_is_no_file_yet_it_is_made(self, call):
        assert self.resumed(call)[1].count('"decision":') == COUNT - 3
        assert Path("entries.jsonl").stat().st_mode & 0o777 == 0o600

    def test_it_needs_a_file_to_go_on_with(self, call):
        for more in ([], ["--entries", "-"]):
            status, _, err = call("score", "pack.json", "some.jsonl", "--resume", *more)
            assert status == 2
            assert "--resume goes on with the file that --entries names" in err
