"""
`make bench`: what scoring costs, beside a floor, beside peers, and from bytes to bytes; writes the tables of `docs/performance.md`.

Every figure is the median, over the rounds, of a ratio within one round, in which what is compared runs one after the other: whatever else the machine does
hits both alike. Each round has sheets that no round before it had, because the short road remembers answers.

    PYTHONPATH=tests python -m bench.bench [PART ...] [--rounds 9] [--lines 200000 | --full] [--write]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import bench_log
import packs
import recipe
from bench import peers, pipeline, work
from scoring import canonical
from scoring.audit.crew import cores
from scoring.engine.rubric import Rubric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- written by make bench: begin -->", "<!-- written by make bench: end -->"
EDGES = 400
WARM = 500  # sheets that a service has scored before the first round
SAMPLE = {5: 2_000, 50: 400, 500: 60}  # sheets of one round
SLOW = {5: 100, 50: 20, 500: 6}  # of them, for peers that need a millisecond each
FULL = 5_000_000
Row = tuple[str, str, str, str, str]


def timed(work_on: Callable[[Any], Any], things: Iterable[Any]) -> float:
    """Seconds a thing."""
    count = 0
    started = time.perf_counter()
    for thing in things:
        work_on(thing)
        count += 1
    return (time.perf_counter() - started) / count


def fresh(count: int, rounds: int) -> list[list[dict[str, Any]]]:
    """
    Parsed sheets to warm up with, then for each round.

    Their texts are a parser's and no two of them the same object, as in a service. They are kept from the collector, which would go through all of them
    again and again.
    """
    some = SAMPLE[count]
    canonical.load_orjson()
    sheets = [canonical.loads(canonical.dumps(sheet)) for sheet in work.sheets(count, WARM + some * rounds)]
    gc.collect()
    gc.freeze()
    return [sheets[:WARM], *(sheets[at : at + some] for at in range(WARM, len(sheets), some))]


def row(what: str, against: str, ratios: list[float], target: float, *, least: bool = False) -> Row:
    """A line of the table: a ratio of ours to theirs that may be so large at most, or, where *least*, of theirs to ours, and so large at least."""
    middle = median(ratios)
    met = middle >= target if least else middle <= target
    sign = "≥" if least else "≤"
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    return (what, against, f"{sign} {target:g}", f"{middle:.2f} ({spread})", "reached" if met else "**missed**")


def told(what: str, against: str, ratios: list[float]) -> Row:
    """A line of the table of which nothing is asked."""
    return (what, against, "", f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})", "")


# --- scoring ---


def floors(options: argparse.Namespace) -> list[Row]:
    """Against the tuned floor, with answers remembered from round to round, with a rubric loaded anew in each, and with the logged object made each time."""
    rows = []
    for count, target in ((5, 1.5), (50, 1.0), (500, 1.0)):
        pack = canonical.dumps(work.pack(count))
        rubric, floor = Rubric(pack), work.floor(count)
        warm, *each = fresh(count, options.rounds)
        found: dict[str, list[float]] = {
            "": [],
            ", rubric loaded anew each round": [],
            ", and its logged object made": [],
        }
        timed(rubric.score, warm)
        timed(floor, warm)
        for sheets in each:
            anew = Rubric(pack)
            before = timed(floor, sheets)
            ours = timed(rubric.score, sheets)
            between = timed(floor, sheets)
            unknown = timed(anew.score, sheets)
            behind = timed(floor, sheets)
            logged = timed(lambda sheet: rubric.score(sheet).data, sheets)  # noqa: B023 - called at once
            found[""].append(ours / (before + between) * 2)
            found[", rubric loaded anew each round"].append(unknown / (between + behind) * 2)
            found[", and its logged object made"].append(logged / behind)
        first = [row(f"score, {count} items", "tuned floor", found.pop(""), target)]
        rows += first + [told(f"score, {count} items{what}", "tuned floor", ratios) for what, ratios in found.items()]
    return rows


PEER_TARGETS = {
    ("datalogic-py", 50): 1.6,
    ("datalogic-py", 500): 1.6,
    ("zen-engine", 50): 20,
    ("common-expression-language", 50): 30,
    ("regorus (Rego)", 50): 45,
    ("rule-engine", 50): 150,
}


def against_peers(options: argparse.Namespace) -> list[Row]:
    """How many times as long each peer takes, and how often each is wrong where it matters."""
    rows: list[Row] = []
    for count, several in SAMPLE.items():
        rubric, floor = packs.rubric(work.pack(count)), work.floor(count)
        edges = work.edges(count, EDGES if count < 500 else 100)
        warm, *each = fresh(count, options.rounds)
        rows.append(_wrong("scoreproof", count, lambda sheet, by=rubric: by.score(sheet).verdict, edges))
        rows.append(_wrong("tuned floor", count, lambda sheet, by=floor: by(sheet)[0], edges))
        for name, (package, make, sizes) in peers.PEERS.items():
            if count not in sizes:
                continue
            try:
                metadata.version(package)
            except metadata.PackageNotFoundError:
                rows.append((f"{name}, {count} items", "", "", "not installed", ""))
                continue
            judge, ratios = make(count), []
            assert all(judge(sheet) == rubric.score(sheet).verdict for sheet in warm[:20]), name
            some = several if name == "datalogic-py" else SLOW[count]
            for sheets in each:
                before = timed(rubric.score, sheets)
                theirs = timed(judge, sheets[:some])
                ratios.append(theirs / (before + timed(rubric.score, sheets)) * 2)
            target = PEER_TARGETS.get((name, count))
            if target is None:
                rows.append(told(f"{name}, {count} items", "our time", ratios))
            else:
                rows.append(row(f"{name}, {count} items", "our time", ratios, target, least=True))
            rows.append(_wrong(name, count, judge, edges[: 4 * some]))
    return rows


def _wrong(name: str, count: int, judge: Callable[[Any], Any], edges: list[tuple[Any, str]]) -> Row:
    wrong = sum(judge(sheet) != verdict for sheet, verdict in edges)
    target, met = ("0", "reached" if not wrong else "**missed**") if name == "scoreproof" else ("", "")
    return (f"wrong verdicts on the edge set, {count} items", name, target, f"{wrong} of {len(edges)}", met)


# --- bytes to bytes ---


def bytes_to_bytes(options: argparse.Namespace) -> list[Row]:
    """From the bytes of a submission to the bytes of its entry and its disclosure."""
    rows = []
    for count in SAMPLE:
        pack = canonical.dumps(work.pack(count))
        ours, bound = pipeline.ours(pack), pipeline.bound
        cattrs = pipeline.with_cattrs(count)
        to_bound, to_cattrs = [], []
        warm, *each = ([canonical.dumps(sheet) for sheet in sheets] for sheets in fresh(count, options.rounds))
        for way in (ours, bound, cattrs):
            timed(way, warm)
        for texts in each:
            before, one = timed(bound, texts), timed(ours, texts)
            between, other = timed(bound, texts), timed(cattrs, texts)
            to_bound.append(one / (before + between) * 2)
            to_cattrs.append(other / (one + timed(ours, texts)) * 2)
        if count == 50:
            rows.append(row("bytes to entry bytes, 50 items", "the bound", to_bound, 2.5))
            rows.append(row("cattrs pipeline, 50 items", "our time", to_cattrs, 4, least=True))
        else:
            rows.append(told(f"bytes to entry bytes, {count} items", "the bound", to_bound))
            rows.append(told(f"cattrs pipeline, {count} items", "our time", to_cattrs))
    return rows


# --- starting ---

COLD = (
    "from scoring.runtime import Scorer;"
    "print(Scorer(open({pack!r}, 'rb').read()).score(open({sheet!r}, 'rb').read())[1].decode())"
)
COLD_ZEN = (
    "import json, zen; d = zen.ZenEngine().create_decision(open({graph!r}).read());"
    "print(d.evaluate(json.load(open({sheet!r})))['result']['verdict'])"
)
COLD_FUNCTION = (
    "sys.path.insert(0, {at!r}); from scoring.edge.aws_lambda import handler; from scoring.edge.inbox import DirectoryInbox;"
    "import json, time; decide = handler(pack={pack!r}, sink=DirectoryInbox({inbox!r}));"
    "print(decide(json.load(open({sheet!r})) | {{'id': f's-{{time.time_ns()}}'}}, None)['verdict'])"
)
WITHOUT = "import sys; sys.modules['orjson'] = None;"
UNWANTED = {"attr", "attrs", "cattrs", "structlog", "yaml", "hypothesis", "asyncio", "rich", "typing"}


def starting(options: argparse.Namespace) -> list[Row]:
    """Cold starts in processes that alternate, the modules that one loads, and what they weigh."""
    with tempfile.TemporaryDirectory() as room:
        files = {name: str(Path(room, name)) for name in ("pack", "sheet", "graph")}
        Path(files["pack"]).write_bytes(canonical.dumps(work.pack(50)))
        Path(files["sheet"]).write_bytes(canonical.dumps(work.sheets(50, 1)[0]))
        Path(files["graph"]).write_text(peers.zen_graph(50))
        ways = {"nothing": "pass", "ours": COLD.format(**files), "without orjson": WITHOUT + COLD.format(**files)}
        archive = _function(Path(room, "function"), files["pack"])
        unpacked = archive.parent / "unpacked"
        ways["function"] = COLD_FUNCTION.format(at=str(unpacked), inbox=str(archive.parent), **files)
        if _installed("zen-engine"):
            ways["zen"] = COLD_ZEN.format(**files)
        times: dict[str, list[float]] = {name: [] for name in ways}
        said = {name: _run(code) for name, code in ways.items()}  # compiles what is to be compiled
        for _ in range(3 * options.rounds):
            for name, code in ways.items():
                started = time.perf_counter()
                _run(code)
                times[name].append(time.perf_counter() - started)
        rows = [row("cold start, 50 items", "`python -c pass`", _ratios(times["ours"], times["nothing"]), 4.0)]
        plainly = _ratios(times["without orjson"], times["nothing"])
        rows.append(told("cold start without orjson", "`python -c pass`", plainly))
        whole = _ratios(times["function"], times["nothing"])
        rows.append(told("cold start of the how-to's function, its entry made durable", "`python -c pass`", whole))
        if "zen" in times:
            rows.append(row("cold start, 50 items", "zen-engine's", _ratios(times["ours"], times["zen"]), 1.0))
        same = said["ours"] == said["without orjson"]
        rows.append(("entry bytes without orjson", "with it", "the same", "the same" if same else "others", _met(same)))
        listed = _run(ways["ours"] + "; import sys; print('MODULES', *sys.modules)").split("MODULES")[1].split()
        unwanted = UNWANTED.intersection(listed)
        named = (
            ", ".join(sorted(unwanted))
            or f"none; {len(listed)} modules, {sum(m.startswith('scoring') for m in listed)} ours"
        )
        rows.append(("modules that a function does not need", "", "none", named, _met(not unwanted)))
        weight = archive.stat().st_size
        rows.append(("the how-to's function zipped", "", "< 1,000 KB", f"{weight / 1000:.0f} KB", _met(weight < 1e6)))
        packed = _zipped(Path(room, "zip"), sorted((ROOT / "src" / "scoring").rglob("*.py")))
        rows.append(
            (
                "the whole package zipped, without orjson",
                "",
                "< 1,000 KB",
                f"{packed / 1000:.0f} KB",
                _met(packed < 1e6),
            )
        )
        return rows


def _function(room: Path, pack: str) -> Path:
    """The how-to's zip, and what is in it in a directory `unpacked` beside it."""
    room.mkdir()
    archive = recipe.package(room, Path(pack).read_bytes())
    with zipfile.ZipFile(archive) as file:
        file.extractall(room / "unpacked")
    return archive


