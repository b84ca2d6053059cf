"""
What an auditor gets of a log, in one archive: the records, the heads, and of the cases that are named what shows that they are in it and what they said.

Owns what goes into an export and what does not: no disclosure of a case that is not named, no pack unless it is asked for. The same log gives the same
bytes: fixed times, a fixed order, nothing compressed. Must not know how a record is checked; the programs that do go along.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from scoring import canonical
from scoring.audit import segments
from scoring.audit.course import case_of
from scoring.audit.disclosure import answers_in, digests_of
from scoring.audit.disk import open_file
from scoring.audit.value import Value
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, BinaryIO

    from scoring.audit.log import AuditLog

__all__ = ["PROGRAMS", "Exported", "export", "programs_place"]

PROGRAMS = ("FORMAT.md", "check_packs.py", "recompute.py", "verify.py")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that an archive can say
_MAX_HEADS = 1 << 30  # bytes of `heads`; some 400 each


class Exported(Value):
    """
    What went into an export.

    Attributes:
        size: How many records.
        cases: The newest decision of each case that was named.
        remarks: What is not in it, and why.
        gone: Of the remarks those on what should have been in it: the vault does not have it, and no erasure says why.
    """

    __slots__ = ("size", "cases", "remarks", "gone")  # noqa: RUF023 - in the order of the constructor

    size: int
    cases: tuple[int, ...]
    remarks: tuple[str, ...]
    gone: tuple[str, ...]


def export(
    log: AuditLog,
    stream: BinaryIO,
    cases: Iterable[int | str] = (),
    *,
    packs: bool = False,
    tiles: bool = False,
    answers: Sequence[str] | None = None,
) -> Exported:
    """
    Write what an auditor gets, as a zip archive.

    Args:
        log: Open; with its vault, where cases are named by their names or disclosures are wanted.
        stream: Where to; written from its position on, and able to seek.
        cases: Whose disclosures, receipts and pages go along: cases, or records of theirs.
        packs: Whether the rubrics go along, keys and all. Without them no verdict can be recomputed.
        tiles: Whether the log goes along as C2SP tlog-tiles too.
        answers: Of the named cases, only the answers to these items: their submissions must have been recorded with `per_answer`.

    Raises:
        LogError: There is no such case or answer; the newest head is not signed by the log's key; or tiles are wanted of a log without heads.
        StoreError: Something cannot be read.
    """
    broken = log.broken_head
    if broken:
        raise LogError(broken)
    chosen = [_Case(log, case, answers) for case in cases]
    chosen = [next(group) for _, group in groupby(sorted(chosen, key=lambda case: case.seq), key=lambda case: case.seq)]
    small: dict[str, bytes] = {}
    remarks: list[str] = []
    gone = [remark for case in chosen for remark in case.gone]
    for case in chosen:
        remarks += case.remarks
        small |= {f"disclosures/{digest}.txt": text.encode() for digest, text in case.texts.items()}
        small[f"cases/{case.seq:012d}.txt"] = case.page(packs).encode()
        try:
            small[f"receipts/{case.seq:012d}.tlog-proof"] = log.receipt(case.seq).encode()
        except (LogError, StoreError) as error:
            remarks.append(f"no receipt for record #{case.seq}: {error}")
    heads = _heads(log)
    size = len(log)  # after the heads, so that none is of more than goes along
    if heads:
        small["heads"] = heads
    else:
        remarks.append("no heads: this log has made none yet, so nothing here vouches for it from outside")
    if packs:
        small |= _packs(log, size)
    else:
        remarks.append(
            "no packs: the rubrics, with their keys, were not asked for; without them no verdict can be recomputed, so that checking ends with exit status 3, "
            "something could not be checked: `scoring export --packs` puts them in"
        )
    programs = {name: (programs_place() / name).read_bytes() for name in PROGRAMS}
    done = Exported(size, tuple(case.seq for case in chosen), tuple(remarks), tuple(gone))
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        _add(archive, "README.txt", _readme(log, done, programs).encode())
        for name, data in sorted((small | programs).items()):
            _add(archive, name, data)
        _add_segments(archive, islice(log.records(), size))
        if tiles:
            _add_tiles(archive, log, heads, size)
    return done


def _add(archive: ZipFile, name: str, data: bytes) -> None:
    archive.writestr(_entry(name), data)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _EPOCH)
    entry.create_system = 3  # the same on every system
    entry.external_attr = 0o100644 << 16
    return entry


def _add_segments(archive: ZipFile, lines: Iterable[tuple[int, bytes]]) -> None:
    width = segments.SEGMENT_RECORDS
    for number, group in groupby(lines, key=lambda line: line[0] // width):
        with archive.open(_entry(f"log/{segments.segment_name(number * width)}"), "w", force_zip64=True) as file:
            for _, line in group:
                file.write(line + b"\n")


def _add_tiles(archive: ZipFile, log: AuditLog, heads: bytes, size: int) -> None:
    from scoring.audit.tiles import write_tiles

    if not heads:
        raise LogError("a log without heads has no tiles: ask for a checkpoint first")
    head: Any = canonical.loads(heads[:-1].rpartition(b"\n")[2])
    lines = (line for _, line in islice(log.records(), size))
    write_tiles(lines, head.encode(), lambda path, data: _add(archive, f"tiles/{path}", data))


def _heads(log: AuditLog) -> bytes:
    """The heads, up to the last whole line."""
    path = Path(log.path, "heads")
    try:
        with open_file(str(path)) as file:
            data = file.read(_MAX_HEADS)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    return data[: data.rfind(b"\n") + 1]


def _packs(log: AuditLog, size: int) -> dict[str, bytes]:
    found = {}
    for _, line in islice(log.records(), size):
        if b'"type":"rubric"' in line:
            record: Any = canonical.loads_canonical(line)
            if record["type"] == "rubric":
                pack = record["body"]["pack"]
                found[f"packs/{pack}.json"] = log.pack(pack)
    return found


def programs_place() -> Path:
    """Where the auditor's programs lie: in a wheel beside the code, in a checkout in `audit/`."""
    package = Path(__file__).parents[1]
    for place in (package / "_data" / "audit", package.parents[1] / "audit"):
        if (place / PROGRAMS[0]).is_file():
            return place
    raise StoreError("the auditor's programs do not lie beside this package: install scoreproof again")


