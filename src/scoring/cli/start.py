"""
Commands to begin with: `demo` and `new`.

Owns what the demonstration shows, which files it and a new rubric begin with, and where the shipped rules lie. Must not know how anything is scored.
"""

from __future__ import annotations

import json as standard_json
import os
import shlex
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import scoring
from scoring.audit.replay import ANSWERS, OUTCOMES
from scoring.audit.report import FAILS as FINDING_FAILS
from scoring.audit.report import HOLDS as FINDING_HOLDS
from scoring.audit.verify import verify_directory
from scoring.cli.audit import show_findings, status_of
from scoring.cli.output import FAILS, HOLDS, CallError, Table, emit, mark, say
from scoring.cli.run import HEADS, Result, cells, facts_of
from scoring.engine.shape import is_id
from scoring.errors import StoreError
from scoring.rubric.schema import schema_text

if TYPE_CHECKING:
    from typing import Any

    from scoring import Decision, Rubric
    from scoring.audit.report import Finding

__all__ = ["demo", "new", "shipped"]

_DEMO_RUBRIC = "ml-engineer-mid-written"
_NAME = "scoring"
_SCHEMA = "rubric.schema.json"  # as the first line of a new rubric names it
_MADE_HERE = "<!-- Made by `scoring demo`"  # how README.md begins in a directory that the demonstration may replace
_DEMO_FILES = ("README.md", "rubric.yaml", "examples.yaml", "submissions.jsonl", "decisions", "decisions.vault")

_RIGHT = {
    "job-run-time": "20 minutes",
    "pandas-filtered-sum": "70",
    "messy-data-deadline": "B",
    "plain-words": ["A", "B"],
    "outlier-age": "141, nobody is that old",
}
# Five candidates: the case, what differs from a perfect sheet, and what was not administered.
_CANDIDATES: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
    ("perfect", {}, {}),
    ("on-the-cut", {"outlier-age": "45"}, {}),
    ("made-up-data", {"messy-data-deadline": "D"}, {}),
    ("hasty-work", {"messy-data-deadline": "A"}, {}),
    ("not-given", {}, {"plain-words": "the test was broken off by a fire alarm"}),
)
_FORGED = "made-up-data"
_STEPS = (ANSWERS, OUTCOMES)


def shipped(name: str) -> Path:
    """
    Find a rubric that comes with the package: in a wheel beside the code, in a checkout in `rules/`.

    Raises:
        CallError: It is in neither place.
    """
    package = Path(scoring.__file__).parent
    for rules in (package / "_data" / "rules", package.parent.parent / "rules"):
        if (rules / name / "rubric.yaml").is_file():
            return rules / name
    raise CallError(f"the rubric {name} does not lie beside this package: install scoreproof again")


def program() -> str:
    """
    Tell how this program is called from here: by its name where the shell finds that, else by a path, quoted for the shell.

    An environment's commands lie beside its interpreter, and only one that is activated is found by name.
    """
    if shutil.which(_NAME):
        return _NAME
    script = shutil.which(_NAME, path=str(Path(sys.executable).parent))
    if script is None:
        return f"{shlex.quote(sys.executable)} -m scoring.cli"
    path = Path(script)
    if not path.is_relative_to(Path.cwd()):
        return _quoted(path)
    near = _quoted(path.relative_to(Path.cwd()))
    return near if os.sep in near else f"{os.curdir}{os.sep}{near}"  # a bare word would be looked up by the shell


# --- new ---


