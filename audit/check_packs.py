"""
Check every pack of a log against FORMAT.md 5, row by row.

    python3 -I -S check_packs.py DIR

Written from FORMAT.md alone; Python 3.9 or newer, standard library only. It reads packs/ and nothing else: which record
cites which pack is checked by verify.py, what follows from a pack by recompute.py, both beside it. Exit status: 0 all
obey; 1 one does not; 2 the call is wrong; 3 something could not be checked.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from fractions import Fraction
from hashlib import sha256
from math import lcm
from pathlib import Path
from typing import Any

Row = tuple[str, Fraction, frozenset[str]]  # one outcome of an item: its name, what it earns, what it raises
PACK_MAX, CODES_MAX, OUTCOMES_MAX, FILES_MAX = 4 << 20, 64**3, 1 << 20, 10_000
COMMON = ["absent", "blank", "invalid", "excluded", "unopened"]  # codes 0 to 4 of every item
RESERVED = {*COMMON, "several", "several_flagged", "wrong", "unclear", "no_digits"}
FLAGS, ZERO, TINY, HUGE = ["fatal", "knock_out", "refer", "note"], Fraction(0), Fraction(1, 10**12), Fraction(10**12)
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class PackError(ValueError):
    """What row of FORMAT.md 5 a pack breaks."""


def need(condition: object, what: str) -> None:
    """Refuse what breaks a row."""
    if not condition:
        raise PackError(what)


def rational(text: Any, low: Fraction | int = -HUGE, high: Fraction | int = HUGE) -> Fraction:
    """Return a number: in lowest terms (FORMAT.md 1), of at most 12 digits, in low..high."""
    need(isinstance(text, str) and len(text) <= 26 and set(text) <= set("0123456789/-"), "a rational")
    value = Fraction(text)
    need(str(value) == text and max(abs(value.numerator), value.denominator) < HUGE, "a rational of 12 digits")
    need(low <= value <= high, "the range of a rational")
    return value


def strings(values: Any, low: int, high: int, longest: int) -> list[str]:
    """Return a list of `low` to `high` strings of 1 to `longest` characters."""
    need(isinstance(values, list) and low <= len(values) <= high, "the length of a list of strings")
    need(all(isinstance(value, str) and 0 < len(value) <= longest for value in values), "a list of strings")
    return list(values)


def known(name: Any, names: Any, what: str) -> Any:
    """Return a string that is one of these."""
    need(isinstance(name, str) and name in names, what)
    return name


def identifier(name: Any) -> None:
    """Refuse what is no id."""
    need(isinstance(name, str) and re.fullmatch("[A-Za-z0-9._-]{1,48}", name), "an id")


def table(rows: Any, keys: str, what: str, low: int = 1, high: int = 1) -> list[dict[str, Any]]:
    """Return a list of `low` to `high` objects that have exactly these keys, and no id twice."""
    need(isinstance(rows, list) and low <= len(rows) <= high, f"how many of {what}")
    need(all(isinstance(row, dict) and sorted(row) == sorted(keys.split()) for row in rows), f"the keys of {what}")
    for row in rows:
        need(isinstance(row["about"], dict), f"`about` of {what}")
        for value in row["about"].values():
            listed = isinstance(value, list) and all(isinstance(text, str) for text in value)
            need(listed or isinstance(value, str), f"`about` of {what}")
    for name in [row["id"] for row in rows if "id" in row]:
        identifier(name)
    need(len({row.get("id") for row in rows}) == len(rows), f"an id of {what} stands twice")
    return rows


def outcomes_of(item: dict[str, Any]) -> list[Row]:
    """Check an item and return its outcomes in the order of their codes (FORMAT.md 7)."""
    kind = known(item["kind"], ["choice", "selection", "number", "text", "mark"], "`kind`")
    keys, full, own = "about awaits floor id kind ", rational(item.get("points", "1"), TINY), []
    if kind == "choice":
        table([item], keys + "options", "a choice")
        listed = table(item["options"], "about flag id points", "options", 2, 100)
        grave = [option["flag"] in FLAGS[:3] for option in listed]
        own += [(option["id"], rational(option["points"]), {option["flag"]}) for option in listed]
        own += [("several", ZERO, set())] * (not all(grave)) + [("several_flagged", ZERO, {"refer"})] * any(grave)
    elif kind == "selection":
        table([item], keys + "mode options points", "a selection")
        listed = table(item["options"], "about flag id right", "options", 2, 11)
        need(all(isinstance(option["right"], bool) for option in listed), "`right`")
        n, c = len(listed), sum(option["right"] for option in listed)
        need(c, "an option that is right")
        known(item["mode"], ["exact", "net", "coverage", "each"], "`mode`")
        for code in range(1, 2**n):
            chosen = [option for i, option in enumerate(listed) if code & 2**i]
            r = sum(option["right"] for option in chosen)
            w = len(chosen) - r
            net, each = max(ZERO, Fraction(r - w, c)), Fraction(r + n - c - w, n)
            share = {"exact": int(r == c and w == 0), "net": net, "coverage": Fraction(r, c) * (w == 0), "each": each}
            flags = {option["flag"] for option in chosen}
            own.append(("+".join(option["id"] for option in chosen), share[item["mode"]] * full, flags))
    elif kind == "mark":
        table([item], keys + "max points step", "a mark")
        listed, step, top = [], rational(item["step"], TINY), rational(item["max"], TINY)
        need((top / step).denominator == 1 and top / step < CODES_MAX, "max / step")
        own += [(str(n * step), n * full * step / top, set()) for n in range(int(top / step) + 1)]
    else:
        number = kind == "number"
        table([item], keys + ("keys points read separators units" if number else "keys points steps"), f"a {kind}")
        more = "high low" if number else "match texts"
        listed = table(item["keys"], "about flag id points " + more, "keys", 1, 50)
        own += [(key["id"], rational(key["points"], high=full), {key["flag"]}) for key in listed]
        if number:
            need(all(rational(key["low"]) <= rational(key["high"]) for key in listed), "`low` and `high`")
            need(set(strings(item["separators"], 0, 3, 1)) <= set(",' "), "`separators`")
            units = strings(item["units"], 0, 20, 24)
            need(not any(unit[0].isdigit() or unit[0].isspace() or unit[0] in ".,-" for unit in units), "`units`")
            if known(item["read"], ["sole", "stated", "contains"], "`read`") == "contains":
                own += [(name + "+others", points, {*flags, "note"}) for name, points, flags in own]
        else:
            need(item["steps"] == [x for x in ("trim", "collapse", "casefold") if x in item["steps"]], "`steps`")
            for key in listed:
                known(key["match"], ["is", "contains_any", "contains_all", "like"], "`match`")
                strings(key["texts"], 1, 50, 500)
        own += [("wrong", ZERO, set())] + [("unclear", ZERO, {"note"}), ("no_digits", ZERO, {"note"})] * number
    need(not RESERVED.intersection(entry["id"] for entry in listed), "an id that is reserved")
    floor = -HUGE if item["floor"] is None else rational(item["floor"], high=0)
    rows: list[Row] = [(name, ZERO, frozenset()) for name in COMMON]
    rows += [(name, max(points, floor), frozenset(flags - {None})) for name, points, flags in own]
    raised = {flag for row in rows for flag in row[2]}
    need(raised <= set(FLAGS if "options" in item else FLAGS[2:]), "`flag`")
    need(len({row[0] for row in rows}) == len(rows) <= CODES_MAX, "the names or the number of an item's outcomes")
    may_count = [] if kind == "mark" or "knock_out" in raised else [[], COMMON[:2]]
    need(item["awaits"] in [COMMON[:3], *may_count], "`awaits`")
    return rows


def conditions(when: Any, rows: dict[str, list[Row]], sections: list[str], depth: int = 1) -> int:
    """Check a condition and return how many it is."""
    need(isinstance(when, dict) and depth <= 8, "a condition, nested at most 8 deep")
    keys = sorted(when)
    if keys in (["all"], ["any"]):
        need(isinstance(when[keys[0]], list), "the parts of a condition")
        return 1 + sum(conditions(part, rows, sections, depth + 1) for part in when[keys[0]])
    if keys == ["is", "item"]:
        own = rows[known(when["item"], rows, "a condition's item")]
        own = [row for row in own if row[0] not in COMMON[3:]]
        best, named = max(row[1] for row in own), set(strings(when["is"], 0, len(own), 1000))
        need(named <= {row[0] for row in own}, "an outcome in a condition")
        need(not any(row[0] in named and row[1] == best for row in own), "a best outcome in a condition")
        plain = [row for row in own if not row[2]]
        most = max([row[1] for row in plain if row[0] in named], default=-HUGE * HUGE)
        need(named.issuperset(row[0] for row in plain if row[1] <= most), "every lesser outcome in a condition")
    elif keys == ["below", "section"]:
        known(when["section"], sections, "a condition's section")
        rational(when["below"], TINY, 1)
    else:
        need(keys == ["at_least", "flag"], "the keys of a condition")
        known(when["flag"], FLAGS, "a condition's flag")
        need(type(when["at_least"]) is int and 1 <= when["at_least"] <= 1000, "`at_least`")
    return 1


def mentions_fatal(value: Any) -> bool:
    """Tell whether a flag `fatal` is raised by an option or asked for by a condition."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return (isinstance(value, dict) and value.get("flag") == "fatal") or any(map(mentions_fatal, inner))


