"""
The command `demo`: the point in a minute.

Owns what the demonstration shows: who its candidates are, what they hand in, which byte is forged, and what is told of it. Must not know how anything is
scored.
"""

from __future__ import annotations

import json as standard_json
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import scoring
from scoring.audit.replay import ANSWERS, OUTCOMES
from scoring.audit.report import FAILS as FINDING_FAILS
from scoring.audit.report import HOLDS as FINDING_HOLDS
from scoring.audit.verify import verify_directory
from scoring.cli.audit import show_findings, status_of
from scoring.cli.output import FAILS, HOLDS, CallError, Table, emit, mark, say
from scoring.cli.people import standing_facts
from scoring.cli.results import Result, cells, facts_of, heads
from scoring.cli.start import program, quoted, shipped, text_of, write_files
from scoring.errors import StoreError

if TYPE_CHECKING:
    from typing import Any

    from scoring import AuditLog, Decision, Rubric
    from scoring.audit.report import Finding
    from scoring.audit.standing import Standing

__all__ = ["demo"]

_DEMO_RUBRIC = "ml-engineer-mid-written"
_MADE_HERE = "<!-- Made by `scoring demo`"  # how README.md begins in a directory that the demonstration may replace
_DEMO_FILES = (
    "README.md",
    "rubric.yaml",
    "examples.yaml",
    "submissions.jsonl",
    "funnel",
    "decisions",
    "decisions.vault",
)

_RIGHT = {
    "job-run-time": "20 minutes",
    "pandas-filtered-sum": "70",
    "messy-data-deadline": "B",
    "plain-words": ["A", "B"],
    "outlier-age": "141, nobody is that old",
}
# Five candidates of a test: the case, what differs from a perfect sheet, and what was not administered.
_CANDIDATES: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
    ("perfect", {}, {}),
    ("on-the-cut", {"outlier-age": "45"}, {}),
    ("made-up-data", {"messy-data-deadline": "D"}, {}),
    ("hasty-work", {"messy-data-deadline": "A"}, {}),
    ("not-given", {}, {"plain-words": "the test was broken off by a fire alarm"}),
)
_FORGED = "made-up-data"
_ON_A_LINE = 10  # names of checks
_STEPS = (ANSWERS, OUTCOMES)

# Two candidates of a funnel, and what each hands in, stage by stage: an instalment repeats what came before.
_PANEL = {"ruth": "reviewer", "omar": "reviewer", "lena": "lead", "eric": "engineer"}
_LINES = {"reproduces": "observed", "reads-log": "observed", "tells-customer": "observed"}
_HIRED = "alma"
_WAY: tuple[tuple[str, str, dict[str, Any], list[str]], ...] = (
    (_HIRED, "application", {"weekends": "yes"}, []),
    (
        _HIRED,
        "resume",
        {
            "talked-to-customers": {"ruth": {"rating": "clearly"}, "omar": {"rating": "clearly"}},
            "found-causes": {"ruth": {"rating": "clearly"}, "omar": {"rating": "partly"}},
        },
        [],
    ),
    (
        _HIRED,
        "interview",
        {
            "angry-call": {"lena": {"rating": "clearly"}, "eric": {"rating": "clearly"}},
            "broken-export": {"lena": {"lines": _LINES}, "eric": {"lines": _LINES | {"reproduces": "not_observed"}}},
        },
        ["power-cut"],
    ),
    ("bo", "application", {"weekends": "no"}, []),
)
_WHO, _WHY, _REASON = "Lena Holm", "Ten minutes were lost in the power cut and made up for at once.", "made-up-for"


