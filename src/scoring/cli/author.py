"""
Commands for whoever writes rubrics: `check`, `pack`.

Owns how problems, examples and what these reach are shown, and which files a pack comes with. Must not know what is right or wrong in a rubric.
"""

from __future__ import annotations

import json as standard_json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from scoring.change.examples import FILE_NAME, run_on
from scoring.change.promises import kept
from scoring.cli.inputs import examined
from scoring.cli.options import In  # noqa: TC001 - the parser of the command line reads annotations
from scoring.cli.output import (
    FAILS,
    HOLDS,
    UNCHECKED,
    WRONG,
    CallError,
    complain,
    counted,
    emit,
    place,
    say,
    show_problems,
    worst,
)
from scoring.cli.paths import STDIN, shown
from scoring.cli.promised import promises
from scoring.cli.promised import show as show_promises
from scoring.errors import Problem, RubricError, StoreError
from scoring.rubric.load import rubric_file
from scoring.rubric.paper import paper
from scoring.rubric.reader import MAX_BYTES
from scoring.rubric.schema import decision_schema, submission_schema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from scoring import Rubric
    from scoring.change.examples import ExampleReport
    from scoring.cli.promised import Promise

__all__ = ["check", "pack"]

_IN_FULL = 10  # failing examples that are shown with their line; of more, the reader looks for what they have in common
_NAMED = 12  # of what no example reaches; the lines above mark all of it


# --- check ---


def check(rubric: In, /, *rubrics: In, against: str | None = None, json: bool = False) -> int:
    """
    Read rubrics, run the examples beside them, say what no example reaches, and decide what they guarantee.

    All weight profiles, levels and variants of a rubric are checked; each example says which it is about. A guarantee is decided over every set of answers
    there can be, and so is that a version moves nobody from the one that it replaces but as its `may_move` says. Exit status: 0 it holds, 1 an example or a
    promise does not, 2 a rubric is wrong, 3 a promise could not be decided, or the replaced version was not found.

    Args:
        rubric: A rubric.yaml, the directory that holds it, or a pack; its examples lie beside it, in examples.yaml. `-` is standard input, which has none.
        rubrics: More of them.
        against: Where the version lies that the rubric replaces; else it is looked for beside the rubric and in git.
        json: One JSON object a problem, an example, a thing to reach and a rubric, for machines.
    """
    if rubrics and against is not None:
        raise CallError("--against is about one rubric: check them one by one")
    statuses = [_check(name, against, json=json) for name in (rubric, *rubrics)]
    if rubrics and not json:
        open_ = statuses.count(UNCHECKED)
        counts = [
            f"{statuses.count(HOLDS)} hold",
            f"{statuses.count(FAILS)} fail",
            *([f"{open_} not decided"] if open_ else []),
        ]
        say(f"{len(statuses):,} rubrics: {', '.join(counts)}, {statuses.count(WRONG)} cannot be read")
    return worst(statuses)


def _check(name: str, against: str | None, *, json: bool) -> int:
    name = rubric_file(name)
    problems, ready = examined(name, any_level=True)
    report = None
    promised: list[Promise] = []
    if ready is not None:
        try:
            report = _run_examples(name, ready)
        except RubricError as error:
            problems += error.problems
        try:
            promised = promises(name, ready, against)
        except RubricError as error:
            problems += place(error.problems, shown(name))
    failed = [] if report is None else report.problems
    errors = sum(problem.severity == "error" for problem in problems)
    status = WRONG if errors else worst([FAILS if failed else HOLDS, *(promise.status for promise in promised)])
    summary = {
        "file": shown(name),
        "rubric": None if ready is None else ready.id,
        "version": None if ready is None else ready.version,
        "digest": None if ready is None else ready.digest,
        "errors": errors,
        "warnings": len(problems) - errors,
        "examples": None if report is None else len(report.results),
        "failing": None if report is None else sum(not result.holds for result in report.results),
        "unreached": None if report is None else len(report.unreached),
        "promises": len(promised),
        "broken": sum(promise.status == FAILS for promise in promised),
        "undecided": sum(promise.status == UNCHECKED for promise in promised),
    }
    if json:
        _emit_check([*problems, *failed], report, promised, summary)
    else:
        show_problems(problems)
        if report is not None:
            _show_failing(report)
            _show_reached(report)
        show_promises(promised)
        say(_summed_up(summary))
    return status