# --- one case ---


class _Case:
    """A case that is shown: its records, and what of its disclosures goes along."""

    def __init__(self, log: AuditLog, of: int | str, answers: Sequence[str] | None) -> None:
        self.log = log
        self.records = log.records_of(of)
        decisions = [record["seq"] for record in self.records if record["type"] == "decision"]
        if not decisions:
            raise LogError(
                f"record #{of} is of no case with a decision"
                if type(of) is int
                else "this log has no decision of such a case"
            )
        self.seq: int = decisions[-1]
        self.texts: dict[str, str] = {}
        self.withheld: set[str] = set()
        self.lost: list[str] = []
        self.erased = log.erased(self.seq)
        for record in self.records:
            if record["type"] != "erasure":
                self._take(record, answers)
        if self.texts:
            self._must_show(answers or ())
        self.gone = [*self._gone()]
        self.remarks = [*self._remarks()]

    def _take(self, record: dict[str, Any], answers: Sequence[str] | None) -> None:
        """Take in what a record discloses, and what of it does not go along."""
        seq, cited = record["seq"], record["body"]["disclosures"]
        there = self.log.disclosures(seq)
        shown = there if answers is None else self.log.disclosures(seq, answers)
        self.texts |= shown
        for digest in there.keys() - shown.keys():
            if digest == cited.get("submission"):
                self.withheld.add(f"the submission of record #{seq}, one disclosure for all its answers")
            else:
                self.withheld.add(f"the answer to {_plain(self.log.shown(digest)[0])}")
        self.lost += [f"the {name} of record #{seq}" for name, digest in sorted(cited.items()) if digest not in there]
        lost = sum(digest not in there for digest in answers_in(there.get(cited.get("submission"))))
        if lost:
            self.lost.append(f"{_answers(lost)} of record #{seq} (to which item, only the answer says)")

    def _must_show(self, answers: Sequence[str]) -> None:
        shown = {self.log.shown(digest)[0] for digest in self.texts}
        for item in answers:
            if item not in shown:
                why = "its answers were recorded as one disclosure, it has none, or that is gone"
                message = f"no answer to {_plain(item)} lies by itself in the vault for this case: {why}"
                raise LogError(message, seq=self.seq)

    def _gone(self) -> Iterator[str]:
        if self.erased is not None:
            return
        if self.log.no_vault:
            yield f"nothing is disclosed of the case of record #{self.seq}: the log's vault was not at hand"
        elif not self.texts:
            yield f"nothing is disclosed of the case of record #{self.seq}: the vault has nothing of it, though no record erased it"
        elif self.lost:
            yield f"the case of record #{self.seq}, gone from the vault: {', '.join(self.lost)}"

    def _remarks(self) -> Iterator[str]:
        if self.erased is not None:
            yield f"nothing is disclosed of the case of record #{self.seq}: it was erased at record {self.erased}"
        if self.withheld:
            yield f"the case of record #{self.seq}, withheld: {', '.join(sorted(self.withheld))}"
        yield from self.gone

    def page(self, with_points: bool) -> str:
        """The case for people. What strangers wrote cannot begin a line, nor move what stands around it."""
        parts = (
            (f"The case of record #{self.seq}",),
            self._now(),
            self._outcomes() if with_points else (_NO_OUTCOMES,),
            self._said(),
            self._course(),
            self._whole(),
        )
        return "\n".join("".join(f"{_plain(line)}\n" for line in part) for part in parts)

    def _course(self) -> Iterator[str]:
        yield f"case digest {case_of(self.records[0])}; its records:"
        for record in self.records:
            yield f"  #{record['seq']} {record['time']} {record['type']}{_COURSE[record['type']](record['body'])}"

    def _now(self) -> Iterator[str]:
        decision = self._decision()
        yield f"Verdict by the rules: {decision['verdict'] or 'none: ' + decision['status']}"
        yield f"What they ask for: {decision['action']}"
        yield f"Score: {decision['score'] or 'none'}"
        yield f"What set the verdict: {', '.join(decision['determined_by']) or 'nothing'}"
        try:
            now = self.log.standing(self.seq)
        except LogError as error:
            yield f"How the case stands cannot be told: {error}"
            return
        yield f"What counts now: {now.effective_verdict or 'no verdict'}; what a host does: {now.host_action}"
        if now.erased is not None:
            yield f"What the case disclosed was erased at record {now.erased}"

    def _decision(self) -> dict[str, Any]:
        record = next(record for record in self.records if record["seq"] == self.seq)
        decision: dict[str, Any] = record["body"]["decision"]
        return decision

    def _whole(self) -> Iterator[str]:
        decision = self._decision()
        yield f"Record #{self.seq} as it stands in the log; FORMAT.md, sections 6 and 7, says what each of it means:"
        for key in sorted(decision):
            yield f"  {key}: {_shown(decision[key])}"

    def _said(self) -> Iterator[str]:
        yield "What it disclosed, as far as it goes along:"
        for digest, text in sorted(self.texts.items()):
            name, value = self.log.shown(digest)
            yield from _told(name, value)
            yield f"    disclosures/{digest}.txt, {len(text)} characters"
        for remark in self.remarks:
            yield f"  {remark}"

    def _outcomes(self) -> Iterator[str]:
        from scoring.audit.replay import points_of

        try:
            decision = self.log.decision(self.seq)
            points, outcomes = points_of(decision), decision.outcomes
        except LogError as error:
            yield f"What each item earned cannot be told: {error}"
            return
        yield "What each item came to, and the points that it earned:"
        for item, earned in points.items():
            yield f"  {item}: {outcomes[item]}, {earned}"


