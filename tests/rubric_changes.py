"""
Changes of a rubric, of the kinds that a backtest has to follow: each turns a pack into another valid one, or leaves it where nothing fits.

Owns `KINDS`. Must not know how a change is followed.
"""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

import oracle
from scoring import RubricError
from scoring.engine.rubric import Rubric
from strategies_packs import FULL, ITEM, NOTICE, POINTS, choices, marks, numbers, pack_bytes, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    Pack = dict[str, Any]

FLAGS = [None, "refer", "note", "knock_out"]


def some_item(draw: Callable, pack: Pack, *kinds: str) -> Pack | None:
    found = [item for item in oracle.items_of(pack) if not kinds or item["kind"] in kinds]
    return draw(st.sampled_from(found)) if found else None


def points(draw: Callable, pack: Pack) -> None:
    """What an outcome earns, or a whole item, or the least that it can earn."""
    item = draw(st.sampled_from(oracle.items_of(pack)))
    entries = item.get("options") or item.get("keys") or item.get("values") or item.get("lines")
    if item["kind"] == "rating":
        for value, worth in zip(entries, sorted(draw(st.sampled_from(POINTS)) for _ in entries), strict=True):
            value["points"] = str(worth)
    elif entries and "points" in entries[0] and draw(st.booleans()):
        draw(st.sampled_from(entries))["points"] = str(draw(st.sampled_from(POINTS)))
    elif "points" in item:
        item["points"] = str(draw(st.sampled_from(FULL)))
    else:
        item["floor"] = draw(st.sampled_from([None, "0", "-1/2", "-3"]))


def shares(draw: Callable, pack: Pack) -> None:
    """Weights of sections, and of stages."""
    for profile in pack["profiles"]:
        for stage in pack["stages"]:
            names = [section["id"] for section in stage["sections"] if profile["shares"][section["id"]] != "0"]
            if names:
                weights = [draw(st.integers(1, 5)) for _ in names]
                profile["shares"] |= {n: str(Fraction(w, sum(weights))) for n, w in zip(names, weights, strict=True)}
        names = [name for name, weight in profile["stages"].items() if weight != "0"]
        weights = [draw(st.integers(1, 5)) for _ in names]
        profile["stages"] |= {n: str(Fraction(w, sum(weights))) for n, w in zip(names, weights, strict=True)}


def cuts(draw: Callable, pack: Pack) -> None:
    """Where bands start, and now and then the floor of a section."""
    bands = [verdict for verdict in pack["verdicts"] if verdict["from"] is not None]
    edges = [Fraction(e) for e in ("1", "9/10", "4/5", "2/3", "3/5", "1/2", "3/7", "1/3", "1/10", "1/1000003")]
    chosen = draw(st.lists(st.sampled_from(edges), min_size=len(bands) - 1, max_size=len(bands) - 1, unique=True))
    for band, edge in zip(bands, sorted(chosen, reverse=True), strict=False):
        band["from"] = str(edge)
    if draw(st.booleans()):
        section = draw(st.sampled_from(oracle.sections_of(pack)))
        section["floor"] = draw(st.sampled_from(["0", "-1", "-1/3", "1/2"]))


def flags(draw: Callable, pack: Pack) -> None:
    """What an option raises; and what awaits."""
    item = some_item(draw, pack, "choice", "selection")
    if item is None:
        return
    allowed = [*FLAGS, "fatal"] if pack["notice"] is not None else FLAGS
    draw(st.sampled_from(item["options"]))["flag"] = draw(st.sampled_from(allowed))
    waits = any(option["flag"] == "knock_out" for option in item["options"])
    item["awaits"] = (
        ["absent", "blank", "invalid"]
        if waits
        else draw(st.sampled_from([[], ["absent", "blank"], ["absent", "blank", "invalid"]]))
    )


def caps(draw: Callable, pack: Pack) -> None:
    """What flags, gates and overrides cap the verdict at; and what verdicts do."""
    verdict = st.sampled_from([entry["id"] for entry in pack["verdicts"]])
    pack["caps"] = {"fatal": draw(verdict), "knock_out": draw(verdict)}
    for override in [*pack["overrides"], *(gate for stage in pack["stages"] for gate in stage["gate"])]:
        if draw(st.booleans()):
            override["cap"] = draw(verdict)
    actions = ["advance", "review", "decline"]
    drawn = sorted((draw(st.sampled_from(actions)) for _ in pack["verdicts"]), key=actions.index)
    for entry, action in zip(pack["verdicts"], drawn, strict=True):
        entry["action"] = action


def overrides(draw: Callable, pack: Pack) -> None:
    """Overrides and gates come, go, and ask for more or less."""
    lists = [pack["overrides"], *(stage["gate"] for stage in pack["stages"])]
    chosen = draw(st.sampled_from(lists))
    if chosen and draw(st.booleans()):
        chosen.remove(draw(st.sampled_from(chosen)))
        return
    place = lists.index(chosen)
    stages = pack["stages"] if place == 0 else pack["stages"][:place]
    profile = pack["profiles"][0]
    whens = [{"at_least": draw(st.integers(1, 2)), "flag": draw(st.sampled_from(["refer", "note", "knock_out"]))}]
    below = draw(st.sampled_from(["1/3", "1/2", "5/7", "1"]))
    whens += [{"below": below, "section": section["id"]} for stage in stages for section in stage["sections"]]
    whens += [{"below": below, "stage": stage["id"]} for stage in stages if profile["stages"][stage["id"]] != "0"]
    when = draw(st.sampled_from(whens))
    cap = draw(st.sampled_from([entry["id"] for entry in pack["verdicts"]]))
    chosen.append({"about": {}, "cap": cap, "id": "added", "when": when})


