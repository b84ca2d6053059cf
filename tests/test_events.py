"""Events for operations: quiet until heard, and free of personal data."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from scoring.events import EVENTS, emit


def test_nobody_listens_and_nothing_is_imported_or_printed() -> None:
    code = (
        "import sys; from scoring.events import emit; emit('loaded', rubric='r'); assert 'structlog' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("", "") == (done.stdout, done.stderr)


def test_a_listener_hears_the_event_as_keys_and_values(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="scoring"):
        emit("recorded", first=3, last=4, pack="ab", elapsed_us=12)
    assert ["event='recorded' elapsed_us=12 first=3 last=4 pack='ab'"] == [
        record.getMessage() for record in caplog.records
    ]


def test_below_info_nothing_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="scoring"):
        emit("recorded", first=3, last=4, pack="ab", elapsed_us=12)
    assert [] == caplog.records


def test_no_event_has_a_field_for_a_case_an_answer_or_a_verdict() -> None:
    assert not {"case", "answer", "answers", "verdict", "id"} & {
        field for fields in EVENTS.values() for field in fields
    }


def test_a_listener_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def spoil(record: logging.LogRecord) -> bool:
        raise RuntimeError("a filter of the host")

    logger = logging.getLogger("scoring")
    logger.addFilter(spoil)
    try:
        with caplog.at_level(logging.INFO, logger="scoring"):
            emit("recorded", first=3, last=4, pack="ab", elapsed_us=12)
    finally:
        logger.removeFilter(spoil)
    assert [] == caplog.records


def test_loading_a_rubric_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    from packs import sample
    from scoring import canonical, load

    with caplog.at_level(logging.INFO, logger="scoring"):
        load(canonical.dumps(sample()))
    assert ["event='loaded' level=None"] == [record.getMessage()[:25] for record in caplog.records]


def test_every_event_that_the_source_emits_is_listed_with_its_fields() -> None:
    import ast
    from pathlib import Path

    import scoring

    found = {}
    for path in Path(scoring.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name("emit"), args=[ast.Constant(str(event)), *_], keywords=keywords):
                    found[event] = {keyword.arg for keyword in keywords}
    assert {event: {*fields} for event, fields in EVENTS.items()} == found
