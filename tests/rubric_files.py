"""Two rubric files that use every key, one of one stage and one of several, and the means to change one thing in it and see what is said about that."""

from __future__ import annotations

from hypothesis import strategies as st

from scoring.rubric.check import Checked, examine

FILE = "rubric.yaml"
MARK = "«"  # in a change: where the problem is expected


def reordered(data: st.DataObject, text: str, most: int) -> str:
    """Up to *most* lines of a text left out, doubled or exchanged."""
    lines = text.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, most))):
        here, there = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        action = data.draw(st.sampled_from(["drop", "double", "swap"]))
        if action == "drop":
            del lines[here]
        elif action == "double":
            lines.insert(there, lines[here])
        else:
            lines[here], lines[there] = lines[there], lines[here]
    return "".join(lines)


FULL = """\
rubric: support-agent
version: "2026.1"
title: Customer support agent, written test
notice: Some answers disqualify, whatever the score.
missing: zero
note: for readers
verdicts:
  - {id: pass, from: 75%, action: advance}
  - {id: look, from: 50%, action: review, why: a person decides}
  - {id: fail, from: 0%, action: decline}
  - {id: barred, action: decline, why: no permit}
caps: {fatal: fail, knock_out: barred}
weights:
  default: equal
  profiles:
    equal: {shares: {skills: 1/3, manner: 1/3, legal: 1/3}}
    skills-first: {assumption: agreed with the lead, shares: {skills: 50%, manner: 40%, legal: 10%}}
sections:
  - id: skills
    title: Skills
    job_related: Agents do this every day.
    note: three items
    items:
      - id: refund
        kind: number
        title: Part of a price
        ask: A customer paid 80 and gets 12.5% back. How much is that?
        origin: project
        assumption: no tax
        audit_note: the tolerance is on purpose
        read: stated
        points: 2
        keys:
          - {is: 10, why: 80 times 12.5%}
          - {range: [9.5, 10.5], points: 1, flag: note, why: rounded too early}
          - {id: gross, is: 70, relative: 1%, points: 0.5}
          - {is: -10, absolute: 0.1, points: 0}
        units: [EUR, €]
        separators: [",", " "]
        limit: 5 min
      - id: shortcut
        kind: text
        ask: Which keys copy a text?
        steps: [casefold, trim]
        keys:
          - {id: ctrl-c, is: [ctrl+c, "ctrl c"]}
          - {contains_any: cmd, points: 1/2}
          - {like: "*insert*", points: 1/4, flag: refer}
          - {id: near, contains_all: [ctrl, c], points: 1/8, why: both keys are there}
      - id: price
        kind: number
        ask: A ticket for 25 at half the price costs how much?
        key: 12.50
      - id: typing
        kind: mark
        ask: Type this page.
        max: 10
        step: 0.5
        points: 2
        round: second
  - id: manner
    job_related: Customers judge the company by it.
    floor: -20%
    missing: await
    items:
      - id: angry-customer
        kind: choice
        ask: A customer shouts. What do you do?
        options:
          A: {points: 2, text: Listen first, why: calms}
          B: {points: 0, text: Ask to call later, why: "leaves the customer alone, and angry"}
          C: {points: -1, flag: refer, text: Shout back}
          D: {points: 0, flag: fatal, text: Threaten the customer}
        floor: -1
      - id: tone
        kind: selection
        mode: net
        ask: Which of these sentences are polite?
        missing: zero
        limit: ~2 min
        options:
          A: {right: true, text: "How can I help?"}
          B: {right: true, text: One moment please.}
          C: {right: false, text: "What now?", why: rude}
  - id: legal
    items:
      - id: permit
        kind: choice
        ask: Do you have a work permit, yes or no?
        job_related: The law asks for it.
        options:
          yes: {points: 1}
          no: {points: 0, flag: knock_out}
overrides:
  - {id: skills-minimum, when: {section: skills, below: 40%}, cap: look, why: cannot be learned on the job}
  - id: rude
    when: {any: [{flag: refer, at_least: 2}, {all: [{item: angry-customer, is: [C, B, several]}, {section: manner, below: 60%}]}]}
    cap: fail
replaces: {version: "2025.3", reason: new shortcut question, may_move: ["look -> pass"]}
"""