def new(directory: str, /, *, id: str | None = None, json: bool = False) -> int:  # noqa: A002 - the option's name
    """
    Begin a rubric: a short one that works, with comments, and examples beside it.

    Args:
        directory: Where to; made if need be. Nothing that is there is overwritten.
        id: The rubric's id; the directory's name otherwise.
        json: One JSON object, for machines.
    """
    path = Path(directory)
    name = path.resolve().name if id is None else id
    if not is_id(name):
        given = f"the directory's name {name} is none" if id is None else f"{name} is none"
        raise CallError(
            f"a rubric's id is 1 to 48 of the characters A-Z a-z 0-9 . _ -, and {given}: give one with --id"
        )
    files = {
        "rubric.yaml": _text("new-rubric.yaml").replace("rubric: ID", f'rubric: "{name}"'),
        "examples.yaml": _text("new-examples.yaml"),
        _SCHEMA: schema_text(),
    }
    for file in files:
        if (path / file).exists():
            raise CallError(f"{path / file} exists already, and is not overwritten")
    _write(path, files)
    if json:
        emit({"directory": directory, "rubric": name, "files": [str(path / file) for file in files]})
    else:
        say(
            f"{path / 'rubric.yaml'} and {path / 'examples.yaml'} are yours to change; with {_SCHEMA} beside them, an editor checks while you type."
            f" Try next:\n  {program()} check {_quoted(path / 'rubric.yaml')}"
        )
    return HOLDS


def _text(name: str) -> str:
    return (resources.files("scoring.cli") / "files" / name).read_text(encoding="utf-8")


def _write(directory: Path, files: dict[str, str]) -> None:
    path = directory
    try:
        path.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = directory / name
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


# --- demo ---


def demo(directory: str = "scoring-demo", /, *, json: bool = False) -> int:
    """
    See the point in a minute: five candidates are scored, logged and checked, and a forgery is caught.

    Args:
        directory: Where rubric, examples, submissions and log are left to play with. A second run replaces what the first one made.
        json: One JSON object a step, for machines.
    """
    path = Path(directory)
    rubric, sheets = _lay_out(path)
    with scoring.AuditLog.open(path / "decisions", create=True, origin="scoring-demo") as log:
        done = [log.decide(rubric, sheet) for sheet in sheets]
        findings = [*log.verify().findings, *log.replay().findings]
    results = {
        sheet["case"]: Result(n, sheet["id"], each.decision, each.seq)
        for n, (sheet, each) in enumerate(zip(sheets, done, strict=True), 1)
    }
    caught = _forge(path / "decisions", results[_FORGED], results["perfect"])
    show = _emit_demo if json else _show_demo
    show(rubric, results, findings, caught, path)
    found = any(finding.seq == results[_FORGED].seq for finding in caught)
    return HOLDS if found and status_of(findings) == HOLDS else FAILS


def _lay_out(path: Path) -> tuple[Rubric, list[dict[str, Any]]]:
    """Put the files of the demonstration into its directory, and remove those of an earlier one."""
    source = shipped(_DEMO_RUBRIC)
    _make_room(path)
    texts = {name: (source / name).read_text(encoding="utf-8") for name in ("rubric.yaml", "examples.yaml")}
    readme = _text("demo-README.md").replace("PROGRAM", program()).replace("DIR", _quoted(path))
    modeline, _, rest = texts["rubric.yaml"].partition("\n")  # it names a schema that does not lie there
    texts["rubric.yaml"] = rest.lstrip() if modeline.startswith("# yaml-language-server") else texts["rubric.yaml"]
    _write(path, {"README.md": readme, **texts})
    rubric = scoring.load(path / "rubric.yaml")
    sheets = [_sheet(rubric, *candidate) for candidate in _CANDIDATES]
    _write(path, {"submissions.jsonl": "".join(standard_json.dumps(sheet) + "\n" for sheet in sheets)})
    return rubric, sheets


def _make_room(path: Path) -> None:
    """Remove what an earlier demonstration left; anything else that stands there is somebody's work."""
    try:
        if path.exists() and not path.is_dir():
            raise CallError(f"{path} is a file; the demonstration needs a directory of its own")
        readme = path / "README.md"
        ours = readme.is_file() and readme.read_bytes().startswith(_MADE_HERE.encode())
        if not ours and path.exists() and any(path.iterdir()):
            raise CallError(f"{path} was not made by `scoring demo`, and is left as it is: name another directory")
        for name in _DEMO_FILES:
            if (path / name).is_dir():
                shutil.rmtree(path / name)
            else:
                (path / name).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be cleared: {error.strerror}") from error


