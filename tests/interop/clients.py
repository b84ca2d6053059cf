"""
Clients that are not ours read what we write: npm's @sigstore/verify, PyPI's sigstore and pymerkle accept receipts and trees of this package and refuse
tampered ones. Each is installed into a directory of its own, and runs in a process of its own.

Run by `make interop`. Exit status: 0 all agree; 1 one does not; 3 one could not be installed or run here, and the others agree.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from cases import cases, flipped, lines_of

from scoring.audit import tree
from scoring.audit.keys import encode64
from scoring.audit.tree import Subtrees, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

HERE = Path(__file__).parent
# The versions that these programs were written for: they call what the packages do not promise to keep.
NPM = "@sigstore/verify@3.1.1"
SIGSTORE = "sigstore==4.5.1"
PYMERKLE = "pymerkle==7.0.0"
MOST = 130  # leaves of the trees whose roots are compared


def npm(room: Path) -> list[str]:
    """Install the client for Node, and return the command that asks it."""
    if shutil.which("npm") is None:
        raise FileNotFoundError("npm")
    (room / "package.json").write_text("{}")
    run(["npm", "install", "--silent", "--no-audit", "--no-fund", NPM], room)
    return ["node", str(HERE / "sigstore.js"), str(room / "node_modules")]


def pip(package: str, program: str) -> Any:
    def install(room: Path) -> list[str]:
        run([sys.executable, "-m", "venv", "--without-pip", str(room / "venv")], room)
        python = str(room / "venv/bin/python")
        run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", package], room)
        return [python, str(HERE / program)]

    return install


def run(command: list[str], room: Path) -> None:
    subprocess.run(command, cwd=room, check=True, capture_output=True)


def trees() -> Iterator[dict[str, Any]]:
    """Every root and every growth up to a size, and every tenth root altered by a bit."""
    records = lines_of(MOST)
    reader = Subtrees(map(leaf_hash, records))
    roots = {size: tree.root_at(size, reader) for size in range(1, MOST + 1)}
    texts = [*map(encode64, records)]
    for size, root in roots.items():
        known = {"kind": "root", "records": texts[:size], "size": size, "what": f"root of {size}"}
        yield {**known, "holds": True, "root": encode64(root)}
        if not size % 10:
            yield {
                **known,
                "holds": False,
                "root": encode64(flipped(root, size % 32)),
                "what": f"root of {size}, a bit of it",
            }
    for old in range(1, MOST + 1, 3):
        for size in range(old, MOST + 1, 9):
            known = {
                "kind": "grown",
                "records": texts[:size],
                "old": old,
                "size": size,
                "what": f"growth from {old} to {size}",
            }
            pair = {"old_root": encode64(roots[old]), "root": encode64(roots[size])}
            yield {**known, **pair, "holds": True}
            for name in pair:
                other = encode64(flipped(roots[old if name == "old_root" else size], 5))
                yield {**known, **pair, name: other, "holds": False, "what": f"{known['what']}, {name} altered"}


def receipts() -> list[dict[str, Any]]:
    return [*cases()]


def proofs() -> list[dict[str, Any]]:
    """Receipts and what was altered in them but the signatures, which pymerkle knows nothing of; then trees."""
    signed = ("signature", "key", "unsigned", "another origin")
    return [{**one, "kind": "receipt"} for one in cases() if not any(word in one["what"] for word in signed)] + [
        *trees()
    ]


CLIENTS = {
    "npm @sigstore/verify": (npm, receipts),
    "PyPI sigstore": (pip(SIGSTORE, "sigstore_python.py"), receipts),
    "PyPI pymerkle": (pip(PYMERKLE, "merkle.py"), proofs),
}


def ask(command: list[str], asked: list[dict[str, Any]]) -> tuple[Counter[str], list[str]]:
    """What a client says of every case: how often it accepts and refuses as it should, and where it does not."""
    text = "".join(f"{json.dumps(one)}\n" for one in asked)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    if len(said) != len(asked):
        raise ValueError(f"{len(said)} answers to {len(asked)} cases")
    counts: Counter[str] = Counter(
        "accepted" if one["holds"] else "refused" for one, each in zip(asked, said, strict=True) if one["holds"] is each
    )
    wrong = [one["what"] for one, each in zip(asked, said, strict=True) if one["holds"] is not each]
    return counts, wrong


def main() -> int:
    status = 0
    for name, (install, make) in CLIENTS.items():
        with tempfile.TemporaryDirectory() as room:
            try:
                command = install(Path(room))
                counts, wrong = ask(command, make())
            except (OSError, subprocess.CalledProcessError) as error:
                said = getattr(error, "stderr", None) or str(error)
                print(f"NOT CHECKED  {name}: {(said.decode() if isinstance(said, bytes) else said).strip()[-300:]}")
                status = status or 3
                continue
        for what in wrong[:20]:
            print(f"FAILS  {name}: {what}")
        status = 1 if wrong else status
        good, bad = counts["accepted"], counts["refused"]
        print(
            f"{'FAILS' if wrong else 'HOLDS'}  {name}: {good} good ones accepted, {bad} tampered ones refused, {len(wrong)} answers otherwise"
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
