"""
What the tests of the log share: a small rubric as a pack made by hand, submissions for it, and logs whose clock and salts never vary.

Nothing here stands in for a part of ours: engine, files and SQLite are the real ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from scoring import canonical
from scoring.audit.disclosure import disclose
from scoring.audit.entry import Entry
from scoring.audit.log import AuditLog
from scoring.audit.verify import verify_directory
from scoring.engine.rubric import Rubric
from scoring.errors import LogError

MEMORY = "/dev/shm"  # what these tests show does not depend on how slow a disk is; they sync some thousand times

NOTICE = "Some answers disqualify, whatever the score."


def pack_document(version="1", title="A small test", points="1", rubric="small"):
    """A rubric of two sections: a choice with a fatal and a refer option, and a number."""
    options = [
        {"about": {"why": "right"}, "flag": None, "id": "right", "points": points},
        {"about": {}, "flag": "refer", "id": "rash", "points": "0"},
        {"about": {}, "flag": "fatal", "id": "false", "points": "0"},
    ]
    choice = {
        "about": {},
        "awaits": [],
        "floor": None,
        "id": "deadline",
        "kind": "choice",
        "only": None,
        "options": options,
        "void": False,
    }
    key = {"about": {}, "flag": None, "high": "141", "id": "key-1", "low": "141", "points": "1"}
    number = {
        "about": {},
        "awaits": ["absent", "blank"],
        "floor": None,
        "id": "outlier",
        "keys": [key],
        "kind": "number",
        "only": None,
        "points": "1",
        "read": "stated",
        "separators": [],
        "units": [],
        "void": False,
    }
    return {
        "about": {"title": title},
        "assumed": [],
        "caps": {"fatal": "fail", "knock_out": "fail"},
        "competencies": [],
        "default_profile": "equal",
        "excerpt": False,
        "format": 1,
        "levels": [],
        "notice": NOTICE,
        "overrides": [],
        "profiles": [
            {
                "about": {},
                "assumed": False,
                "id": "equal",
                "shares": {"judgement": "1/2", "reasoning": "1/2"},
                "stages": {"main": "1"},
            },
            {
                "about": {},
                "assumed": True,
                "id": "thirds",
                "shares": {"judgement": "1/3", "reasoning": "2/3"},
                "stages": {"main": "1"},
            },
        ],
        "rubric": rubric,
        "stages": [
            {
                "about": {},
                "gate": [],
                "id": "main",
                "sections": [
                    {"about": {}, "declared": None, "floor": "0", "id": "judgement", "items": [choice]},
                    {"about": {}, "declared": None, "floor": "0", "id": "reasoning", "items": [number]},
                ],
            }
        ],
        "variants": [],
        "verdicts": [
            {"about": {}, "action": "advance", "from": "4/5", "id": "strong"},
            {"about": {}, "action": "review", "from": "1/2", "id": "borderline"},
            {"about": {}, "action": "decline", "from": "0", "id": "fail"},
        ],
        "version": version,
    }


def make_pack(**changes):
    return canonical.dumps(pack_document(**changes))


def make_rubric(profile=None, **changes):
    return Rubric(make_pack(**changes), profile=profile)


RUBRIC = make_rubric()


def submission(number, case=None, deadline="right", outlier="141", **more):
    """Submission number *number*, by default of a case of its own, that earns everything."""
    return {
        "answers": {"deadline": deadline, "outlier": outlier},
        "case": case or f"case-{number}",
        "facts": {
            "notice": {"at": "2026-11-21T09:00:00Z", "sha256": hashlib.sha256(NOTICE.encode()).hexdigest()},
            "started_at": "2026-11-21T09:05:00Z",
        },
        "id": f"s-{number}",
        **more,
    }


def query(file, sql, *parameters):
    """Do something to a database behind the log's back."""
    database = sqlite3.connect(file)
    with database:
        rows = database.execute(sql, parameters).fetchall()
    database.close()
    return rows


class Clock:
    """Starts on 21 November 2026 and goes on one second each time it is looked at."""

    def __init__(self):
        self.ticks = 0

    def __call__(self):
        self.ticks += 1
        minutes, seconds = divmod(self.ticks, 60)
        return f"2026-11-21T{9 + minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}Z"