def _sheet(rubric: Rubric, case: str, answers: dict[str, Any], not_administered: dict[str, str]) -> dict[str, Any]:
    """What one candidate handed in, who had been told beforehand that some answers disqualify."""
    given = {item: answer for item, answer in (_RIGHT | answers).items() if item not in not_administered}
    told = {"sha256": rubric.plan.notice_digest, "at": "2026-11-21T09:00:00Z"}
    sheet = {
        "id": f"{case}-1",
        "case": case,
        "facts": {"notice": told, "started_at": "2026-11-21T09:05:00Z"},
        "answers": given,
    }
    return sheet | ({"not_administered": not_administered} if not_administered else {})


def _forge(log: Path, candidate: Result, perfect: Result) -> list[Finding]:
    """Change one byte of a candidate's record, in a copy of the log, to what a perfect sheet has; and return the checks that fail."""
    outcomes, better = (f'"outcomes":"{result.decision.data["outcomes"]}"'.encode() for result in (candidate, perfect))
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(log, copy)
        (segment,) = (copy / "log").iterdir()
        lines = segment.read_bytes().split(b"\n")
        lines[candidate.seq or 0] = lines[candidate.seq or 0].replace(outcomes, better)
        segment.write_bytes(b"\n".join(lines))
        return [finding for finding in verify_directory(copy, vault=False).findings if finding.result == FINDING_FAILS]


def _emit_demo(
    _rubric: Rubric, results: dict[str, Result], findings: list[Finding], caught: list[Finding], path: Path
) -> None:
    for case, result in results.items():
        emit({"type": "score", "case": case, **facts_of(result)})
    for step, found in (("check", findings), ("forgery", caught)):
        for finding in found:
            emit(
                {
                    "type": step,
                    "check": finding.check,
                    "result": finding.result,
                    "record": finding.seq,
                    "detail": finding.detail,
                }
            )
    emit({"type": "done", "directory": str(path), "files": list(_DEMO_FILES)})


def _show_demo(
    rubric: Rubric, results: dict[str, Result], findings: list[Finding], caught: list[Finding], path: Path
) -> None:
    say(f"{rubric.id} {rubric.version}: {rubric.title}")
    bands = [f"{verdict['id']} from {verdict['from']}" for verdict in rubric.plan.pack["verdicts"] if verdict["from"]]
    say(f"Five questions of one point each; {', '.join(bands)}. Five candidates:\n")
    table = Table("record", "candidate", *HEADS)
    for case, result in results.items():
        table.row(f"#{result.seq}", case, *cells(result.decision))
    table.show()
    say(f"\nThe same score three times, and three ways on. Why {_FORGED} failed:")
    for line in _why_failed(results[_FORGED].decision):
        say(f"  {line}")
    say("\nThe log checked, and every decision recomputed from it:")
    held = [finding for finding in findings if finding.result == FINDING_HOLDS and finding.check not in _STEPS]
    mark(FINDING_HOLDS, ", ".join(finding.check for finding in held))
    show_findings([finding for finding in findings if finding not in held])
    say(f"\nIn a copy, one byte of record #{results[_FORGED].seq} is changed, so that the answer D reads B:")
    show_findings(caught)
    log = _quoted(path / "decisions")
    say(f"\n{path} holds rubric, examples, submissions, the log, and a README.md about them. Try next:")
    say(f"  {program()} explain {log} {_FORGED}\n  {program()} check {_quoted(path / 'rubric.yaml')}")


def _why_failed(decision: Decision) -> list[str]:
    """Three lines out of the explanation."""
    story = scoring.explain(decision).data
    fatal = [item for item in story["items"] if "fatal" in item["flags"]]
    band = next(verdict for verdict, margin in decision.margins.items() if margin >= 0)
    others = sorted({change["item"] for change in story["changes"]} - {item["item"] for item in fatal})
    return [
        f"It scored {story['score']} = {story['percent']}, which by itself is a {band} (margin {story['margins'][band]}).",
        f"But {story['reasons'][0]}: {fatal[0]['why'][0]}.",
        f"No other single answer would have helped; {fatal[0]['item']} alone decided."
        if not others
        else f"Other answers that would have changed the result: {', '.join(others)}.",
    ]