_NO_OUTCOMES = (
    "What each item came to stands below in codes alone, as `outcomes`: the rubrics, which name it, were not asked for"
)


def _told(name: str, value: Any) -> Iterator[str]:
    """A disclosure in lines. The answers of a submission have one each, unless they lie by themselves."""
    answers = value.get("answers") if name == "submission" and type(value) is dict else None
    if type(answers) is not dict:
        yield f"  {name}: {_shown(value)}"
        return
    apart = digests_of(answers)
    rest = {key: told for key, told in value.items() if key != "answers"}
    yield f"  {name}: {_answers(len(answers) if apart is None else len(apart))}" + (
        ", each a disclosure of its own" if apart else ""
    )
    for item, answer in {} if apart is not None else answers.items():
        yield f"    {item}: {_shown(answer)}"
    if rest:
        yield f"    and with them: {_shown(rest)}"


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"


def _of_opening(body: dict[str, Any]) -> str:
    return f" {body['id']}, profile {body['profile']}"


def _of_decision(body: dict[str, Any]) -> str:
    decision = body["decision"]
    return f" {body['id']}: {decision['verdict'] or decision['status']}, action {decision['action']}"


def _of_resolution(body: dict[str, Any]) -> str:
    return f" {body['id']}: {body['action']} of #{body['decision']}, reason {body['reason']}"