def demo(directory: str = "scoring-demo", /, *, json: bool = False) -> int:
    """
    See the point in a minute: candidates are scored, logged and checked, a person has the last word, and a forgery is caught.

    Args:
        directory: Where rubrics, examples, submissions and log are left to play with. A second run replaces what the first one made.
        json: One JSON object a step, for machines.
    """
    path = Path(directory)
    test, funnel = _lay_out(path)
    with scoring.AuditLog.open(path / "decisions", create=True, origin="scoring-demo") as log:
        log.publish(test)
        sheets = [_sheet(_told(test), *candidate) for candidate in _CANDIDATES]
        results = _decided(log, test, sheets)
        log.publish(funnel)
        instalments = _instalments(_told(funnel))
        fixed = {key: instalments[0]["facts"][key] for key in ("notice", "started_at", "raters")}
        log.open_case(funnel, _HIRED, f"{_HIRED}-opening", fixed)
        way = _decided(log, funnel, instalments)
        offer = next(result.seq for result in reversed(way) if result.seq and log.case(result.seq) == _HIRED)
        log.resolve(offer, "confirm", id=f"{_HIRED}-confirm", who=_WHO, why=_WHY, reason=_REASON)
        now = log.standing(offer)
        findings = [*log.verify().findings, *log.replay().findings]
    for place, handed_in in ((path, sheets), (path / "funnel", instalments)):
        write_files(place, {"submissions.jsonl": "".join(standard_json.dumps(each) + "\n" for each in handed_in)})
    forged = results[[sheet["case"] for sheet in sheets].index(_FORGED)]
    caught = _forge(path / "decisions", forged, results[0])
    if json:
        cases = [(each["case"], result) for each, result in zip([*sheets, *instalments], [*results, *way], strict=True)]
        _emit(cases, now, findings, caught, path)
    else:
        _show_test(test, results, forged)
        _show_way(funnel, way, now)
        _show_checks(findings, caught, forged, path)
    found = any(finding.seq == forged.seq for finding in caught)
    return HOLDS if found and status_of(findings) == HOLDS else FAILS


# --- what lies there ---


def _lay_out(path: Path) -> tuple[Rubric, Rubric]:
    """Put the rubrics of the demonstration into its directory, and remove what an earlier one left."""
    source = shipped(_DEMO_RUBRIC)
    _make_room(path)
    texts = {name: (source / name).read_text(encoding="utf-8") for name in ("rubric.yaml", "examples.yaml")}
    readme = text_of("demo-README.md").replace("PROGRAM", program()).replace("DIR", quoted(path))
    modeline, _, rest = texts["rubric.yaml"].partition("\n")  # it names a schema that does not lie there
    texts["rubric.yaml"] = rest.lstrip() if modeline.startswith("# yaml-language-server") else texts["rubric.yaml"]
    write_files(path, {"README.md": readme, **texts})
    funnel = {"rubric.yaml": "demo-funnel.yaml", "examples.yaml": "demo-funnel-examples.yaml"}
    write_files(path / "funnel", {name: text_of(file) for name, file in funnel.items()})
    return scoring.load(path / "rubric.yaml"), scoring.load(path / "funnel" / "rubric.yaml")


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


def _told(rubric: Rubric) -> dict[str, Any]:
    """The facts of somebody who is told now that some answers disqualify, and starts in a minute: the log shows that the key was there first."""
    now = datetime.now(UTC)
    told, started = (f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in (now, now + timedelta(minutes=1)))
    return {"notice": {"sha256": rubric.notice_digest, "at": told}, "started_at": started}


def _sheet(
    facts: dict[str, Any], case: str, answers: dict[str, Any], not_administered: dict[str, str]
) -> dict[str, Any]:
    """What one candidate of the test handed in."""
    given = {item: answer for item, answer in (_RIGHT | answers).items() if item not in not_administered}
    sheet = {"id": f"{case}-1", "case": case, "facts": facts, "answers": given}
    return sheet | ({"not_administered": not_administered} if not_administered else {})


