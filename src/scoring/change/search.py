"""
All cases of one kind, counted: how many outcome combinations get which labels under one plan or under two, and the smallest of each.

Owns the road from joint outcomes to counts: items of one section are added up, sections become additions to a stage or to the total, all of them are put
into two halves, and a sweep joins these. Sections are taken together where an item moved between them, and where a condition asks for their stage.
Must not know of answers, of wording, or of what a label is called.

Source: FORMAT.md 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scoring.change.blocks import Groups, balanced
from scoring.change.grid import Grid, grid_of, in_grains, place_of, simplified
from scoring.change.sides import ACTION, HELD, UNSURE, Side, Standing
from scoring.change.sweep import Found, Half, cheapest, count_cells, merged
from scoring.change.tables import Budget, Closed, Joined, Node, Row, Start, size_of
from scoring.engine.table import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from scoring.change.grid import Bands, Cell
    from scoring.change.joint import Outcome, Question

    Slot: TypeAlias = tuple[int, int]  # plan, section or stage

__all__ = ["Fewest", "Search"]


class _Class(NamedTuple):
    """What rules can tell apart: a standing for each side, and how far each supposed total is above the real one."""

    standings: tuple[Standing, ...]
    above: tuple[int, ...]


class Fewest(NamedTuple):
    """A cheapest combination of a cell: how many items are not absent, and for each item that anybody looks at its outcome."""

    cost: int
    chosen: tuple[tuple[Question, Outcome], ...]


class Search:
    """
    The cases of one plan, or of two, that have one variant and end at one stage under each.

    Args:
        sides: One for each plan.
        asked: The joint outcomes of the items of these plans.
        label: From a side, a standing and a place in the verdicts to what a case is called.
        budget: What it may cost.
        sure: Look only at outcomes that some answer is known to give.
        levels: 0 for exact totals; else totals are only known to one part in so many for each section, and what that leaves open has several labels.

    Raises:
        TooManyError: Past the budget.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        asked: Iterable[Question],
        label: Callable[[Side, Standing, int], str],
        budget: Budget,
        *,
        sure: bool = False,
        levels: int = 0,
    ) -> None:
        self.real = len(sides)
        self._label = label
        self._budget = budget
        self._asked: list[tuple[Question, list[Outcome]]] = []
        for question in asked:
            outcomes = self._visible(sides, question, sure=sure)
            if outcomes is not None:
                self._asked.append((question, outcomes))
        self._of = list(range(self.real))  # which plan each side judges
        self.sides = [*sides]
        for n, side in enumerate(sides):
            if side.by == ACTION and self._has_unclear(n):
                self.sides.append(Side(side.plan, side.case, by=ACTION, supposed=True))
                self._of.append(n)
        self._kinds: list[_Class] = []
        self._number: dict[_Class, int] = {}
        self._joins: dict[tuple[int, int], int | None] = {}
        self._contributions: dict[tuple[int, int, int], tuple[Standing, int] | None] = {}
        self._width = max(side.plan_width() for side in self.sides)
        self._grains = [side.frame.scale.unit // levels + 1 if levels else 1 for side in sides]
        self._blocks_added = 0
        self._half_nodes = self._make_halves()
        self._line = self._ratio()
        self._halves = [self._split(node) for node in self._half_nodes]
        self._grids: dict[int, Grid | None] = {}
        self._met: list[_Meeting] | None = None if self._halves else []

    # ------------------------------------------------------------------ classes

    def _kind(self, kind: _Class) -> int:
        number = self._number.get(kind)
        if number is None:
            number = self._number[kind] = len(self._kinds)
            self._kinds.append(kind)
        return number

    def _start(self) -> int | None:
        standings = [side.start() for side in self.sides]
        return self._class_of(standings)

    def _class_of(self, standings: Sequence[Standing | None], above: tuple[int, ...] | None = None) -> int | None:
        if None in standings:
            return None
        known = tuple(standing for standing in standings if standing is not None)
        return self._kind(_Class(known, above or (0,) * (len(self.sides) - self.real)))

    def _join(self, a: int, b: int) -> int | None:
        key = (a, b)
        if key not in self._joins:
            one, other = self._kinds[a], self._kinds[b]
            standings = [side.join(x, y) for side, x, y in zip(self.sides, one.standings, other.standings, strict=True)]
            above = tuple(x + y for x, y in zip(one.above, other.above, strict=True))
            self._joins[key] = self._class_of(standings, above)
        return self._joins[key]

    # ------------------------------------------------------------------ items

    @staticmethod
    def _visible(sides: Sequence[Side], question: Question, *, sure: bool) -> list[Outcome] | None:
        """The outcomes of an item, as far as it is looked at, that wait for nothing; None where nobody looks at it."""
        seen = [place is not None and side.is_seen(place) for side, place in zip(sides, question.places, strict=True)]
        if not any(seen):
            return None
        joint = all(one or place is None for one, place in zip(seen, question.places, strict=True))
        outcomes = question.outcomes if joint else question.alone[seen.index(True)]
        return [
            outcome
            for outcome in outcomes
            if (outcome.sure or not sure)
            and all(
                code is None or place is None or code not in side.plan.items[place].awaits
                for side, place, code in zip(sides, question.places, outcome.codes, strict=True)
            )
        ]

    def _has_unclear(self, n: int) -> bool:
        side = self.sides[n]
        unclear = dict(side.plan.unclear)
        return any(
            (place := question.places[n]) is not None
            and side.is_seen(place)
            and any(outcome.codes[n] == unclear.get(place, -1) for outcome in outcomes)
            for question, outcomes in self._asked
        )

    def _row(self, number: int, slots: dict[tuple[int, int], int]) -> Row:
        """The table of one item: what each outcome adds to its sections, and what it raises."""
        question, outcomes = self._asked[number]
        places = [question.places[n] for n in self._of]
        rows: list[tuple[int, int, int] | None] = []
        for outcome in outcomes:
            total, standings = 0, list[Standing | None]()
            for s, (side, place) in enumerate(zip(self.sides, places, strict=True)):
                code = outcome.codes[self._of[s]]
                if place is None or code is None:
                    standings.append(side.start())
                    continue
                item = side.plan.items[place]
                slot = slots.get((s, item.section))
                if slot is not None:
                    total += item.points[side.code_of(place, code)] << slot * self._width
                first, then = side.start(), side.outcome(place, code)
                standings.append(None if first is None or then is None else side.join(first, then))
            kind = self._class_of(standings)
            cost = int(any(code not in {None, ABSENT} for code in outcome.codes))
            rows.append(None if kind is None else (kind, total, cost))
        return Row(number, rows)

    # ------------------------------------------------------------------ sections, stages, halves

    def _make_halves(self) -> list[Node]:
        start = self._start()
        if start is None:
            return []
        blocks = [self._block(parts, start) for parts in self._blocks()]
        self._blocks_added = len(blocks)
        if any(grain > 1 for grain in self._grains):
            blocks = [Closed(node, self._coarse) for node in blocks]
        if any(not node.table for node in blocks):
            return []
        halves: list[Node] = [Start(start), Start(start)]
        for n, nodes in enumerate(balanced(blocks)):
            for node in sorted(nodes, key=size_of):
                halves[n] = Joined(halves[n], node, self._join, self._budget)
        return halves if all(node.table for node in halves) else []

    def _blocks(self) -> list[list[list[int]]]:
        """Items in groups of groups: those whose sections have to be looked at together, within what a stage's condition needs together."""
        inner, outer = Groups(), Groups()
        for number, (question, _) in enumerate(self._asked):
            nodes = [*self._sections_of(question)]
            for n, section in nodes:
                inner.tie(("item", number), (n, section))
                outer.tie(("item", number), (n, section))
                stage = self.sides[n].plan.sections[section].stage
                if stage in self.sides[n].asked_stages:
                    outer.tie(("item", number), ("stage", n, stage))
        found: dict[object, dict[object, list[int]]] = {}
        for number in range(len(self._asked)):
            found.setdefault(outer.find(("item", number)), {}).setdefault(inner.find(("item", number)), []).append(
                number
            )
        return [[*parts.values()] for parts in found.values()]

    def _sections_of(self, question: Question) -> Iterable[Slot]:
        for n, side in enumerate(self.sides[: self.real]):
            place = question.places[n]
            if place is not None and side.is_seen(place):
                yield n, side.plan.items[place].section

    def _block(self, parts: list[list[int]], start: int) -> Node:
        """One block: its sections added up one by one, then what their stages and the total get of it."""
        stages: dict[tuple[int, int], int] = {}
        node: Node | None = None
        for numbers in parts:
            closed = self._component(numbers, stages, start)
            node = closed if node is None else Joined(node, closed, self._join, self._budget)
        if node is None or not (stages or len(self.sides) > self.real):
            return node or Start(start)
        return Closed(node, lambda kind, total: self._close_block(kind, total, stages))

    def _component(self, numbers: list[int], stages: dict[tuple[int, int], int], start: int) -> Node:
        """Sections whose items are bound together: mostly one of each plan."""
        slots: dict[tuple[int, int], int] = {}
        sections: list[tuple[int, int]] = []
        for number in numbers:
            for n, section in self._sections_of(self._asked[number][0]):
                for s, of in enumerate(self._of):
                    if of == n and (s, section) not in sections:
                        sections.append((s, section))
        for s, section in sections:
            side = self.sides[s]
            stage = side.plan.sections[section].stage
            if stage in side.asked_stages and (s, stage) not in stages:
                stages[s, stage] = len(self.sides) + len(stages)
            if self._counts(s, section):
                slots[s, section] = len(slots)
        node: Node = Start(start)
        for number in numbers:
            node = Joined(node, self._row(number, slots), self._join, self._budget)
        return Closed(node, lambda kind, total: self._close_sections(kind, total, slots, stages))

    def _counts(self, s: int, section: int) -> bool:
        """Whether anything asks for a section's sum."""
        side = self.sides[s]
        asked = any(leaf[0] == "below" and leaf[1] == section for leaf in side.leaves)
        stage = side.plan.sections[section].stage
        weighs = bool(side.frame.scale.factors[section] or side.frame.scale.floors[section])
        return asked or (weighs and (stage in side.asked_stages or self._weight(s, stage) != 0))

    def _weight(self, s: int, stage: int) -> int:
        """What one unit of a stage adds to the total, where the total is asked for."""
        side = self.sides[s]
        return side.frame.scale.weights[stage] if side.is_last else 0

    def _close_sections(
        self, kind: int, total: int, slots: dict[tuple[int, int], int], stages: dict[tuple[int, int], int]
    ) -> tuple[int, int] | None:
        known = self._kinds[kind]
        standings: list[Standing | None] = [*known.standings]
        closed = 0
        for (s, section), earned in zip(slots, self._unpack(total, len(slots)), strict=True):
            side = self.sides[s]
            stage = side.plan.sections[section].stage
            then, added = side.section(section, earned), side.contribution(section, earned)
            before = standings[s]
            standings[s] = None if then is None or before is None else side.join(before, then)
            if (s, stage) in stages:
                closed += added << stages[s, stage] * self._width
            else:
                closed += added * self._weight(s, stage) << s * self._width
        number = self._class_of(standings, known.above)
        return None if number is None else (number, closed)

    def _close_block(self, kind: int, total: int, stages: dict[tuple[int, int], int]) -> tuple[int, int] | None:
        known = self._kinds[kind]
        standings: list[Standing | None] = [*known.standings]
        numbers = self._unpack(total, len(self.sides) + len(stages))
        for (s, stage), slot in stages.items():
            side = self.sides[s]
            then, before = side.stage(stage, numbers[slot]), standings[s]
            standings[s] = None if then is None or before is None else side.join(before, then)
            numbers[s] += numbers[slot] * self._weight(s, stage)
        above = tuple(
            before + numbers[s] - numbers[self._of[s]]
            for s, before in zip(range(self.real, len(self.sides)), known.above, strict=True)
        )
        number = self._class_of(standings, above)
        if number is None:
            return None
        return number, sum(numbers[n] << n * self._width for n in range(self.real))

    def _coarse(self, kind: int, total: int) -> tuple[int, int]:
        """Forget what is below a grain of each total."""
        numbers = self._unpack(total, self.real)
        return kind, sum(
            number // grain << n * self._width
            for n, (number, grain) in enumerate(zip(numbers, self._grains, strict=True))
        )

    def _unpack(self, total: int, many: int) -> list[int]:
        half, mask = 1 << self._width - 1, (1 << self._width) - 1
        numbers = []
        for _ in range(many):
            number = ((total + half) & mask) - half
            numbers.append(number)
            total = (total - number) >> self._width
        return numbers

    # ------------------------------------------------------------------ two halves

    def _ratio(self) -> tuple[int, int] | None:
        """The two totals' denominators, where one total says the other because they are the same share in every state."""
        if self.real == 1 or max(self._grains) > 1:
            return None
        units = self.sides[0].frame.scale.unit, self.sides[1].frame.scale.unit
        same = all(side.is_last for side in self.sides) and all(
            a * units[1] == b * units[0]
            for node in self._half_nodes
            for counts, _ in node.table.values()
            for a, b in (self._unpack(total, 2) for total in counts)
        )
        return units if same else None

    def _split(self, node: Node) -> dict[int, Half]:
        halves = {}
        for kind, (counts, costs) in node.table.items():
            if self.real == 1:
                rows = [(total, 0, total) for total in counts]
            elif self._line is not None:
                rows = [(self._unpack(total, 1)[0], 0, total) for total in counts]
            else:
                rows = [(a, b, total) for total in counts for a, b in (self._unpack(total, 2),)]
            halves[kind] = Half(rows, counts, costs)
        return halves

    def _bands(self, kind: _Class, n: int) -> Bands:
        """What a case of this class is called under one plan, by its total."""
        side, standing = self.sides[n], kind.standings[n]
        bands: Bands = [
            (least, (self._label(side, standing, verdict),)) for least, verdict in side.bands(standing.worst)
        ]
        supposed = next((s for s in range(self.real, len(self.sides)) if self._of[s] == n), None)
        if supposed is not None and not standing.marks & HELD:
            bands = self._as_supposed(kind, n, supposed)
        if standing.marks & UNSURE:
            bands = [(least, tuple(sorted({*label, "review"}))) for least, label in bands]
        kept = simplified(bands)
        return kept if self._grains[n] == 1 else in_grains(kept, self._grains[n], self._blocks_added)

    def _as_supposed(self, kind: _Class, n: int, s: int) -> Bands:
        """Step 10: where the better answers change the verdict, a person is asked."""
        side, standing = self.sides[n], kind.standings[n]
        other, supposed, above = self.sides[s], kind.standings[s], kind.above[s - self.real]
        own = side.bands(standing.worst)
        passes = not other.ends_here(supposed)
        others = [(least - above, verdict) for least, verdict in other.bands(supposed.worst)]
        found: Bands = []
        # The last band of either begins nowhere; any number below all cuts stands for it.
        bottom = min(least for least, _ in (*own, *others)) - 1
        starts = sorted({least for least, _ in (*own[:-1], *others[:-1])} | {bottom}, reverse=True)
        for least in starts:
            verdict = next((v for start, v in own[:-1] if least >= start), own[-1][1])
            better = next((v for start, v in others[:-1] if least >= start), others[-1][1])
            label = "review" if passes or better != verdict else self._label(side, standing, verdict)
            found.append((least, (label,)))
        return found

    def count(self) -> dict[Cell, int]:
        """How many combinations there are of each cell."""
        found: dict[Cell, int] = {}
        for meeting in self._meetings():
            grid = meeting.grid
            small, large = sorted((len(meeting.left.rows), len(meeting.right.rows)))
            self._budget.spend(large * max(1, len(grid.firsts) * len(grid.seconds)) if grid.seconds else small)
            cells = count_cells(meeting.left, meeting.right, *grid.cuts())
            for names, row in zip(grid.cells, cells, strict=True):
                for cell, ways in zip(names, row, strict=True):
                    if ways:
                        found[cell] = found.get(cell, 0) + ways
        return found

    def _meetings(self) -> list[_Meeting]:
        """Each class of one half with those of the other, taken together where what cases are called depends on their totals alike."""
        if self._met is None:
            self._met = []
            merges: dict[tuple[int, ...], Half] = {}
            few, many = sorted(range(2), key=lambda n: sum(len(half.rows) for half in self._halves[n].values()))
            for b, right in self._halves[many].items():
                alike: dict[Grid, list[int]] = {}
                for a in self._halves[few]:
                    grid = self._grid(self._join(a, b))
                    if grid is not None:
                        alike.setdefault(grid, []).append(a)
                for grid, kinds in alike.items():
                    key = tuple(kinds)
                    if key not in merges:
                        merges[key] = merged([self._halves[few][a] for a in kinds])
                    self._met.append(_Meeting(few, key, b, merges[key], right, grid))
        return self._met

    def _grid(self, number: int | None) -> Grid | None:
        """What cases of a class are called, by their totals; None where they do not end here."""
        if number is None:
            return None
        if number not in self._grids:
            kind = self._kinds[number]
            ends = all(self.sides[n].ends_here(kind.standings[n]) for n in range(self.real))
            self._grids[number] = self._make_grid(kind) if ends else None
        return self._grids[number]

    def _make_grid(self, kind: _Class) -> Grid:
        bands = [self._bands(kind, n) for n in range(self.real)]
        if self.real == 1:
            return grid_of([(least, (label,)) for least, label in bands[0]])
        if self._line is None:
            cells = tuple(tuple((label, other) for _, other in bands[1]) for _, label in bands[0])
            return Grid(tuple(least for least, _ in bands[0]), tuple(least for least, _ in bands[1]), cells)
        old, new = self._line
        # The new total is old total * new / old; it reaches a cut where the old one reaches cut * old / new, rounded up.
        moved = [(None if least is None else -(-least * old // new), label) for least, label in bands[1]]
        starts = sorted({least for least, _ in (*bands[0], *moved) if least is not None}, reverse=True)
        return grid_of(
            [
                (least, (bands[0][place_of(bands[0], least)][1], moved[place_of(moved, least)][1]))
                for least in (*starts, None)
            ]
        )

    def fewest(self, cell: Cell, best: int | None) -> Fewest | None:
        """A combination of a cell with the fewest items that are not absent, if it has fewer of them than *best*."""
        found: tuple[_Meeting, Found] | None = None
        for meeting in sorted(self._meetings(), key=lambda one: one.left.cheapest + one.right.cheapest):
            for first, second in meeting.grid.windows(cell):
                pair = cheapest(meeting.left, meeting.right, first, second, best)
                if pair is not None:
                    best, found = pair.cost, (meeting, pair)
        if found is None:
            return None
        meeting, pair = found
        few = self._half_nodes[meeting.few]
        kind = next(a for a in meeting.kinds if few.table[a][1].get(pair.left) == meeting.left.costs[pair.left])
        choices = few.trace(kind, pair.left) + self._half_nodes[1 - meeting.few].trace(meeting.other, pair.right)
        chosen = [(self._asked[number][0], self._asked[number][1][place]) for number, place in sorted(choices)]
        return Fewest(pair.cost, tuple(chosen))


class _Meeting(NamedTuple):
    """Classes of one half, taken as one, and a class of the other half."""

    few: int
    kinds: tuple[int, ...]
    other: int
    left: Half
    right: Half
    grid: Grid
