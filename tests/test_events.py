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
