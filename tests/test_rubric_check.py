"""What is refused in a rubric, what is doubtful, and how it is said: each rule in both polarities, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubric_files import FILE, FULL, MARK, changed, examined, found, marked, reordered
from scoring.errors import Problem, RubricError, StoreError
from scoring.rubric import check as checking
from scoring.rubric import warn
from scoring.rubric.check import check
from scoring.rubric.refuse_items import MAX_ITEMS, MAX_OUTCOMES
from scoring.rubric.tree import MAX_PROBLEMS

if TYPE_CHECKING:
    from pathlib import Path

# name: what is replaced in the full rubric, by what (with a mark where the problem is), its code, what the message says
REFUSED = {
    # --- keys and forms
    "an unknown key": (
        "note: for readers",
        "«nots: for readers",
        "unknown-key",
        'a rubric has no key "nots"; did you mean "note"?',
    ),
    "a required key misspelt is one problem": (
        "A: {points: 2, text",
        "A: {«ponits: 2, text",
        "unknown-key",
        'did you mean "points"?',
    ),
    "a key with a capital": ("note: for readers", "«Note: for readers", "unknown-key", 'did you mean "note"?'),
    "a key by another name": ("ask: Which keys", "«question: Which keys", "unknown-key", 'did you mean "ask"?'),
    "a key of something else": (
        "    title: Skills",
        "    «points: 3",
        "unknown-key",
        "it belongs to an option, a selection item, a number item",
    ),
    "a tolerance beside the keys": (
        "        limit: 5 min",
        "        «absolute: 1",
        "unknown-key",
        "it belongs to an entry of `keys`",
    ),
    "a missing key": (
        "  - id: rude\n    when:",
        "  - «when:",
        "missing-key",
        'an override needs the key "id": the override\'s name',
    ),
    "no kind": (
        "      - id: price\n        kind: number\n",
        "      - «id: price\n",
        "missing-key",
        "one of choice, selection, number, text, mark",
    ),
    "an unknown kind": (
        "kind: mark",
        "kind: «scale",
        "unknown-word",
        'there is no kind "scale"; expected one of choice,',
    ),
    "a kind by another name": (
        "kind: selection",
        "kind: «multiple choice",
        "unknown-word",
        'did you mean "selection"?',
    ),
    "no value": (
        "title: Customer support agent, written test",
        "«title:",
        "no-value",
        '"title" has no value: give it one, or leave the key out',
    ),
    "no entries": (
        "\ncaps: {fatal: fail, knock_out: barred}",
        "\n«caps:",
        "no-value",
        '"caps" has no value: give it one, or leave the key out',
    ),
    "no reason": (
        "title: Skills\n",
        "title: Skills\n    accept: {item-idle:« }\n",
        "no-value",
        '"item-idle" has no value',
    ),
    "an empty text": ("title: Skills", 'title: «" "', "empty-text", "the text is empty"),
    "a text where a list belongs": (
        "units: [EUR, €]",
        "units: «EUR",
        "wrong-form",
        "expected a list, as in [EUR]; found a text",
    ),
    "a list where keys belong": (
        "          yes: {points: 1}\n          no: {points: 0, flag: knock_out}",
        "          «- yes: {points: 1}",
        "wrong-form",
        "without dashes; found a list",
    ),
    "keys where a list belongs": (
        "        key: 12.50",
        "        keys: «{is: 12.50}",
        "wrong-form",
        'a list, each entry on a line that begins with "- "; found keys with values',
    ),
    "a text where keys belong": (
        "caps: {fatal: fail, knock_out: barred}",
        "caps: «fail",
        "wrong-form",
        "expected caps with its keys",
    ),
    "keys where a text belongs": (
        "title: Skills",
        "title: «{Skills: [1]}",
        "wrong-form",
        "text with [ ] or { } in it needs quotes",
    ),
    "an entry that is no item": (
        "      - id: price\n        kind: number\n        ask: A ticket for 25 at half the price costs how much?\n        key: 12.50\n",
        "      - «price\n",
        "wrong-form",
        "expected an item with its keys",
    ),
    "a flag that is none": (
        "flag: refer, text: Shout",
        "flag: «refers, text: Shout",
        "unknown-word",
        'did you mean "refer"?',
    ),
    "yes for true": ("B: {right: true", "B: {right: «yes", "true-or-false", 'did you mean "true"?'),
    "a count of nothing": ("at_least: 2", "at_least: «0", "number", "a whole number from 1 to 1000"),
    "a count with a fraction": ("at_least: 2", "at_least: «3.9", "number", 'found "3.9"'),
    "a time limit in words": ("limit: 5 min", "limit: «5 minutes", "limit-form", 'did you mean "5 min"?'),
    "a time limit of another form": ("limit: 5 min", "limit: «soon", "limit-form", 'expected a time such as "30 min"'),
    # --- ids
    "an id with a space": ("id: typing", "id: «typing speed", "id-form", 'did you mean "typing-speed"?'),
    "an id with accents": ("id: typing", "id: «qualité!", "id-form", 'did you mean "qualite"?'),
    "an id that is too long": ("id: typing", "id: «" + "x" * 49, "id-form", "has 49 characters; at most 48"),
    "an id in curly quotes": ("- {id: pass,", "- {id: «“pass”,", "id-form", 'did you mean "pass"?'),
    "an option's id without a colon": (
        "D: {points: 0, flag: fatal, text: Threaten the customer}",
        "«D {points: 0}",
        "id-form",
        "is a colon missing before the {?",
    ),
    "an id that outcomes have": ("id: near", "id: «wrong", "id-reserved", 'the id "wrong" is taken'),
    "an option that is called as outcomes are": ("          yes: {", "          «several: {", "id-reserved", "taken"),
    "an item twice": (
        "id: tone",
        "id: «refund",
        "id-twice",
        'the item "refund" stands twice; the first one is in line 24',
    ),
    "a section twice": ("- id: legal\n", "- id: «skills\n", "id-twice", "the first one is in line 19"),
    "a verdict twice": ("- {id: barred", "- {id: «look", "id-twice", 'the verdict "look" stands twice'),
    "an override twice": (
        "- id: rude",
        "- id: «skills-minimum",
        "id-twice",
        'the override "skills-minimum" stands twice',
    ),
    "a key twice": ("id: near", "id: «ctrl-c", "id-twice", 'the key "ctrl-c" stands twice'),
    "a key that another has by position": ("{id: near,", "{id: «key-2,", "id-twice", 'the key "key-2" stands twice'),
    # --- verdicts
    "a gap below the lowest band": ("from: 0%,", "from: «10%,", "bands-gap", "scores below 10% reach no verdict"),
    "a band that is not below the one above": (
        "from: 50%",
        "from: «80%",
        "bands-order",
        '"look" begins at 80%, and "pass" above it at 75%',
    ),
    "two bands at one place": ("from: 50%", "from: «75%", "bands-order", "each band begins lower"),
    "a band below a verdict without one": (
        "- {id: barred,",
        "- {id: barred, from: «0%,",
        "bands-order",
        'and "fail" above it at 0%',
    ),
    "a band below a verdict that only caps reach": (
        "  - {id: fail, from: 0%, action: decline}\n  - {id: barred, action: decline, why: no permit}\n",
        "  - {id: barred, action: decline, why: no permit}\n  - {id: fail, from: «0%, action: decline}\n",
        "bands-order",
        '"fail" has a `from`, but "barred" above it has none',
    ),
    "a bare number for a share": ("from: 75%", "from: «75", "number", '75 is no share; did you mean "75%"?'),
    "more than everything": ("from: 75%", "from: «101%", "number", "a share from 0% to 100%"),
    "an action that is better than above": (
        "0%, action: decline",
        "0%, action: «advance",
        "action-order",
        '"advance" is better than "review"',
    ),
    "waiting as an action": ("50%, action: review", "50%, action: «wait", "unknown-word", "a verdict never waits"),
    "a cap that names no verdict": (
        "caps: {fatal: fail,",
        "caps: {fatal: «failed,",
        "no-such-verdict",
        'did you mean "fail"?',
    ),
    "an override's cap that names no verdict": (
        "cap: look,",
        "cap: «second-look,",
        "no-such-verdict",
        "there are pass, look, fail, barred",
    ),
    # --- weights
    "shares that lack something": (
        "legal: 1/3}}",
        "legal: 30%}}",
        "shares-sum",
        'the shares of "equal" sum to 29/30, not to 100%: 1/30 is missing',
        "shares: {skills: 1/3",
    ),
    "shares that are too much": (
        "legal: 10%}",
        "legal: 11%}",
        "shares-sum",
        "sum to 101%, not to 100%: 1% too much",
        "shares: {skills: 50%",
    ),
    "thirds in per cent": (
        "{skills: 1/3, manner: 1/3, legal: 1/3}",
        "{skills: 33.3%, manner: 33.3%, legal: 33.3%}",
        "shares-sum",
        "a third is exactly 1/3",
        "shares: {skills: 33",
    ),
    "a share of no section": (
        "skills: 50%, manner",
        "«skils: 50%, manner",
        "no-such-section",
        'did you mean "skills"?',
    ),
    "a section without a share": (
        "manner: 40%, legal: 10%",
        "manner: 50%",
        "shares-missing",
        'has no share for "legal"',
        "shares: {skills: 50%",
    ),
    "a default that is no profile": ("default: equal", "default: «equals", "no-such-profile", 'did you mean "equal"?'),
    "a negative share": ("legal: 1/3}", "legal: «-1/3}", "number", "a share from 0% to 100%"),
    "weights twice": (
        "    title: Skills",
        "    weight: «100%",
        "weights-twice",
        "the weights stand in `weights` already",
    ),
    "a section that can earn nothing": (
        "yes: {points: 1}",
        "yes: {points: 0}",
        "section-maximum",
        '"legal" has weight, but nothing in it can earn points: give an item points, or write 0% here',
        "legal: 1/3",
    ),
    "a section's floor of everything": ("floor: -20%", "floor: «100%", "number", "below 100%"),
    # --- items
    "a fatal option without a notice": (
        "notice: Some answers disqualify, whatever the score.\n",
        "",
        "notice-missing",
        'add a line such as notice: "Some answers disqualify." at the top of the file, beside version:',
        "fatal, text",
    ),
    "points in per cent": ("A: {points: 2,", "A: {points: «50%,", "number", 'did you mean "50" or "0.5"?'),
    "a number with a comma": ("key: 12.50", "key: «12,50", "number", 'did you mean "12.50"?'),
    "a number of too many digits": ("key: 12.50", "key: «1234567890123", "number", "more than 12 digits"),
    "a floor above 0": ("floor: -1\n", "floor: «1\n", "number", "a number of 0 or less"),
    "one option": (
        "          no: {points: 0, flag: knock_out}\n",
        "",
        "too-few",
        '"options" holds 1, expected 2 to 100',
        "options:\n          yes",
    ),
    "no right option": (
        '{right: true, text: "How can I help?"}\n          B: {right: true,',
        "{right: false}\n          B: {right: false,",
        "no-right-option",
        "at least one says",
        "options:\n          A: {right",
    ),
    "a selection without a mode": (
        "        mode: net\n",
        "",
        "missing-key",
        'a selection item needs the key "mode"',
        "id: tone",
    ),
    "no points": ("        points: 2\n        keys", "        points: «0\n        keys", "number", "above 0"),
    "a reversed range": ("[9.5, 10.5]", "«[10.5, 9.5]", "range-reversed", "did you mean [9.5, 10.5]?"),
    "half a range": ("[9.5, 10.5]", "«[9.5]", "range-form", "expected two numbers"),
    "a range in one text": ("[9.5, 10.5]", "«9.5-10.5", "wrong-form", "expected [LOWEST, HIGHEST]"),
    "a negative tolerance": ("absolute: 0.1", "absolute: «-0.1", "number", "a tolerance of 0 or more"),
    "a tolerance without its sign": ("relative: 1%", "relative: «1", "number", "is no share"),
    "two tolerances": ("relative: 1%", "absolute: 1, relative: «1%", "key-form", "either `absolute` or `relative`"),
    "a range with a tolerance": (
        "range: [9.5, 10.5],",
        "range: [9.5, 10.5], absolute: «1,",
        "key-form",
        "a `range` has no tolerance",
    ),
    "a range and a number": (
        "range: [9.5, 10.5],",
        "is: 10, range: «[9.5, 10.5],",
        "key-form",
        "either `is` or `range`",
    ),
    "a number's key without a number": ("- {is: 10, why", "- «{why", "key-form", "needs `is: NUMBER` or `range"),
    "a tolerance that makes a number too long": (
        "{is: -10, absolute: 0.1,",
        "«{is: 0.000001, relative: 0.00001%,",
        "number",
        "with its tolerance",
    ),
    "both key and keys": (
        "        key: 12.50",
        "        key: «12.50\n        keys: [{is: 1}]",
        "key-form",
        "either `key` or `keys`",
    ),
    "neither key nor keys": (
        "\n        key: 12.50",
        "",
        "missing-key",
        'the number that is right (or "keys"',
        "id: price",
    ),
    "a fatal key": (
        "flag: note, why: rounded",
        "flag: «fatal, why: rounded",
        "unknown-word",
        '"I would never fabricate" contains "fabricate"',
    ),
    "a knock-out key of a text": (
        "points: 1/4, flag: refer",
        "points: 1/4, flag: «knock_out",
        "unknown-word",
        "only an option can be fatal or knock_out",
    ),
    "a key that earns more than the item": (
        "points: 1, flag: note",
        "points: «2.5, flag: note",
        "key-points",
        "2.5 is more than the 2 that the item can earn",
    ),
    "a text's key without a text": (
        "- {contains_any: cmd, points",
        "- «{points",
        "key-form",
        "needs one of `is`, `contains_any`",
    ),
    "a text's key with two of them": (
        "contains_any: cmd,",
        "contains_any: cmd, like: «cmd*,",
        "key-form",
        "found contains_any and like",
    ),
    "a text of which nothing is left": ("contains_any: cmd", 'contains_any: [cmd, «" "]', "text-length", "empty"),
    "a text that is too long": ("contains_any: cmd", "contains_any: «" + "x" * 501, "text-length", "at most 500"),
    "a unit that begins with a digit": ("units: [EUR,", 'units: [«"1 EUR",', "unit-form", "begins with a digit"),
    "a separator that is none": (
        'separators: [",", " "]',
        'separators: [«"."]',
        "unknown-word",
        'expected one of ",", "\'", " "',
    ),
    "a mark that is no number of steps": (
        "step: 0.5",
        "step: «0.3",
        "mark-steps",
        "10 is not a whole number of steps of 0.3",
    ),
    "too many marks": ("step: 0.5", "step: «0.00001", "mark-steps", "1,000,001 marks; at most 262,139"),
    "a mark that does not wait": (
        "        step: 0.5",
        "        missing: «zero",
        "missing-zero",
        "a mark waits for its examiner",
    ),
    "a knock-out that does not wait": (
        "        ask: Do you have",
        "        missing: «zero\n        ask: Do you have",
        "missing-zero",
        "knock-out",
    ),
    "points without a common denominator": (
        '{right: false, text: "What now?", why: rude}',
        "{right: false}\n      - {id: odd, kind: choice, options: {A: {points: 1/999999999989}, B: {points: 1/999999999961}}}",
        "denominator",
        "no common denominator up to 10^15",
        "manner\n    job",
    ),
    # --- what newcomers write
    "a list without brackets inside braces": (
        'is: [ctrl+c, "ctrl c"]',
        "is: ctrl+c, «strg+c",
        "flow-comma",
        "did you mean is: [ctrl+c, strg+c]?",
    ),
    "a decimal comma inside braces": ("A: {points: 2,", "A: {points: 2,«5,", "flow-comma", "did you mean 2.5?"),
    "a share with a comma inside braces": ("from: 75%", "from: 75,«5%", "flow-comma", "did you mean 75.5%?"),
    "a share of a profile with a comma": ("skills: 50%,", "skills: 50,«0,", "flow-comma", "did you mean 50.0%?"),
    "a text that a # cuts": (
        "ask: Type this page.",
        "ask: Type page «#1 of it.",
        "comment",
        'from the # on, this line is a comment and is not read; did you mean ask: "Type page #1 of it."?',
    ),
    "a text that begins with #": ("ask: Type this page.", "ask: «#1 is to type", "comment", '"#1 is to type"'),
    "a brace that a # leaves open": (
        "text: Listen first, why: calms}",
        "text: Listen «#1, why: calms}",
        "comment",
        'did you mean text: "Listen #1"?',
    ),
    "no space behind a dash, first entry": (
        "  - {id: skills-minimum, when: {section: skills, below: 40%}, cap: look, why: cannot be learned on the job}\n  - id: rude\n",
        "  «-id: rude\n",
        "syntax",
        'a space is missing behind the dash; did you mean "- id: rude"?',
    ),
    "what is accepted without its code": (
        "    title: Skills",
        "    accept: «fine",
        "wrong-form",
        'expected {CODE: "why"}, where CODE is one of ask-empty, cap-idle,',
    ),
    "the key of a text": (
        """        keys:
          - {id: ctrl-c, is: [ctrl+c, "ctrl c"]}
          - {contains_any: cmd, points: 1/2}
          - {like: "*insert*", points: 1/4, flag: refer}
          - {id: near, contains_all: [ctrl, c], points: 1/8, why: both keys are there}
