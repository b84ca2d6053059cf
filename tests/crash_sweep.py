"""
What a crash may leave of a log's last batch, case by case, and what opening the log makes of it: `make crash` runs all of it, `test_recovery` a part.

A log has records under a head, records behind it that were acknowledged, and a batch that was being written when the machine died. Whatever stands of that
batch, every acknowledged record is there afterwards, byte for byte; behind them stands a beginning of the batch and nothing else; and a bit that was
flipped under the head is never mended over: the log is refused, and left as it is.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from logs import MEMORY, RUBRIC, entry, open_log, segment, submission
from scoring.audit.log import AuditLog
from scoring.audit.verify import verify_directory
from scoring.errors import LogError

SECTOR = 512  # bytes that a disk writes all or not at all
COVERED, ACKNOWLEDGED, DOUBTFUL = 5, 3, 5  # decisions; two records more stand under the head


class Crash:
    """A log as it lies on the disk in the midst of a batch, again and again. Its vault is none, for a crash does not concern it."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self.path = room / "log"
        first = room / "first"
        open_log(first, create=True, vault=False).close()
        with open_log(first, vault=False) as log:
            list(log.decide_all(RUBRIC, map(submission, range(COVERED)), batch=1))
        self.below = segment(first).stat().st_size
        with open_log(first, vault=False) as log:
            list(log.decide_all(RUBRIC, map(submission, range(10, 10 + ACKNOWLEDGED)), batch=1))
            self.acknowledged = segment(first).stat().st_size
            self.parts = {name: self.files(first / name) for name in ("cache", "packs")}
            self.heads = (first / "heads").read_bytes()
            log.append([entry(number) for number in range(20, 20 + DOUBTFUL)])
            self.whole = segment(first).read_bytes()

    @staticmethod
    def files(directory: Path) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in directory.iterdir()}

    def leave(self, data: bytes, *, cached: bool = True) -> Path:
        """Lay out the directory with *data* for its log, as the crash left it; its cache may be gone as well."""
        shutil.rmtree(self.path, ignore_errors=True)
        (self.path / "log").mkdir(parents=True)
        segment(self.path).write_bytes(data)
        (self.path / "heads").write_bytes(self.heads)
        for name, files in self.parts.items():
            (self.path / name).mkdir()
            for file, content in files.items() if cached or name != "cache" else ():
                (self.path / name / file).write_bytes(content)
        return self.path

    def open(self) -> AuditLog:
        return open_log(self.path, vault=False)

    def mended(self, data: bytes, *, cached: bool = True, verify: bool = False) -> int:
        """Open what the crash left; how many records of the batch are still there."""
        self.leave(data, cached=cached)
        return self.opened(data, verify=verify)

    def opened(self, data: bytes, *, verify: bool) -> int:
        with self.open() as log:
            lines = [line + b"\n" for _, line in log.records()]
        records = [json.loads(line) for line in lines]
        cut = [record["body"] for record in records if record["type"] == "recovery"]
        kept = b"".join(lines[: len(lines) - len(cut)])
        assert len(kept) >= self.acknowledged, "an acknowledged record is lost"
        assert self.whole.startswith(kept), "a record is another than it was"
        assert len(cut) == (data != kept)
        if cut:
            rest = data[len(kept) :]
            assert cut == [{"cut": hashlib.sha256(rest).hexdigest(), "length": len(rest)}]
            assert records[-1]["type"] == "recovery"
        if verify:
            report = verify_directory(self.path, vault=False)
            assert report.ok, report
        return kept.count(b"\n") - self.whole[: self.acknowledged].count(b"\n")

    def refused(self, data: bytes, *, cached: bool = True, heads: bytes | None = None) -> str:
        """What is said of a log that is not mended; nothing in it changes."""
        self.leave(data, cached=cached)
        if heads is not None:
            (self.path / "heads").write_bytes(heads)
        before = segment(self.path).read_bytes(), (self.path / "heads").read_bytes()
        try:
            self.open().close()
        except LogError as error:
            assert before == (segment(self.path).read_bytes(), (self.path / "heads").read_bytes()), "it was changed"
            return str(error)
        raise AssertionError("it was opened")

    # --- the cases ---

    def truncations(self, step: int = 1) -> int:
        """The file ends at any byte of the batch."""
        sizes = range(self.acknowledged, len(self.whole) + 1, step)
        for number, size in enumerate(sizes):
            self.mended(self.whole[:size], cached=number % 4 != 3, verify=number % 50 == 0)
        return len(sizes)

    def sectors(self, count: int, step: int = 1) -> int:
        """Each of the last sectors is there, zeroed, what the disk held before, or garbage; the records acknowledged in the first are there."""
        start = len(self.whole) - count * SECTOR
        end = self.whole[start:]
        older = (self.whole[: len(end)] * 2)[: len(end)]  # whole records of this very log, out of order
        garbage = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(len(end) // 32 + 1))[: len(end)]
        kinds = (end, bytes(len(end)), older, garbage)
        cases = [*itertools.product(range(4), repeat=count)][::step]
        for number, chosen in enumerate(cases):
            pieces = (kinds[kind][at * SECTOR : (at + 1) * SECTOR] for at, kind in enumerate(chosen))
            data = self.whole[:start] + b"".join(pieces)
            data = self.whole[: self.acknowledged] + data[self.acknowledged :]
            self.mended(data, cached=number % 4 != 3, verify=number % 50 == 0)
        return len(cases)

    def flips_below(self, step: int = 1) -> int:
        """One bit of any byte under the head is flipped, and the batch is torn: with the cache, without it, and without it where nothing is torn."""
        torn = self.whole[: (self.acknowledged + len(self.whole)) // 2]
        for place in range(0, self.below, step):
            data = torn if place % 3 != 2 else self.whole[: self.acknowledged]
            flipped = data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :]
            self.refused(flipped, cached=place % 3 == 0)
        return len(range(0, self.below, step))

    def flips_behind(self, step: int = 1) -> int:
        """One bit of any acknowledged byte behind the head is flipped, and the batch is torn: the cache knows that these were durable."""
        torn = self.whole[: (self.acknowledged + len(self.whole)) // 2]
        places = range(self.below, self.acknowledged, step)
        for place in places:
            self.refused(torn[:place] + bytes([torn[place] ^ (1 << place % 8)]) + torn[place + 1 :])
        return len(places)

    def crashes_while_mending(self, step: int = 1) -> int:
        """The cut was made, and of its record any beginning was written."""
        torn = self.whole[: self.acknowledged + 100]
        self.mended(torn)
        record = segment(self.path).read_bytes()[self.acknowledged :]
        sizes = range(0, len(record) + 1, step)
        for size in sizes:
            data = self.whole[: self.acknowledged] + record[:size]
            self.leave(data)
            with self.open() as log:
                types = [json.loads(line)["type"] for _, line in log.records()]
            assert segment(self.path).read_bytes().startswith(self.whole[: self.acknowledged])
            assert types.count("recovery") == (size > 0)
            assert verify_directory(self.path, vault=False).ok
        return len(sizes)


def main() -> None:
    """Run every case, and say how many there were."""
    room = Path(tempfile.mkdtemp(dir=MEMORY if Path(MEMORY).is_dir() else None))
    started = time.monotonic()
    try:
        crash = Crash(room)
        total = 0
        for name, work in (
            ("truncated at every byte of the batch", crash.truncations),
            ("subsets of the last five sectors", lambda: crash.sectors(5)),
            ("a bit of every byte under the head", crash.flips_below),
            ("a bit of every acknowledged byte behind it", crash.flips_behind),
            ("crashes while mending", crash.crashes_while_mending),
        ):
            count = work()
            total += count
            print(f"{count:6} {name}", flush=True)
        print(
            f"{total:6} cases in {time.monotonic() - started:.0f} s: no acknowledged record lost, no altered one kept"
        )
        if total < 8000:
            sys.exit("fewer cases than this sweep is for")
    finally:
        shutil.rmtree(room)


if __name__ == "__main__":
    main()
