"""
One plan as a proof sees it: what of a case so far can still matter to the verdict.

Owns *standings*: the worst cap so far, the conditions and flag counts that an undecided rule may still ask for, and nothing else, so that cases which no
rule can tell apart any more become one. Conditions can only turn on as more of a case is looked at, which is what makes forgetting safe.
Must not know of sums, of answers, or of a second plan.

Source: FORMAT.md 6, steps 2, 5 and 8 to 11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from scoring.engine.conditions import is_below, outcome_truths
from scoring.engine.table import FLAGS

if TYPE_CHECKING:
    from typing import TypeAlias

    from scoring.engine.plan import Plan

    Leaf: TypeAlias = tuple[Any, ...]
    Tree: TypeAlias = int | tuple[bool, list["Tree"]]

__all__ = ["ACTION", "VERDICT", "Case", "Side", "Standing", "condition_tree"]

VERDICT, ACTION = "verdict", "action"
ENDS, HELD, UNSURE, MET, UNMET = (
    1,
    2,
    4,
    8,
    16,
)  # marks: the case ends here; a person is asked; step 10 is only bounded; the guarantee's condition
MANY_UNCLEAR = 11  # from so many on step 10 sets the hold without trying
_FATAL, _KNOCK_OUT, _REFER = (FLAGS.index(flag) for flag in ("fatal", "knock_out", "refer"))
_UNCLEAR = len(FLAGS)  # counted as if it were a flag


class Case(NamedTuple):
    """Which cases of a plan are looked at: of one variant, with or without proof of notice, that end after stage number `end` (the last: or do not end)."""

    variant: str | None
    notice: bool | None
    end: int


class Standing(NamedTuple):
    """What is known of a case so far: the worst cap, marks, the literals that hold, and flag counts in 16 bits each."""

    worst: int
    marks: int
    bits: int
    counts: int


class _Rule(NamedTuple):
    """What follows where a tree of literals holds: a cap, marks, or that the case is none of these."""

    tree: Tree
    leaves: int
    cap: int = 0
    mark: int = 0
    dead: bool = False

    def matters(self, worst: int, marks: int) -> bool:
        return self.dead or self.cap > worst or bool(self.mark & ~marks)


class Side:
    """
    One plan, for the cases of one variant that end at one stage.

    Args:
        plan: The rubric.
        case: Which cases.
        by: What is asked of them: ``verdict`` or ``action``.
        condition: A guarantee's condition, as a pack writes it, or None.
        supposed: Judge as if every unclear answer had been the item's best outcome (step 10).
    """

    def __init__(
        self,
        plan: Plan,
        case: Case,
        *,
        by: str = VERDICT,
        condition: dict[str, Any] | None = None,
        supposed: bool = False,
    ) -> None:
        self.plan = plan
        self.case = case
        self.by = by
        self.frame = plan.frames[case.variant]
        self.is_last = case.end == len(plan.stages) - 1
        self.supposed = supposed
        self.leaves: dict[Leaf, int] = {literal: place for place, literal in enumerate(plan.literals)}
        self._condition = None if condition is None else condition_tree(plan, condition, self.leaves)
        self._rules = self._make_rules()
        self._negative = sum(1 << place for leaf, place in self.leaves.items() if leaf[0] == "every")
        self._condition_leaves = 0 if self._condition is None else _leaves_of(self._condition)
        self._counters = self._make_counters()
        self._seen: dict[tuple[int, int], tuple[int, int]] = {}
        self.asked_stages = frozenset(leaf[1] for leaf in self.leaves if leaf[0] == "stage" and leaf[1] <= case.end)

    def plan_width(self) -> int:
        """How many bits any sum of the plan's points, sections or stages needs, its sign and a spare one included."""
        earned = [
            sum(max(map(abs, item.points)) for item in self.plan.items[s.start : s.stop]) for s in self.plan.sections
        ]
        weighed = [e * abs(f) for e, f in zip(earned, self.frame.scale.factors, strict=True)]
        floors = map(abs, self.frame.scale.floors)
        whole = (sum(weighed) + sum(floors) + self.frame.scale.stage_unit) * max(1, *self.frame.scale.weights)
        return 3 + max(whole * len(self.plan.stages), *earned).bit_length()

    @property
    def can_be(self) -> bool:
        """Whether any case ends at this stage at all."""
        return self.is_last or any(rule.mark & ENDS for rule in self._rules)

    def _make_rules(self) -> list[_Rule]:
        plan, end = self.plan, self.case.end
        fatal, refer = ("flag", _FATAL, 1, end), ("flag", _REFER, 1, end)
        rules = []
        if self.case.notice is not False:
            rules.append(self._rule(self._leaf(fatal), cap=plan.caps[0][1]))
        elif self.by == ACTION:
            rules.append(self._rule(self._leaf(fatal), mark=HELD))
        for place, stage in enumerate(plan.stages[: end + 1]):
            knocked = self._leaf(("raised in", _KNOCK_OUT, place))
            if place < end and self.supposed:
                continue  # better answers do not end what had passed
            if place < end:
                rules.append(self._rule(knocked, dead=True))
                rules += [self._rule(plan.trees[gate - 2], dead=True) for gate in stage.gates]
            else:
                rules.append(self._rule(knocked, cap=plan.caps[1][1], mark=ENDS))
                rules += [self._rule(plan.trees[gate - 2], cap=plan.caps[gate][1], mark=ENDS) for gate in stage.gates]
        first = 2 + sum(len(stage.gates) for stage in plan.stages)
        rules += [self._rule(plan.trees[cap - 2], cap=plan.caps[cap][1]) for cap in range(first, len(plan.caps))]
        if self.by == ACTION and not self.supposed:
            rules.append(self._rule(self._leaf(refer), mark=HELD))
            rules += self._unclear_rules()
        possible = self._possible()
        return [rule for rule in rules if rule.leaves and _met(rule.tree, possible) and self._is_of_use(rule)]

    def _is_of_use(self, rule: _Rule) -> bool:
        return rule.dead or rule.cap > 0 or bool(rule.mark)

    def _unclear_rules(self) -> list[_Rule]:
        """
        Step 10 without its trying.

        Within one stage the unclear answers are tried all at once; where a best outcome raises a flag, or in a funnel, with more than ten nothing is
        tried. That all of them at once changes the verdict wherever some of them do holds unless such a flag is one that a condition counts.
        """
        unclear = [self.plan.items[place] for place, _ in self.plan.unclear if self.is_seen(place)]
        flagged = [item for item in unclear if item.words[item.best_code]]
        rules = []
        if len(unclear) >= MANY_UNCLEAR and (len(self.plan.stages) > 1 or flagged):
            many = self._leaf(("flag", _UNCLEAR, MANY_UNCLEAR, self.case.end))
            some = self._leaf(("unclear of", frozenset(item.place for item in flagged)))
            tree: Tree = many if len(self.plan.stages) > 1 else (True, [many, some])
            rules.append(self._rule(tree, mark=HELD))
        hard = [item for item in flagged if item.words[item.best_code] >> 16 * _REFER & 0xFFFF]
        if hard and any(leaf[0] == "flag" and leaf[1] == _REFER for leaf in self.plan.literals):
            leaf = self._leaf(("unclear of", frozenset(item.place for item in hard)))
            rules.append(self._rule(leaf, mark=UNSURE))
        return rules

    def _leaf(self, leaf: Leaf) -> int:
        return self.leaves.setdefault(leaf, len(self.leaves))

    def _rule(self, tree: Tree, *, cap: int = 0, mark: int = 0, dead: bool = False) -> _Rule:
        return _Rule(tree, _leaves_of(tree), cap, mark, dead)

    def _make_counters(self) -> list[tuple[int, int, int, list[tuple[int, int]]]]:
        """(shift, flag, last stage that counts, [(at least, literal)]) of each number of flags that some literal asks for."""
        asked: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for leaf, place in self.leaves.items():
            if leaf[0] == "flag":
                asked.setdefault((leaf[1], min(leaf[3], self.case.end)), []).append((leaf[2], place))
        return [(16 * n, flag, last, sorted(levels)) for n, ((flag, last), levels) in enumerate(asked.items())]

    def _possible(self) -> int:
        """The literals that are about evaluated stages."""
        return sum((self._stage_asked(leaf) <= self.case.end) << place for leaf, place in self.leaves.items())

    def _stage_asked(self, leaf: Leaf) -> int:
        if leaf[0] == "below":
            return self.plan.sections[leaf[1]].stage
        if leaf[0] == "is":
            return self.stage_of(leaf[1])
        return leaf[1] if leaf[0] == "stage" else 0

    def stage_of(self, place: int) -> int:
        """The stage of an item."""
        return self.plan.sections[self.plan.items[place].section].stage

    def is_seen(self, place: int) -> bool:
        """Whether an item is of the variant and its stage is evaluated."""
        return place not in self.frame.outside and self.stage_of(place) <= self.case.end

    def code_of(self, place: int, code: int) -> int:
        """The code that counts here."""
        item = self.plan.items[place]
        return item.best_code if self.supposed and code == item.unclear else code

    # ------------------------------------------------------------------ standings

    def start(self) -> Standing | None:
        """Nothing is known yet."""
        return self._settle(0, MET if self._condition is None else 0, 0, 0)

    def join(self, a: Standing, b: Standing) -> Standing | None:
        """What is known once both are; None where no case is so."""
        counts = 0
        if a.counts and b.counts:
            for shift, _, _, levels in self._counters:
                most = levels[-1][0]
                counts |= min((a.counts >> shift & 0xFFFF) + (b.counts >> shift & 0xFFFF), most) << shift
        else:
            counts = a.counts or b.counts
        return self._settle(max(a.worst, b.worst), a.marks | b.marks, a.bits | b.bits, counts)

    def outcome(self, place: int, code: int) -> Standing | None:
        """What one outcome adds."""
        item, stage = self.plan.items[place], self.stage_of(place)
        code = self.code_of(place, code)
        word = item.words[code]
        unclear = code == item.unclear
        bits = outcome_truths(self.plan, place, code)
        for leaf, n in self.leaves.items():
            if leaf[0] == "raised in":
                bits |= (stage == leaf[2] and bool(word >> 16 * leaf[1] & 0xFFFF)) << n
            elif leaf[0] == "unclear of":
                bits |= (unclear and place in leaf[1]) << n
            elif leaf[0] == "every":
                bits |= (item.name(code) not in leaf[1]) << n
            elif leaf[0] == "is" and n >= len(self.plan.literals):
                bits |= (leaf[1] == place and code in leaf[2]) << n
        counts = 0
        for shift, flag, last, levels in self._counters:
            raised = unclear if flag == _UNCLEAR else bool(word >> 16 * flag & 0xFFFF)
            counts |= (raised and stage <= last and levels[-1][0] > 0) << shift
        return self._settle(0, 0, bits, counts)

    def section(self, place: int, earned: int) -> Standing | None:
        """What a section's sum adds."""
        maximum = self.frame.maxima[place]
        bits = sum(
            is_below(self.plan, place, earned, maximum, leaf[2]) << n
            for leaf, n in self.leaves.items()
            if leaf[0] == "below" and leaf[1] == place
        )
        return self._settle(0, 0, bits, 0)

    def stage(self, place: int, total: int) -> Standing | None:
        """What a stage's sum, in the frame's stage units, adds."""
        unit = self.frame.scale.stage_unit
        bits = sum(
            (total * leaf[2][1] < leaf[2][0] * unit) << n
            for leaf, n in self.leaves.items()
            if leaf[0] == "stage" and leaf[1] == place
        )
        return self._settle(0, 0, bits, 0)

    def contribution(self, place: int, earned: int) -> int:
        """What a section adds to its stage, in the frame's stage units."""
        return max(earned * self.frame.scale.factors[place], self.frame.scale.floors[place])

    def _settle(self, worst: int, marks: int, bits: int, counts: int) -> Standing | None:
        """Apply every rule that holds, and forget what no other rule can ask for."""
        for shift, _, _, levels in self._counters:
            count = counts >> shift & 0xFFFF
            for least, leaf in levels:
                bits |= (count >= least) << leaf
        keep = 0
        holding = [rule for rule in self._rules if rule.leaves & bits and _met(rule.tree, bits)]
        for rule in holding:
            if rule.dead:
                return None
            worst, marks = max(worst, rule.cap), marks | rule.mark
        for rule in self._rules:
            if rule not in holding and rule.matters(worst, marks):
                keep |= rule.leaves
        if self._condition is not None and not marks & (MET | UNMET):
            known = _known(self._condition, bits, self._negative)
            if known is None:
                keep |= self._condition_leaves
            else:
                marks |= MET if known else UNMET
        needed = 0
        for shift, _, _, levels in self._counters if counts else ():
            most = max((least for least, leaf in levels if keep >> leaf & 1 and not bits >> leaf & 1), default=0)
            needed |= min(counts >> shift & 0xFFFF, most) << shift
        return Standing(worst, marks, bits & keep, needed)

    # ------------------------------------------------------------------ what it comes to

    def ends_here(self, standing: Standing) -> bool:
        """Whether a case that is looked at to its end ends at this stage, or has gone through the last."""
        return self.is_last or bool(standing.marks & ENDS)

    def is_met(self, standing: Standing) -> bool:
        """Whether the guarantee's condition holds of such a case."""
        if standing.marks & (MET | UNMET):
            return bool(standing.marks & MET)
        return self._condition is not None and _met(self._condition, standing.bits ^ self._negative)

    def bands(self, worst: int) -> list[tuple[int, int]]:
        """(least total, verdict), best first, of the verdicts that the total still decides; the last one has no least total that matters."""
        if not self.is_last:
            return [(0, worst)]
        cuts = [*self.frame.scale.cuts, 0]
        first = min(worst, len(cuts) - 1)
        return [(cuts[band], max(band, worst)) for band in range(first, len(cuts))]


