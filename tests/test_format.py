"""The worked example of FORMAT.md is recomputed from its own text, by hand and by the package; its tables name what is there."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scoring import AuditLog
from scoring.engine.rubric import Rubric

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "audit" / "FORMAT.md").read_text(encoding="utf-8")
EXAMPLE = TEXT.split("## 10. A worked example")[1]
sys.path.insert(0, str(ROOT / "tests" / "golden"))


def blocks(language: str) -> list[str]:
    """The fenced blocks of the worked example in one language."""
    return [piece.split("\n```")[0] for piece in EXAMPLE.split(f"```{language}\n")[1:]]


PACK = blocks("json")[0].encode()
LINES = [line.encode() for line in blocks("jsonl")[0].splitlines()]
CASE, SUBMISSION = blocks("text")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def decoded(disclosure: str) -> list[Any]:
    parts: list[Any] = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    return parts


class TestByHand:
    """With hashlib and json only."""

    def test_the_pack_has_the_digests_that_stand_there(self) -> None:
        def bare(value: Any, top: bool = True) -> Any:
            if isinstance(value, list):
                return [bare(member, False) for member in value]
            if not isinstance(value, dict):
                return value
            dropped = {"about", "rubric", "version"} if top else {"about"}
            return {key: bare(member, False) for key, member in value.items() if key not in dropped}

        scoring_form = json.dumps(bare(json.loads(PACK)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert f"in one line of {len(PACK)} bytes" in EXAMPLE
        assert f"Its SHA-256 is `{sha256(PACK)}`" in EXAMPLE
        assert f"it is `{sha256(scoring_form.encode())}`, the scoring digest" in EXAMPLE

    def test_the_leaves_and_the_chain(self) -> None:
        leaves = [sha256(b"\x00" + line) for line in LINES]
        assert all(f"| {seq} | `{leaf}` |" in EXAMPLE for seq, leaf in enumerate(leaves))
        assert [None, *leaves[:-1]] == [json.loads(line)["prev"] for line in LINES]

    def test_the_disclosures(self) -> None:
        assert {"case": sha256(CASE.encode()), "submission": sha256(SUBMISSION.encode())} == json.loads(LINES[2])[
            "body"
        ]["disclosures"]
        assert ["case", "c-1001"] == decoded(CASE)[1:]
        assert ["submission", {"answers": {"dilemma": "A", "sum": "70"}}] == decoded(SUBMISSION)[1:]


def test_the_package_writes_the_same_lines(tmp_path: Path) -> None:
    from make import counting_clock, counting_entropy

    submission = {"id": "9f3c0a", "case": decoded(CASE)[2], **decoded(SUBMISSION)[2]}
    with AuditLog.open(
        tmp_path / "log", create=True, origin="worked.example/log", clock=counting_clock(), entropy=counting_entropy()
    ) as log:
        log.decide(Rubric(PACK), submission)
        assert LINES == [line for _, line in log.records()]


def rows(heading: str) -> set[str]:
    """The keys in the first column of the table under a heading."""
    table = TEXT.split(heading)[1].split("| key | kind of value")[1].split("\n\n")[0]
    return {line.split("`")[1] for line in table.splitlines()[2:] if line.startswith("| `")}


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("## 3. Records", lambda: {*json.loads(LINES[0])}),
        ("`genesis`, record 0", lambda: {*json.loads(LINES[0])["body"]}),
        ("`rubric`: from here on", lambda: {*json.loads(LINES[1])["body"]}),
        ("\n`decision`:\n", lambda: {*json.loads(LINES[2])["body"]}),
        ("## 6. Decisions", lambda: {*Rubric(PACK).score({"answers": {}}).data}),
    ],
    ids=["record", "genesis", "rubric", "decision body", "decision"],
)
def test_the_tables_name_exactly_the_keys_that_are_written(heading: str, found: Any) -> None:
    assert rows(heading) == found()