def _run_examples(name: str, rubric: Rubric) -> ExampleReport | None:
    """Run the examples beside a rubric; None where there are none."""
    if name == STDIN:
        return None
    path = Path(name).with_name(FILE_NAME)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    return run_on(rubric.pack, data, str(path))


def _emit_check(
    problems: Iterable[Problem], report: ExampleReport | None, promised: Iterable[Promise], summary: dict[str, Any]
) -> None:
    for p in problems:
        place = {"file": p.file, "line": p.line, "column": p.column, "path": p.path}
        emit({"type": "problem", "severity": p.severity, "code": p.code, "message": p.message, **place})
    for result in report.results if report else ():
        emit({"type": "example", "id": result.id, "shows": result.shows, "holds": result.holds})
    for row in report.coverage if report else ():
        emit({"type": "reached", "kind": row.kind, "name": row.name, "examples": list(row.examples)})
    for promise in promised:
        for fact in promise.facts:
            emit(fact)
    emit({"type": "rubric", **summary})


def _show_failing(report: ExampleReport) -> None:
    """Print what fails: the first ones with their lines, the rest a line each, and how many first where that would be lost."""
    failing = [result for result in report.results if not result.holds]
    if len(failing) > _IN_FULL:
        complain(f"{len(failing):,} of {_count(len(report.results), 'example')} fail")
    for result in failing[:_IN_FULL]:
        show_problems(result.problems)
    show_problems(
        Problem(problem.code, str(problem)) for result in failing[_IN_FULL:] for problem in result.problems[:1]
    )


def _show_reached(report: ExampleReport) -> None:
    """Print how many examples reach each verdict, flag, outcome, ...; a dash where none does."""
    lines: dict[str, list[str]] = {}
    for row in report.coverage:
        kind, _, name = row.name.rpartition("/") if row.kind == "outcome" else (row.kind, "", row.name)
        lines.setdefault(kind, []).append(f"{name} {len(row.examples) or '-'}")
    say("How many examples reach it:")
    width = max(map(len, lines), default=0)
    for kind, cells in lines.items():
        say(f"  {kind:<{width}}  {', '.join(cells)}")
    missed = [f"{row.kind} {row.name}" for row in report.unreached]
    if missed:
        more = f" and {len(missed) - _NAMED} more" if len(missed) > _NAMED else ""
        say(f"No example reaches {', '.join(missed[:_NAMED])}{more}")


def _summed_up(summary: dict[str, Any]) -> str:
    counts = [_count(summary["errors"], "error"), _count(summary["warnings"], "warning")]
    if summary["promises"]:
        counts.append(_kept(summary))
    if summary["examples"] is not None:
        examples = _count(summary["examples"], "example")
        counts.append(
            f"{summary['failing']:,} of {examples} fail"
            if summary["failing"]
            else f"{examples} hold{'s' * (summary['examples'] == 1)}"
        )
        counts.append(f"{summary['unreached']:,} not reached" if summary["unreached"] else "everything reached")
    elif not summary["errors"]:
        counts.append(f"no {FILE_NAME} beside it")
    return f"{summary['file']}: {', '.join(counts)}"


def _kept(summary: dict[str, Any]) -> str:
    """How many promises hold; or how many of them are broken, or not decided."""
    promised = _count(summary["promises"], "promise")
    open_ = [
        f"{summary[key]} {words}" for key, words in (("broken", "broken"), ("undecided", "not decided")) if summary[key]
    ]
    return (
        f"of {promised} {', '.join(open_)}"
        if open_
        else f"{promised} {'holds' if summary['promises'] == 1 else 'hold'}"
    )