""",
        "        «key: ctrl+c\n",
        "unknown-key",
        "did you mean keys: [{is: ctrl+c}]?",
    ),
    "the keys of a number as bare numbers": (
        "        key: 12.50",
        "        keys: «[38, 1/2]",
        "wrong-form",
        "did you mean [{is: 38}, {is: 1/2}]?",
    ),
    "the only key of a number under keys": (
        "        key: 12.50",
        "        keys: «38",
        "wrong-form",
        "did you mean [{is: 38}]?",
    ),
    "several keys of a number": (
        "key: 12.50",
        "key: «[38, 39]",
        "wrong-form",
        "did you mean keys: [{is: 38}, {is: 39}]?",
    ),
    "the keys of a number with a decimal comma": (
        "key: 12.50",
        "keys: «12,50",
        "wrong-form",
        "found a text; did you mean [{is: 12.50}]?",
    ),
    "the keys of a text with a comma": (
        """        keys:
          - {id: ctrl-c, is: [ctrl+c, "ctrl c"]}
          - {contains_any: cmd, points: 1/2}
          - {like: "*insert*", points: 1/4, flag: refer}
          - {id: near, contains_all: [ctrl, c], points: 1/8, why: both keys are there}
""",
        "        keys: «GDPR, DSGVO\n",
        "wrong-form",
        "did you mean [{is: [GDPR, DSGVO]}]?",
    ),
    "no space behind a dash, keys in one column": (
        """overrides:
  - {id: skills-minimum, when: {section: skills, below: 40%}, cap: look, why: cannot be learned on the job}
  - id: rude
    when: {any: [{flag: refer, at_least: 2}, {all: [{item: angry-customer, is: [C, B, several]}, {section: manner, below: 60%}]}]}
    cap: fail
