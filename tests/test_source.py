"""What the source promises about itself: no float, no exec, small imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import scoring

PACKAGE = Path(scoring.__file__).parent
# Between an answer and a verdict, and between a verdict and its bytes.
EXACT = sorted([*(PACKAGE / "engine").glob("*.py"), PACKAGE / "canonical.py"])
EVERYTHING = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", EXACT, ids=lambda path: path.name)
def test_no_float_stands_between_an_answer_and_a_verdict(path: Path) -> None:
    """No float literal, no true division, no call of float or round, no float arithmetic from math."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, (float, complex))), where
        assert not (isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div)), where
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"float", "round", "complex", "pow"}, where
        if isinstance(node, ast.ImportFrom) and node.module == "math":
            assert {alias.name for alias in node.names} <= {"gcd", "lcm"}, where
        assert not (isinstance(node, ast.Import) and any(alias.name == "math" for alias in node.names)), where


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_executed_that_cannot_be_read(path: Path) -> None:
    """No eval, exec, compile or pickle anywhere, and no regular expression in the engine."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "compile", "__import__"}
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        if path.name not in {
            "crew.py",
            "serving.py",
        }:  # the two ends of pipes that nobody else holds, to processes that were started here
            assert not {"pickle", "marshal", "shelve"} & {*names}
        assert "re" not in names


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after running *code*."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


HEAVY = {
    "attr",
    "attrs",
    "cattrs",
    "structlog",
    "yaml",
    "hypothesis",
    "asyncio",
    "rich",
    "cyclopts",
    "typing",
    "re",
    "decimal",
    "sqlite3",
}


def test_importing_the_package_pulls_in_nothing_heavy() -> None:
    bare = modules_after("pass")
    assert set() == (modules_after("import scoring") - bare) & HEAVY


def test_loading_a_pack_and_scoring_pulls_in_nothing_heavy(tmp_path: Path) -> None:
    """Neither attrs, cattrs, structlog, yaml nor hypothesis, from pack bytes to decision bytes."""
    from scoring import canonical
    from test_ricci import PACK

    path = tmp_path / "ricci.pack.json"
    path.write_bytes(canonical.dumps(PACK))
    code = f"""
import scoring
rubric = scoring.load({str(path)!r})
decision = rubric.score({{"answers": {{"oral": "70", "written": "70.00"}}}})
assert decision.verdict == "pass" and decision.canonical()
"""
    bare = modules_after("import os, json, hashlib")  # what a host and the standard library bring along
    assert set() == (modules_after(code) - bare) & (HEAVY - {"re"})


def test_the_package_says_what_it_exports_and_no_more() -> None:
    """Every name of `__all__` is there, is listed by dir(), and a wrong name is an AttributeError."""
    assert sorted(scoring.__all__) == dir(scoring)
    assert all(getattr(scoring, name) is not None for name in scoring.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        scoring.no_such_name  # noqa: B018 - the access is what is tested