class Entropy:
    """Bytes that look random and never vary: those of one series never come again."""

    def __init__(self, series=0):
        self.series = series
        self.drawn = 0

    def __call__(self, size):
        self.drawn += 1
        return hashlib.sha256(f"{self.series} {self.drawn}".encode()).digest()[:size]


_opened = Counter()


def open_log(path, **arguments):
    """A log that comes out the same, to the byte, every time that the same is done with a new one."""
    arguments = {"clock": Clock(), "entropy": Entropy(_opened[str(path)]), **arguments}
    _opened[str(path)] += 1
    return AuditLog.open(path, **arguments)


def make_log(path, count=5, **arguments):
    """A log with its genesis, one rubric and *count* decisions, closed again."""
    with open_log(path, create=True, **arguments) as log:
        for number in range(count):
            log.decide(RUBRIC, submission(number))
    return path


def segment(path, first=0):
    return path / "log" / f"{first:012d}.jsonl"


def lines_of(path, first=0):
    return segment(path, first).read_bytes().split(b"\n")[:-1]


def drop_heads(path):
    """Leave what stands before the first head, or after a forger who can write everything: the chain alone, and a vault that knows of no record."""
    (path / "heads").unlink(missing_ok=True)
    return vault_forgets(path)


def vault_forgets(path):
    """Let the vault know of no record, as after a crash of what it never heard to be durable."""
    vault = path.with_name(f"{path.name}.vault")
    if vault.exists():
        query(vault, "UPDATE pairing SET size = 0, leaf = ''")
    return path


def write_lines(path, lines, first=0):
    segment(path, first).write_bytes(b"".join(line + b"\n" for line in lines))


def in_memory():
    """A fixture's body: a fresh directory, in memory where the system has such a place."""
    room = tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
    yield Path(room)
    shutil.rmtree(room)


# What a module of tests takes over by name: ``room, path, log = logs.room, logs.path, logs.log``.
room = pytest.fixture(in_memory)


@pytest.fixture
def path(room):
    """Where a log may lie; its vault lies beside it."""
    return room / "decisions"


@pytest.fixture
def log(path):
    """A new log, open, whose clock and salts never vary."""
    with open_log(path, create=True) as log:
        yield log


def entry(number, case=None, **answers):
    whole = submission(number, case, **answers)
    rest = {key: value for key, value in whole.items() if key not in ("id", "case")}
    return Entry(whole["id"], whole["case"], RUBRIC.score(rest).data, rest)


def holds(path):
    """The report of a log that verifies."""
    report = verify_directory(path)
    assert report.ok, "\n".join(map(str, report.findings))
    return report


def ids(log):
    records = (json.loads(line) for _, line in log.records())
    return [record["body"]["id"] for record in records if record["type"] == "decision"]


def names(directory):
    return sorted(file.name for file in directory.iterdir())


def rechain(records):
    """Records, however changed, as lines that chain again: what a forger makes who can write the whole log."""
    lines = []
    prev = None
    for seq, record in enumerate(records):
        line = canonical.dumps({**record, "prev": prev, "seq": seq})
        prev = hashlib.sha256(b"\x00" + line).hexdigest()
        lines.append(line)
    return lines


def disclose_for(log, submission):
    """Put a submission into a log's vault without recording it; its digest and text."""
    disclosed = disclose(Entropy("forger"), "submission", submission)
    log._vault.store([("forger", disclosed)], Entropy("forger too"))
    return disclosed


def follow_the_remedy(path):
    """Do what the message about a torn line says, to the letter."""
    try:
        open_log(path).close()
    except LogError as error:
        command = shlex.split(str(error)[str(error).index("truncate -s") :])
        assert command[:2] == ["truncate", "-s"]
        os.truncate(command[3], int(command[2]))
        return
    raise AssertionError("nothing was torn")


def start(script, path, *arguments):
    """Another process: it gets the log's path, the tests' directory, and *arguments*."""
    command = [sys.executable, "-c", textwrap.dedent(script), str(path), str(Path(__file__).parent), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(script, path, *arguments):
    """What another process prints."""
    return run_together(script, path, [arguments])[0]


def run_together(script, path, runs):
    outputs = []
    processes = [start(script, path, *arguments) for arguments in runs]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        outputs.append(out)
    return outputs
