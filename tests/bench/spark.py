"""
`make bench-spark`: what Spark costs on one machine, beside one process and beside `scoring score` on all cores; the figures of `docs/howto/spark.md`.

Each round does the same with the same submissions, one way after the other, so that whatever else the machine does hits all alike; what is told is the
median, over the rounds, of the ratio to the first way: of the time that passed, and of the time that processors worked, in all processes together, which
says what it costs on a machine that does other things too. Spark's workers are up before the first round. Needs Linux, whose /proc knows the second.

    PYTHONPATH=tests python -m bench.spark [--lines 100000] [--kept 20000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import work
from scoring.audit.columns import columns_of, submissions_of
from scoring.audit.crew import cores
from scoring.audit.log import AuditLog
from scoring.change.backtest import backtest
from scoring.edge import spark
from scoring.engine.rubric import Rubric
from strategies import pack_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = 50
ONE = """
import sys
from scoring.runtime import Scorer
with open(sys.argv[1], "rb") as pack, open(sys.argv[2], "rb") as lines, open(sys.argv[3], "wb") as out:
    scorer = Scorer(pack.read())
    for line in lines:
        out.write(scorer.score(line)[1] + b"\\n")
"""


def worked() -> float:
    """Processor seconds of this process and of all that came of it, ended ones that were waited for among them."""
    stats = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            stats[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    ours, total = {os.getpid()}, 0
    while ours:
        total += sum(stats[pid][1] for pid in ours if pid in stats)
        ours = {pid for pid, (parent, _) in stats.items() if parent in ours}
    return total / os.sysconf("SC_CLK_TCK")


def seconds(way: Callable[[], Any]) -> tuple[float, float]:
    """How long it took, and how long processors worked on it."""
    started, before = time.perf_counter(), worked()
    way()
    return time.perf_counter() - started, worked() - before


def compared(title: str, count: int, rounds: int, ways: dict[str, Callable[[Path], Any]]) -> None:
    """Time the ways in turn; each gets a place of its own that does not exist yet."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as room:
        for turn in range(rounds):
            for n, (name, way) in enumerate(ways.items()):
                times[name].append(seconds(partial(way, Path(room) / f"{turn}-{n}")))
    first = next(iter(times.values()))
    print(f"{title}, {count:,}, {rounds} rounds")
    for name, took in times.items():
        passed, work_ = (median(mine[n] / its[n] for mine, its in zip(took, first, strict=True)) for n in (0, 1))
        rate = count / median(mine[0] for mine in took)
        print(
            f"  {name:30} {rate:8,.0f} a second; {passed:6.2f} times as long, {work_:6.2f} times the work", flush=True
        )


def session() -> Any:
    """The cluster of `make test-spark`: two workers with a core each."""
    import pyspark

    given = {"SPARK_HOME": str(Path(pyspark.__file__).parent), "SPARK_LOCAL_IP": "127.0.0.1"}
    os.environ.update(given | {"PYSPARK_PYTHON": sys.executable})
    builder = pyspark.sql.SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false")
    for name in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(name, "127.0.0.1")
    return builder.config("spark.log.level", "OFF").config("spark.ui.showConsoleProgress", "false").getOrCreate()


def appended_here(place: Path, rubric: Rubric, entries: list[bytes]) -> None:
    with AuditLog.open(place, create=True) as log:
        log.publish(rubric)
        spark._appended(entries, log)


def appended_from(place: Path, rubric: Rubric, frame: Any) -> None:
    with AuditLog.open(place, create=True) as log:
        spark.append(frame, log, rubric)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--kept", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    document = work.pack(ITEMS)
    old = Rubric(pack_bytes(document))
    document["verdicts"][0]["from"] = "17/20"
    new = Rubric(pack_bytes(document | {"version": "2"}))
    with tempfile.TemporaryDirectory() as room:
        pack, lines, few = Path(room) / "pack.json", Path(room) / "lines.jsonl", Path(room) / "few.jsonl"
        pack.write_bytes(old.pack)
        sheets = [json.dumps(sheet) + "\n" for sheet in work.sheets(ITEMS, asked.lines)]
        lines.write_text("".join(sheets))
        few.write_text("".join(sheets[: asked.kept]))
        started = time.perf_counter()
        cluster = session()
        read = cluster.read.text(str(lines)).withColumnRenamed("value", "submission")
        spark.score(read.limit(100), old).collect()
        print(f"Spark is up, and has scored for the first time, after {time.perf_counter() - started:.1f} s")
        command = Path(sys.executable).with_name("scoring")
        compared(
            "scored, from lines to entries",
            asked.lines,
            asked.rounds,
            {
                "one process": lambda out: subprocess.run([sys.executable, "-c", ONE, pack, lines, out], check=True),
                f"scoring score, {cores()} cores": lambda out: subprocess.run(
                    [command, "score", pack, lines, "--json", "--entries", out],
                    check=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                ),
                "Spark, 2 workers of 1 core": lambda out: spark.score(read, old).write.parquet(str(out)),
            },
        )
        some = Path(room) / "some"
        frame = cluster.read.text(str(few)).withColumnRenamed("value", "submission")
        spark.score(frame, old).write.parquet(str(some))
        kept = cluster.read.parquet(str(some))
        entries = [bytes(row[0]) for row in kept.select("entry").collect()]
        ways = {
            "from memory": lambda out: appended_here(out, old, entries),
            "from a DataFrame": lambda out: appended_from(out, old, kept),
        }
        compared("appended to a log", asked.kept, asked.rounds, ways)
        appended_here(Path(room) / "log", old, entries)
        with AuditLog.open(Path(room) / "log") as log:
            ways = {
                "from the log": lambda _: backtest(old.plan, new.plan, columns_of(log), submissions_of(log)),
                "Spark, from entries": lambda out: spark.backtest(kept, old, new).write.parquet(str(out)),
            }
            compared("decided again", asked.kept, asked.rounds, ways)
        name = cluster.sparkContext.applicationId
        cluster.stop()
        shutil.rmtree(Path(os.environ["SPARK_HOME"]) / "work" / name, ignore_errors=True)


if __name__ == "__main__":
    main()