def _of_erasure(body: dict[str, Any]) -> str:
    return f", reason {body['reason']}"


_COURSE = {"opening": _of_opening, "decision": _of_decision, "resolution": _of_resolution, "erasure": _of_erasure}


def _shown(value: Any) -> str:
    return value if type(value) is str else canonical.dumps(value).decode()


def _plain(line: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


# --- the README ---

_README = """\
An export of the log {origin}

  log/            its {size} records, one a line
  heads           its checkpoints, one a line, if it has made any
  packs/          the rubrics that its records cite, if they were asked for
  receipts/       for each case that was named: the proof that its newest decision is in the log
  disclosures/    for each case that was named: what the digests in its records stand for
  cases/          the same, for people; named by the number of the newest decision
  tiles/          the log as C2SP tlog-tiles, if asked for
  FORMAT.md       what all of it means, byte for byte

The records tell of every case what each item came to, so with its rubric which option was picked, and the ids of its submissions: also of cases that were
not named, of answers that were withheld, and of what was erased. Treat log/ as data about people who may be recognised.

Check it, with Python 3.9 or newer and nothing else. Compare these programs with those that you got from elsewhere:

{programs}

  python3 -I -S verify.py . --key VKEY   was anything changed? (VKEY: the log's key, as its holder gave it out, not as anything here says)
  python3 -I -S recompute.py .           does each verdict follow from its outcomes? (needs packs/)
  python3 -I -S check_packs.py .         does each rubric obey the format? (needs packs/)

That records were cut off the end, or all made anew, shows only beside a checkpoint of this log that was kept elsewhere: add --trusted FILE to verify.py.
`scoring verify` of the package scoreproof checks this archive too, packed or not; there the option is --trusted-checkpoint FILE.

A disclosure is base64url of a JSON array: a salt, a name, a value. It stands for a digest if the SHA-256 of its text is the digest, which is its file's name.
To read one:

  python3 -I -c "import base64, json, sys; print(json.dumps(json.loads(base64.urlsafe_b64decode(open(sys.argv[1]).read() + '==='))))" disclosures/DIGEST.txt

Nothing vouches for cases/ and this page: they are for reading.

The cases that were named: {cases}

Not here:
{remarks}
"""


def _readme(log: AuditLog, done: Exported, programs: dict[str, bytes]) -> str:
    return _README.format(
        origin=log.origin,
        size=done.size,
        programs="\n".join(f"  {sha256(data).hexdigest()}  {name}" for name, data in sorted(programs.items())),
        cases=", ".join(f"#{seq}" for seq in done.cases) or "none",
        remarks="\n".join(f"  - {_plain(remark)}" for remark in done.remarks) or "  - nothing is missing",
    )