def reordered(draw: Callable, pack: Pack) -> None:
    """Options, keys, items and sections in another order."""
    for stage in pack["stages"]:
        for section in stage["sections"]:
            for item in section["items"]:
                for name in ("options", "keys", "lines"):
                    if name in item and draw(st.booleans()):
                        item[name] = draw(st.permutations(item[name]))
            section["items"] = draw(st.permutations(section["items"]))
        stage["sections"] = draw(st.permutations(stage["sections"]))


def renamed(draw: Callable, pack: Pack) -> None:
    """An option, a key, a value or a whole item is called otherwise, or two options swap their names."""
    item = draw(st.sampled_from(oracle.items_of(pack)))
    entries = item.get("options") or item.get("keys") or item.get("values") or item.get("lines")
    if entries is None or draw(st.booleans()):
        item["id"] = "renamed"
    elif draw(st.booleans()):
        draw(st.sampled_from(entries))["id"] = "renamed"
    else:
        one, other = draw(st.sampled_from(entries)), draw(st.sampled_from(entries))
        one["id"], other["id"] = other["id"], one["id"]


def keys(draw: Callable, pack: Pack) -> None:
    """How an item reads: its key, rule, steps, options, or another kind altogether."""
    item = some_item(draw, pack, "number", "text", "mark", "choice", "selection")
    if item is None:
        return
    if item["kind"] in ("choice", "selection") and draw(st.booleans()):
        if len(item["options"]) > 2 and draw(st.booleans()):
            item["options"].remove(draw(st.sampled_from(item["options"])))
        else:
            item["options"].append({**item["options"][0], "flag": draw(st.sampled_from(FLAGS)), "id": "unknown"})
            item["awaits"] = ["absent", "blank", "invalid"]
        return
    like = {"number": numbers, "text": texts, "mark": marks}.get(item["kind"])
    fresh = draw(like()) if like and draw(st.integers(0, 3)) else draw(st.one_of(marks(), numbers(), choices(False)))
    kept = {key: item[key] for key in ITEM if key in item} | {
        "awaits": ["absent", "blank", "invalid"],
        "id": item["id"],
    }
    item.clear()
    item |= kept | fresh


def ratings(draw: Callable, pack: Pack) -> None:
    """How ratings come together, who gives them, what they are anchored to, and what raters tick."""
    item = some_item(draw, pack, "rating", "checklist")
    if item is None:
        keys(draw, pack)
        return
    how = draw(st.sampled_from(["combine", "max", "values", "records"]))
    if how == "combine":
        item["raters"]["combine"] = draw(st.sampled_from(["median", "mean", "lowest", "consensus"]))
    elif how == "max":
        item["raters"]["max"] = min(item["raters"]["max"] + 1, 4)
    elif how == "records":
        item["records"]["negative"] = []
        item["records"]["conduct"] = [{"about": {}, "id": "civil"}]
    elif item["kind"] == "rating" and item["competency"] is None:
        item["values"].insert(0, {"about": {}, "id": "lowest-of-all", "points": item["values"][0]["points"]})


def structure(draw: Callable, pack: Pack) -> None:
    """Items come, go, are voided and change variants; the notice reads otherwise; a stage or the variants go."""
    how = draw(st.sampled_from(["notice", "remove", "add", "void", "only", "level", "stage"]))
    sections = oracle.sections_of(pack)
    section = draw(st.sampled_from(sections))
    item = draw(st.sampled_from(section["items"]))
    if how == "notice":
        pack["notice"] = draw(st.sampled_from([NOTICE + " Truly.", NOTICE, None]))
    elif how == "remove" and len(section["items"]) > 1:
        section["items"].remove(item)
    elif how == "add":
        section["items"].append({**ITEM, "awaits": [], "id": "added-item", **draw(choices(False))})
    elif how == "void":
        item["void"] = not item["void"]
    elif how == "only" and pack["variants"]:
        item["only"] = draw(st.sampled_from([None, *(entry["id"] for entry in pack["variants"])]))
    elif how == "level":
        for competency in pack["competencies"]:
            names = list(competency["expected"])
            competency["expected"] = dict(zip(names, reversed(list(competency["expected"].values())), strict=True))
    elif how == "stage" and len(pack["stages"]) > 1:
        one, other = pack["stages"][:2]
        other["sections"] += one["sections"]
        del pack["stages"][0]
        for profile in pack["profiles"]:
            profile["stages"].pop(one["id"])


KINDS = {
    "points": points,
    "shares": shares,
    "cuts": cuts,
    "flags": flags,
    "caps": caps,
    "overrides": overrides,
    "reordered": reordered,
    "renamed": renamed,
    "keys": keys,
    "ratings": ratings,
    "structure": structure,
}


@st.composite
def changed(draw: Callable, pack: Pack, kind: str) -> Pack:
    """Another version of a pack: one or two changes of a kind, kept where the pack stays valid."""
    current = pack
    for _ in range(draw(st.integers(1, 3))):
        candidate = copy.deepcopy(current)
        KINDS[kind](draw, candidate)
        candidate["version"] = "2"
        try:
            for profile in candidate["profiles"]:
                Rubric(
                    pack_bytes(candidate), profile["id"], candidate["levels"][0]["id"] if candidate["levels"] else None
                )
        except RubricError:
            continue
        current = candidate
    return {**current, "version": "2"}
