"""audit/vectors: audit/verify.py and the package say of every vector what its index says, and no committed vector ever changes."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

from scoring.audit.given import verify_given

AUDIT = Path(__file__).parent.parent / "audit"
VECTORS = AUDIT / "vectors"
INDEX = json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))
BY_NAME = {entry["name"]: entry for entry in INDEX}
# How many vectors there were, and the SHA-256 of the canonical JSON of their part of the index. Rows are only ever added.
PINNED = {
    117: "0018d328fdaf076ecc43db53d3f4b236f745e15d194c2c82c2392eb7bab69c23",
    141: "94ffa81eb036af66d988d6db4961412f5cb8aa8c9b995428a5ab8e32832c31d2",
    142: "030cd309550c4c9266251e4e44c59a6ea415196ba1d70473a8931ec73f7c38f2",
    156: "7a8c34b8559875916a5d78b26fbd9228f96edaae8d81bb7d054641a234c48bde",
}


def script():
    spec = importlib.util.spec_from_file_location("audit_verify_vectors", AUDIT / "verify.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify = script()


def arguments(call):
    """The command line of a vector's call; `key` alone is no file."""
    options = [[f"--{name}", value if name == "key" else str(VECTORS / value)] for name, value in call.items()]
    return [str(VECTORS / call["path"]), *(word for pair in options if pair[0] != "--path" for word in pair)]


@cache
def said(name):
    """What audit/verify.py says of a vector, in the index's words, and its lines."""
    call = BY_NAME[name]["call"]
    out, kept = io.StringIO(), sys.argv
    sys.argv = ["verify.py", *arguments(call), "--json"]
    try:
        with redirect_stdout(out):
            status = verify.main()
    finally:
        sys.argv = kept
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    fails = {(row["check"], row["seq"]) for row in rows if row["result"] == "FAILS"}
    first = next((row["seq"] for row in rows if row["result"] == "FIRST"), None)
    return {"fails": sorted(([*one] for one in fails), key=str), "first": first, "status": status}, rows


def test_there_are_enough():
    """At least 45, each name once, good ones and attacked ones."""
    assert len(BY_NAME) == len(INDEX) >= 45
    assert {entry["says"]["status"] for entry in INDEX} == {0, 1, 3}


@pytest.mark.parametrize("count", PINNED)
def test_nothing_that_was_committed_changes(count):
    """The first so many entries, the digest of whose files stand in them, are what they were."""
    data = json.dumps(INDEX[:count], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(data).hexdigest() == PINNED[count]


def test_every_vector_is_pinned():
    """Whoever adds vectors adds a row to PINNED."""
    assert max(PINNED) == len(INDEX)


def test_the_maker_makes_the_same_bytes(tmp_path):
    """tests/vectors_make.py writes what is committed, file by file, and there is nothing else."""
    command = [sys.executable, "-I", "-S", Path(__file__).with_name("vectors_make.py"), tmp_path]
    subprocess.run(command, check=True)
    made = {str(file.relative_to(tmp_path)): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    kept = {str(file.relative_to(VECTORS)): file.read_bytes() for file in VECTORS.rglob("*") if file.is_file()}
    assert made == kept


@pytest.mark.parametrize("name", BY_NAME)
class TestTheScript:
    def test_it_says_what_the_index_says(self, name):
        """Exit status, failing checks with the records at which they fail, and the first bad record."""
        assert said(name)[0] == BY_NAME[name]["says"]

    def test_findings_are_places_and_plain_text(self, name):
        """A finding has what was expected and what was found; a bad record its offset; nothing unprintable is repeated."""
        for row in said(name)[1]:
            if row["result"] == "FAILS":
                assert row["expected"] != row["found"]
                assert row["seq"] is None or row["offset"] is not None
            assert all(str(value).isprintable() for value in row.values())


@pytest.mark.parametrize("name", BY_NAME)
def test_the_package_comes_to_the_same(name):
    """It shares no code with the script. Of every vector: whether it holds, which record is the first bad one, and whether something was left unchecked."""
    pytest.importorskip("cryptography", reason="signatures need the extra `sign`")
    call, says = BY_NAME[name]["call"], BY_NAME[name]["says"]
    files = {option: (VECTORS / call[option]).read_bytes() for option in ("trusted", "record") if option in call}
    options = (
        {}
        if call["path"].endswith((".zip", ".tlog-proof")) or (VECTORS / name / "checkpoint").exists()
        else {"vault": False}
    )
    report = verify_given(VECTORS / call["path"], key=call.get("key"), **files, **options)
    fails = [finding for finding in report.findings if finding.result == "FAILS"]
    if "record" in call or "receipt" in name:  # the script names a receipt's record only where it read one
        assert bool(fails) == bool(says["fails"]), report
    else:
        first = min((finding.seq for finding in fails if finding.seq is not None), default=None)
        assert (bool(fails), first) == (bool(says["fails"]), says["first"]), report
    if says["status"] == 3:
        assert not fails
        assert not report.complete
