"""Six writers of one log are killed at random moments; `make kill` does it 200 times over."""

from __future__ import annotations

import logs
from kills import kill

room = logs.room


def test_what_was_acknowledged_is_there_once_whoever_dies(room):
    """One chain, vault and log agree, and what was erased is in no file of the vault."""
    acknowledged, recorded, _ = kill(room / "life", 5)
    assert acknowledged > 20
    assert recorded > 20