def _run(code: str) -> str:
    command = [
        sys.executable,
        "-I",
        "-X",
        "utf8",
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {code}",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def _met(met: bool) -> str:
    return "reached" if met else "**missed**"


def _installed(package: str) -> bool:
    try:
        return bool(metadata.version(package))
    except metadata.PackageNotFoundError:
        return False


def _zipped(archive: Path, files: list[Path]) -> int:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in files:
            zipped.write(file)
    return archive.stat().st_size


# --- long files ---

SCORING = (
    "import sys, resource; from scoring.cli import main; status = main(sys.argv[1:]);"
    "own = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'));"
    "print(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(status)"
)


def long_files(options: argparse.Namespace) -> list[Row]:
    """The most memory that scoring a file takes, of the process that prints and of the largest of those that score; and what each processor more is worth."""
    lines = FULL if options.full else options.lines
    with tempfile.TemporaryDirectory(dir=options.room) as room:
        pack, sheets = Path(room, "pack.json"), Path(room, "sheets.jsonl")
        pack.write_bytes(canonical.dumps(work.pack(5)))
        some = [canonical.dumps(sheet) + b"\n" for sheet in work.sheets(5, 10_000)]
        peaks, seconds = [], []
        for count in (lines // 10, lines):
            with sheets.open("wb") as file:
                for at in range(0, count, len(some)):
                    file.writelines(some[: count - at])
            command = [sys.executable, "-c", SCORING, "score", str(pack), str(sheets), "--json"]
            started = time.perf_counter()
            done = subprocess.run(
                command,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            )
            seconds.append(time.perf_counter() - started)
            peaks.append([int(kib) / 1024 for kib in done.stderr.split()[-2:]])
    growth = max(after / before for before, after in zip(*peaks, strict=True) if before)
    few, many = (f"{own:.1f} + {hand:.1f} MiB" for own, hand in peaks)
    shown = f"{few} of {lines // 10:,} lines, {many} of {lines:,}: {growth:.2f} times"
    return [
        (
            "memory of `scoring score FILE` (this process + a worker)",
            "a tenth of the file",
            "flat (≤ 1.1)",
            shown,
            _met(growth <= 1.1),
        ),
        (
            f"a file of {lines:,} lines of 5 items, JSON out",
            "",
            "",
            f"{lines / seconds[1]:,.0f} lines a second on {cores()} cores",
            "",
        ),
    ]


# --- the log ---


def the_log(options: argparse.Namespace) -> list[Row]:
    """Verifying and appending; how it is with two million records only where the long file is asked for, too."""
    words = ["--rounds", str(options.rounds), *(["--room", str(options.room)] if options.room else [])]
    table = bench_log.measured(bench_log.asked([*words, *bench_log.PARTS][: None if options.full else -1]))
    rows = []
    for name, how, target, found, met in table.rows():
        sign = "" if target is None else f"{'≤' if how.endswith('most') else '≥'} {target:g}"
        ratios = f"{median(found):.3g} ({min(found):.3g}-{max(found):.3g})"
        rows.append((name, how.partition(", at ")[0], sign, ratios, "" if met is None else _met(met)))
    return rows


# --- the page ---

PARTS: dict[str, tuple[str, Callable[[argparse.Namespace], list[Row]]]] = {
    "floor": ("Scoring a parsed submission", floors),
    "peers": ("Other engines", against_peers),
    "bytes": ("From bytes to bytes", bytes_to_bytes),
    "start": ("In a function", starting),
    "files": ("Long files", long_files),
    "log": ("The log", the_log),
}


def machine() -> str:
    names = ["attrs", "cattrs", "orjson", *(package for package, *_ in peers.PEERS.values())]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in names if _installed(name))
    load = os.getloadavg()[0]
    return (
        f"{platform.system()} {platform.machine()}, {cores()} cores (load {load:.1f} at the end), {platform.python_implementation()} "
        f"{platform.python_version()}; {versions}."
    )


def table(part: str, rows: list[Row], options: argparse.Namespace) -> str:
    """A part's table in Markdown, and how it was taken."""
    return "\n".join(
        [
            f"### {PARTS[part][0]}",
            "",
            f"{machine()} {options.rounds} rounds.",
            "",
            "| what | against | target | median (lowest-highest) | |",
            "|---|---|---|---|---|",
            *(f"| {' | '.join(cells)} |" for cells in rows),
            "",
        ]
    )


def written(page: str, tables: dict[str, str]) -> str:
    """The page with these tables in place of the ones that stand there; those of parts that were not measured stay."""
    before, rest = page.split(BEGIN)
    kept, after = rest.split(END)
    titles = {title: part for part, (title, _) in PARTS.items()}
    old = {titles[text.partition("\n")[0]]: f"### {text.rstrip()}\n" for text in kept.split("### ")[1:]}
    found = old | tables
    return f"{before}{BEGIN}\n\n" + "\n".join(found[part] for part in PARTS if part in found) + f"\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure, by default all")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--lines", type=int, default=200_000, help="of the long file")
    parser.add_argument(
        "--full", action="store_true", help=f"make the long file {FULL:,} lines long, and the log two million records"
    )
    parser.add_argument("--room", type=Path, help="where to work")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    options = parser.parse_args()
    missed = []
    for part in options.parts or PARTS:
        rows = PARTS[part][1](options)
        missed += [cells[0] for cells in rows if "missed" in cells[4]]
        shown = table(part, rows, options)
        print(shown, flush=True)
        if options.write:  # at once, so that what was measured is not lost with what is measured later
            PAGE.write_text(written(PAGE.read_text(), {part: shown}))
    print(json.dumps({"missed": missed}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
