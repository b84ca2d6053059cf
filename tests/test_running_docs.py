"""The page on running a log: its commands run as they stand there, while somebody writes too, and the messages on it are ours."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import logs
from logs import make_pack, submission
from scoring import AuditLog, canonical
from scoring.audit import disk
from scoring.audit.disclosure import disclose
from scoring.audit.verify import verify_directory
from scoring.cli import main
from scoring.engine.rubric import Rubric

pytest.importorskip("cryptography", reason="signing needs the extra `sign`")

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/howto/running-a-log.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = [piece.split("```")[0] for piece in TEXT.split("```sh\n")[1:]]
BACKUP = [block for block in BLOCKS if "backup" in block and "broken" not in block]
room = logs.room


@pytest.fixture
def here(room, monkeypatch, capfd):
    """What the page assumes: a log with a key, in which cases c-1 and on have decisions from record 3 on."""
    monkeypatch.chdir(room)
    Path("small.pack.json").write_bytes(make_pack())
    lines = [canonical.dumps(submission(n, f"c-{n}")) for n in range(1, 10)]
    Path("sheets.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    assert main(["keygen", "log.key"]) == 0
    Path("log.vkey").write_text(capfd.readouterr().out)
    argv = ["score", "small.pack.json", "sheets.jsonl", "--log", "decisions", "--create", "--key", "log.key"]
    assert main(argv) == 0
    return room


def shell(*blocks):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    script = "set -eu\n" + "\n".join(blocks)
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src")},
    )


@pytest.mark.usefixtures("here")
def test_every_command_and_the_recipe_run_in_the_order_of_the_page(here):
    # What was not checked, as when candidates started without a clock to compare with, is no failure of a copy.
    blocks = [block.replace("backup/head\n", "backup/head || test $? = 3\n") for block in BLOCKS]
    done = shell(*blocks)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILS" not in done.stdout
    assert "\nc-1\n" in done.stdout, "what --due lists"
    assert "c-2 is erased, reason asked-to" in done.stdout
    assert verify_directory(here / "decisions").ok
    document = Sybil(parsers=[PythonCodeBlockParser()], path=str(ROOT)).parse(PAGE)
    for example in document.examples():
        example.evaluate()
    found = document.namespace["found"]
    assert [("case", "c-1")] == [one for one in found("decisions.vault", "c-1") if one[1] == "c-1"]
    assert found("backup/decisions.vault", "c-2"), "a copy is not reached"


def test_what_is_copied_while_somebody_records_is_whole_and_goes_on(here):
    stop = threading.Event()
    rubric = Rubric(make_pack())

    def record():
        with AuditLog.open("decisions") as log:
            number = 100
            while not stop.is_set():
                log.decide(rubric, submission(number))
                number += 1

    writer = threading.Thread(target=record)
    writer.start()
    try:
        done = shell(*(block.replace("scoring verify", "true") for block in BACKUP))
    finally:
        stop.set()
        writer.join()
    assert done.returncode == 0, done.stderr
    copied = verify_directory(here / "backup/decisions", trusted=Path("backup/head").read_bytes())
    assert {finding.check for finding in copied.findings if finding.result == "FAILS"} <= {"segments"}, (
        "a line that was being written"
    )
    with AuditLog.open("backup/decisions") as log:
        size = len(log)
        assert size >= 12
        assert all(log.case(seq) is not None for seq in range(3, size) if log.read(seq)["type"] == "decision")
        assert log.decide(rubric, submission(1, "c-1")).repeated
        assert log.decide(rubric, submission(7000)).seq >= size
        assert log.verify().ok


def spans():
    """The messages that the page lists, each as the pieces between its dots."""
    table = TEXT.split("| you see | it means | do |\n|---|---|---|\n")[1].split("\n\n")[0]
    shown = [span for row in table.splitlines() for span in row.split("|")[1].split("`")[1::2]]
    return {span: [piece.strip() for piece in span.replace("#N", "...").split("...")] for span in shown}


def missing_pack():
    for file in Path("decisions/packs").iterdir():
        file.unlink()


def changed_pack():
    for file in Path("decisions/packs").iterdir():
        file.write_bytes(file.read_bytes() + b"x")


def torn_line():
    with Path("decisions/log/000000000000.jsonl").open("ab") as file:
        file.write(b'{"body":')


def missing_heads():
    Path("decisions/heads").unlink()


def missing_vault():
    Path("decisions.vault").unlink()


def another_vault():
    main(["score", "small.pack.json", "sheets.jsonl", "--log", "other", "--create"])
    shutil.copy("other.vault", "decisions.vault")


def damaged_vault():
    Path("decisions.vault").write_bytes(b"\0" * 4096)


def old_vault():
    shutil.copy("decisions.vault", "old")
    main(["erase", "decisions", "c-7", "--reason", "asked-to"])
    shutil.copy("old", "decisions.vault")


def left_over():
    with AuditLog.open("decisions") as log:
        log._vault.store([("c-99", disclose(os.urandom, "submission", {"answers": {}}))], os.urandom)


def full_disk(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(disk, "write_all", full)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("state", "command", "told"),
    [
        (missing_pack, "verify decisions", "the pack ... is missing"),
        (changed_pack, "verify decisions", "the pack ... was changed"),
        (torn_line, "status decisions", "bytes at the end of ... did not hold"),
        (
            missing_heads,
            "score small.pack.json more.jsonl --log decisions --key log.key",
            "heads is missing or empty",
        ),
        (missing_vault, "score small.pack.json more.jsonl --log decisions", "the vault ... is missing"),
        (another_vault, "score small.pack.json more.jsonl --log decisions", "... is the vault of another log"),
        (damaged_vault, "score small.pack.json more.jsonl --log decisions", "the vault ... is damaged, or is no vault"),
        (old_vault, "verify decisions", "the vault still has what record #N erased"),
        (left_over, "verify decisions", "uncited"),
        (
            full_disk,
            "score small.pack.json more.jsonl --log decisions",
            "the disk of ... is full; nothing of this batch was recorded",
        ),
        (
            None,
            "score small.pack.json more.jsonl --log decisions",
            "this log has a key ... give with --key the file of ...",
        ),
    ],
)
def test_a_message_on_the_page_is_the_one_that_comes(state, command, told, capfd, monkeypatch):
    Path("more.jsonl").write_bytes(canonical.dumps(submission(50)))
    if state is not None:
        state(*([monkeypatch] if state is full_disk else []))
    capfd.readouterr()
    main(command.split())
    said = "".join(capfd.readouterr())
    at = 0
    for piece in spans()[told]:
        at = said.find(piece, at) + len(piece)
        assert at >= len(piece), (piece, said)