def _instalments(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """What the candidates of the funnel handed in so far, each time that something was added."""
    made: list[dict[str, Any]] = []
    so_far: dict[str, tuple[list[str], dict[str, Any]]] = {}
    for case, stage, added, irregularities in _WAY:
        stages, answers = so_far.get(case, ([], {}))
        so_far[case] = stages, answers = [*stages, stage], answers | added
        around = facts | {"raters": _PANEL} | ({"irregularities": irregularities} if irregularities else {})
        made.append({"id": f"{case}-{stage}", "case": case, "handed_in": stages, "facts": around, "answers": answers})
    return made


def _decided(log: AuditLog, rubric: Rubric, submissions: list[dict[str, Any]]) -> list[Result]:
    done = [log.decide(rubric, submission) for submission in submissions]
    return [
        Result(line, submission["id"], each.decision, each.seq)
        for line, (submission, each) in enumerate(zip(submissions, done, strict=True), 1)
    ]


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


# --- what is told ---


def _emit(
    cases: list[tuple[str, Result]], now: Standing, findings: list[Finding], caught: list[Finding], path: Path
) -> None:
    for case, result in cases:
        emit({"type": "score", "case": case, **facts_of(result)})
    emit({"type": "standing", "case": _HIRED, **standing_facts(now)})
    for step, found in (("check", findings), ("forgery", caught)):
        for finding in found:
            place = {"result": finding.result, "record": finding.seq, "detail": finding.detail}
            emit({"type": step, "check": finding.check, **place})
    emit({"type": "done", "directory": str(path), "files": list(_DEMO_FILES)})


def _show_test(rubric: Rubric, results: list[Result], forged: Result) -> None:
    say(f"{rubric.id} {rubric.version}: {rubric.title}")
    bands = [f"{verdict['id']} from {verdict['from']}" for verdict in rubric.plan.pack["verdicts"] if verdict["from"]]
    say(f"Five questions of one point each; {', '.join(bands)}. Five candidates:\n")
    table = Table("record", "candidate", *heads(rubric))
    for (case, _, _), result in zip(_CANDIDATES, results, strict=True):
        table.row(f"#{result.seq}", case, *cells(result.decision, rubric))
    table.show()
    say(f"\nThe same score three times, and three ways on. Why {_FORGED} failed:")
    for line in _why_failed(forged.decision):
        say(f"  {line}")


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


def _show_way(rubric: Rubric, way: list[Result], now: Standing) -> None:
    say(f"\n{rubric.id} {rubric.version}, in three stages. {_HIRED}'s way to an offer, and bo's end at the door:\n")
    table = Table("record", "handed in", *heads(rubric))
    for (case, stage, _, _), result in zip(_WAY, way, strict=True):
        table.row(f"#{result.seq}", f"{case}: {stage}", *cells(result.decision, rubric))
    table.show()
    if now.said is not None:
        say(
            f"\nEach of {_HIRED}'s decisions supersedes the one before. The last was held, as the power went out, until a person"
        )
        say(
            f"said in #{now.said.seq}: {now.said.action}, reason {now.said.reason}. What counts now: {now.effective_verdict}, {now.host_action}."
        )


def _show_checks(findings: list[Finding], caught: list[Finding], forged: Result, path: Path) -> None:
    say("\nThe log checked, and every decision recomputed from it:")
    held = [finding for finding in findings if finding.result == FINDING_HOLDS and finding.check not in _STEPS]
    names = [finding.check for finding in held]
    lines = [", ".join(names[first : first + _ON_A_LINE]) for first in range(0, len(names), _ON_A_LINE)]
    mark(FINDING_HOLDS, "\n".join(lines))
    show_findings([finding for finding in findings if finding not in held])
    say(f"\nIn a copy, one byte of record #{forged.seq} is changed, so that the answer D reads B:")
    show_findings(caught)
    log = quoted(path / "decisions")
    say(f"\n{path} holds rubrics, submissions, the log, and a README.md about them. Try next:")
    say(f"  {program()} explain {log} {_FORGED}\n  {program()} status {log}")
