"""The documents say what is so: their examples run, their links lead somewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
PAGES = [path for path in sorted(ROOT.rglob("*.md")) if not {".venv", "node_modules"} & {*path.relative_to(ROOT).parts}]


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    monkeypatch.chdir(tmp_path)
    document = Sybil(parsers=[PythonCodeBlockParser()], path=str(ROOT)).parse(ROOT / "README.md")
    examples = list(document.examples())
    assert 2 == len(examples)
    for example in examples:
        example.evaluate()
    document.namespace["log"].close()


def links(page: Path) -> list[str]:
    """The targets of a page's Markdown links that are files."""
    text = page.read_text(encoding="utf-8")
    targets = [piece.split(")")[0] for piece in text.split("](")[1:]]
    return [target.split("#")[0] for target in targets if target and not target.startswith(("http:", "https:", "#"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: os.path.relpath(page, ROOT))
def test_every_link_leads_to_a_file(page: Path) -> None:
    assert [] == [target for target in links(page) if not (page.parent / target).exists()]


def test_the_changelog_begins_with_verdicts() -> None:
    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line.startswith("### ")
    ]
    assert "### Verdicts" == headings[0]


def test_the_decisions_are_all_listed() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    assert [] == [path.name for path in (ROOT / "docs/adr").glob("0*.md") if path.name not in listed]
