"""What the tests of openings, resolutions and rescores share: a process of three stages as a pack made by hand, and what both verifiers say of a log."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from logs import drop_heads, lines_of, rechain, write_lines
from packs import AWAITS_ALL, choice, entries, funnel, number, raters, rating, section, stage
from scoring import canonical
from scoring.audit.verify import verify_directory
from scoring.engine.rubric import Rubric

SCRIPT = Path(__file__).parent.parent / "audit" / "verify.py"
NOTICE = "Some answers disqualify."
STARTED = "2026-11-21T09:05:00Z"


def process(version="1", total="70", **more):
    """
    The door (a licence, or out), a written test (a dilemma and a sum), a talk (rated by one examiner), for two levels and two variants.

    Its two profiles differ in nothing but their names.
    """
    document = funnel(
        stage("door", section("basics", choice("licence", yes=("1", None), no=("0", "knock_out")) | AWAITS_ALL)),
        stage(
            "written",
            section("judgement", choice("dilemma", A=("0", "refer"), B=("1", None), D=("0", "fatal"))),
            section("facts", number("sum", total)),
        ),
        stage("talk", section("panel", rating("clarity", by=raters(examiner=1)))),
        levels=entries("mid", "senior"),
        variants=entries("with_ai", "without_ai"),
        version=version,
        **more,
    )
    document["profiles"].append({**document["profiles"][0], "id": "other"})
    return document


def load(document=None, profile=None, level="mid"):
    return Rubric(canonical.dumps(document or process()), profile=profile, level=level)


FUNNEL = load()
PROVEN = {"at": "2026-11-21T09:00:00Z", "sha256": hashlib.sha256(NOTICE.encode()).hexdigest()}
FACTS = {"variant": "with_ai", "started_at": STARTED, "notice": PROVEN, "raters": {"Rosa": "examiner"}}
DOOR = {"licence": "yes"}
WRITTEN = {**DOOR, "dilemma": "B", "sum": "70"}
TALK = {**WRITTEN, "clarity": {"Rosa": {"rating": "good"}}}
STAGES = {1: ["door"], 2: ["door", "written"], 3: ["door", "written", "talk"]}


def sheet(name, case="Ada", answers=None, stages=3, facts=None, **more):
    """A submission as a host sends it; by default everything is right and handed in."""
    found = {
        "answers": answers or [DOOR, WRITTEN, TALK][stages - 1],
        "case": case,
        "handed_in": STAGES[stages],
        "id": name,
    }
    return {**found, **({} if facts is None else {"facts": facts}), **more}


def both(path, vault=None):
    """Both verifiers' failing checks: that of the package as {check: seq}, and the first bad record of each."""
    report = verify_directory(path, vault=vault)
    found = {finding.check: finding.seq for finding in report.findings if finding.result == "FAILS"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, path, "--json"], capture_output=True, text=True, check=False
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    first = next((row["seq"] for row in rows if row["result"] == "FIRST"), None)
    failed = {row["check"] for row in rows if row["result"] == "FAILS"}
    assert (done.returncode == 1) == bool(failed), done.stderr
    return found, first, failed


def forge(path, change):
    """Change records as a list and chain them again; the cache goes, for it would tell."""
    records = [json.loads(line) for line in lines_of(path)]
    change(records)
    write_lines(path, rechain(records))
    drop_heads(path)
    for file in (path / "cache").iterdir():
        file.unlink()
