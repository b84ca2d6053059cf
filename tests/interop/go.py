"""
A client that is not ours reads what we write: Go's golang.org/x/mod/sumdb, as Debian ships it, accepts logs of this package and refuses altered ones.

Run by `make interop`. Exit status: 0 it agrees on all; 1 it does not; 3 Go or its library is not there.
Debian: apt-get install golang-go golang-golang-x-mod-dev
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cases import OTHER, SIGNER, lines_of

from scoring.audit import checkpoint, receipt, tiles, tree
from scoring.audit.checkpoint import Head
from scoring.audit.keys import SigningKey, encode64
from scoring.audit.proof import consistency_proof
from scoring.audit.tree import Subtrees, leaf_hash

LIBRARY = Path("/usr/share/gocode")
SIZES = (1, 2, 255, 256, 257, 700, 65_537)


class Checker:
    """The Go program, and how often it answered as expected."""

    def __init__(self, room: Path) -> None:
        self.program = room / "check"
        self.right = self.wrong = 0
        environment = {
            **os.environ,
            "GO111MODULE": "off",
            "GOPATH": str(LIBRARY),
            "GOCACHE": str(room / "cache"),
            "GOFLAGS": "",
        }
        source = Path(__file__).parent / "main.go"
        subprocess.run(["go", "build", "-o", self.program, source], check=True, env=environment)

    def expect(self, holds: bool, what: str, *arguments: str | Path, key: SigningKey = SIGNER) -> None:
        command = [str(self.program), *map(str, arguments), key.verification_key]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == (0 if holds else 1):
            self.right += 1
        else:
            self.wrong += 1
            print(f"FAILS  {what}: exit status {done.returncode}, {done.stdout.strip() or done.stderr.strip()}")


def check_log(checker: Checker, room: Path, size: int) -> None:
    lines = lines_of(size)
    reader = Subtrees(map(leaf_hash, lines))
    head = checkpoint.write(Head(SIGNER.name, size, reader.tree.root()), SIGNER)
    export = room / f"export-{size}"
    tiles.write_tiles(lines, head, tiles.into(export))
    checker.expect(True, f"tiles of {size}", "tiles", export)
    checker.expect(False, f"tiles of {size} under another key", "tiles", export, key=OTHER)
    for file in sorted(export.rglob("*")):
        if file.is_file() and (
            size < 1000 or ".p" in str(file)
        ):  # of the long log the unfinished tiles: a full one is as in the short ones
            check_spoiled(checker, file, "tiles", export)
    for seq in sorted({0, size // 2, size - 1}):
        check_receipt(checker, room, receipt.make(seq, head, reader), lines)
    for old in sorted({1, size // 2, size - 1, size} - {0}):
        check_growth(checker, room, old, head, reader)


def check_spoiled(checker: Checker, file: Path, *arguments: str | Path) -> None:
    """One bit of a file altered, the file cut by one byte, the file gone."""
    good = file.read_bytes()
    middle = len(good) // 2
    for bad in (good[:middle] + bytes((good[middle] ^ 1,)) + good[middle + 1 :], good[:-1]):
        file.write_bytes(bad)
        checker.expect(False, f"{file} altered", *arguments)
    file.unlink()
    checker.expect(False, f"{file} missing", *arguments)
    file.write_bytes(good)


def check_receipt(checker: Checker, room: Path, made: receipt.Receipt, lines: list[bytes]) -> None:
    file, record = room / "receipt", room / "record"
    file.write_bytes(receipt.write(made))
    record.write_bytes(lines[made.index])
    checker.expect(True, f"receipt of {made.index} of {len(lines)}", "receipt", file, record)
    file.write_bytes(receipt.write(receipt.with_record(made, lines[made.index])))
    checker.expect(True, f"receipt of {made.index} of {len(lines)} that carries its record", "receipt", file, record)
    file.write_bytes(receipt.write(made))
    checker.expect(False, "receipt under another key", "receipt", file, record, key=OTHER)
    check_spoiled(checker, file, "receipt", file, record)
    check_spoiled(checker, record, "receipt", file, record)


def check_growth(checker: Checker, room: Path, old: int, head: bytes, reader: Subtrees) -> None:
    older, newer, joined = room / "older", room / "newer", room / "joined"
    older.write_bytes(checkpoint.write(Head(SIGNER.name, old, tree.root_at(old, reader)), SIGNER))
    newer.write_bytes(head)
    proof = consistency_proof(old, reader.tree.size, reader)
    joined.write_text("".join(f"{encode64(one)}\n" for one in proof))
    checker.expect(True, f"growth from {old} to {reader.tree.size}", "grown", older, newer, joined)
    for file in (older, newer, *[joined] * bool(proof)):
        check_spoiled(checker, file, "grown", older, newer, joined)


def main() -> int:
    if shutil.which("go") is None or not (LIBRARY / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        print("NOT CHECKED  Go: apt-get install golang-go golang-golang-x-mod-dev")
        return 3
    with tempfile.TemporaryDirectory() as name:
        checker = Checker(Path(name))
        for size in SIZES:
            check_log(checker, Path(name), size)
    print(
        f"{'FAILS' if checker.wrong else 'HOLDS'}  Go's sumdb agrees on {checker.right} of {checker.right + checker.wrong} answers"
    )
    return int(checker.wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