""",
        "overrides:\n  «-id: rude\n  when: {section: skills, below: 40%}\n  cap: fail\n",
        "syntax",
        'a space is missing behind the dash; did you mean "- id: rude"?',
    ),
    "a long dash, keys in one column": (
        'may_move: ["look -> pass"]}\n',
        "may_move: {«\u2014 look: x}}\n",
        "syntax",
        "this is a long dash; a list uses -",
    ),
    "the key of a text, too long to repeat": (
        "kind: mark\n        ask: Type this page.\n        max: 10\n        step: 0.5\n",
        "kind: text\n        ask: Type this page.\n        «key: " + "x" * 201 + "\n",
        "unknown-key",
        'did you mean "keys"?',
    ),
    "no space behind a dash, among keys": (
        "note: for readers",
        "«-note: for readers",
        "unknown-key",
        'a space is missing behind the dash; did you mean "- note"?',
    ),
    "the key of a choice": (
        "        floor: -1\n",
        "        «key: A\n",
        "unknown-key",
        "mark the right option with points: in options",
    ),
    "the key of a selection": (
        "        missing: zero\n        limit: ~2 min",
        "        «key: [A, B]",
        "unknown-key",
        "with right: true in options",
    ),
    "the key of a mark": ("        step: 0.5", "        «key: 5", "unknown-key", "a mark has none"),
    "the upper end of a band": (
        "action: review, why",
        "«to: 75%, action: review, why",
        "unknown-key",
        "a band ends where the one above begins; delete it",
    ),
    "outcomes with a comma in one text": (
        "is: [C, B, several]",
        'is: «"C, B, several"',
        "no-such-outcome",
        "did you mean [C, B, several]?",
    ),
    "a key with a non-breaking space": (
        "        round: second",
        "        «round\u00a0: second",
        "unknown-key",
        "there is a non-breaking space",
    ),
    "a word with a non-breaking space": (
        "kind: mark",
        "kind: «mark\u00a0",
        "unknown-word",
        "there is a non-breaking space",
    ),
    # --- overrides
    "a condition on no item": (
        "item: angry-customer",
        "item: «angry-costumer",
        "no-such-item",
        'did you mean "angry-customer"?',
    ),
    "a condition on no section": (
        "{section: manner, below",
        "{section: «manners, below",
        "no-such-section",
        'did you mean "manner"?',
    ),
    "a condition on no outcome": (
        "is: [C, B, several]",
        "is: [C, B, «severel]",
        "no-such-outcome",
        'did you mean "several"?',
    ),
    "a condition on an excluded item": (
        "is: [C, B, several]",
        "is: [C, B, several, «excluded]",
        "no-such-outcome",
        "no outcome",
    ),
    "an outcome twice": (
        "is: [C, B, several]",
        "is: [C, B, several, «C]",
        "outcome-twice",
        "stands twice in this list",
    ),
    "a condition on the best outcome": (
        "is: [C, B, several]",
        "is: [C, «A]",
        "best-listed",
        '"A" earns 2, and nothing of "angry-customer" earns more',
    ),
    "a list with a hole": (
        "is: [C, B, several]",
        "is: «[C, B]",
        "list-lacks",
        "the list has to hold several too, because that earns no more; did you mean [C, B, several]?".replace(
            "more;", "more than what it holds;"
        ),
    ),
    "a condition that can be never or always": (
        "{section: skills, below: 40%}",
        "{section: skills, below: «0%}",
        "number",
        "above 0%",
    ),
    "no condition": (
        "{flag: refer, at_least: 2}",
        "«{below: 50%}",
        "condition-form",
        "expected a condition: {flag, at_least}",
    ),
    "a text for a condition": (
        "{flag: refer, at_least: 2}",
        "«too rude",
        "wrong-form",
        "expected a condition such as {section: ID, below: 50%}; found a text",
    ),
    "a condition with not": (
        "{flag: refer, at_least: 2}",
        "«{not: {flag: refer, at_least: 2}}",
        "condition-form",
        "there is no `not`",
    ),
    "an empty condition": (
        "when: {any: [{flag: refer, at_least: 2}, {all: [{item: angry-customer, is: [C, B, several]}, {section: manner, below: 60%}]}]}",
        "when: {«any: []}",
        "too-few",
        "holds 0",
    ),
    # --- what it replaces, what is accepted
    "a move that is none": ('"look -> pass"', '«"look to pass"', "may-move-form", 'expected "old -> new"'),
    "a move to no verdict": ('"look -> pass"', '«"look -> passed"', "no-such-verdict", 'did you mean "pass"?'),
    "a rubric that replaces itself": (
        'version: "2025.3"',
        'version: «"2026.1"',
        "replaces-itself",
        "give the rubric a new one",
    ),
    "an unknown warning accepted": (
        "    title: Skills",
        "    accept: {«fatal-earn: x}",
        "unknown-word",
        'did you mean "fatal-earns"?',
    ),
}


class TestRefused:
    """One change in a rubric that is right, one problem: at its place, with what to do."""

    def test_the_rubric_that_the_changes_start_from_is_right(self) -> None:
        checked = examined(FULL)
        assert [] == [problem.show() for problem in checked.problems]
        assert checked.rubric is not None
        assert checked.pack is not None

    @pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
    def test_refused(self, case: tuple[str, ...]) -> None:
        old, new, code, says, *at = case
        text = changed(old, new)
        text, (line, column) = marked(changed(at[0], MARK + at[0], text) if at else text)
        checked = examined(text)
        assert [("error", code, line, column)] == found(checked)
        assert says in checked.problems[0].message
        assert checked.problems[0].show().startswith(f"{FILE}:{line}:{column}: ")
        assert checked.pack is None
        assert checked.rubric is None

    def test_a_problem_is_not_followed_by_what_follows_from_it(self) -> None:
        """A misspelt kind, id or name makes no second problem where the thing is used."""
        text = changed("id: angry-customer", "id: angry customer")
        text = changed("kind: number", "kind: numbr", text)
        text = changed("- {id: pass,", "- {id: passed!,", text)
        assert ["id-form", "unknown-word", "id-form"] == [problem.code for problem in examined(text).problems]

    def test_all_problems_come_at_once_in_the_order_of_the_file(self) -> None:
        text = changed("from: 75%", "from: 75")
        text = changed("cap: fail", "cap: failed", text)
        text = changed("points: -1", "points: -1,5", text)
        text = changed("default: equal", "default: equals", text)
        text = changed("\n    title: Skills", "\n    title: &x Skills", text)
        text = changed("is: [C, B, several]", "is: [C, B]", changed("points: -1,5", "points: -1", text))
        text = changed("note: for readers", "note: a\nnote: b", text)
        codes = [problem.code for problem in examined(text).problems]
        assert ["key-twice", "number", "no-such-profile", "anchor", "list-lacks", "no-such-verdict"] == codes

    def test_a_text_with_a_comma_is_told_from_a_key_without_a_value(self) -> None:
        """DESIGN 4: the hint for text with a comma inside braces."""
        checked = examined(changed("why: a person decides", "why: a person decides, always"))
        assert ["flow-comma"] == [problem.code for problem in checked.problems]
        assert 'did you mean why: "a person decides, always"?' in checked.problems[0].message

    def test_there_is_an_end_to_the_problems(self) -> None:
        checked = examined(FULL + "".join(f"key{n}: x\n" for n in range(10 * MAX_PROBLEMS)))
        assert len(checked.problems) == MAX_PROBLEMS + 1


ACCEPT = '; or accept it here: accept: {{{}: "why"}}'


def small(sections: str, *, verdicts: str = "", top: str = "") -> str:
    """A rubric around some sections."""
    bands = verdicts or "  - {id: pass, from: 50%, action: advance}\n  - {id: fail, from: 0%, action: decline}\n"
    return f"rubric: small\nversion: v1\n{top}verdicts:\n{bands}sections:\n{sections}"


def item(name: str, kind: str = "choice", body: str = "options: {A: {points: 1}, B: {points: 0}}") -> str:
    """One item on a line."""
    return f"      - {{id: {name}, kind: {kind}, ask: A or B, job_related: it is, {body}}}\n"


ONE = "  - id: s\n    items:\n" + item("i")


class TestWeights:
    """Shares sum to exactly 1 and are never rescaled; weights in a table, on sections, or nowhere (DESIGN 4)."""

    SECTIONS = "".join(f"  - id: s{n}\n    weight: W{n}\n    items:\n" + item(f"i{n}") for n in range(3))

    def with_weights(self, *weights: str) -> str:
        text = small(self.SECTIONS)
        for n, weight in enumerate(weights):
            text = changed(f"    weight: W{n}\n", f"    weight: {weight}\n" if weight else "", text)
        return text

    @pytest.mark.parametrize(
        "weights", [("", "", ""), ("1/3", "1/3", "1/3"), ("20%", "30%", "50%"), ("0%", "0%", "100%")]
    )
    def test_fine(self, weights: tuple[str, ...]) -> None:
        assert "error" not in {severity for severity, *_ in found(examined(self.with_weights(*weights)))}

    @pytest.mark.parametrize(
        ("weights", "code", "line", "says"),
        [
            (
                ("20%", "30%", "40%"),
                "shares-sum",
                16,
                "the weights of the sections sum to 90%, not to 100%: 10% is missing",
            ),
            (("1/3", "1/3", "1/2"), "shares-sum", 16, "sum to 7/6, not to 100%: 1/6 too much"),
            (("20%", "", "80%"), "weight-missing", 11, '"s1" has no weight, but other sections do'),
            (("20%", "", ""), "weight-missing", 11, '"s1", "s2" have no weight'),
        ],
    )
    def test_refused(self, weights: tuple[str, ...], code: str, line: int, says: str) -> None:
        checked = examined(self.with_weights(*weights))
        assert [(code, line)] == [(problem.code, problem.line) for problem in checked.problems]
        assert says in checked.problems[0].message

    def test_a_section_without_weight_needs_no_points(self) -> None:
        text = self.with_weights("100%", "0%", "0%")
        idle = changed(item("i1"), item("i1", body="options: {A: {points: 0}, B: {points: 0, flag: refer}}"), text)
        assert "error" not in {severity for severity, *_ in found(examined(idle))}


class TestLimits:
    """Limits are refused one beyond, at the place where they are passed, and nothing is refused at them."""

    @pytest.mark.parametrize(
        ("most", "make", "line"),
        [
            (50, lambda n: small("".join(f"  - id: s{k}\n    items:\n" + item(f"i{k}") for k in range(n))), 6),
            (
                100,
                lambda n: small(
                    changed(
                        "{A: {points: 1}, B: {points: 0}}",
                        "{" + ", ".join(f"O{k}: {{points: {k}}}" for k in range(n)) + "}",
                        ONE,
                    )
                ),
                9,
            ),
            (
                11,
                lambda n: small(
                    "  - id: s\n    items:\n"
                    + item(
                        "i",
                        "selection",
                        "mode: each, options: {" + ", ".join(f"O{k}: {{right: true}}" for k in range(n)) + "}",
                    )
                ),
                9,
            ),
            (
                50,
                lambda n: small(
                    "  - id: s\n    items:\n"
                    + item("i", "number", "keys: [" + ", ".join(f"{{is: {k}}}" for k in range(n)) + "]")
                ),
                9,
            ),
            (
                50,
                lambda n: small(
                    "  - id: s\n    items:\n"
                    + item("i", "text", "keys: [{is: [" + ", ".join(f"t{k}" for k in range(n)) + "]}]")
                ),
                9,
            ),
            (
                20,
                lambda n: small(
                    "  - id: s\n    items:\n"
                    + item("i", "number", "key: 1, units: [" + ", ".join(f"u{k}" for k in range(n)) + "]")
                ),
                9,
            ),
            (
                100,
                lambda n: (
                    small(ONE)
                    + "overrides:\n"
                    + "".join(f"  - {{id: o{k}, when: {{section: s, below: 50%}}, cap: fail}}\n" for k in range(n))
                ),
                10,
            ),
            (
                16,
                lambda n: small(
                    ONE,
                    verdicts="".join(f"  - {{id: v{k}, from: {n - 1 - k}/100, action: review}}\n" for k in range(n)),
                ),
                3,
            ),
            (
                50,
                lambda n: (
                    small(ONE)
                    + "overrides: [{id: o, when: {any: ["
                    + ", ".join(["{section: s, below: 50%}"] * (n - 1))
                    + "]}, cap: fail}]\n"
                ),
                10,
            ),
            (
                8,
                lambda n: (
                    small(ONE)
                    + "overrides: [{id: o, when: "
                    + "{all: [" * (n - 1)
                    + "{section: s, below: 50%}"
                    + "]}" * (n - 1)
                    + ", cap: fail}]\n"
                ),
                10,
            ),
        ],
    )
    def test_limit(self, most: int, make: object, line: int) -> None:
        assert callable(make)
        at, beyond = examined(make(most)), examined(make(most + 1))
        assert [] == [problem.show() for problem in at.problems if problem.severity == "error"]
        assert [line] == [problem.line for problem in beyond.problems]
        assert beyond.problems[0].code in ("too-many", "condition-depth")
        assert f"{most}" in beyond.problems[0].message

    def test_profiles(self) -> None:
        text = small(
            ONE,
            top="weights: {default: p0, profiles: {"
            + ", ".join(f"p{n}: {{shares: {{s: 100%}}}}" for n in range(33))
            + "}}\n",
        )
        assert ["too-many"] == [problem.code for problem in examined(text).problems]

    def test_one_verdict_is_too_few(self) -> None:
        text = small(ONE, verdicts="  - {id: all, from: 0%, action: review}\n")
        assert [("too-few", 3)] == [(problem.code, problem.line) for problem in examined(text).problems]

    def test_items_of_all_sections_count_together(self) -> None:
        half = MAX_ITEMS // 2
        sections = [f"  - id: s{s}\n    items:\n" + "".join(item(f"i{s}-{n}") for n in range(half)) for s in range(2)]
        assert [] == [problem.show() for problem in examined(small("".join(sections))).problems]
        checked = examined(small("".join(sections) + item("one-more")))
        assert [("too-many", "there are 1,001 items; at most 1,000 are possible")] == [
            (p.code, p.message) for p in checked.problems
        ]

    def test_outcomes_of_all_items_count_together_before_they_are_laid_out(self) -> None:
        marks = MAX_OUTCOMES // 262_139 + 1
        checked = examined(
            small("  - id: s\n    items:\n" + "".join(item(f"m{n}", "mark", "max: 262138") for n in range(marks)))
        )
        assert [("too-many", 8 + marks)] == [(problem.code, problem.line) for problem in checked.problems]

    def test_a_verdict_list_without_bands_says_what_a_band_is(self) -> None:
        checked = examined(small(ONE, verdicts="  - {id: a, action: advance}\n  - {id: b, action: decline}\n"))
        assert [("bands-missing", 3)] == [(problem.code, problem.line) for problem in checked.problems]

    def test_the_first_weighted_band_need_not_reach_everything(self) -> None:
        text = small(ONE, verdicts="  - {id: a, from: 100%, action: advance}\n  - {id: b, from: 0%, action: decline}\n")
        assert [] == [problem.show() for problem in examined(text).problems]


class TestReadings:
    """What a converter would quietly make of a value, and what is said instead (FACTS: traps of cattrs)."""

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            ("at_least: 2", "at_least: 2.0", "number"),  # not cut down to 2
            ("title: Skills", "title:", "no-value"),  # not the text "None"
            (
                "B: {right: true, text: One",
                'B: {right: "False", text: One',
                "true-or-false",
            ),  # not truth of a text that is not empty
            ("title: Skills", "titel: Skills", "unknown-key"),  # not passed over
            ("is: [C, B, several]", "is: several", "list-lacks"),  # not seven outcomes of one letter
            ("units: [EUR, €]", "units: EUR", "wrong-form"),  # not three units
            ("points: 2\n        round", "points: true\n        round", "number"),  # not 1
        ],
    )
    def test_nothing_is_bent_into_shape(self, old: str, new: str, code: str) -> None:
        assert [code] == [problem.code for problem in examined(changed(old, new)).problems]

    def test_one_text_may_stand_for_a_list_of_one_only_where_keys_say_so(self) -> None:
        rubric = examined(FULL).rubric
        assert rubric is not None
        texts = [key.contains_any for key in rubric.sections[0].items[1].keys]  # type: ignore[union-attr]
        assert [None, ("cmd",), None, None] == texts

    def test_quotes_make_no_difference(self) -> None:
        quoted = changed("points: 2\n        keys", 'points: "2"\n        keys', changed("from: 75%", "from: '75%'"))
        assert examined(FULL).pack == examined(quoted).pack


# name: what is replaced in the full rubric, by what (with a mark where the warning is), its code, what the message says
WARNED = {
    "a fatal option that earns": (
        "D: {points: 0,",
        "D: {points: «1,",
        "fatal-earns",
        'the option "D" is fatal and yet earns points',
    ),
    "a knock-out that earns": (
        "yes: {points: 1}\n          no: {points: 0,",
        "yes: {points: 1}\n          no: {points: «1/2,",
        "fatal-earns",
        '"no" is knock_out',
    ),
    "a fatal option that is right": (
        "A: {right: true,",
        "A: {right: «true, flag: fatal,",
        "fatal-earns",
        "earns points",
    ),
    "a later number that earns more": (
        "{is: 10, why",
        "{is: 10, points: 0.5, why",
        "later-key",
        'comes to "key-1", which earns 0.5 instead of 1',
        "{range:",
    ),
    "a later text that earns more": (
        "{contains_any: cmd, points: 1/2}",
        "{contains_any: c, points: 1/16}",
        "later-key",
        'matches "near" and "key-2"',
        "{id: near",
    ),
    "an item that earns nothing": (
        "        key: 12.50",
        "        keys: [{is: 1, points: 0}]",
        "item-idle",
        'whatever is answered to "price" earns 0',
        "price\n        kind: number\n        ask",
    ),
    "nothing on the job": (
        "        job_related: The law asks for it.\n",
        "",
        "job-related-empty",
        '"permit" does not say why',
        "permit\n",
    ),
    "nothing on the job in a whole section": (
        "    job_related: Agents do this every day.\n",
        "",
        "job-related-empty",
        'none of the items of "skills"',
        "skills\n    title",
    ),
    "an override at the best verdict": (
        "cap: look,",
        "cap: «pass,",
        "cap-idle",
        "so this override never limits anything",
    ),
    "a cap at the best verdict": (
        "caps: {fatal: fail,",
        "caps: {fatal: «pass,",
        "cap-idle",
        "so this cap never limits anything",
    ),
    "a cap of a flag that nothing has": (
        "flag: fatal,",
        "flag: note,",
        "cap-idle",
        "nothing is flagged fatal",
        "fail, knock_out",
    ),
    "an override that never holds": (
        "when: {section: skills, below: 40%}",
        "when: «{all: [{section: skills, below: 40%}, {flag: refer, at_least: 9}]}",
        "cap-idle",
        "can never hold",
    ),
    "an item without a question": (
        "        ask: Which keys copy a text?\n",
        "",
        "ask-empty",
        '"shortcut" has no `ask`: the paper shows candidates no question; or accept it here: accept: {ask-empty: "why"}',
        "shortcut\n",
    ),
    "a mark without a task": ("        ask: Type this page.\n", "", "ask-empty", "no question", "typing\n"),
    "an option without words": (
        "A: {points: 2, text: Listen first,",
        "A: {points: 2,",
        "option-text-empty",
        'options of "angry-customer" have no `text` (A)',
        "angry-customer\n",
    ),
    "options without words, one of them in the question": (
        "permit, yes or no?",
        "permit? No matter.",
        "option-text-empty",
        'options of "permit" have no `text` (yes, no): the paper shows them without words; or accept it here: accept:',
        "permit\n",
    ),
    "a thousand with a point": (
        "key: 12.50",
        "key: «1.000",
        "thousands",
        '1.000 is read as 1; if you mean a thousand, write 1000; or accept it here: accept: {thousands: "why"}',
    ),
    "thousands in a range": ("[9.5, 10.5]", "[9.5, «12.500]", "thousands", "12.500 is read as 12.5; if"),
    "thousands in a list of keys": (
        "is: 70,",
        "is: «-7.010,",
        "thousands",
        "write -7010; or accept it on the item: accept:",
    ),
    "thousands as a mark": ("max: 10\n", "max: «1.000\n", "thousands", "is read as 1;"),
    "thousands as points": ("A: {points: 2,", "A: {points: «2.000,", "thousands", "is read as 2;"),
    "a verdict that nothing leads to": (
        "knock_out: barred",
        "knock_out: fail",
        "verdict-unreachable",
        '"barred": no cap leads to it',
        "barred, action",
    ),
}

# changes that come close to a warning and deserve none
QUIET = {
    "a fatal option that costs": ("D: {points: 0,", "D: {points: -1,"),
    "a later number that earns more elsewhere": (
        "is: 70, relative: 1%, points: 0.5",
        "is: 70, relative: 1%, points: 2",
    ),
    "a later text that earns more for another": (
        "{contains_any: cmd, points: 1/2}",
        "{contains_any: zz, points: 1/16}",
    ),
    "a later text that earns as much": (
        "{id: near, contains_all: [ctrl, c], points: 1/8",
        "{id: near, contains_all: [cmd, c], points: 1/2",
    ),
    "an item that only raises something": ("        key: 12.50", "        keys: [{is: 1, points: 0, flag: refer}]"),
    "the job on the section": ("  - id: legal\n", "  - id: legal\n    job_related: both say it\n"),
    "a weight that is nearly the same in effect": ("floor: -20%", "floor: -30%"),
    "options without words that the question names": (
        "permit, yes or no?",
        "permit (yes / no)?",
    ),
    "decimals that are no thousands": (
        "key: 12.50",
        "keys: [{is: 0.250}, {is: 1.005}, {is: 1.2500}, {is: 12.5}, {is: 1000}]",
    ),
    "a text that looks like a thousand": ("is: [ctrl+c,", "is: [1.000,"),
    "a comment": ("ask: Type this page.", "ask: Type this page. # 1 of 2"),
    "a comment without a space, behind quotes": ("ask: Type this page.", 'ask: "Type page #1." #2'),
    "a number sign inside a word": ("ask: Type this page.", "ask: Type in C# or F#1."),
    "one outcome without brackets": (
        "{item: angry-customer, is: [C, B, several]}",
        "{item: permit, is: no}",
    ),
    "an override that one branch of can hold": ("{flag: refer, at_least: 2}", "{flag: refer, at_least: 3}"),
}


class TestWarned:
    """What can be scored, but perhaps is not what its author meant; with each warning the rubric still has its pack."""

    @pytest.mark.parametrize("case", WARNED.values(), ids=WARNED)
    def test_warned(self, case: tuple[str, ...]) -> None:
        old, new, code, says, *at = case
        text = changed(old, new)
        text, (line, column) = marked(changed(at[0], MARK + at[0], text) if at else text)
        checked = examined(text)
        assert ("warning", code, line, column) in found(checked)
        assert {"warning"} == {severity for severity, *_ in found(checked)}
        warning = next(problem for problem in checked.problems if problem.code == code)
        assert says in warning.message
        assert str(warning).startswith(f"{FILE}:{line}:{column}: warning: ")
        assert checked.pack is not None

    @pytest.mark.parametrize("case", QUIET.values(), ids=QUIET)
    def test_quiet(self, case: tuple[str, str]) -> None:
        assert [] == [problem.show() for problem in examined(changed(*case)).problems]

    @pytest.mark.parametrize(
        ("keys", "warned"),
        [
            ("{is: a, points: 0}, {is: A}", True),  # alike after casefold
            ("{is: a, points: 0}, {is: b}", False),
            ("{is: abc, points: 0}, {contains_any: b}", True),
            ("{contains_any: b, points: 0}, {is: abc}", True),
            ("{contains_any: b, points: 0}, {contains_any: abc}", True),
            ("{contains_any: abc, points: 0}, {contains_any: b}", True),
            (
                "{contains_any: x, points: 0}, {contains_any: y}",
                False,
            ),  # one answer may hold both; nothing says that it will
            ("{contains_all: [a, b], points: 0}, {is: b then a}", True),
            ("{contains_all: [a, b], points: 0}, {is: a}", False),
            ("{contains_any: b, points: 0}, {contains_all: [abc, d]}", True),
            ("{like: a*, points: 0}, {is: abc}", True),
            ("{like: a*, points: 0}, {is: bca}", False),
            ("{is: abc, points: 0}, {like: '*c'}", True),
            ("{like: a*, points: 0}, {like: a*}", True),
            ("{is: a, points: 1}, {is: a, points: 1}", False),  # it earns no more
        ],
    )
    def test_a_text_that_spells_out_what_an_earlier_key_takes(self, keys: str, warned: bool) -> None:
        checked = examined(small("  - id: s\n    items:\n" + item("i", "text", f"keys: [{keys}]")))
        assert (["later-key"] if warned else []) == [problem.code for problem in checked.problems]

    @pytest.mark.parametrize(
        ("keys", "warned"),
        [
            ("{is: 1, points: 0}, {range: [1, 2]}", True),
            ("{range: [0, 1], points: 0}, {range: [1, 2]}", True),  # both ends belong to a range
            ("{range: [0, 0.99], points: 0}, {range: [1, 2]}", False),
            ("{is: 9, absolute: 1, points: 0}, {is: 11, absolute: 1}", True),
            ("{is: 100, relative: 1%, points: 0}, {is: 101.01}", False),
            ("{is: 1}, {is: 1, points: 0}", False),
        ],
    )
    def test_a_number_that_an_earlier_key_takes(self, keys: str, warned: bool) -> None:
        checked = examined(small("  - id: s\n    items:\n" + item("i", "number", f"keys: [{keys}]")))
        assert (["later-key"] if warned else []) == [problem.code for problem in checked.problems]

    @pytest.mark.parametrize(
        ("more", "warned"),
        [
            ("", True),
            ("overrides: [{id: o, when: {section: t, below: 50%}, cap: fail}]\n", False),
            ("overrides: [{id: o, when: {item: j, is: [B, several]}, cap: fail}]\n", False),
        ],
    )
    def test_an_item_of_a_section_without_weight(self, more: str, warned: bool) -> None:
        sections = ONE + changed("id: s\n", "id: t\n", changed("{id: i", "{id: j", ONE))
        text = small(sections, top="weights: {default: p, profiles: {p: {shares: {s: 100%, t: 0%}}}}\n") + more
        expected = [
            (
                "item-idle",
                '"j" cannot change any verdict: its section "t" has no weight in any profile, and no override looks at it'
                + ACCEPT.format("item-idle"),
            )
        ]
        assert (expected if warned else []) == [(problem.code, problem.message) for problem in examined(text).problems]

    @pytest.mark.parametrize(("others", "warned"), [(2, False), (3, True)])
    def test_a_weight_that_is_another_in_effect(self, others: int, warned: bool) -> None:
        """Among n sections one that ranges over twice as much weighs 2 / (n + 1): exactly 3/2 of 1/n at three sections, which is still quiet."""
        wide = changed(
            "{id: i",
            "{id: w",
            changed("id: s\n", "id: wide\n    floor: -100%\n", changed("B: {points: 0}", "B: {points: -1}", ONE)),
        )
        sections = wide + "".join(
            changed("id: s\n", f"id: s{n}\n", changed("{id: i", f"{{id: i{n}", ONE)) for n in range(others)
        )
        message = '"wide" weighs 25% on paper and about 40% in effect: its share ranges from -100% to 100%, others range over more or less'
        message += ACCEPT.format("weight-skew")
        assert ([("weight-skew", message)] if warned else []) == [
            (p.code, p.message) for p in examined(small(sections)).problems
        ]

    @pytest.mark.parametrize(("cut", "warned"), [("50%", False), ("51%", True)])
    def test_a_band_that_no_combination_of_points_falls_into(self, cut: str, warned: bool) -> None:
        bands = f"  - {{id: a, from: 99%, action: advance}}\n  - {{id: b, from: {cut}, action: review}}\n  - {{id: c, from: 0%, action: decline}}\n"
        checked = examined(small("  - id: s\n    items:\n" + item("i") + item("j"), verdicts=bands))
        assert ([("verdict-unreachable", 5)] if warned else []) == [
            (problem.code, problem.line) for problem in checked.problems
        ]

    def test_a_verdict_that_one_profile_reaches_is_reachable(self) -> None:
        bands = "  - {id: a, from: 99%, action: advance}\n  - {id: b, from: 60%, action: review}\n  - {id: c, from: 0%, action: decline}\n"
        profiles = "weights: {default: p, profiles: {p: {shares: {s: 1/2, t: 1/2}}, q: {shares: {s: 60%, t: 40%}}}}\n"
        sections = ONE + changed("id: s\n", "id: t\n", changed("{id: i", "{id: j", ONE))
        assert [] == [problem.show() for problem in examined(small(sections, verdicts=bands, top=profiles)).problems]

    def test_where_there_are_too_many_combinations_nothing_is_claimed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = changed("knock_out: barred", "knock_out: fail")
        assert ["verdict-unreachable"] == [problem.code for problem in examined(text).problems]
        monkeypatch.setattr(warn, "reachable", lambda _plan: None)
        assert [] == [problem.show() for problem in examined(text).problems]


class TestHowToAccept:
    """Every warning ends with how it is accepted, and that is where it can be."""

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("cap: look,", "cap: pass,", '; or accept it here: accept: {cap-idle: "why"}'),
            ("{fatal: fail,", "{fatal: pass,", '; or accept it beside version: accept: {cap-idle: "why"}'),
            ("D: {points: 0,", "D: {points: 1,", '; or accept it on the item: accept: {fatal-earns: "why"}'),
            ("knock_out: barred", "knock_out: fail", '; or accept it here: accept: {verdict-unreachable: "why"}'),
            (
                "    job_related: Agents do this every day.\n",
                "",
                '; or accept it here: accept: {job-related-empty: "why"}',
            ),
        ],
    )
    def test_it_ends_so(self, old: str, new: str, says: str) -> None:
        messages = [problem.message for problem in examined(changed(old, new)).problems]
        assert [True] == [message.endswith(says) for message in messages]

    def test_what_accepts_nothing_is_only_deleted(self) -> None:
        text = changed("    title: Skills\n", "    title: Skills\n    accept: {item-idle: x}\n")
        assert ['there is no warning "item-idle" here to accept: delete this line'] == [
            problem.message for problem in examined(text).problems
        ]

    @pytest.mark.parametrize(
        ("code", "old", "new"),
        [
            ("ask-empty", "        ask: Type this page.\n", ""),
            ("option-text-empty", "permit, yes or no?", "permit?"),
            ("thousands", "key: 12.50", "key: 1.000"),
        ],
    )
    def test_the_rubric_accepts_what_its_items_say(self, code: str, old: str, new: str) -> None:
        text = changed("note: for readers\n", f"accept: {{{code}: on purpose}}\n", changed(old, new))
        assert [] == [problem.show() for problem in examined(text).problems]


class TestAccepted:
    """Accepted warnings, each with its reason, on the node that they concern or on whatever that stands in (DESIGN 4)."""

    TEXT = changed("D: {points: 0,", "D: {points: 1,")

    @pytest.mark.parametrize(
        "at",
        ["        floor: -1\n", "    missing: await\n", "note: for readers\n"],
        ids=["on the item", "on its section", "on the rubric"],
    )
    def test_a_reason_silences_it(self, at: str) -> None:
        indent = at[: len(at) - len(at.lstrip())]
        accepted = changed(at, f"{at}{indent}accept: {{fatal-earns: a joke}}\n", self.TEXT)
        assert ["fatal-earns"] == [problem.code for problem in examined(self.TEXT).problems]
        assert [] == [problem.show() for problem in examined(accepted).problems]

    def test_elsewhere_it_silences_nothing_and_is_doubtful_itself(self) -> None:
        text = changed("    title: Skills\n", "    title: Skills\n    accept: {fatal-earns: a joke}\n", self.TEXT)
        assert [("accept-unused", 21, 14), ("fatal-earns", 74, 23)] == [
            (p.code, p.line, p.column) for p in examined(text).problems
        ]

    def test_the_nearest_one_counts_and_the_other_is_unused(self) -> None:
        text = changed("        floor: -1\n", "        floor: -1\n        accept: {fatal-earns: a}\n", self.TEXT)
        text = changed("    missing: await\n", "    missing: await\n    accept: {fatal-earns: b}\n", text)
        assert [("accept-unused", 65)] == [(problem.code, problem.line) for problem in examined(text).problems]

    def test_on_a_verdict_and_on_an_override(self) -> None:
        text = changed(
            "why: no permit}",
            "why: no permit, accept: {verdict-unreachable: kept for later}}",
            changed("knock_out: barred", "knock_out: fail"),
        )
        text = changed("cap: look,", "cap: pass, accept: {cap-idle: kept for later},", text)
        assert [] == [problem.show() for problem in examined(text).problems]

    def test_several_at_once_are_told_apart(self) -> None:
        text = changed(
            "        job_related: The law asks for it.\n",
            "        accept: {job-related-empty: everybody knows, item-idle: x}\n",
        )
        assert ["accept-unused"] == [problem.code for problem in examined(text).problems]


class TestSafetyNet:
    """What the engine refuses and the checks let through is brought back to a line of the file."""

    def test_the_engines_problems_get_the_place_of_what_they_are_about(self, monkeypatch: pytest.MonkeyPatch) -> None:
        paths = {
            "sections/manner/items/angry-customer/options/D/points": (73, 23),
            "stages/main/sections/skills/items/refund": (24, 9),
            "profiles/skills-first/shares": (17, 62),
            "overrides/rude/when/any/0": (97, 18),
            "verdicts/look/action": (9, 35),
            "caps/fatal": (12, 15),
            "somewhere/else": (1, 1),
        }

        def compile_plan(_pack: bytes, level: str | None = None) -> None:
            raise RubricError(Problem("pack", "is odd", path=path) for path in paths)

        monkeypatch.setattr(checking, "compile_plan", compile_plan)
        checked = examined(FULL)
        assert {f"{path}: is odd": place for path, place in paths.items()} == {
            p.message: (p.line, p.column) for p in checked.problems
        }
        assert checked.pack is None

    def test_a_pack_that_would_be_too_large_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checking, "MAX_PACK", 1000)
        assert [("pack-size", 1)] == [(problem.code, problem.line) for problem in examined(FULL).problems]


class TestFiles:
    """Reading from a path."""

    def test_the_file_is_named_as_it_was_given(self, tmp_path: Path) -> None:
        path = tmp_path / "x.yaml"
        path.write_text(changed("from: 75%", "from: 75"), encoding="utf-8")
        assert [f'{path}:8:22: 75 is no share; did you mean "75%"?'] == [
            str(problem) for problem in check(path).problems
        ]

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="no such file"):
            check(tmp_path / "x.yaml")


NOISE = st.sampled_from(
    [
        "",
        " ",
        "\n",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "'",
        "0",
        "-1",
        "1/3",
        "%",
        "id",
        "x",
        "§",
        "&a ",
        "*a",
        "\t",
        "#",
        "|",
        "\n  ",
    ]
)


class TestAnything:
    """Whatever is done to a rubric: it is right, or it has an error with a place; nothing else happens."""

    @given(st.lists(st.tuples(st.integers(0, len(FULL)), st.integers(0, 12), NOISE), min_size=1, max_size=4))
    def test_pieces_cut_out_and_put_in(self, edits: list[tuple[int, int, str]]) -> None:
        text = FULL
        for at, length, put in edits:
            text = text[:at] + put + text[at + length :]
        self.right_or_refused(text)

    @given(st.data())
    @settings(max_examples=60)
    def test_lines_left_out_doubled_and_exchanged(self, data: st.DataObject) -> None:
        self.right_or_refused(reordered(data, FULL, 4))

    @given(st.lists(st.sampled_from(FULL.split()), max_size=30).map(" ".join) | st.text(max_size=100))
    def test_words_in_any_order(self, text: str) -> None:
        self.right_or_refused(text)

    def right_or_refused(self, text: str) -> None:
        checked = examined(text)
        errors = [problem for problem in checked.problems if problem.severity == "error"]
        assert (checked.pack is None) == bool(errors)
        assert all(p.file == FILE and p.line >= 1 and p.column >= 1 and p.message and p.code for p in checked.problems)
        assert list(checked.problems) == sorted(checked.problems, key=lambda p: (p.line, p.column))
        assert not any(problem.code == "pack" for problem in errors), "the engine refused what the checks let through"
