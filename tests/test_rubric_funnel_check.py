"""What is refused in a funnel, what is doubtful, and how it is said: each rule in both polarities, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubric_files import FUNNEL, MARK, examined, found, marked, reordered
from rubric_files import changed as changed_in
from scoring import canonical
from scoring.rubric.check import Checked, check
from test_rubric_funnel import INNER, OUTER, PROFILE, packed

if TYPE_CHECKING:
    from pathlib import Path


def changed(old: str, new: str, text: str = FUNNEL) -> str:
    """The funnel with one thing changed."""
    return changed_in(old, new, text)


DEPTH = "{below: 0, at: 2, above: 3}"
TALK = "  - id: talk-stage\n    job_related: The level shows here.\n"
ONLY_DEPTH = "{all: [{item: modelling-talk, is: [none, some]}, {stage: work, below: 60%}]}"

# name: what is replaced in the funnel, by what (with a mark where the problem is), its code, what the message says
REFUSED = {
    # --- forms
    "sections and stages": (
        "stages:\n  - id: door",
        "«sections: [{id: x, items: [{id: y, kind: mark, max: 1, ask: a, job_related: b}]}]\nstages:\n  - id: door",
        "sections-twice",
        "either `sections` or `stages`, not both",
    ),
    "a level with a space": ("levels: [mid,", "levels: [«mid level,", "id-form", 'did you mean "mid-level"?'),
    "a level twice": ("{id: senior,", "{id: «mid,", "id-twice", 'the level "mid" stands twice'),
    "a variant twice": ("  - onsite\n", "  - «call\n", "id-twice", 'the variant "call" stands twice'),
    "one variant": (
        "variants:\n  - {id: call, title: On a call}\n  - onsite\n",
        "«variants: [call]\n",
        "too-few",
        '"variants" holds 1, expected 2 to 12',
    ),
    "a stage twice": ("  - id: talk-stage\n", "  - id: «work\n", "id-twice", 'the stage "work" stands twice'),
    "a competency twice": (
        "assumed:\n  - {id: pool",
        "  - {id: «modelling, expected: {mid: some, senior: all}}\nassumed:\n  - {id: pool",
        "id-twice",
        'the competency "modelling" stands twice',
    ),
    "a gate called as an override": ("{id: noted-often,", "{id: «craft-minimum,", "id-twice", "stands twice"),
    "an indicator on both sides": (
        "negative: {guesses:",
        "negative: {«asks:",
        "id-twice",
        'the indicator "asks" stands twice',
    ),
    "a value that outcomes are called": ("{none: {}, some:", "{«awaited: {}, some:", "id-reserved", "is taken"),
    "an excerpt of another word": ("excerpt: allowed", "excerpt: «yes", "unknown-word", "expected one of allowed"),
    "a stage by another name": (
        "stages:\n  - id: door",
        "«phases:\n  - id: door",
        "unknown-key",
        'did you mean "stages"?',
    ),
    "a kind by another name": ("kind: evidence", "kind: «upload", "unknown-word", 'did you mean "evidence"?'),
    "a line without text": (
        "agenda: {text: Had an agenda}",
        "agenda: «{points: 1}",
        "missing-key",
        'needs the key "text"',
    ),
    "a number of seats": ("max: 3, combine", "max: «21, combine", "number", "a whole number from 1 to 20"),
    # --- roles, raters, panels
    "a role that is none": ("needs: {peer: 2}", "needs: {«pier: 2}", "no-such-role", 'did you mean "peer"?'),
    "a role on the panel that is none": (
        "panel: [lead, peer]",
        "panel: [lead, peer, «boss]",
        "no-such-role",
        "there are lead, peer",
    ),
    "a role in the audience that is none": (
        "audience: [lead, host]",
        "audience: [lead, «hosts]",
        "no-such-role",
        'did you mean "host"?',
    ),
    "a needed role that is not on the panel": (
        "panel: [lead, peer]\n",
        "panel: [lead]\n",
        "role-off-panel",
        '"plan" needs a rating by "peer", who is not on the panel of "work"',
        "peer: 2}",
    ),
    "more needed than there are seats": (
        "max: 3, combine",
        "max: «1, combine",
        "seats",
        "`needs` takes 2 people together",
    ),
    "more needed than may rate": (
        "needs: {peer: 2}, max: 3",
        "«needs: {peer: 12, lead: 9}",
        "seats",
        "at most 20 people",
    ),
    "nobody who rates": (
        "raters: {needs: {lead: 1}, combine: lowest}\n",
        "",
        "raters-missing",
        'people rate "modelling-talk", but nothing says who: add `raters: {needs: {ROLE: 1}, combine: median}` to it',
        "modelling-talk\n",
    ),
    "a combination that is none": (
        "combine: median",
        "combine: «average",
        "unknown-word",
        "median, mean, lowest, consensus",
    ),
    "no combination": (
        "raters: {needs: {lead: 1}, combine: lowest}",
        "raters: «{needs: {lead: 1}}",
        "missing-key",
        '"combine"',
    ),
    "a rating that is zero where nobody rates": (
        "            scale: quality\n",
        "            scale: quality\n            missing: «zero\n",
        "missing-zero",
        "it waits for those who rate it",
    ),
    # --- scales, competencies, levels
    "a scale that is none": ("scale: quality", "scale: «qualities", "no-such-scale", 'did you mean "quality"?'),
    "a number that falls": (
        "{number: 2, text",
        "{number: «0.5, text",
        "scale-order",
        '"good" counts 0.5, less than "fair"',
    ),
    "a value without a number": (
        "fair: {number: 1}",
        "«fair: {text: so so}",
        "scale-numbers",
        "give one to all of them, or to none",
    ),
    "a scale without anything above 0": (
        "{poor: {number: 0, text: not shown}, fair: {number: 1}, good: {number: 2,",
        "{poor: {number: -2, text: not shown}, fair: {number: -1}, good: {number: 0,",
        "no-numbers",
        'the best value of the scale "quality" counts 0',
        "quality\n            points",
    ),
    "a scale without numbers where they are needed": (
        "            scale: quality\n",
        "            scale: «steps\n",
        "no-numbers",
        (
            '"plan" can earn nothing, because the values of the scale "steps" in line 14 have no `number`, and points count there: '
            "add numbers, as in none: {number: 0}, some: {number: 1}, all: {number: 2}"
        ),
        "",
        "anchors: {fair: gaps}",
        "anchors: {some: gaps}",
    ),
    "an anchor of no value": (
        "anchors: {fair: gaps}",
        "anchors: {«fine: gaps}",
        "no-such-value",
        "it has poor, fair, good",
    ),
    "a competency that is none": (
        "competency: modelling",
        "competency: «modeling",
        "no-such-competency",
        'did you mean "modelling"?',
    ),
    "a level without its cell": (
        "expected: {mid: some, senior: all}",
        "«expected: {mid: some}",
        "cell-missing",
        '"modelling" says nothing about "senior" in `expected`: every level has its cell, as in senior: ...',
    ),
    "a requirement that lacks a level": (
        "requirements: {mid: Builds models with help, senior",
        "«requirements: {senior",
        "cell-missing",
        '"modelling" says nothing about "mid"',
    ),
    "a cell of no level": (
        "expected: {mid: some, senior: all}",
        "expected: {mid: some, senior: all, «junior: none}",
        "no-such-level",
        'there is no level "junior"',
    ),
    "an assumed level that is none": (
        "assumed: [senior]",
        "assumed: [«seniors]",
        "no-such-level",
        'did you mean "senior"?',
    ),
    "an expectation that the scale does not have": (
        "senior: all}\n    assumed",
        "senior: most}\n    assumed",
        "no-such-value",
        '"modelling" expects "most" at "senior", which the scale "steps" does not have',
        "modelling\n            points",
    ),
    "points by level without a competency": (
        "            competency: modelling\n",
        "",
        "level-points",
        "add `competency: ID`",
        f"points: {DEPTH}",
    ),
    "points by level that fall": (
        f"points: {DEPTH}",
        "«points: {below: 0, at: 2, above: 1}",
        "level-points",
        "`at` at most `above`",
    ),
    "points by level and a mean": (
        f"points: {DEPTH}",
        f"«points: {DEPTH}\n            raters: {{needs: {{lead: 2}}, combine: mean}}",
        "level-points",
        "a mean is none",
    ),
    "competencies without levels": (
        "levels: [mid, {id: senior, title: Senior}]\n",
        "",
        "levels-missing",
        "add `levels: [junior, senior]`",
        "competencies:",
    ),
    # --- weights
    "no default composite": (
        PROFILE,
        "",
        "stages-missing",
        (
            "2 stages can earn points, and nothing says what each weighs in the total; add weights: "
            "{default: agreed, profiles: {agreed: {stages: {work: 1/2, talk-stage: 1/2}}}}"
        ),
        "stages:\n  - id: door",
    ),
    "a profile without stages": (
        "      stages: {work: 70%, talk-stage: 30%}\n",
        "",
        "stages-missing",
        "add stages: {work: 1/2, talk-stage: 1/2}",
        "agreed:\n",
    ),
    "stages that do not add up": (
        "stages: {work: 70%, talk-stage: 30%}",
        "«stages: {work: 70%, talk-stage: 20%}",
        "shares-sum",
        'the stages of "agreed" sum to 90%, not to 100%: 10% is missing',
    ),
    "a share of no stage": ("talk-stage: 30%}", "«talk-stag: 30%}", "no-such-stage", 'did you mean "talk-stage"?'),
    "a weight of a stage without points": (
        "stages: {work: 70%, talk-stage: 30%}",
        "stages: {work: 70%, talk-stage: 20%, «door: 10%}",
        "stage-maximum",
        'the stage "door" has weight, but nothing in it can earn points: give an item points, or write 0% here',
    ),
    "unequal weights without a reason": (
        "      justification: work samples say most\n",
        "",
        "justification",
        'the stages of "agreed" weigh differently, and nothing says why: add `justification: ...`',
        "stages: {work: 70%",
    ),
    "sections that do not add up within their stage": (
        "shares: {craft: 60%, manner: 40%}",
        "«shares: {craft: 60%, manner: 30%}",
        "shares-sum",
        'the shares of "agreed" within "work" sum to 90%',
    ),
    "a section of a named stage without a share": (
        "shares: {craft: 60%, manner: 40%}",
        "«shares: {craft: 100%}",
        "shares-missing",
        'has no share for "manner": it names every section within "work"',
    ),
    "weights twice in one stage": (
        "        title: Craft\n",
        "        title: Craft\n        weight: «60%\n",
        "weights-twice",
        "the weights stand in `weights` already",
    ),
    "a share of a section without points": (
        "shares: {craft: 60%, manner: 40%}",
        "shares: {craft: 60%, manner: 40%, knock-outs: 100%}",
        "section-maximum",
        'the section "knock-outs" has weight, but nothing in it can earn points: give an item points, or write 0% here',
        "knock-outs: 100%",
    ),
    "a weighted section that a variant leaves without points": (
        "            kind: mark\n",
        "            kind: mark\n            only: call\n",
        "section-maximum",
        'the section "manner" has weight, but for the variant "onsite" its items can earn nothing',
        "manner\n        items",
        '{any: [{section: craft, below: 50%}, {item: tests, is: ["0"]}]}',
        "{section: craft, below: 50%}",
    ),
    "a weighted section that a level leaves without points": (
        f"points: {DEPTH}",
        "points: {below: 0, at: 0, above: 3}",
        "section-maximum",
        'the section "depth" has weight, but at the level "senior" its items can earn nothing',
        "depth\n        items",
        ONLY_DEPTH,
        "{stage: work, below: 60%}",
    ),
    # --- conditions
    "a variant that is none": ("only: call", "only: «cal", "no-such-variant", 'did you mean "call"?'),
    "a gate that looks ahead at a section": (
        "{section: craft, below: 50%}",
        "{section: «depth, below: 50%}",
        "gate-later",
        'the gate of "work" cannot look at a later stage, and this section is in "talk-stage"',
    ),
    "a gate that looks ahead at a stage": (
        "{section: craft, below: 50%}",
        "{stage: «talk-stage, below: 50%}",
        "gate-later",
        'this stage is in "talk-stage"',
    ),
    "a gate that looks ahead at an item": (
        '{item: tests, is: ["0"]}',
        "{item: «modelling-talk, is: [none, some]}",
        "gate-later",
        'this item is in "talk-stage"',
    ),
    "a condition on a stage without points": ("{stage: work,", "{stage: «door,", "stage-maximum", "so it has no share"),
    "a condition on no stage": ("{stage: work,", "{stage: «works,", "no-such-stage", 'did you mean "work"?'),
    "an override that cannot hold for a variant": (
        "{flag: note, at_least: 3}",
        '«{item: handover, is: "0"}',
        "variant",
        '"noted-often" can never hold for the variant "onsite", who meets no item "handover"',
    ),
    "a gate that cannot hold for a variant": (
        '{any: [{section: craft, below: 50%}, {item: tests, is: ["0"]}]}',
        '«{all: [{section: craft, below: 50%}, {item: handover-onsite, is: "0"}]}',
        "variant",
        '"craft-minimum" can never hold for the variant "call"',
    ),
    "a list that would turn on at another level": (
        "is: [none, some]",
        "is: «[none]",
        "list-lacks",
        "the list has to hold some too",
    ),
    "a list with the best of some level": (
        "is: [none, some]",
        "is: [none, some, «all]",
        "best-listed",
        '"all" earns 3',
    ),
    "a list of sums with a hole": (
        "{flag: note, at_least: 3}",
        '{any: [{item: handover, is: «["1"]}, {item: handover-onsite, is: "0"}]}',
        "list-lacks",
        "the list has to hold 0, 1/3, 1/2, 2/3 too",
    ),
    # --- rounds, excerpts
    "a round that the stage does not have": (
        "round: first",
        "round: «frist",
        "no-such-round",
        'it has "first", "second"',
    ),
    "an excerpt that nobody allowed": (
        "excerpt: allowed\n",
        "",
        "excerpt",
        '"craft" declares 4 items and has 2 for the variant "call": add the others, or write `excerpt: allowed`',
        "4\n        raters",
        "accept: {excerpt: the source prints three of four}\n",
        "",
    ),
    "one stage under a name of its own": (
        FUNNEL[FUNNEL.index("  - id: door\n") : FUNNEL.index("overrides:")],
        (
            "  - id: «all\n    sections: [{id: craft, items: [{id: tests, kind: mark, ask: a, max: 2, job_related: b}]}, "
            "{id: manner, items: [{id: modelling-talk, kind: mark, ask: a, max: 2, job_related: b}]}]\n"
        ),
        "one-stage",
        "call the stage main",
        "",
        ONLY_DEPTH,
        "{stage: all, below: 60%}",
        "      stages: {work: 70%, talk-stage: 30%}\n",
        "      stages: {all: 100%}\n",
        "raters: {needs: {lead: 1}, combine: lowest}\n",
        "",
    ),
    # --- vocabularies that were never begun
    "roles that nobody named": (
        "roles: {lead: Team lead, peer: Colleague, host: Host}\n",
        "",
        "no-such-role",
        'there is no role "lead": add `roles: {lead: its title}` at the top of the file',
    ),
}

QUIET = {
    "equal weights need no reason": (
        "      stages: {work: 70%, talk-stage: 30%}\n",
        "      stages: {work: 50%, talk-stage: 50%}\n",
        "      justification: work samples say most\n",
        "",
    ),
    "one stage that weighs everything needs no reason": (
        "{work: 70%, talk-stage: 30%}",
        "{work: 100%, talk-stage: 0%}",
        "      justification: work samples say most\n",
        "",
        ONLY_DEPTH,
        "{any: [{stage: talk-stage, below: 50%}, {stage: work, below: 60%}]}",
    ),
    "a section without points may be named with 0%": ("manner: 40%}", "manner: 40%, knock-outs: 0%}"),
    "a panel with more people than are needed": ("panel: [lead, peer]", "panel: [lead, peer, host]"),
    "a stage without a panel": ("    panel: [lead, peer]\n", ""),
    "an override that some part of can hold for every variant": (
        "{flag: note, at_least: 3}",
        '{any: [{item: handover, is: "0"}, {section: manner, below: 10%}]}',
    ),
    "a gate that looks back": (
        "    job_related: The level shows here.\n",
        '    job_related: The level shows here.\n    gate: [{id: late, when: {item: tests, is: "0"}, cap: talk}]\n',
    ),
    "as many items as are declared": (
        "        declared: 4\n",
        "        declared: 2\n",
        "accept: {excerpt: the source prints three of four}\n",
        "",
    ),
    "a scale without numbers in a section without weight": (
        "overrides:\n",
        (
            "  - id: extra\n    sections:\n      - {id: seen, job_related: it shows, items: [{id: calm, kind: rating, scale: steps}]}\n"
            "overrides:\n"
        ),
    ),
    "a requirement of another level of the same competency": (
        "requirement: Builds models alone",
        "requirement: Builds models with help",
    ),
    "requirements that nobody wrote": (
        "    requirements: {mid: Builds models with help, senior: Builds models alone}\n",
        "",
    ),
}

DOUBTFUL = {
    "an excerpt that is allowed": (
        "accept: {excerpt: the source prints three of four}\n",
        "",
        "excerpt",
        '"craft" declares 4 items and has 2 for the variant "call": every decision goes to a person first',
        "4\n        raters",
    ),
    "a round without items": (
        "rounds: [first, second]",
        "rounds: [first, second, «third]",
        "round-empty",
        "no item of",
    ),
    "a requirement of no level": (
        "requirement: Builds models alone",
        "requirement: «Builds models by herself",
        "requirement-differs",
        'none of those of its competency "modelling"',
    ),
    "a gate that nobody passes": (
        "  - id: work\n    title: Work sample\n",
        "  - id: work\n    title: Work sample\n",
        "gate-impassable",
        'even the best answers meet the condition of "flagged", so nobody passes "door"',
        "{flag: refer, at_least: 1}, cap",
        "              yes: {points: 0}\n",
        "              yes: {points: 0, flag: refer}\n",
        "    job_related: The law asks for it.\n",
        "    job_related: The law asks for it.\n    gate: [{id: flagged, when: {flag: refer, at_least: 1}, cap: no-hire}]\n",
        "              no: {points: 0, flag: knock_out}\n",
        "              no: {points: -1, flag: knock_out}\n",
    ),
    "a gate at the first stage that counts a flag of a later one": (
        "    job_related: The law asks for it.\n",
        "    job_related: The law asks for it.\n    gate: [{id: early, when: «{flag: note, at_least: 1}, cap: no-hire}]\n",
        "cap-idle",
        'the condition of "early" can never hold',
    ),
    "a criterion without a reason": (
        "    job_related: The level shows here.\n",
        "",
        "job-related-empty",
        '"modelling-talk" does not say why the job needs it',
        "modelling-talk\n",
    ),
    "a verdict that no level reaches": (
        "  - {id: out,",
        "  - {id: gone, action: decline}\n  - {id: «out,",
        "verdict-unreachable",
        "no cap leads to it",
    ),
}


def applied(case: tuple[str, ...], pairs: int) -> str:
    """The funnel with the first change of a case, then those from *pairs* on."""
    text = changed(case[0], case[1])
    for old, new in zip(case[pairs::2], case[pairs + 1 :: 2], strict=True):
        text = changed(old, new, text)
    return text


def placed(case: tuple[str, ...]) -> tuple[str, tuple[int, int] | None]:
    text = applied(case, 5)
    at = case[4] if len(case) > 4 else ""
    text = changed(at, MARK + at, text) if at else text
    return marked(text) if MARK in text else (text, None)


class TestRefused:
    """One change in a funnel that is right, one problem: at its place, with what to do."""

    @pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
    def test_refused(self, case: tuple[str, ...]) -> None:
        text, place = placed(case)
        checked = examined(text)
        problems = [p.show() for p in checked.problems]
        assert {("error", case[2])} == {(severity, code) for severity, code, *_ in found(checked)}, problems
        assert place in {None, *((p.line, p.column) for p in checked.problems)}, problems
        assert len(checked.problems) == 1 or case[2] == "no-such-role", problems
        assert case[3] in checked.problems[0].message
        assert checked.pack is None

    @pytest.mark.parametrize("case", QUIET.values(), ids=QUIET)
    def test_quiet(self, case: tuple[str, ...]) -> None:
        assert [] == [problem.show() for problem in examined(applied(case, 2)).problems]

    @pytest.mark.parametrize("case", DOUBTFUL.values(), ids=DOUBTFUL)
    def test_doubtful(self, case: tuple[str, ...]) -> None:
        text, place = placed(case)
        checked = examined(text)
        assert place is not None
        assert ("warning", case[2], *place) in found(checked), [p.show() for p in checked.problems]
        assert {"warning"} == {severity for severity, *_ in found(checked)}
        assert case[3] in next(p.message for p in checked.problems if p.code == case[2])
        assert checked.pack is not None

    def test_an_outcome_list_of_many_people_can_be_too_long(self) -> None:
        """Twenty raters on a scale of odd numbers come to more means than two digits can tell apart."""
        values = ", ".join(f"v{n}: {{number: {n * n * n}/{n + 7}}}" for n in range(20))
        text = changed(
            "{poor: {number: 0, text: not shown}, fair: {number: 1}, good: {number: 2, text: shown throughout}}",
            f"{{{values}}}",
        )
        text = changed(
            "anchors: {fair: gaps}", "anchors: {v1: gaps}", changed("{peer: 2}, max: 3", "{peer: 2}, max: 8", text)
        )
        assert ["too-many"] == [problem.code for problem in examined(text).problems]

    def test_all_problems_come_at_once_in_the_order_of_the_file(self) -> None:
        text = changed("title: Hiring", "titel: Hiring", changed("only: call", "only: calls"))
        text = changed("competency: modelling", "competency: modeling", text)
        text = changed("needs: {peer: 2}", "needs: {pear: 2}", text)
        text = changed("round: first", "round: frist", text)
        text = changed("{section: craft,", "{section: depth,", text)
        text = changed("senior: all}\n", "seniors: all}\n", text)
        codes = [problem.code for problem in examined(text).problems]
        assert [
            "unknown-key",
            "no-such-level",
            "gate-later",
            "no-such-role",
            "no-such-round",
            "no-such-variant",
            "no-such-competency",
        ] == codes


INNER_OVERRIDE = "  - id: rude\n    when: {any: [{section: skills, below: 10%}, "
STAGE = "{id: written, title: Written test, rubric: inner.yaml, caps: {look: talk, fail: no-hire}}"


class TestRubricAsStage:
    """What another rubric brings with it has its place here, or is refused at the line that names it."""

    def examine(self, folder: Path, text: str, inner: str = INNER) -> Checked:
        (folder / "inner.yaml").write_text(inner, encoding="utf-8")
        (folder / "outer.yaml").write_text(text, encoding="utf-8")
        return check(folder / "outer.yaml")

    @pytest.mark.parametrize(
        ("new", "code", "says"),
        [
            ("{id: written, rubric: «inner.yml, caps: {look: talk}}", "other-rubric", "no such file"),
            (
                "{id: written, rubric: inner.yaml, «caps: {look: talk}}",
                "caps-missing",
                'inner.yaml caps by "rude": say which of our verdicts that means, as in caps: {fail: out}',
            ),
            ("{id: «written, rubric: inner.yaml}", "caps-missing", "as in caps: {look: out, fail: out}"),
            (
                "{id: written, rubric: inner.yaml, caps: {look: «maybe, fail: no-hire}}",
                "no-such-verdict",
                "there are hire, talk",
            ),
            (
                "{id: written, rubric: inner.yaml, caps: {look: talk, fail: no-hire, «lost: out}}",
                "no-such-verdict",
                'inner.yaml has no verdict "lost"; it has pass, look',
            ),
            (
                "{id: written, rubric: inner.yaml, profile: «skils, caps: {look: talk, fail: no-hire}}",
                "no-such-profile",
                "it has equal, skills-first",
            ),
            (
                f"{{id: «{'x' * 40}, rubric: inner.yaml, profile: skills-first, caps: {{look: talk, fail: no-hire}}}}",
                "id-form",
                "give the stage a shorter id",
            ),
            ("{id: written, rubric: «outer.yaml, caps: {look: talk}}", "other-rubric", "a stage of a stage"),
        ],
    )
    def test_refused(self, tmp_path: Path, new: str, code: str, says: str) -> None:
        text, place = marked(changed(STAGE, new, OUTER))
        text = text.replace("written: 20%", f"{'x' * 40}: 20%") if "x" * 40 in new else text
        checked = self.examine(tmp_path, text)
        assert [("error", code, *place)] == found(checked), [p.show() for p in checked.problems]
        assert says in checked.problems[0].message

    @pytest.mark.parametrize(
        ("old", "new", "code", "says"),
        [
            ("title: Skills", "titel: Skills", "other-rubric", "inner.yaml has errors, the first of them: "),
            (
                "{any: [{section: skills, below: 10%},",
                "{any: [{flag: refer, at_least: 2},",
                "flag-of-another",
                'the override "rude" of inner.yaml counts the flag refer',
            ),
            (
                "missing: zero\n",
                "missing: zero\nvariants: [a, b]\n",
                "other-rubric",
                "inner.yaml has variants, and a stage has none",
            ),
            (
                "missing: zero\n",
                "missing: zero\nlevels: [a]\n",
                "other-rubric",
                "inner.yaml has levels, and a stage has none",
            ),
            (
                "sections:\n  - id: skills\n",
                "sections:\n  - id: skills\n    declared: 9\n",
                "other-rubric",
                "has errors",
            ),
        ],
    )
    def test_what_is_in_the_other_rubric_is_said_where_it_is_named(
        self, tmp_path: Path, old: str, new: str, code: str, says: str
    ) -> None:
        text, place = marked(changed("rubric: inner.yaml", "rubric: «inner.yaml", OUTER))
        checked = self.examine(tmp_path, text, changed(old, new, INNER))
        assert [("error", code, *place)] == found(checked), [p.show() for p in checked.problems]
        assert says in checked.problems[0].message

    def test_its_notice_has_to_be_told_here_too(self, tmp_path: Path) -> None:
        text, place = marked(changed("rubric: inner.yaml", "rubric: «inner.yaml", OUTER))
        checked = self.examine(tmp_path, changed("notice: Some answers disqualify, whatever the score.\n", "", text))
        assert [("error", "notice-missing", place[0] - 1, place[1])] == found(checked)

    def test_a_flag_that_is_counted_here_instead(self, tmp_path: Path) -> None:
        inner = changed("{any: [{section: skills, below: 10%},", "{any: [{flag: refer, at_least: 2},", INNER)
        text = changed(
            "  - {id: noted-often,",
            "  - {id: rude, when: {flag: refer, at_least: 2}, cap: no-hire}\n  - {id: noted-often,",
            OUTER,
        )
        text = changed(", fail: no-hire}", "}", text)
        assert [] == [problem.show() for problem in self.examine(tmp_path, text, inner).problems]

    def test_its_shares_are_not_ours(self, tmp_path: Path) -> None:
        text, place = marked(changed("manner: 40%}", "manner: 40%, «written/skills: 100%}", OUTER))
        checked = self.examine(tmp_path, text)
        assert [("error", "shares-of-another", *place)] == found(checked)
        assert "choose one of its profiles on the stage" in checked.problems[0].message

    def test_raters_of_the_other_rubric_have_roles_here(self, tmp_path: Path) -> None:
        rated = "scales: {s: {values: {a: {number: 0}, b: {number: 1}}}}\nroles: {judge: Judge}\nraters: {needs: {judge: 1}, combine: median}\n"
        inner = changed("missing: zero\n", rated, INNER)
        inner = changed(
            "        kind: mark\n        ask: Type this page.\n        max: 10\n        step: 0.5\n",
            "        kind: rating\n        scale: s\n",
            inner,
        )
        text, place = marked(changed("rubric: inner.yaml", "rubric: «inner.yaml", OUTER))
        checked = self.examine(tmp_path, text, inner)
        assert [("error", "no-such-role", *place)] == found(checked)
        assert [] == found(self.examine(tmp_path, changed("host: Host}", "host: Host, judge: Judge}", OUTER), inner))

    def test_packs_that_are_none(self, tmp_path: Path) -> None:
        text, place = marked(changed("rubric: inner.yaml", "rubric: «inner.json", OUTER))
        for data, says in (
            (b"{}", "inner.json is no pack that scores"),
            (canonical.dumps(packed()), "inner.json has levels, and a stage has none"),
        ):
            (tmp_path / "inner.json").write_bytes(data)
            checked = self.examine(tmp_path, text)
            assert [("error", "other-rubric", *place)] == found(checked)
            assert says in checked.problems[0].message


SLIPS = {
    ("levels: [mid, {id: senior, title: Senior}]", "levels: «mid, senior"): "expected a list, as in [mid, senior]; found a text",
    ("levels: [mid, {id: senior, title: Senior}]", "levels: «{mid: Mid, senior: Senior}"): "expected a list, as in [mid, senior]",
    ("raters: {needs: {lead: 1}, combine: lowest}", "raters: {«lead: 1, combine: lowest}"): "did you mean needs: {lead: 1}?",
    ("raters: {needs: {lead: 1}, combine: lowest}", "raters: {needs: «lead, combine: lowest}"): "did you mean {lead: 1}?",
    ("values: {none: {}, some: {text: with help}, all: {}}", "values: «[none, some, all]"): "did you mean {none: {}, some: {}, all: {}}?",
    ("some: {text: with help}", "some: «with help"): "did you mean {text: with help}?",
    ("lines: {agenda: {text: Had an agenda}, recap: {text: Summed up, points: 2}}", "lines: «[Had an agenda, Summed up]"): (
        "each has an id of its own, as in {a: {text: Had an agenda}}"
    ),
    ("positive: {asks: Asks first}", "positive: «[Asks first]"): "each has an id of its own, as in {a: Asks first}",
    ("roles: {lead: Team lead, peer: Colleague, host: Host}", "roles: «[lead, peer, host]"): (
        "did you mean {lead: ..., peer: ..., host: ...}?"
    ),
    ("panel: [lead, peer]", "panel: «lead, peer"): "expected a list, as in [lead, peer]",
    ("{poor: {number: 0, text: not shown}, fair", "{poor: «0, fair"): "did you mean {number: 0}?",
    ("steps: {values: {none: {}, some: {text: with help}, all: {}}}", "steps: {«none: {}, some: {text: with help}, all: {}}"): (
        "the values of a scale stand under `values`: values: {WORST: {number: 0}, BEST: {number: 1}}"
    ),
    ("needs: {peer: 2}, max: 3", "needs: «2, max: 3"): 'such as "ROLE: 1", without dashes; found a text; did you mean {ROLE: 2}?',
    ("needs: {peer: 2}, max: 3", "needs: «[peer, peer], max: 3"): "did you mean {peer: 2}?",
    ("needs: {peer: 2}, max: 3", "needs: «[peer, lead], max: 3"): "did you mean {peer: 1, lead: 1}?",
    ("anchors: {fair: gaps}", "anchors: «[fair: gaps]"): 'entries such as "VALUE: ...", without dashes; found a list; delete the dashes',
    ("anchors: {fair: gaps}", "anchors: «gaps in the end"): "as in {VALUE: gaps in the end}",
    ("expected: {mid: some, senior: all}", "expected: «[some, all]"): 'entries such as "LEVEL: VALUE", without dashes; found a list',
    ("requirements: {mid", "«requirement: {mid"): 'did you mean "requirements"?',
    ("only: call\n            lines", "only: «[call]\n            lines"): 'found a list; did you mean "call"?',
    ("only: call\n            lines", "only: «[call, onsite]\n            lines"): "write it once for each variant",
    ("kind: evidence", "kind: «Video response"): 'did you mean "evidence"?',
    ("kind: evidence", "kind: «Presentation"): 'did you mean "rating"?',
    ("conduct: {calm", "«do_not: {calm"): 'did you mean "conduct"?',
    ("title: Work sample\n", "title: Work sample\n    «weight: 70%\n"): "what a stage weighs stands in `weights`, in each profile under `stages`",
    ("title: Work sample\n", "title: Work sample\n    «shares: {craft: 60%}\n"): "in each profile under `shares`",
    ("            options:\n", "            «knock_out: no\n            options:\n"): "a flag of the option that does it, as in A: {points: 0, flag: knock_out",
    ("overrides:\n", "«gate: []\noverrides:\n"): "a gate stands on the stage that it ends",
    ("shares: {craft: 60%, manner: 40%}", "shares: {work: «{craft: 60%, manner: 40%}}"): "the sections of all stages stand side by side here",
    ("{section: craft, below: 50%}", "{section: «work, below: 50%}"): '"work" is a stage',
    ("{stage: work, below: 60%}]}, cap", "{stage: «craft, below: 60%}]}, cap"): '"craft" is a section',
    ("when: {all: [{item: modelling-talk, is: [none, some]}, {stage: work, below: 60%}]}, cap", "«stage: work, below: 60%, cap"): (
        "an override says its condition under `when`: {id: ..., when: {section: ..., below: 50%}, cap: VERDICT}"
    ),
    ("    sections:\n      - id: depth\n        items:\n", "    «items:\n"): "the items of a stage stand in sections",
    (PROFILE, "weights: {«work: 70%, talk-stage: 30%}\n"): "the weights stand in profiles: {default: agreed, profiles: {agreed: ",
    ("  - {id: call, title: On a call}\n  - onsite\n", "  «call: On a call\n  onsite: Here\n"): "expected a list, as in [call, onsite]",
}  # fmt: skip


class TestSlips:
    """What is near at hand and wrong: the message writes out what was meant."""

    @pytest.mark.parametrize("slip", SLIPS)
    def test_it_is_proposed(self, slip: tuple[str, str]) -> None:
        text, place = marked(changed(*slip))
        first = examined(text).problems[0]
        assert place == (first.line, first.column)
        assert SLIPS[slip] in first.message
        assert 1 == len(examined(text).problems)


class TestWhatEarnsNothing:
    """Whoever gives weight to what earns nothing is told why it does, once, and not what follows from it."""

    BARE = "values: {poor: {text: not shown}, fair: {}, good: {text: shown throughout}}"
    FULL = "values: {poor: {number: 0, text: not shown}, fair: {number: 1}, good: {number: 2, text: shown throughout}}"

    def test_a_scale_without_numbers_is_named_with_all_that_go_by_it(self) -> None:
        """The full mark may be left to its default; neither section, stage nor gate is complained about beside."""
        text = changed(self.FULL, self.BARE, changed("            points: 4\n", ""))
        handover = "lines: {agenda: {text: Had an agenda}, recap: {text: Summed up, points: 2}}\n"
        text = changed(
            "kind: checklist\n            only: call\n            " + handover,
            "kind: rating\n            only: call\n            scale: quality\n",
            text,
        )
        text = changed(
            "kind: checklist\n            only: onsite\n            " + handover,
            "kind: rating\n            only: onsite\n            scale: quality\n",
            text,
        )
        (problem,) = examined(text).problems
        assert "no-numbers" == problem.code
        assert problem.source.strip() == "scale: quality"
        assert problem.message == (
            '"plan" and 2 more can earn nothing, because the values of the scale "quality" in line 11 have no `number`, and points count there: '
            "add numbers, as in poor: {number: 0}, fair: {number: 1}, good: {number: 2}; or move what is not scored to a section of its own"
        )

    @pytest.mark.parametrize("weights", [PROFILE, ""], ids=["weights", "no weights"])
    def test_a_stage_of_nothing_else_is_that_one_problem(self, weights: str) -> None:
        """The stage that earns by levels rates on the scale alone; a condition looks at it."""
        text = changed(
            f"            competency: modelling\n            points: {DEPTH}\n            requirement: Builds models alone\n",
            "",
        )
        text = changed(ONLY_DEPTH, "{stage: talk-stage, below: 60%}", changed(PROFILE, weights, text))
        assert [("error", "no-numbers")] == [(severity, code) for severity, code, *_ in found(examined(text))]

    def test_a_scale_that_is_wrong_itself_leaves_what_goes_by_it_in_doubt(self) -> None:
        text = changed(
            "{poor: {number: 0, text: not shown}, fair: {number: 1}, good: {number: 2,",
            "{poor: {number: 0, text: not shown}, fair: {number: x}, good: {number: y,",
        )
        assert ["number", "number"] == [problem.code for problem in examined(text).problems]

    def test_a_share_of_an_empty_section_is_not_a_sum(self) -> None:
        """Whoever gives 20 % to a section of knock-outs is not asked for the other 80 %."""
        text = changed("shares: {craft: 60%, manner: 40%}", "shares: {craft: 60%, manner: 40%, knock-outs: 20%}")
        (problem,) = examined(text).problems
        assert (
            problem.message
            == 'the section "knock-outs" has weight, but nothing in it can earn points: give an item points, or write 0% here'
        )
        assert [] == [p.show() for p in examined(changed("knock-outs: 20%", "knock-outs: 0%", text)).problems]

    def test_those_who_earn_nothing_are_named_where_others_earn(self) -> None:
        """Two of three variants."""
        text = changed(
            "  - onsite\n",
            "  - onsite\n  - {id: letter}\n",
            changed("            kind: mark\n", "            kind: mark\n            only: call\n"),
        )
        text = changed(
            '{any: [{section: craft, below: 50%}, {item: tests, is: ["0"]}]}', "{section: craft, below: 50%}", text
        )
        (problem,) = [p for p in examined(text).problems if p.code == "section-maximum"]
        assert (
            problem.message
            == 'the section "manner" has weight, but for the variants "onsite", "letter" its items can earn nothing'
        )

    def test_a_value_of_the_scale_where_ratings_are_averaged(self) -> None:
        text = changed('{item: tests, is: ["0"]}', "{item: plan, is: [poor]}")
        (problem,) = examined(text).problems
        assert "; with `combine: mean` its outcomes are points" in problem.message

    def test_a_rubric_beside_sections_is_one_problem_and_the_sections_stay_known(self) -> None:
        text, place = marked(
            changed(
                "title: Work sample\n",
                "title: Work sample\n    «rubric: inner.yaml\n    profile: agreed\n    caps: {fail: no-hire}\n",
            )
        )
        (problem,) = examined(text).problems
        assert ("stage-twice", place) == (problem.code, (problem.line, problem.column))
        assert (
            problem.message
            == "either `rubric` or `sections`, not both: delete this line, or move the sections to the rubric that it names"
        )


class TestHowToAccept:
    """Every warning says where it is accepted, and there it is."""

    def test_on_the_stage(self) -> None:
        text = changed("rounds: [first, second]", "rounds: [first, second, third]")
        (problem,) = examined(text).problems
        assert problem.message.endswith('; or accept it on the stage: accept: {round-empty: "why"}')
        accepted = changed(
            "    panel: [lead, peer]\n", "    panel: [lead, peer]\n    accept: {round-empty: next year}\n", text
        )
        assert [] == [p.show() for p in examined(accepted).problems]

    def test_what_accepts_nothing_on_a_stage_is_told(self) -> None:
        text = changed("    panel: [lead, peer]\n", "    panel: [lead, peer]\n    accept: {round-empty: next year}\n")
        assert ["accept-unused"] == [problem.code for problem in examined(text).problems]


class TestLimits:
    """What all stages hold together is counted together."""

    def stages(self, *sizes: int) -> str:
        """Stages of so many sections, each of one item, after those of the funnel, which have four."""
        section = "{id: s%s, items: [{id: i%s, kind: mark, max: 1, ask: a, job_related: b}]}"
        return "".join(
            f"  - id: more{n}\n    sections: [{', '.join(section % (f'{n}-{k}', f'{n}-{k}') for k in range(size))}]\n"
            for n, size in enumerate(sizes)
        )

    @pytest.mark.parametrize(("sizes", "codes"), [((20, 26), []), ((20, 27), ["too-many"])])
    def test_sections_of_all_stages(self, sizes: tuple[int, ...], codes: list[str]) -> None:
        text = changed("overrides:\n", self.stages(*sizes) + "overrides:\n")
        problems = [problem for problem in examined(text).problems if problem.severity == "error"]
        assert codes == [problem.code for problem in problems]
        assert not codes or "there are 51 sections; at most 50 are possible" in problems[0].message

    @pytest.mark.parametrize(
        ("items", "overrides", "says"),
        [
            (986, 0, "there are 1,001 items; at most 1,000 are possible"),
            (0, 97, "there are 101 overrides; at most 100 are possible"),
            (985, 96, ""),
        ],
    )
    def test_items_and_overrides_of_another_rubric_count_too(
        self, tmp_path: Path, items: int, overrides: int, says: str
    ) -> None:
        """The funnel has eight items and two overrides of its own, the other rubric seven and two, and as many more."""
        lines = "".join(f"      - {{id: m{n}, kind: evidence, ask: a}}\n" for n in range(items))
        caps = "".join(f"  - {{id: o{n}, when: {{section: skills, below: 1%}}, cap: fail}}\n" for n in range(overrides))
        inner = changed(
            "  - id: manner\n", lines + "  - id: manner\n", changed("overrides:\n", f"overrides:\n{caps}", INNER)
        )
        (tmp_path / "inner.yaml").write_text(inner, encoding="utf-8")
        (tmp_path / "outer.yaml").write_text(OUTER, encoding="utf-8")
        errors = [p for p in check(tmp_path / "outer.yaml").problems if p.severity == "error"]
        assert ["too-many"] * bool(says) == [problem.code for problem in errors], errors
        assert not says or says in errors[0].message

    def test_the_deepest_condition_of_a_gate_can_be_read(self) -> None:
        deepest = "{all: [" * 7 + '{item: tests, is: ["0"]}' + "]}" * 7
        assert [] == found(
            examined(changed('{any: [{section: craft, below: 50%}, {item: tests, is: ["0"]}]}', deepest))
        )


NOISE = st.sampled_from(
    ["", " ", "\n", "- ", ": ", "{", "}", "[", "]", ",", "0", "-1", "1/3", "%", "id", "x", "é", "~", "#", "|", "\n  "]
)


class TestAnything:
    """Whatever is done to a funnel: it is right, or it has an error with a place; nothing else happens."""

    @given(st.lists(st.tuples(st.integers(0, len(FUNNEL)), st.integers(0, 12), NOISE), min_size=1, max_size=3))
    @settings(max_examples=30)
    def test_pieces_cut_out_and_put_in(self, edits: list[tuple[int, int, str]]) -> None:
        text = FUNNEL
        for at, length, put in edits:
            text = text[:at] + put + text[at + length :]
        self.right_or_refused(text)

    @given(st.data())
    @settings(max_examples=30)
    def test_lines_left_out_doubled_and_exchanged(self, data: st.DataObject) -> None:
        self.right_or_refused(reordered(data, FUNNEL, 3))

    @given(st.data())
    @settings(max_examples=30)
    def test_words_taken_for_others(self, data: st.DataObject) -> None:
        """Names, numbers and kinds of one place put where others stood: what holds between values is what is tried here."""
        words = [*dict.fromkeys(word.strip("{}[],:") for word in FUNNEL.split())]
        text = FUNNEL
        for _ in range(data.draw(st.integers(1, 3))):
            old, new = data.draw(st.sampled_from(words)), data.draw(st.sampled_from(words))
            text = text.replace(old, new, data.draw(st.integers(1, 2))) if old else text
        self.right_or_refused(text)

    def right_or_refused(self, text: str) -> None:
        checked = examined(text)
        errors = [problem for problem in checked.problems if problem.severity == "error"]
        assert (checked.pack is None) == bool(errors)
        assert all(p.line >= 1 and p.column >= 1 and p.message and p.code for p in checked.problems)
        assert not any(problem.code == "pack" for problem in errors), "the engine refused what the checks let through"
