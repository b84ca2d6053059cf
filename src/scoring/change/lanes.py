"""
The plain decisions of a chunk decided at once.

A decision is plain where every outcome translates by itself, nothing is awaited or left out, every stage was handed in and none but the last ends the case.
`Lanes` brings each down to a few bits: which cuts its total reaches, which conditions hold, which flags were raised. Decisions of the same bits come to the
same, which is worked out once, by the steps of FORMAT.md 6. What is not plain is `again`'s; the two agree, as tests/test_backtest.py shows.

Must not know where chunks lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.change.again import Judged
from scoring.change.sums import Sum, Weighed, at_least, bits_of
from scoring.engine.conditions import count, holds
from scoring.engine.decision import ALPHABET
from scoring.engine.exact import spell
from scoring.engine.judge import HOLDS
from scoring.engine.table import ABSENT, EXCLUDED, FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias

    from scoring.audit.columns import Chunk
    from scoring.change.translate import Translation
    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

    Bits: TypeAlias = tuple[int, int, int, int]  # cuts, literals, flags, as `Lanes._planes` lists them

__all__ = ["Lanes", "lanes_for"]

_MOST_CLASSES = 255  # of one column
_SLOW = 0  # the class of circumstances that are not plain
_FATAL, _KNOCK_OUT, _REFER = (FLAGS.index(flag) for flag in ("fatal", "knock_out", "refer"))
_COUNTS, _NO_PROOF, _UNKNOWN = range(3)  # what is known of the proof of notice


class _NotPlainError(Exception):
    """No decision of this variant is plain under the new plan."""


def lanes_for(way: Translation, variant: str | None) -> Lanes | None:
    """Prepare for the decisions of one variant; None where none of them is plain."""
    try:
        return Lanes(way, variant)
    except _NotPlainError:
        return None


class _Column:
    """
    What the outcomes of one item come to under the new plan.

    Attributes:
        codes: For each of the 256 values that a byte of the column can have, the new code; None where it is not plain.
    """

    def __init__(self, way: Translation, old: Item, new: Item, table: Sequence[int | None], at: int) -> None:
        self.item = new
        plain = [self._plain(way.new, new, code) for code in table]
        self._at = range(at, at + old.digits)
        self._numbers: dict[tuple[int, ...], int] | None = None
        self.codes: list[int | None] = [None] * 256
        if old.digits == 1:
            for code, after in enumerate(plain):
                self.codes[ALPHABET[code]] = after
        else:
            self._number(plain, old.digits)
        self._slow = bytes(code is None for code in self.codes)
        self._fast = bytes(value for value, code in enumerate(self.codes) if code is not None)
        self._clear = bytes(value for value, code in enumerate(self.codes) if code is None or code != new.unclear)

    @staticmethod
    def _plain(plan: Plan, item: Item, code: int | None) -> int | None:
        if code is None or code == EXCLUDED or code in item.awaits:
            return None
        # What an unclear answer might have been is tried in lanes only where nothing gets worse by it.
        if code == item.unclear and (len(plan.stages) > 1 or item.words[item.best_code]):
            return None
        return code

    def _number(self, plain: Sequence[int | None], digits: int) -> None:
        """Give codes of several digits numbers of one byte: the same to all that earn and raise the same."""
        if digits > 2:
            raise _NotPlainError
        alike: dict[Any, int] = {}
        self._numbers = {(high, low): _MOST_CLASSES for high in ALPHABET for low in ALPHABET}
        for code, after in enumerate(plain):
            number = _MOST_CLASSES
            if after is not None:
                number = alike.setdefault(after, len(alike))
                if number >= _MOST_CLASSES:
                    raise _NotPlainError
                self.codes[number] = after
            self._numbers[ALPHABET[code >> 6], ALPHABET[code & 63]] = number

    def read(self, digits: Sequence[bytes]) -> bytes:
        """The column of a chunk."""
        if self._numbers is None:
            return digits[self._at[0]]
        known = self._numbers
        pairs = zip(*(digits[at] for at in self._at), strict=True)
        return bytes(known.get(pair, _MOST_CLASSES) for pair in pairs)

    def slow(self, column: bytes) -> bytes | None:
        """One byte for each decision, 1 where this item keeps it from being plain; None where it keeps none."""
        return column.translate(self._slow) if column.translate(None, self._fast) else None

    def has_unclear(self, column: bytes) -> bool:
        """Whether any of its answers is unclear."""
        return self.item.unclear is not None and bool(column.translate(None, self._clear))

    def table(self, value: Callable[[int], int]) -> tuple[list[int], list[int] | None]:
        """What each byte adds, and what it adds where unclear answers are given their best outcome."""
        item = self.item
        table = [0 if code is None else value(code) for code in self.codes]
        if item.unclear is None:
            return table, None
        best = [item.best_code if code == item.unclear else code for code in self.codes]
        return table, [0 if code is None else value(code) for code in best]


class Lanes:
    """The plain decisions of one variant under one change."""

    def __init__(self, way: Translation, variant: str | None) -> None:
        new, old = way.new, way.old
        if way.variant(variant) not in new.frames or variant not in old.frames or way.regrouped:
            raise _NotPlainError
        self._way = way
        self._variant = variant
        self._plan = new
        self._frame = new.frames[way.variant(variant)]
        self._columns = self._read_by()
        self._lay_out()
        self._known: dict[tuple[int, bool], Judged | None] = {}

    # --- preparing ---

    def _read_by(self) -> list[_Column]:
        way = self._way
        starts, at = [], 0
        for item in way.old.items:
            starts.append(at)
            at += item.digits
        self._width = at
        columns = []
        for item, table in zip(self._plan.items, way.tables, strict=True):
            if item.place in self._frame.outside:
                continue
            if table is None:
                if ABSENT in item.awaits:
                    raise _NotPlainError
                continue
            place, codes = table
            if place in way.old.frames[self._variant].outside:
                raise _NotPlainError
            columns.append(_Column(way, way.old.items[place], item, codes, starts[place]))
        return columns

    def _lay_out(self) -> None:
        plan, frame = self._plan, self._frame
        scale = frame.scale
        self._sums: list[Sum] = []
        self._lows: list[int] = []
        for place in range(len(plan.sections)):
            self._add_section(place)
        weights = [scale.weights[section.stage] for section in plan.sections]
        self._total = self._weighed(range(len(plan.sections)), weights)
        self._counts: dict[tuple[int, int], int] = {}  # which sum counts a flag up to a stage
        last = len(plan.stages) - 1
        self._flags = [(_FATAL, last), (_REFER, last), (_KNOCK_OUT, last), *([(_KNOCK_OUT, last - 1)] if last else [])]
        for flag, stage in self._flags:
            self._count(flag, stage)
        self._literals = [self._literal(*literal) for literal in plan.literals]

    def _add_section(self, place: int) -> None:
        low, tables = 0, []
        for n, column in enumerate(self._columns):
            if column.item.section == place:
                points = column.item.points
                least = min((points[code] for code in column.codes if code is not None), default=0)
                table, other = column.table(lambda code, points=points, least=least: points[code] - least)  # type: ignore[misc]
                low += least
                tables.append((n, table, other))
        self._sums.append(Sum(tables))
        self._lows.append(low)

    def _weighed(self, sections: Sequence[int], weights: Sequence[int]) -> Weighed:
        scale = self._frame.scale
        return Weighed(
            [
                (
                    place,
                    self._lows[place],
                    self._lows[place] + self._sums[place].most,
                    scale.factors[place] * weight,
                    scale.floors[place] * weight,
                )
                for place, weight in zip(sections, weights, strict=True)
            ]
        )

    def _count(self, flag: int, stage: int) -> int:
        key = (flag, stage)
        if key not in self._counts:
            tables = []
            for n, column in enumerate(self._columns):
                item = column.item
                if self._plan.sections[item.section].stage <= stage and any(count(word, flag) for word in item.words):
                    words = item.words
                    tables.append((n, *column.table(lambda code, words=words: count(words[code], flag))))  # type: ignore[misc]
            self._counts[key] = len(self._sums)
            self._sums.append(Sum(tables))
        return self._counts[key]

    def _literal(self, kind: str, subject: int, limit: Any, *bound: int) -> Callable[[_Run], bytes]:
        """How a condition is looked up in lanes: one byte for each decision, 1 where it holds."""
        plan, frame = self._plan, self._frame
        if kind == "flag":
            place = self._count(subject, bound[0])
            return lambda run: run.at_least(place, limit)
        if kind == "is":
            found = [n for n, column in enumerate(self._columns) if column.item.place == subject]
            if not found:  # an item that the old plan does not have is absent, and one of another variant is excluded
                holds_always = subject not in frame.outside and ABSENT in limit
                return lambda run: run.always(holds_always)
            table, other = self._columns[found[0]].table(lambda code: int(code in limit))
            self._sums.append(Sum([(found[0], table, other)]))
            place = len(self._sums) - 1
            return lambda run: run.at_least(place, 1)
        num, den = limit
        if kind == "below":
            maximum, floor = frame.maxima[subject], plan.sections[subject].floor
            if maximum == 0 or floor[0] * den >= num * floor[1]:
                return lambda run: run.always(False)
            least = -(-num * maximum // den) - self._lows[subject]
            return lambda run: run.below(run.at_least(subject, least))
        stage = plan.stages[subject]
        weighed = self._weighed(stage.sections, [1] * len(stage.sections))
        least = -(-num * frame.scale.stage_unit // den)
        return lambda run: run.below(weighed.at_least(weighed.lanes(run.sums, run.rows), run.rows, least))

    # --- running ---

    def bits(self, chunk: Chunk) -> tuple[list[bytes], bool]:
        """
        Bring each decision of a chunk down to a few bytes.

        Returns:
            Columns of bytes, to be read together by `judged`; and whether unclear answers were looked at.
        """
        if len(chunk.digits) != self._width:
            return [bytes(len(chunk))], False
        columns = [column.read(chunk.digits) for column in self._columns]
        run = _Run(self._sums, columns, len(chunk))
        unclear = any(
            column.has_unclear(values)
            for column, values in zip(self._columns, columns, strict=True)
            if column.item.unclear
        )
        planes = self._planes(run)
        if unclear:
            planes += self._planes(run.otherwise())
        return [self._around(chunk, columns), *bits_of(planes)], unclear

    def _planes(self, run: _Run) -> list[bytes]:
        total = self._total.lanes(run.sums, run.rows)
        return [
            *(self._total.at_least(total, run.rows, cut) for cut in self._frame.scale.cuts),
            *(literal(run) for literal in self._literals),
            *(run.at_least(self._counts[key], 1) for key in self._flags),
        ]

    def _around(self, chunk: Chunk, columns: Sequence[bytes]) -> bytes:
        """The class of each decision's circumstances, `_SLOW` where it is not plain."""
        classes = bytes(self._class_of(recorded) for recorded in chunk.circumstances)
        one = len(classes) == 1
        found = classes * len(chunk) if one else bytes(map(classes.__getitem__, chunk.around))
        slow = 0
        for column, values in zip(self._columns, columns, strict=True):
            marks = column.slow(values)
            if marks is not None:
                slow |= int.from_bytes(marks, "little")
        if slow:
            keep = slow.to_bytes(len(chunk), "little").translate(_KEEP)
            found = (int.from_bytes(found, "little") & int.from_bytes(keep, "little")).to_bytes(len(chunk), "little")
        return found

    def _class_of(self, recorded: Mapping[str, Any]) -> int:
        way, new = self._way, self._plan
        handed_in = len(new.stages) == 1 or all(stage in recorded["handed_in"] for stage in new.stage_index)
        if recorded["evaluated"] < len(way.old.stages) or not handed_in or recorded["reinstate"] or recorded["void"]:
            return _SLOW
        if not way.conduct_is_told(recorded["irregularities"], self._variant, len(new.stages)):
            return _SLOW
        notices = way.notices(recorded["notice"])
        notice = _UNKNOWN if len(notices) > 1 else _NO_PROOF if notices[0] is False else _COUNTS
        return 1 + 2 * notice + bool(recorded["irregularities"])

    # --- what bits come to ---

    def judged(self, key: int, unclear: bool) -> Judged | None:
        """
        Tell what decisions of these bits come to, all but the score.

        Args:
            key: The bytes of `bits` as one number, the first the lowest.
            unclear: As `bits` says.

        Returns:
            None where they are not plain.
        """
        found = (key, unclear)
        if found not in self._known:
            self._known[found] = self._judged(key, unclear)
        return self._known[found]

    def _judged(self, key: int, unclear: bool) -> Judged | None:
        plan = self._plan
        around, key = (key & 255) - 1, key >> 8
        if around < 0:
            return None
        notice, irregular = around >> 1, bool(around & 1)
        width = len(self._frame.scale.cuts) + len(self._literals) + len(self._flags)
        came = self._come_to(key & (1 << width) - 1, notice)
        other = self._come_to(key >> width, notice) if unclear else came
        if came is None or other is None:
            return None
        verdict, status, caps, fatal, refer = came
        reasons = {
            "refer": refer,
            "verdict": plan.actions[verdict] == "review",
            "irregularity": irregular,
            "notice": fatal and notice == _NO_PROOF,
            "excerpt": bool(self._frame.excerpts),
            "unclear": other[0] != verdict,
        }
        found = tuple(reason for reason in HOLDS if reasons.get(reason))
        action = "review" if found else plan.actions[verdict]
        return Judged(plan.verdicts[verdict], action, status, None, tuple(plan.caps[cap][0] for cap in caps), found)

    def _come_to(self, bits: int, notice: int) -> tuple[int, str, list[int], bool, bool] | None:
        """Steps 2, 4, 5, 7 and 8: verdict, status, caps, whether fatal and refer were raised. None where an earlier stage ends the case."""
        plan = self._plan
        cuts = len(self._frame.scale.cuts)
        band = next((place for place in range(cuts) if bits >> place & 1), plan.bands - 1)
        truths = bits >> cuts & (1 << len(self._literals)) - 1
        fatal, refer, knock_out, before = (bool(bits >> cuts + len(self._literals) + n & 1) for n in range(4))
        if fatal and notice == _UNKNOWN:
            return None
        met = [place for place, tree in enumerate(plan.trees, 2) if holds(tree, truths)]
        if before or any(cap in stage.gates for stage in plan.stages[:-1] for cap in met):
            return None
        ended = knock_out or any(cap in plan.stages[-1].gates for cap in met)
        caps = [*([0] if fatal and notice != _NO_PROOF else []), *([1] if knock_out else []), *met]
        verdict = max(band, *(plan.caps[cap][1] for cap in caps), band)
        return verdict, "ended" if ended else "decided", caps, fatal, refer

    def scores(self, chunk: Chunk) -> list[str]:
        """The score of each plain decision, spelled as a decision spells it; of the others it says nothing."""
        run = _Run(self._sums, [column.read(chunk.digits) for column in self._columns], len(chunk))
        totals = self._total.values(self._total.lanes(run.sums, run.rows), run.rows)
        spelled = {total: spell(max(total, 0), self._frame.scale.unit) for total in {*totals}}
        return [spelled[total] for total in totals]


_KEEP = bytes([255]) + bytes(255)


class _Run:
    """The sums of one chunk."""

    def __init__(self, sums: Sequence[Sum], columns: Sequence[bytes], rows: int) -> None:
        self._of = sums
        self._columns = columns
        self.rows = rows
        self.sums = [(one.lanes(columns, rows), one.width) for one in sums]

    def otherwise(self) -> _Run:
        """The sums, had every unclear answer its best outcome."""
        other = object.__new__(_Run)
        other._of, other._columns, other.rows = self._of, self._columns, self.rows
        other.sums = [
            (one.otherwise(lanes, self._columns, self.rows), width)
            for one, (lanes, width) in zip(self._of, self.sums, strict=True)
        ]
        return other

    def at_least(self, place: int, least: int) -> bytes:
        lanes, width = self.sums[place]
        return at_least(lanes, width, self.rows, least)

    def always(self, value: bool) -> bytes:
        return bytes([value]) * self.rows

    def below(self, reached: bytes) -> bytes:
        return reached.translate(_NOT)


_NOT = bytes([1]) + bytes(255)