def _count(number: int, what: str) -> str:
    return counted(number, what) if number else f"no {what}s"


# --- pack ---


def pack(
    rubric: In,
    /,
    *,
    output: Annotated[str, Parameter(name=["--output", "-o"])] = ".",
    untested: bool = False,
    json: bool = False,
) -> int:
    """
    Write the pack that scores, the paper that a candidate may see, and the JSON schemas of submission and decision.

    The pack holds every weight profile and level; whoever loads it chooses. A pack with the same name and other bytes is never overwritten: a rubric that
    changed is a new version. Nothing is written while an example fails, or a guarantee does not hold.

    Args:
        rubric: A rubric.yaml, the directory that holds it, or a pack to write the rest for.
        output: The directory to write to, made if need be; the current one unless it is given.
        untested: Pack without running the examples beside the rubric, nor deciding what it guarantees.
        json: One JSON object, for machines.
    """
    if output == "-":
        raise CallError("a pack is several files, and is not printed: --output names the directory to write to")
    rubric = rubric_file(rubric)
    problems, ready = examined(rubric, any_level=True)
    if ready is None:
        raise RubricError(problems)
    show_problems(problems)
    name = f"{ready.id}-{ready.version}"
    files = {
        f"{name}.pack.json": ready.pack,
        f"{name}.paper.md": paper(ready.plan.pack).encode(),
        "submission.schema.json": _indented(submission_schema(ready.plan.pack)),
        "decision.schema.json": _indented(decision_schema(ready.plan.pack)),
    }
    directory = Path(output)
    if directory.exists() and not directory.is_dir():
        raise CallError(f"{output} is a file; --output names the directory to write to, and nothing was written")
    _keep(directory / f"{name}.pack.json", ready.pack)
    failing = None if untested else _failing(rubric, ready)
    if failing is not None:
        return failing
    for file, data in files.items():
        _write(directory / file, data)
    paths = [str(directory / file) for file in files]
    digests = {"digest": ready.digest, "scoring_digest": ready.scoring_digest}
    if json:
        emit({"rubric": ready.id, "version": ready.version, **digests, "files": paths})
        return HOLDS
    say(f"written to {'the current directory' if directory == Path() else output}:")
    for path in paths:
        say(f"  {path}")
    say(f"pack     {ready.digest}\nscoring  {ready.scoring_digest}")
    return HOLDS


def _failing(name: str, rubric: Rubric) -> int | None:
    """Say why a rubric is not packed, and give the status: a guarantee does not hold, or its examples fail or cannot be read; None where all is well."""
    ways = f"`scoring check {shlex.quote(name)}` tells more, --untested packs all the same"
    broken = list(dict.fromkeys(one.id for one in kept(rubric.pack) if one.proof.holds is False))
    if broken:
        complain(f"nothing was written, as the rubric does not keep what it guarantees ({', '.join(broken)}): {ways}")
        return FAILS
    try:
        report = _run_examples(name, rubric)
    except RubricError as error:
        show_problems(error.problems)
        complain(f"nothing was written, as the examples cannot be read: {ways}")
        return WRONG
    if report is None:
        complain(f"not tested: there is no {FILE_NAME} beside {shown(name)}")
        return None
    if report.holds:
        return None
    count = sum(not result.holds for result in report.results)
    complain(f"nothing was written, as {count:,} of {_count(len(report.results), 'example')} fail: {ways}")
    return FAILS


def _indented(schema: dict[str, Any]) -> bytes:
    return standard_json.dumps(schema, indent=2, ensure_ascii=False).encode() + b"\n"


def _keep(path: Path, data: bytes) -> None:
    """Refuse to write another pack where one of this name lies: someone may have scored by it."""
    try:
        held = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    if held != data:
        raise CallError(
            f"{path} exists already, with other content: a rubric that changed is a new version, so give it one in `version:`"
        )


def _write(path: Path, data: bytes) -> None:
    """Write a file as a whole: where the disk is full, no half of a pack stays behind under its name."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
