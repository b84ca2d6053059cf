"""
One log, committed, recomputed byte for byte everywhere.

If a change of the package changes these bytes, either it is a mistake, or SEMANTICS or the record format must grow and the changelog must say
whose verdict differs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
SOURCE = Path(__file__).parents[1] / "src"
AUDIT = Path(__file__).parents[1] / "audit"


def pythons() -> dict[str, str]:
    """Every Python of 3.11 or newer that can be found, by version."""
    found = {}
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    places = [path for root in roots if root.is_dir() for path in sorted(root.glob("*/bin/python3"))]
    places += [Path(path) for minor in range(11, 20) if (path := shutil.which(f"python3.{minor}"))]
    for place in [Path(sys.executable), *places]:
        show = "import sys, sqlite3; print(sys.version_info[0], sys.version_info[1])"
        done = subprocess.run([place, "-I", "-c", show], capture_output=True, text=True, check=False)
        if done.returncode == 0 and (version := tuple(map(int, done.stdout.split()))) >= (3, 11):
            found.setdefault(".".join(map(str, version)), str(place))
    return found


PYTHONS = pythons()
# name: interpreter, whether it sees installed packages (orjson), hash seed, time zone, locale
RUNS = {
    **{f"hash seed {seed}": (sys.executable, True, str(seed), "UTC", "C.UTF-8") for seed in range(5)},
    "Kathmandu": (sys.executable, True, "0", "Asia/Kathmandu", "C.UTF-8"),
    "another locale": (sys.executable, True, "0", "UTC", "C"),
    "no orjson": (sys.executable, False, "0", "UTC", "C.UTF-8"),
    "no orjson, far away": (sys.executable, False, "4", "Pacific/Chatham", "POSIX"),
    **{f"Python {version}": (path, False, "1", "UTC", "C.UTF-8") for version, path in PYTHONS.items()},
}


@pytest.mark.parametrize("run", RUNS)
def test_the_golden_log_is_recomputed_byte_for_byte(run: str, tmp_path: Path) -> None:
    """The whole log, every pack, and a replay of every record, by this interpreter in this environment."""
    python, site, seed, zone, locale = RUNS[run]
    environment = {
        "PYTHONPATH": str(SOURCE),
        "PYTHONHASHSEED": seed,
        "TZ": zone,
        "LC_ALL": locale,
        "PATH": os.environ["PATH"],
    }
    command = [python, *([] if site else ["-S"]), "-B", "-W", "error", str(GOLDEN / "make.py"), str(tmp_path / "log")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ("", 0) == (done.stderr, done.returncode)
    for expected in sorted((GOLDEN / "expected").rglob("*.json*")):
        found = tmp_path / "log" / expected.relative_to(GOLDEN / "expected")
        assert expected.read_bytes() == found.read_bytes()


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_the_supported_pythons_were_among_them(minor: int) -> None:
    """A machine that lacks one skips it, and says so."""
    if f"3.{minor}" not in PYTHONS:
        pytest.skip(f"no Python 3.{minor} on this machine")
    assert f"Python 3.{minor}" in RUNS


@pytest.mark.parametrize("script", ["verify.py", "check_packs.py", "recompute.py"])
def test_the_auditors_scripts_hold_the_golden_log(script: str) -> None:
    """Standard library only, no site packages, nothing of ours."""
    command = [sys.executable, "-I", "-S", str(AUDIT / script), str(GOLDEN / "expected")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "FAILS" not in done.stdout
    assert done.returncode in (0, 3), done.stderr  # 3: no signed heads yet, which the scripts say
