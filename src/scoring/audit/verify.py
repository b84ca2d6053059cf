"""
Everything about a log that can be checked without scoring: one pass, little memory, each finding with its place.

Reads files only: no lock, no index, nothing written, on any system. Owns what `audit/FORMAT.md` says must hold between records; what one record must hold is
`fields`'. Must not know how a decision follows from outcomes: that is `replay`'s.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit import disk, segments
from scoring.audit.chain import MAX_LINE, leaf_of, link_of
from scoring.audit.crew import Crew, cores
from scoring.audit.fields import record_misfit
from scoring.audit.follow import NOTHING, Follower, InstalmentsLine, PrecedenceLine, TimesLine, disclosed
from scoring.audit.ledger import Ledger, row_of
from scoring.audit.links import Links
from scoring.audit.packs import Packs, describe
from scoring.audit.pairing import Seen, older_log, older_vault
from scoring.audit.precedence import remarks
from scoring.audit.report import (
    ANOTHERS_VAULT,
    ERASED,
    NO_VAULT,
    NOT_CHECKED,
    OLDER_LOG,
    OTHERS_VAULT,
    PACKS,
    RECORDS,
    REMARK,
    STRAY,
    TAIL,
    Check,
    Finding,
    Report,
    cannot_show,
    counted,
    placed,
)
from scoring.audit.resume import resume
from scoring.audit.scan import Task, halves, scan, together
from scoring.audit.vault import ForeignVaultError, LaterVaultError, Vault, unreadable
from scoring.audit.vouched import Vouched
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from typing import Any, BinaryIO, Literal, Self

    from scoring.audit.ledger import Row
    from scoring.audit.pairing import Known
    from scoring.audit.report import Place
    from scoring.audit.scan import Scanned

__all__ = ["NO_PACKS", "verify_directory"]

NO_PACKS = "there is no directory packs"
_BUFFER = 1 << 20  # bytes read at once
_PASSED_OVER = 1 << 20  # bytes of a line that are read; a sparse file has trillions, and nothing behind them is a log
_WORTHWHILE = 100_000  # records; of fewer, starting processes takes longer than checking them
_FAST = "only the bytes were asked for: chain, tree and heads"


def verify_directory(
    path: str | os.PathLike[str],
    *,
    vault: str | os.PathLike[str] | Literal[False] | None = None,
    expect: tuple[int, str] | None = None,
    size: int | None = None,
    key: str | None = None,
    trusted: str | bytes | None = None,
    fast: bool = False,
    since: str | bytes | None = None,
    workers: int | None = None,
) -> Report:
    """
    Check a log directory, without changing anything in it or beside it.

    Args:
        path: The directory.
        vault: Its vault, by default *path* with ``.vault`` behind it; False for none.
        expect: A head that was kept elsewhere, as `AuditLog.head` gave it: the log must extend it.
        size: Read so many records and leave the rest: what a writer may be appending right now.
        key: A verification key of this log, as its holder gave it out: then an unsigned log fails, and so does one of another key.
        trusted: A checkpoint of this log that was kept elsewhere: the log must extend it.
        fast: Check the bytes alone: the chain, the tree, the heads. No body is read but those that name the log and its keys.
        since: A checkpoint of this log that was kept elsewhere, with all below it verified then: it is trusted, and what stands below it is not read again.
            Where `cache/tiles` does not give its root, everything is read.
        workers: On how many cores to check segments side by side, by default on all that this process may use; what is found is the same.

    Raises:
        LogError: There is no log; *key*, *trusted* or *since* is none; or both of these were given. What is wrong inside a log is a finding, never an error.
        StoreError: It cannot be read.
        MissingExtraError: A key was given, and the extra `sign` is not installed.

    Source: FORMAT.md 1-4, 8, 11.
    """
    if since is not None and trusted is not None:
        raise LogError("a log is verified since one checkpoint, which is trusted: give the newer one of the two alone")
    directory = Path(path).absolute()
    place = directory.with_name(f"{directory.name}.vault") if vault is None else vault is not False and Path(vault)
    try:
        # Before the records, which come first in writing.
        vouched = Vouched(str(directory / "heads"), key, trusted if since is None else since, size)
        try:
            names = sorted(file.name for file in (directory / "log").iterdir())
            with _Verification(directory, place, expect, size, vouched, fast=fast) as verification:
                if since is not None:
                    verification.resume()
                return verification.run(names, workers)
        finally:
            vouched.close()
    except FileNotFoundError:
        raise LogError(f"{directory} is not a log: it has no directory log") from None
    except OSError as error:
        raise StoreError(f"{directory} cannot be read: {error.strerror}") from error


class _Verification:
    """One run over one log: segment by segment at once, and line by line where that does not tell that all is well."""

    def __init__(
        self,
        directory: Path,
        vault: Path | Literal[False],
        expect: tuple[int, str] | None,
        size: int | None,
        vouched: Vouched,
        *,
        fast: bool,
    ) -> None:
        self.directory = directory
        self.vault_path = vault
        self.expect = expect
        self.limit = size
        self.vouched = vouched
        self.fast = fast
        self.packs = Packs(str(directory / "packs"))
        self.vault: Vault | None = None
        self.known: Known | None = None  # what that said of itself and of the log before a record was read
        self.in_vault = 0  # up to which number it had disclosures before a record was read
        self.genesis = ""
        self.links = Links()
        self.segments, self.canonical, self.fields = map(Check, ("segments", "canonical", "fields"))
        self.cites, self.ids, self.supersedes = map(Check, ("packs", "ids", "supersedes"))
        self.people = {name: Check(name) for name in ("openings", "resolutions", "erasures")}
        self.kept, self.head = map(Check, ("vault", "head"))
        if fast:
            for check in (
                *(self.canonical, self.fields, self.cites, self.ids, self.supersedes, self.kept),
                *self.people.values(),
            ):
                check.unchecked = _FAST
        self.precedence, self.instalments, self.times = PrecedenceLine(), InstalmentsLine(), TimesLine()
        self.compared = False  # a record with the head that was kept elsewhere
        self.lines = self.decisions = self.disclosed = self.missing = self.recoveries = 0
        self.counts = {"opening": 0, "resolution": 0, "erasure": 0}
        self.cited: dict[str, str] = {}  # packs, and when they were recorded
        self.versions: set[tuple[str, str]] = set()
        self.ledger = Ledger(self.rows_of)
        self.since = 0  # how many records were not read
        self.skipped = 0  # and where they end in their file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()
        if self.vault is not None:
            self.vault.close()

    def run(self, names: list[str], workers: int | None) -> Report:
        strange = [name for name in names if not _is_segment_name(name)]
        if strange:
            self.segments.fail(
                "a file that is no segment",
                part=STRAY,
                expected="twelve digits and .jsonl",
                found=ascii(strange[0]),
            )
        files = [name for name in names if name not in strange]
        wanted = [segments.segment_name(number * segments.SEGMENT_RECORDS) for number in range(len(files))]
        whole = next((number for number, name in enumerate(files) if name != wanted[number]), len(files))
        if whole and not self.fast:
            self.open_vault(self.directory / "log" / files[0])
        if workers is None:
            workers = cores() if len(files) * segments.SEGMENT_RECORDS > _WORTHWHILE else 1
        if self.read(files[:whole], len(files), workers) and whole < len(files):
            detail = "a segment is missing or has another name; nothing behind it was read"
            self.segments.fail(detail, expected=wanted[whole], found=files[whole])
        if not self.lines:
            self.segments.fail("there is no record")
        at_end = self.expect is not None and self.expect[0] == self.lines
        self.links.finish(not self.head.failures if at_end else None)
        self.finish_records()
        self.finish_people()
        self.finish_head()
        self.finish_vault()
        self.vouched.finish(self.lines)
        head = self.links.last[3] if self.links.last else ""
        findings = placed(self.findings(len(files)), self.vouched.stands_for)
        return Report(self.lines, head, findings, cannot_show(findings))

    def resume(self) -> None:
        """Begin behind the checkpoint that was kept elsewhere, where that can be found without reading what it stands for."""
        kept = self.vouched.kept_elsewhere
        if kept is None or (self.limit is not None and self.limit < kept.head.size):
            return
        found = resume(self.directory, kept.head)
        if found is None:
            return
        tree, last, self.skipped = found
        self.since = self.lines = tree.size
        self.vouched.start(tree, kept.head)
        self.links.passed(last)
        for check in (self.cites, self.ids, self.supersedes, *self.people.values()):
            check.unchecked = (
                check.unchecked
                or f"this compares with the records below #{self.since}, which were not read; those above it were compared {_AMONG[check.name]}"
            )

    # --- segment by segment ---

    def read(self, files: list[str], count: int, workers: int) -> bool:
        """Read the first of *count* segments in order; say whether to go on behind them."""
        begin = self.since // segments.SEGMENT_RECORDS
        if self.since % segments.SEGMENT_RECORDS and begin < len(files):
            if not self.read_segment(f"log/{files[begin]}", last=begin == count - 1):
                return False
            begin += 1
        left = max(len(files) - begin, 0)
        tasks = (self.task(number, f"log/{name}") for number, name in enumerate(files) if number >= begin)
        shared = left - 1 if workers > 1 and left % workers else None  # the last one, or some would have nothing to do
        with Crew(scan, min(workers, left + (shared is not None))) as crew:
            for number, (task, found) in enumerate(_answered(crew, tasks, shared), begin):
                if self.lines == self.limit:
                    return False
                last = number == count - 1
                if found is not None and self.goes_on(task, found, last=last):
                    self.take_segment(number, found)
                elif not self.read_segment(task.name, last=last):
                    return False
        return True

    def task(self, number: int, file: str) -> Task:
        first = number * segments.SEGMENT_RECORDS
        count = segments.SEGMENT_RECORDS
        more = self.limit is not None and self.limit < first + count
        if self.limit is not None and more:
            count = max(self.limit - first, 0)
        sizes = self.vouched.sizes(first, first + count)
        if sizes is not None and self.expect is not None and first < self.expect[0] <= first + count:
            sizes = sorted({*sizes, self.expect[0]})
        vault = (self.vault.path, self.genesis) if self.vault else None
        notes, keys = self.vouched.notes(first, first + count), self.vouched.likely_keys()
        return Task(str(self.directory / file), file, first, count, more, sizes, not self.fast, vault, notes, keys)

    def goes_on(self, task: Task, found: Scanned, *, last: bool) -> bool:
        """Whether a segment that holds by itself goes on behind what holds so far: then nothing of it fails but perhaps a head."""
        marked = {mark.size for mark in found.marks}
        sizes = self.vouched.sizes(task.first, task.first + found.count)
        return (
            self.lines == task.first == self.vouched.tree.size
            and (last or found.count == task.count)
            and not self.vouched.broken
            and self.links.run(task.first, found.prev)
            and sizes is not None
            and marked.issuperset(sizes)
            and (self.since > 0 or found.cited <= self.cited.keys())
            and (self.fast or self.times.latest <= found.times[0])
        )

    def take_segment(self, number: int, found: Scanned) -> None:
        """Take in a segment that holds."""
        self.vouched.known = found.signed
        specials = deque(found.specials)
        for mark in found.marks:
            while specials and specials[0][0][0] < mark.size:
                self.take_special(*specials.popleft())
            self.compare(mark.place)
            self.vouched.at(mark.size, mark.root, mark.place)
        for special in specials:
            self.take_special(*special)
        self.vouched.subtrees(found.subtrees)
        self.links.passed(found.last)
        self.lines += found.count
        if not self.fast:
            self.take_bodies(number, found)

    def take_special(self, place: Place, line: bytes) -> None:
        """Take in a record that other segments have to do with."""
        if self.fast:
            self.read_whose(line, place)
        else:
            record: Any = canonical.loads_canonical(line)
            self.take_record(record, place)

    def take_bodies(self, number: int, found: Scanned) -> None:
        """Take in what a segment's records say."""
        self.times.latest = found.times[1]
        self.decisions += found.alone + len(found.claims)
        self.precedence.silent += found.alone
        self.disclosed += found.found + found.missing
        self.missing += found.missing
        for kind, count in found.counts.items():
            self.counts[kind] += count
        for pack, told, place in found.claims:
            times = told.started_at, told.notice_at
            self.precedence.take(remarks(self.cited.get(pack), None, *times), times[0], place)
        self.ledger.take(found.rows)
        self.ledger.heap(number, found.heaps)

    def rows_of(self, number: int, lines: Sequence[int]) -> Iterator[Row]:
        """Read some records of a segment once more, which were found to hold."""
        name = segments.segment_name(number * segments.SEGMENT_RECORDS)
        first, offset, wanted = number * segments.SEGMENT_RECORDS, 0, iter(lines)
        at = next(wanted, None)
        with disk.open_file(str(self.directory / "log" / name), _BUFFER) as stream:
            for count, line in enumerate(stream):
                if at is None:
                    return
                if count == at:
                    record: Any = canonical.loads_canonical(line[:-1])
                    yield row_of(record, (first + count, offset, f"log/{name}", ""), NOTHING)
                    at = next(wanted, None)
                offset += len(line)

    # --- line by line ---

    def read_segment(self, file: str, *, last: bool) -> bool:
        """Read one file line by line; a line longer than any record is read in pieces. Say whether to go on behind it."""
        try:
            stream = disk.open_file(str(self.directory / file), _BUFFER)
        except disk.NotAFileError as error:
            self.segments.fail(f"{file} is {error.strerror}; nothing behind it was read")
            return False
        with stream:
            return self.read_lines(stream, file, last=last)

    def read_lines(self, stream: BinaryIO, file: str, *, last: bool) -> bool:
        offset = count = 0
        wanted = segments.SEGMENT_RECORDS
        if self.since and self.lines == self.since:  # what stands below is passed over
            count = self.since % wanted
            offset = stream.seek(self.skipped if count else 0)
        while line := stream.readline(MAX_LINE + 1):
            if self.lines == self.limit:
                return False
            place = (self.lines, offset, file, "")
            if count == wanted:
                self.segments.fail(f"a segment has more than {wanted} lines; nothing behind them was read", place)
                return False
            if line[-1] == 10:
                self.read_line(line[:-1], offset, file)
                offset += len(line)
            else:
                length, ended = self.pass_over(line, stream, offset, file, last=last)
                if length > _PASSED_OVER or (last and not ended):  # a line without its end is no record
                    return False
                offset += length
            self.lines += 1
            count += 1
        if count < wanted and not last:
            place = (self.lines, offset, file, "")
            self.segments.fail("a segment has another number of lines", place, expected=str(wanted), found=str(count))
        return True

    def pass_over(self, line: bytes, stream: BinaryIO, offset: int, file: str, *, last: bool) -> tuple[int, bool]:
        """Leave out what is no line, and return how long it is, or how much of it was read; and whether it ends."""
        place = (self.lines, offset, file, "")
        length = len(line)
        while line[-1:] not in {b"", b"\n"} and length <= _PASSED_OVER:
            line = stream.readline(MAX_LINE)
            length += len(line)
        if line and line[-1] != 10:
            detail = f"more than {_PASSED_OVER} bytes without a line end; nothing behind them was read"
            self.segments.fail(detail, place)
        elif line:
            self.canonical.fail(f"a line of {length} bytes, longer than the {MAX_LINE} of a record", place)
        elif last:
            detail = f"ends in {length} bytes of an unfinished line: a write was cut off, or is going on right now"
            self.segments.fail(detail, place, TAIL)
            return length, False
        else:
            self.segments.fail("the last line of a segment has no line end", place)
        self.links.unreadable(place)
        self.vouched.broken = True
        return length, line[-1:] == b"\n"

    def read_line(self, line: bytes, offset: int, file: str) -> None:
        place = (self.lines, offset, file, leaf_of(line))
        self.compare(place)
        if self.fast:
            self.read_link(line, place)
        else:
            self.read_record(line, place)
        self.vouched.leaf(place)

    def compare(self, place: Place) -> None:
        """Compare a record with the head that was kept elsewhere, if it is the last one below."""
        if self.expect is None or place[0] + 1 != self.expect[0]:
            return
        self.compared = True
        if place[3] != self.expect[1]:
            detail = "this record, or one before it, is not what the expected head stands for"
            self.head.fail(detail, place, expected=self.expect[1], found=place[3])

    def read_link(self, line: bytes, place: Place) -> None:
        """Check a line's place in the chain, and leave its body alone unless it says whose log this is."""
        link = link_of(line)
        if link is None:
            self.links.check.fail("no record: it does not end as one does", place)
            self.links.unreadable(place)
            return
        self.links.record(link[0], link[1], place)
        if link[2] in {"genesis", "key"}:
            self.read_whose(line, place)

    def read_whose(self, line: bytes, place: Place) -> None:
        """Read a body that says whose log this is."""
        try:
            record: Any = canonical.loads_canonical(line)
        except canonical.CanonicalError as error:
            self.canonical.fail(f"no record: {error}", place)
            return
        if not record_misfit(record):
            self.read_name(record, place)

    def read_name(self, record: dict[str, Any], place: Place) -> None:
        """Take in what says whose log this is: its name, its keys."""
        if record["type"] == "genesis":
            self.vouched.named(record["body"]["origin"], place)
        else:
            self.vouched.key(record["body"]["key"], place)

    def read_record(self, line: bytes, place: Place) -> None:
        try:
            record: Any = canonical.loads_canonical(line)
        except canonical.CanonicalError as error:
            self.canonical.fail(f"no record: {error}", place)
            self.links.unreadable(place)
            return
        wrong = record_misfit(record)
        if wrong:
            self.fields.fail(wrong, place)
            self.links.unreadable(place)
            return
        self.links.record(record["seq"], record["prev"], place)
        self.times.take(record["time"], place)
        self.take_record(record, place)

    def take_record(self, record: dict[str, Any], place: Place) -> None:
        """Take in a record that holds by itself."""
        if record["type"] == "rubric":
            self.read_rubric(record, place)
        elif record["type"] == "erasure":
            self.read_erasure(record, place)
        elif record["type"] in {"genesis", "key"}:
            self.read_name(record, place)
        elif record["type"] in _DISCLOSING:
            self.read_of_case(record, place)
        else:
            self.recoveries += 1

    def read_rubric(self, record: dict[str, Any], place: Place) -> None:
        body = record["body"]
        pack, version = body["pack"], (body["rubric"], body["version"])
        if pack in self.cited or version in self.versions:
            self.cites.fail("this pack, or this rubric and version, was recorded before", place)
        self.cited.setdefault(pack, record["time"])
        self.versions.add(version)
        if not (self.directory / "packs").is_dir():
            self.cites.unchecked = NO_PACKS
            return
        data = None
        try:
            data = self.packs.read(pack)
            wanted = describe(data)
        except LogError as error:
            part = PACKS if data is None else RECORDS
            self.cites.fail(error.message, place, part, expected=error.expected, found=error.found)
            return
        for key, value in wanted.items():
            if body[key] != value:
                self.cites.fail(f"{key} is not that of the pack", place, expected=str(value), found=str(body[key]))
                return

    def read_of_case(self, record: dict[str, Any], place: Place) -> None:
        """Take in an opening, a decision or a resolution. What only the case's other records can tell waits for the end."""
        body, kind = record["body"], record["type"]
        pack = body["decision"]["pack"] if kind == "decision" else body.get("pack")
        if pack is not None and pack not in self.cited and not self.since:
            self.cites.fail(f"cites the pack {pack}, which no record before it has", place)
        told = disclosed(self.vault, body["disclosures"], lambda said, **values: self.kept.fail(said, place, **values))
        self.disclosed += told.found + told.missing
        self.missing += told.missing
        if kind == "decision":
            self.decisions += 1
            times = told.started_at, told.notice_at
            self.precedence.take(remarks(self.cited.get(pack), None, *times), times[0], place)
        else:
            self.counts[kind] += 1
        self.ledger.take([row_of(record, place, told)])

    def read_erasure(self, record: dict[str, Any], place: Place) -> None:
        """Take in an erasure. Which disclosures should be gone by now is asked at the end."""
        self.counts["erasure"] += 1
        self.ledger.take([row_of(record, place, NOTHING)])

    def open_vault(self, first: Path) -> None:
        """Open the vault of the log whose record 0 stands in *first*."""
        try:
            with disk.open_file(str(first)) as stream:
                line = stream.readline(MAX_LINE + 1)
        except disk.NotAFileError:
            return
        if line[-1:] != b"\n" or self.limit == 0:
            return
        self.genesis = leaf_of(line[:-1])
        if self.vault_path is False:
            self.kept.unchecked = "no vault was given"
        elif not self.vault_path.exists():
            self.kept.unchecked = f"the vault {self.vault_path} is missing"
        else:
            try:
                seen = Seen(str(self.directory)).newest()  # before the vault, which is written first
                self.vault = Vault(str(self.vault_path), self.genesis, read_only=True)
                self.in_vault, self.known = self.vault.added(), self.vault.known
                if older := older_vault(str(self.vault_path), self.known, seen):
                    self.kept.fail(older, part=NO_VAULT)
            except LaterVaultError as error:
                self.kept.unchecked = str(error)
            except ForeignVaultError as error:
                self.kept.unchecked = detail = (
                    f"{OTHERS_VAULT}: {self.vault_path}; say where its own lies, or keep a copy of this one and put the log's own vault back from a copy"
                )
                self.kept.fail(detail, part=ANOTHERS_VAULT, expected=error.expected, found=error.found)
            except StoreError as error:
                self.kept.unchecked = unreadable(str(self.vault_path)) or str(error)
            except LogError as error:
                self.kept.unchecked = detail = (
                    f"{error.message}; keep a copy of it, and put the log's own vault back from a copy"
                )
                self.kept.fail(detail, part=NO_VAULT, expected=error.expected, found=error.found)

    def finish_records(self) -> None:
        """Check what needs all records at once; SQLite sorts them on disk."""
        self.ledger.settle()
        for seq, offset, file, first in self.ledger.twice():
            self.ids.fail(f"its id stands in record #{first} already", (seq, offset, file, ""))
        for seq, offset, file, wanted, found in self.ledger.not_newest(self.since):
            detail = "supersedes is not the newest earlier decision of the case"
            self.supersedes.fail(detail, (seq, offset, file, ""), expected=_seq(wanted), found=_seq(found))
        if self.since:
            self.finish_new_erasures()
            return
        for seq, offset, file, erasure in self.ledger.not_erased():
            self.people["erasures"].fail(_STILL_THERE.format(erasure), (seq, offset, file, ""), ERASED)
        missing, first = self.ledger.missing()
        if missing:
            are = "is" if missing == 1 else "are"
            self.kept.unchecked = (
                f"{missing} of {self.disclosed} disclosures {are} not in the vault; the first is of record #{first}"
            )

    @property
    def damaged(self) -> bool:
        """Whether a line is no record, or does not chain, so that others may not stand where they should."""
        return any(check.failures for check in (self.segments, self.canonical, self.fields, self.links.check))

    def finish_vault(self) -> None:
        """Ask whether the log has what it had when its vault was last written: what that knows is a head that was kept elsewhere."""
        if self.known is None or self.damaged:
            return
        older = older_log(str(self.directory), str(self.vault_path), self.known, self.leaf_at)
        if older:
            self.head.fail(older, part=OLDER_LOG)

    def leaf_at(self, seq: int) -> str | None:
        """The leaf of a line of the log, or None where it has no such line."""
        first = segments.segment_of(seq)
        try:
            with disk.open_file(str(self.directory / "log" / segments.segment_name(first)), _BUFFER) as stream:
                for _ in range(first, seq + 1):
                    line = stream.readline(MAX_LINE + 1)
                    if line[-1:] != b"\n":
                        return None
        except OSError:
            return None
        return leaf_of(line[:-1])

    def uncited(self) -> Finding | None:
        """Tell of disclosures that no record cites: whoever cuts records off a log rarely thinks of its vault."""
        if self.vault is None or self.since or self.damaged or self.limit is not None:
            return None
        # Each record discloses a case and one thing more, unless answers lie by themselves; so that counting mostly is enough.
        if not self.missing and 2 * self.vault.besides_cases() == self.disclosed:
            return None
        left = self.vault.uncited(self.cited_disclosures, self.in_vault)
        if not left:
            return None
        said = (
            f"{counted(left, 'disclosure')} in the vault that no record cites: records may have been cut off the end, or a writer was stopped before it "
            "recorded; compare with a head that was kept elsewhere before AuditLog.sweep() erases them"
        )
        return Finding("uncited", REMARK, said)

    def cited_disclosures(self) -> Iterator[str]:
        """Read the log once more, which was found to hold, for the digests that its records disclose."""
        for first in range(0, self.lines, segments.SEGMENT_RECORDS):
            with disk.open_file(str(self.directory / "log" / segments.segment_name(first)), _BUFFER) as stream:
                while line := stream.readline(MAX_LINE + 1):
                    if line[-1:] != b"\n":  # what a writer is at
                        return
                    record: Any = canonical.loads_canonical(line[:-1])
                    yield from record["body"].get("disclosures", {}).values()

    def finish_new_erasures(self) -> None:
        """Check the erasures above a checkpoint with what stands above it too, and with the vault; of the cases below only the name is asked for."""
        erasures = self.people["erasures"]
        for seq, offset, file, erasure in self.ledger.after_erasure():
            erasures.fail(f"its case was erased at record #{erasure}", (seq, offset, file, ""))
        for seq, offset, file, case in self.ledger.erasures() if self.vault is not None else ():
            if self.vault is not None and self.vault.text(case) is not None:
                erasures.fail(_STILL_THERE.format(seq), (seq, offset, file, ""), ERASED)

    def finish_people(self) -> None:
        """Follow each case that was opened, of which something was said, or that has several decisions, record by record."""
        if self.since:
            return
        follower = Follower(self.people, self.precedence, self.instalments, self.packs, self.vault)
        case = None
        for digest, seq, kind, kept, *place in self.ledger.to_follow():
            if digest != case:
                case = digest
                follower.begin()
            follower.take(seq, kind, kept, (*place, ""))  # type: ignore[arg-type]

    def finish_head(self) -> None:
        if self.expect is None:
            self.head.unchecked = (
                "no head that was kept elsewhere was given to compare with"
                if self.vouched.kept_elsewhere is None
                else "no size and last leaf were given; the checkpoint that was given says more: see trusted"
            )
        elif self.lines < self.expect[0]:
            detail = "records were cut off the end, or this is another log"
            self.head.fail(detail, expected=f"{self.expect[0]} records or more", found=str(self.lines))
        elif self.expect[0] <= self.since:
            self.head.unchecked = f"the records below #{self.since} were not read"
        elif not self.compared:
            self.head.fail(f"line {self.expect[0]} of the log is no record, so that nothing could be compared")

    def findings(self, files: int) -> tuple[Finding, ...]:
        disclosing = self.decisions + self.counts["opening"] + self.counts["resolution"]
        cut = f", {self.recoveries} of them of an end that did not hold and was cut off" if self.recoveries else ""
        below = f"; that the {self.since} below the trusted checkpoint, which were not read, are what they were rests on it alone"
        return (
            self.segments.finding(
                f"{counted(self.lines, 'record')} in {counted(files, 'segment')}{cut}{below * bool(self.since)}"
            ),
            self.canonical.finding("every line is canonical JSON"),
            self.fields.finding("every record fits the tables"),
            self.links.check.finding("every record chains to the one before it"),
            self.cites.finding(
                f"{len(self.cited)} recorded, each what its record says and recorded before it is cited"
            ),
            self.ids.finding("every id stands once"),
            self.supersedes.finding("every decision supersedes the newest of its case"),
            self.people["openings"].finding(
                f"{self.counts['opening']} recorded, each before its case's decisions, which keep to it"
            ),
            self.people["resolutions"].finding(
                f"{self.counts['resolution']} recorded, each about its case's newest decision, and in force from then on"
            ),
            self.people["erasures"].finding(
                f"{self.counts['erasure']} recorded, each of a case that no later record is of"
            ),
            self.kept.finding(f"the disclosures of {counted(disclosing, 'record')} are what these say, or were erased"),
            *filter(
                None, (self.instalments.remark(), self.times.remark(), self.uncited(), self.vouched.remark(self.lines))
            ),
            Finding("precedence", NOT_CHECKED, self.cites.unchecked)
            if self.fast or self.since
            else self.precedence.finding(self.kept.unchecked if self.vault is None else ""),
            self.head.finding("the log extends the head that was kept elsewhere"),
            *self.vouched.findings(self.lines),
        )


