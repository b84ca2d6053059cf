"""
Every requirement of the two sources has its row in `docs/seeds.md`, and what the row names is there: the file that does it, the test that shows it.

A named test also has to run. Where this run has collected all of them, it runs them itself, and what is asked here is only that nothing skips them. Where
it has not, as when this module is run alone, they are run in a process of their own.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "seeds.md"
REQUIREMENTS = range(1, 79)


def rows() -> dict[int, list[str]]:
    """The cells of each numbered row of the page; a number that stands twice is an error."""
    found: dict[int, list[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0].isdigit():
            assert int(cells[0]) not in found, f"row {cells[0]} stands twice"
            found[int(cells[0])] = cells
    return found


def quoted(cell: str) -> list[str]:
    """What stands between backticks."""
    return cell.split("`")[1::2]


def named_tests() -> list[str]:
    return [*dict.fromkeys(name for cells in rows().values() for name in quoted(cells[3]))]


@cache
def functions(file: str) -> set[str]:
    """The test functions of a module, as `name` or `Class::name`."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


def test_every_requirement_has_one_row_in_its_order() -> None:
    assert [*REQUIREMENTS] == [*rows()]


def test_every_row_says_what_is_done_where_and_which_test_shows_it() -> None:
    assert [] == [n for n, cells in rows().items() if len(cells) != 4 or not all(cells)]
    assert [] == [n for n, cells in rows().items() if not (quoted(cells[2]) and quoted(cells[3]))]


def test_every_file_that_is_named_is_there() -> None:
    named = {file for cells in rows().values() for file in quoted(cells[2])}
    assert [] == sorted(file for file in named if not (ROOT / file).is_file())


def test_every_test_that_is_named_is_written() -> None:
    missing = []
    for name in named_tests():
        file, _, function = name.partition("[")[0].partition("::")
        if not (ROOT / file).is_file() or function not in functions(file):
            missing.append(name)
    assert [] == missing


def test_every_test_that_is_named_runs(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    collected: dict[str, list[pytest.Item]] = {}
    for item in request.session.items:
        for name in {item.nodeid, item.nodeid.partition("[")[0]}:
            collected.setdefault(name, []).append(item)
    names = named_tests()
    if all(name in collected for name in names):
        marks = ("skip", "skipif", "xfail")
        assert [] == [n for n in names if any(any(i.iter_markers(mark)) for i in collected[n] for mark in marks)]
    else:
        assert [] == not_passed(names, tmp_path / "report.xml")


def not_passed(names: list[str], report: Path) -> list[str]:
    """Run these tests in another process; those of them of which a case failed, was skipped or was not there."""
    options = ["-q", "-p", "no:cacheprovider", f"--junit-xml={report}", "-o", "junit_family=xunit2"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *names], cwd=ROOT, capture_output=True, check=False
    )
    assert report.is_file(), done.stdout.decode()[-2000:]
    held: dict[str, bool] = {}
    for case in ET.parse(report).iter("testcase"):
        module, _, group = case.attrib["classname"].partition("tests.")[2].partition(".")
        name = "::".join(part for part in (f"tests/{module}.py", group, case.attrib["name"]) if part)
        for known in {name, name.partition("[")[0]}:
            held[known] = held.get(known, True) and len(case) == 0
    return [name for name in names if not held.get(name)]