def condition_tree(plan: Plan, when: dict[str, Any], leaves: dict[Leaf, int]) -> Tree:
    """
    Turn a guarantee's condition into a tree of literals, which are put into *leaves*.

    Raises:
        KeyError, ValueError, StopIteration: It names what the plan does not have; whoever read the rubric has made sure that it does not.
    """
    for word in ("all", "any"):
        if word in when:
            return word == "all", [condition_tree(plan, inner, leaves) for inner in when[word]]
    from scoring.engine.exact import rational

    leaf: Leaf
    if "flag" in when:
        leaf = ("flag", FLAGS.index(when["flag"]), when.get("at_least", 1), len(plan.stages) - 1)
    elif "section" in when:
        place = next(n for n, section in enumerate(plan.sections) if section.id == when["section"])
        leaf = ("below", place, rational(when["below"]))
    elif "stage" in when:
        leaf = ("stage", plan.stage_index[when["stage"]], rational(when["below"]))
    elif "every" in when:
        leaf = ("every", frozenset(when["every"]))
    else:
        item = plan.items[plan.index[when["item"]]]
        leaf = ("is", item.place, frozenset(item.named()[name] for name in when["is"]))
    return leaves.setdefault(leaf, len(leaves))


def _leaves_of(tree: Tree) -> int:
    if isinstance(tree, int):
        return 1 << tree
    leaves = 0
    for branch in tree[1]:
        leaves |= _leaves_of(branch)
    return leaves


def _met(tree: Tree, bits: int) -> bool:
    if isinstance(tree, int):
        return bool(bits >> tree & 1)
    branches = (_met(branch, bits) for branch in tree[1])
    return all(branches) if tree[0] else any(branches)


def _known(tree: Tree, bits: int, negative: int) -> bool | None:
    """Whether a condition holds whatever else the case brings: yes, no, or not known yet."""
    if isinstance(tree, int):
        if not bits >> tree & 1:
            return None
        return not negative >> tree & 1
    found = [_known(branch, bits, negative) for branch in tree[1]]
    decisive = not tree[0]  # one true branch decides an `any`, one false branch an `all`
    if decisive in found:
        return decisive
    return None if None in found else not decisive