def check(pack: Any) -> None:
    """Check a pack against every row of FORMAT.md 5."""
    table(
        [pack], "about caps default_profile format notice overrides profiles rubric stages verdicts version", "a pack"
    )
    need(type(pack["format"]) is int and pack["format"] == 1, "`format`")
    need(isinstance(pack["notice"], (str, type(None))), "`notice`")
    need(pack["notice"] is not None or not mentions_fatal([pack["stages"], pack["overrides"]]), "a missing `notice`")
    identifier(pack["rubric"])
    identifier(pack["version"])
    stage = table(pack["stages"], "about id sections", "stages")[0]
    need(stage["id"] == "main", "a stage's id")
    sections = table(stage["sections"], "about floor id items", "sections", 1, 50)
    names, rows, outcomes, maxima = [section["id"] for section in sections], {}, 0, {}
    for section in sections:
        rational(section["floor"], -1, 1 - TINY)
        need(isinstance(section["items"], list) and section["items"], "a section's items")
        common = 1
        for item in section["items"]:
            need(isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"] not in rows, "an item's id")
            rows[item["id"]] = own = outcomes_of(item)
            listed = item["options"] if item["kind"] == "choice" else item.get("keys")
            outcomes += 2 * len(listed) + 3 if listed else len(own) - len(COMMON)
            need(len(rows) <= 1000 and outcomes <= OUTCOMES_MAX, "how many items or outcomes")
            for row in own:
                common = lcm(common, row[1].denominator)
                need(common <= 10**15, "a section's common denominator")
            maxima[section["id"]] = maxima.get(section["id"], False) or any(row[1] > 0 for row in own)
    profiles = table(pack["profiles"], "about assumed id shares", "profiles", 1, 32)
    known(pack["default_profile"], [profile["id"] for profile in profiles], "`default_profile`")
    for profile in profiles:
        shares = {section: rational(share, 0, 1) for section, share in profile["shares"].items()}
        need(isinstance(profile["assumed"], bool), "`assumed`")
        need(sorted(shares) == sorted(names) and sum(shares.values()) == 1, "a profile's shares")
        need(all(maxima[section] for section in names if shares[section]), "a weighed section without a maximum")
    verdicts = table(pack["verdicts"], "about action from id", "verdicts", 2, 16)
    lows = [verdict["from"] for verdict in verdicts]
    bands = [rational(low) for low in lows if low is not None]
    need(bands and None not in lows[: len(bands)] and bands[-1] == 0, "the bands' `from`")
    need(bands == sorted(set(bands), reverse=True), "the order of bands")
    actions = [known(verdict["action"], ["advance", "review", "decline"], "`action`") for verdict in verdicts]
    need(actions == sorted(actions, key=["advance", "review", "decline"].index), "the order of actions")
    overrides = table(pack["overrides"], "about cap id when", "overrides", 0, 100)
    need(isinstance(pack["caps"], dict) and sorted(pack["caps"]) == FLAGS[:2], "`caps`")
    for cap in [*pack["caps"].values(), *(override["cap"] for override in overrides)]:
        known(cap, [verdict["id"] for verdict in verdicts], "a cap")
    for override in overrides:
        need(conditions(override["when"], rows, names) <= 50, "how many conditions")


def examine(path: Path) -> tuple[str, str]:
    """Return the result for one file and what to say of it."""
    if not path.is_file():
        return "NOT CHECKED", "is no file"
    try:
        with path.open("rb") as stream:
            data = stream.read(PACK_MAX + 1)
        need(len(data) <= PACK_MAX, "at most 4 MiB")
        need(sha256(data).hexdigest() == path.stem, "the digest that it is named by")
        # An integer too long to be one is cut, and a fraction refused: the re-encoding tells.
        pack = json.loads(data.decode("utf-8"), parse_int=lambda x: int(x[:20]), parse_float=int, parse_constant=int)
        text = json.dumps(pack, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        need(text.encode("utf-8") == data, "canonical JSON")
        check(pack)
    except PackError as error:
        return "FAILS", f"breaks a row of FORMAT.md 5: {error}"
    except MALFORMED:
        return "FAILS", "is no pack as FORMAT.md says"
    except OSError as error:
        return "NOT CHECKED", f"cannot be read: {error.strerror}"
    return "HOLDS", "obeys FORMAT.md 5"


def main() -> int:
    """Check all packs of a log, print what was found and return the exit status."""
    parser = argparse.ArgumentParser(
        description="Check packs: 0 all obey, 1 one does not, 2 wrong call, 3 not checked."
    )
    parser.add_argument("dir", metavar="DIR", type=Path, help="the directory that holds log/ and packs/")
    call = parser.parse_args()
    if not (call.dir / "packs").is_dir():
        parser.error("DIR holds no directory packs/")
    counts: Counter[str] = Counter()
    for path in sorted((call.dir / "packs").iterdir())[:FILES_MAX]:
        if re.fullmatch(r"[0-9a-f]{64}\.json", path.name):  # others are no packs; verify.py counts them
            result, detail = examine(path)
            counts[result] += 1
            print(f"{result} check_packs: packs/{path.name}: {detail}")
    overall = (
        "FAILS" if counts["FAILS"] else "HOLDS" if counts["HOLDS"] and not counts["NOT CHECKED"] else "NOT CHECKED"
    )
    print(
        f"{overall} check_packs: {counts['HOLDS']} packs obey FORMAT.md 5; {counts['FAILS']} do not;"
        f" {counts['NOT CHECKED']} could not be checked"
    )
    print("NOT SHOWN: how units begin once they are prepared for reading; the package's own replay checks that")
    return {"FAILS": 1, "NOT CHECKED": 3, "HOLDS": 0}[overall]


if __name__ == "__main__":
    sys.exit(main())
