"""The narrow door decides what the library decides, writes what the library writes, and imports little."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given

import packs
from scoring import RubricError, SubmissionError
from scoring.audit.entry import Entry, take_apart
from scoring.engine.rubric import Rubric
from scoring.runtime import Scorer
from strategies import funnel_cases, pack_bytes


@given(funnel_cases())
def test_the_entry_is_what_the_library_would_write(
    case: tuple[dict[str, Any], str | None, dict[str, Any], str | None],
) -> None:
    pack, profile, submission, level = case
    submission |= {"case": "Zoë", "id": "s-1"}
    data = json.dumps(submission).encode()
    decision, line = Scorer(pack_bytes(pack), profile, level).score(data)
    expected = Rubric(pack_bytes(pack), profile, level).score(submission)
    name, whose, rest = take_apart(submission)
    assert decision == expected
    assert line == Entry(name, whose, expected.data, rest).to_bytes()
    assert Entry.from_bytes(line) == Entry(name, whose, expected.data, rest)


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b'{"answers": {}}', b'{"id": "a", "id": "b"}', b'{"answers": {"x": 1.5}}']
)
def test_what_cannot_be_recorded_is_refused_whole(data: bytes) -> None:
    with pytest.raises(SubmissionError):
        Scorer(pack_bytes(packs.sample())).score(data)


def test_a_pack_that_is_none_is_refused() -> None:
    with pytest.raises(RubricError):
        Scorer(b"{}")


def test_a_cold_function_imports_nothing_that_scoring_does_not_need(tmp_path: Any) -> None:
    """Importing, loading a pack, scoring and writing the entry pull in none of the packages that people need."""
    (tmp_path / "pack.json").write_bytes(pack_bytes(packs.sample()))
    script = (
        "import sys; from pathlib import Path; from scoring.runtime import Scorer;"
        'Scorer(Path(sys.argv[1]).read_bytes()).score(b\'{"answers":{"sum":"70","word":"median"},"case":"c","id":"i"}\');'
        "print(*sorted(sys.modules))"
    )
    modules = subprocess.run(
        [sys.executable, "-I", "-c", script, str(tmp_path / "pack.json")], check=True, capture_output=True, text=True
    ).stdout.split()
    unwanted = {
        "asyncio",
        "attr",
        "attrs",
        "cattrs",
        "cryptography",
        "cyclopts",
        "hypothesis",
        "logging",
        "rich",
        "sqlite3",
        "structlog",
        "typing",
        "yaml",
    }
    assert "scoring.engine.judge" in modules
    assert unwanted.isdisjoint(modules)
