"""
Spoil the engine in many small places; the tests must notice each.

Usage: python tests/mutate.py [WORD...]: all mutants, or those whose description holds one of the words. Each mutant is made in a copy of the tree, and
the tests of the engine run there until the first one fails. Prints a line a mutant; exit status 1 if one survives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = [
    "test_plan.py",
    "test_reading.py",
    "test_judge.py",
    "test_ratings.py",
    "test_funnel.py",
    "test_rules.py",
    "test_golden.py",
    "test_explain.py",
    "test_edges.py",
    "test_ricci.py",
    "test_laws.py",
]  # quick ones first

# (what is spoiled, module of the engine, what stands there, what stands there instead)
MUTANTS = [
    ("a score on the cut does not reach it", "judge", "standing.total >= cut", "standing.total > cut"),
    ("a share on the limit is below it", "conditions", "earned * share[1] < share[0] * maximum", "earned * share[1] <= share[0] * maximum"),
    ("a floor does not lift a section over a limit", "conditions", "and floor[0] * share[1] < share[0] * floor[1]", ""),
    ("at_least means more than", "conditions", "return word >> 16 * flag & 0xFFFF", "return (word >> 16 * flag & 0xFFFF) - 1"),
    ("all means any", "conditions", "return all(met) if every else any(met)", "return any(met)"),
    ("any means all", "conditions", "return all(met) if every else any(met)", "return all(met)"),
    ("a fatal flag caps without notice", "judge", "if standing.word & _FATAL and standing.around.notice is not False:", "if standing.word & _FATAL:"),
    ("a knock-out does not end", "judge", "if (standing.words[place] - before) & _KNOCK_OUT:", "if False:"),
    ("the best of band and caps wins", "judge", "standing.verdict = max(worst", "standing.verdict = min(worst"),
    ("an empty section is not awaited", "judge", "if maximum == 0 and section.share[0]:", "if False:"),
    ("an unweighted empty section is awaited", "judge", "if maximum == 0 and section.share[0]:", "if maximum == 0:"),
    ("the total may be below 0", "judge", "return max(total, 0)", "return total"),
    ("section floors are forgotten", "judge", "max(standing.earned[place] * scale.factors[place], scale.floors[place])", "standing.earned[place] * scale.factors[place]"),
    ("refer holds nothing", "judge", '"refer": bool(standing.word & _REFER)', '"refer": False'),
    ("review verdicts are not held", "judge", 'plan.actions[verdict] == "review"', "False"),
    ("irregularities hold nothing", "judge", '"irregularity": bool(standing.around.irregularities)', '"irregularity": False'),
    ("missing proof of notice holds nothing", "judge", '"notice": bool(standing.word & _FATAL) and standing.around.notice is False', '"notice": False'),
    ("every unclear answer holds", "judge", "return _verdict_with(plan, standing, unclear, best) != standing.verdict", "return True"),
    ("unclear answers are tried one by one only", "judge", "for chosen in product((False, True), repeat=len(unclear))", "for chosen in [[n == m for n in range(len(unclear))] for m in range(len(unclear))]"),
    ("pending gives the verdict's action", "judge", 'return "wait"', 'return "review"'),
    ("a hold does not turn the action", "judge", "if holds or standing.verdict is None:", "if standing.verdict is None:"),
    ("excluded items count in the maximum", "judge", "if codes[item.place] != EXCLUDED", "if True"),
    ("the last band cut is off by one", "plan", "for num, den in plan.cuts[:-1]", "for num, den in plan.cuts"),
    ("an item's floor is a ceiling", "plan", "if num * low_den < low * den else", "if num * low_den > low * den else"),
    ("the last of the best is best", "plan", "if not item.words[code]), top[0])", "if not item.words[code]), top[-1])"),
    ("lists need not be closed", "plan", "if missing:", "if False:"),
    ("several known options are invalid", "classify", "return several_flagged if chosen & severe else several", "return INVALID"),
    ("several with a fatal one is plain", "classify", "return several_flagged if chosen & severe else several", "return several"),
    ("an unknown id beside a known one is ignored", "classify", "if len(entries) == 1:", "if len(chosen) == 1 and not (entries := chosen) - entries:"),
    ("note counts as severe", "table", 'SEVERE = ("fatal", "knock_out", "refer")', 'SEVERE = ("fatal", "knock_out", "refer", "note")'),
    ("net may be negative", "classify", "(max(0, r - w), c)", "(r - w, c)"),
    ("coverage forgives", "classify", "(r if w == 0 else 0, c)", "(r, c)"),
    ("each counts hits only", "classify", "(r + n - c - w, n)", "(r, n)"),
    ("exact takes a superset", "classify", "int(r == c and w == 0)", "int(r == c)"),
    ("flags of later options are lost", "classify", 'word |= WORD[option["flag"]]', 'word = WORD[option["flag"]]'),
    ("intervals are open above", "classify", "n * high_den <= high * ten", "n * high_den < high * ten"),
    ("intervals are open below", "classify", "low * ten <= n * low_den", "low * ten < n * low_den"),
    ("the last matching key wins", "classify", "return OWN + min(places)", "return OWN + max(places)"),
    ("others are not noticed", "classify", "(among_others if len(values) > 1 else 0)", "0"),
    ("sole takes what is stated", "classify", 'if rule == "stated" and len(values) > 1:', "if len(values) > 1:"),
    ("malformed tokens are ignored", "classify", "if found.malformed or len(values) != 1:", "if len(values) != 1:"),
    ("no digits is unclear", "classify", "return no_digits", "return unclear"),
    ("marks off the grid are rounded down", "classify", "return INVALID if rest or place > count", "return INVALID if place > count"),
    ("marks above the maximum count", "classify", "return INVALID if rest or place > count else OWN + place", "return INVALID if rest else OWN + min(place, count)"),
    ("a sign is not read", "reading", "value = -value[0], value[1]", "pass"),
    ("a dash between numbers is a sign", "reading", 'return not (before.isalpha() or before in _DIGITS or before == ")")', "return True"),
    ("touching a percent sign is well", "reading", '_TOUCHING = frozenset("%‰/^_$")', '_TOUCHING = frozenset("‰/^_$")'),
    ("touching other number characters is well", "reading", 'category(c) in {"Sc", "Nl", "No"}', 'category(c) in {"Sc"}'),
    ("a decimal comma ends a number", "reading", 'if after in ".,":', 'if after in ".":'),
    ("a number may begin behind a point", "reading", 'if digits and text[digits - 1] in ".,":', "if False:"),
    ("the first marker counts", "reading", "found.stated.clear()\n        at += 1", "pass\n        at += 1"),
    ("the word is marks nothing", "reading", 'if text[at:stop].casefold() == "is":', "if False:"),
    ("format characters stay", "reading", 'if kind == "Cf":', "if False:"),
    ("the true minus stays", "reading", '    "\\u2212": "-",\n', ""),
    ("casefold is lower", "reading", 'normalize("NFC", text.casefold())', "text.lower()"),
    ("a star stands for at least one", "reading", "if not text.startswith(first) or end < len(first)", "if not text.startswith(first) or end <= len(first)"),
    ("stars overlap", "reading", "or end < len(first) or", "or"),
    ("completions leave out what is awaited no more", "reach", "if code not in item.awaits and code not in range(EXCLUDED, OWN)", "if code >= OWN"),
    ("completions ignore fixed flags", "reach", "            word += item.words[code]\n            earned", "            earned"),
    ("caps of any completion hold in all", "reach", "set.intersection(*lasting)", "set.union(*lasting)"),
    ("of many completions the worst is kept", "reach", "other[2] >= earned", "other[2] <= earned"),
    ("an empty section stays empty", "reach", "if self.maxima[place] != self.full[place]:", "if False:"),
    ("sums in between are not found", "reach", "place = bisect_left(right, least - number)", "place = bisect_left(right, least - number) + 1"),
    ("shown percentages are rounded", "exact", "return _hundredths(numerator * 10_000 // denominator)", "return _hundredths((numerator * 20_000 // denominator + 1) // 2)"),
    ("margins are cut", "exact", "size = -(-abs(numerator) * 10_000 // denominator)", "size = abs(numerator) * 10_000 // denominator"),
    ("notice after the start is proof", "submission", 'told["at"] <= facts["started_at"]', "True"),
    ("notice at the start is no proof", "submission", 'told["at"] <= facts["started_at"]', 'told["at"] < facts["started_at"]'),
    ("another notice is proof", "submission", 'told["sha256"] == plan.notice_digest and', ""),
    ("unknown items are ignored", "submission", "if len(answers) != len(codes) - codes.count(ABSENT):", "if False:"),
    ("an item may be answered and not administered", "submission", "if type(answers) is dict and name in answers:", "if False:"),
    ("a stage that awaits something is passed", "judge", 'return "pending" if standing.waiting else "passed"', 'return "passed"'),
    ("a gate ends while its stage awaits", "judge", "if gates and not standing.waiting:", "if gates:"),
    ("a reinstatement lifts one stage too few", "judge", "if place > standing.lifted:", "if place >= standing.lifted > -1 or place > standing.lifted:"),
    ("a lifted knock-out still caps", "judge", "if (standing.word - lifted) & _KNOCK_OUT:", "if standing.word & _KNOCK_OUT:"),
    ("a lifted gate still caps", "judge", "return standing.lifted < place < len(standing.stages)", "return place < len(standing.stages)"),
    ("gates count later flags", "judge", "standing.words[min(bound[0], reached - 1)]", "standing.words[reached - 1]"),
    ("stages weigh the same", "judge", "total += weight * _sum_of", "total += _sum_of"),
    ("excerpts hold nothing", "judge", '"excerpt": bool(standing.frame.excerpts)', '"excerpt": False'),
    ("items of other variants are awaited", "judge", "if codes[place] == EXCLUDED and place not in standing.frame.outside", "if codes[place] == EXCLUDED"),
    ("later stages keep their codes", "judge", "[*standing.codes[:start], *standing.frame.blank[start:]]", "[*standing.codes]"),
    ("void has a verdict", "judge", 'standing.status = "void"', 'standing.status = "decided"'),
    ("completions do not end at gates", "reach", "if _KNOCK_OUT_CAP in caps or any(cap in gates for cap in caps):", "if _KNOCK_OUT_CAP in caps:"),
    ("completions do not end at knock-outs", "reach", "if _KNOCK_OUT_CAP in caps or any(cap in gates for cap in caps):", "if any(cap in gates for cap in caps):"),
    ("a passed gate may hold again", "reach", "settled = range(place, place + 1)", "settled = range(0)"),
    ("the median is the upper middle", "ratings", "places[(len(places) - 1) // 2]", "places[len(places) // 2]"),
    ("a consensus is the lowest", "ratings", 'if how == "consensus" and places[0] != places[-1]:', "if False:"),
    ("who has not rated is not waited for", "ratings", 'return all(rater in answer for rater, role in panel.items() if role in rules["needs"])', "return True"),
    ("a quorum is one", "ratings", "roles.count(role) >= least", "roles.count(role) >= 1"),
    ("those who abstain count", "ratings", 'for rater, form in answer.items() if "rating" in form}', "for rater, form in answer.items()}"),
    ("not probed is not observed", "ratings", 'if mark != "not_probed"}', "}"),
    ("concerns are not noted", "ratings", 'return "concern" in form or', "return"),
    ("the best value conflicts with nothing", "ratings", 'if form["rating"] == best:', "if False:"),
    ("some positive indicators conflict with the worst", "ratings", "bool(good) and all(seen.get", "bool(good) and any(seen.get"),
    ("means are of what was needed only", "ratings", 'return range(sum(rules["needs"].values()), rules["max"] + 1)', 'return range(sum(rules["needs"].values()), sum(rules["needs"].values()) + 1)'),
    ("above the level is at it", "ratings", "above if place > at else met", "met"),
    ("anybody may rate", "ratings", "if panel[rater] not in needs:", "if False:"),
    ("absent is absent before it is handed in", "submission", "codes[place] = UNOPENED", "pass"),
    ("answers after the end are taken", "submission", 'if stages[-1] != "ended" or len(stages) == len(plan.stages):', "if True:"),
    ("answers to another variant are taken", "submission", "if only not in {None, around.variant} and", "if False and"),
    ("a conduct rule that was breached holds nothing", "submission", "if breached:", "if False:"),
    ("voided items are counted as missing", "check", 'return sum(item["only"] in (None, variant) for item in section["items"])', "return len(items_of(section, variant))"),
    ("gates may look ahead", "check", 'elif own is not None and place[kind, name] > place["stage", own]:', "elif False:"),
]  # fmt: skip


def is_noticed(mutant: tuple[str, str, str, str]) -> bool | None:
    """Whether the tests fail with this mutant; None where it no longer fits the source."""
    _, module, old, new = mutant
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place)
        for name in ("src", "tests", "rules", "audit", "docs"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        path = tree / "src" / "scoring" / "engine" / f"{module}.py"
        source = path.read_text(encoding="utf-8")
        if source.count(old) != 1:
            return None
        path.write_text(source.replace(old, new), encoding="utf-8")
        environment = {
            **os.environ,
            "PYTHONPATH": str(tree / "src"),
            "HYPOTHESIS_PROFILE": "ci",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        tests = [f"tests/{name}" for name in TESTS]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *tests]
        return subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False).returncode != 0


def main(words: list[str]) -> int:
    """Try the mutants, two at a time."""
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant[0] for word in words)]
    left = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for mutant, noticed in zip(chosen, pool.map(is_noticed, chosen), strict=True):
            left += noticed is not True
            print(
                {True: "noticed  ", False: "SURVIVED ", None: "NOT THERE"}[noticed],
                mutant[1],
                "-",
                mutant[0],
                flush=True,
            )
    print(f"{len(chosen) - left} of {len(chosen)} mutants noticed")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