def _answered(
    crew: Crew[Task, Scanned | None], tasks: Iterator[Task], shared: int | None
) -> Iterator[tuple[Task, Scanned | None]]:
    """Let a crew do tasks, one of which two of it may share: all of it holds, or it is read line by line."""
    asked: deque[tuple[Task, int]] = deque()

    def parts() -> Iterator[Task]:
        for number, task in enumerate(tasks):
            some = halves(task) if number == shared else [task]
            asked.append((task, len(some)))
            yield from some

    answers = crew.do(parts())
    for _, found in answers:
        task, count = asked.popleft()
        if count == 1:
            yield task, found
        else:
            _, behind = next(answers)
            yield task, together(found, behind) if found and behind else None


def _is_segment_name(name: str) -> bool:
    digits = name.removesuffix(".jsonl")
    return len(name) == len(digits) + 6 and len(digits) == 12 and not digits.strip("0123456789")


def _seq(value: int | None) -> str:
    return "null" if value is None else f"#{value}"


_AMONG = {  # what is compared above a checkpoint
    "ids": "with each other",
    "supersedes": "with each other",
    "erasures": "with each other and the vault",
    **dict.fromkeys(("packs", "openings", "resolutions"), "with nothing"),
}
_DISCLOSING = ("opening", "decision", "resolution")
_STILL_THERE = "the vault still has what record #{} erased: it was put back from a copy, or the erasure was cut short; opening the log erases it again"