FUNNEL = """\
rubric: data-hire
version: "1"
title: Hiring, from door to offer
notice: Some answers disqualify, whatever the score.
levels: [mid, {id: senior, title: Senior}]
variants:
  - {id: call, title: On a call}
  - onsite
roles: {lead: Team lead, peer: Colleague, host: Host}
scales:
  quality:
    values: {poor: {number: 0, text: not shown}, fair: {number: 1}, good: {number: 2, text: shown throughout}}
    why: three steps are told apart best
  steps: {values: {none: {}, some: {text: with help}, all: {}}}
competencies:
  - id: modelling
    title: Modelling
    discipline: Craft
    expected: {mid: some, senior: all}
    assumed: [senior]
    requirements: {mid: Builds models with help, senior: Builds models alone}
assumed:
  - {id: pool, what: The pool is as it was last year, why: nobody counted}
excerpt: allowed
raters: {needs: {lead: 1}, combine: lowest}
verdicts:
  - {id: hire, from: 70%, action: advance}
  - {id: talk, from: 40%, action: review}
  - {id: no-hire, from: 0%, action: decline}
  - {id: out, action: decline}
weights:
  default: agreed
  profiles:
    agreed:
      stages: {work: 70%, talk-stage: 30%}
      shares: {craft: 60%, manner: 40%}
      justification: work samples say most
stages:
  - id: door
    title: Door
    note: no points here
    job_related: The law asks for it.
    sections:
      - id: knock-outs
        items:
          - id: permit
            kind: choice
            ask: Do you have a work permit, yes or no?
            options:
              yes: {points: 0}
              no: {points: 0, flag: knock_out}
          - {id: resume, kind: evidence, ask: Send your resume.}
  - id: work
    title: Work sample
    job_related: It is the work.
    panel: [lead, peer]
    rounds: [first, second]
    raters: {needs: {lead: 1, peer: 1}, combine: median}
    missing: await
    gate:
      - {id: craft-minimum, when: {any: [{section: craft, below: 50%}, {item: tests, is: ["0"]}]}, cap: no-hire, why: cannot be learned here}
    sections:
      - id: craft
        title: Craft
        declared: 4
        raters: {needs: {peer: 2}, max: 3, combine: mean}
        items:
          - id: plan
            kind: rating
            ask: Present your plan.
            scale: quality
            points: 4
            anchors: {fair: gaps}
            indicators: {positive: {asks: Asks first}, negative: {guesses: Guesses}}
            criteria: {goal: Says what the goal is}
            deliverables: {slides: Five slides}
            evidence: {notes: Notes were taken}
            ground_rules: {alone: Nobody helps}
            constraints: {budget: The budget is fixed}
            tensions: {rush: The host presses for time}
            conduct: {calm: The host stays calm}
            round: first
            limit: 30 min
            format: A talk with questions
            prepare: [Read the case, Bring a laptop]
            audience: [lead, host]
            persona: A busy customer
            guidance: Let them finish
          - id: handover
            kind: checklist
            only: call
            lines: {agenda: {text: Had an agenda}, recap: {text: Summed up, points: 2}}
            round: second
          - id: handover-onsite
            kind: checklist
            only: onsite
            lines: {agenda: {text: Had an agenda}, recap: {text: Summed up, points: 2}}
            round: second
      - id: manner
        items:
          - id: tests
            kind: mark
            ask: Make the tests pass.
            max: 3
          - id: broken
            kind: number
            ask: How many rows are there?
            key: 7
            void: the file was damaged
  - id: talk-stage
    job_related: The level shows here.
    sections:
      - id: depth
        items:
          - id: modelling-talk
            kind: rating
            scale: steps
            competency: modelling
            points: {below: 0, at: 2, above: 3}
            requirement: Builds models alone
overrides:
  - {id: depth-minimum, when: {all: [{item: modelling-talk, is: [none, some]}, {stage: work, below: 60%}]}, cap: talk}
  - {id: noted-often, when: {flag: note, at_least: 3}, cap: talk}
accept: {excerpt: the source prints three of four}
"""


def changed(old: str, new: str, text: str = FULL) -> str:
    """*text* with the first *old* replaced; the change has to be one."""
    assert old in text, old
    return text.replace(old, new, 1)


def marked(text: str) -> tuple[str, tuple[int, int]]:
    """A text without its mark, and the line and column where the mark stood."""
    assert text.count(MARK) == 1, text.count(MARK)
    before = text[: text.index(MARK)]
    return text.replace(MARK, ""), (before.count("\n") + 1, len(before) - before.rfind("\n"))


def examined(text: str) -> Checked:
    """What `examine` says about a text."""
    return examine(text.encode(), FILE)


def found(checked: Checked) -> list[tuple[str, str, int, int]]:
    """Severity, code, line and column of every problem."""
    return [(p.severity, p.code, p.line, p.column) for p in checked.problems]
