"""
The same rubrics for rule engines that are not ours, each in its own words, and for the obvious pipeline of cattrs.

Each gets a parsed submission and gives the verdict. None of them checks what it gets, and none keeps outcomes; where one has several ways to say something, it
gets the one that was fastest here. One that is not installed is left out, and the table says so.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bench import work

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[[dict[str, Any]], Any]


def worth(count: int, place: int) -> float:
    return float(Fraction(work.SHARES[place * 5 // count])) / (count // 5)


def datalogic(count: int) -> Judge:
    """JSON Logic in Rust."""
    import datalogic_py

    terms: list[Any] = []
    for place in range(count):
        answer, full, kind = {"var": f"answers.item-{place:03}"}, worth(count, place), place % 5
        if kind in {0, 4}:
            terms.append({"if": [{"==": [answer, "B"]}, full, {"==": [answer, "C"]}, full / 2, 0]})
        elif kind == 1:
            away = {"abs": [{"-": [answer, float(work.value_of(place))]}]}
            terms.append({"if": [{"and": [{"!==": [answer, ""]}, {"<=": [away, 0.1]}]}, full, 0]})
        elif kind == 2:
            terms.append({"if": [{"or": [{"in": [word, answer]} for word in work.words_of(place)]}, full, 0]})
        else:
            right = {"all": [answer, {"in": [{"var": ""}, work.RIGHT]}]}
            terms.append({"if": [right, {"*": [{"length": [answer]}, full / 3]}, 0]})
    out = {"or": [{"==": [{"var": f"answers.item-{place:03}"}, "D"]} for place in (0, 4)]}
    total = {"val": "total"}
    band = {"if": [{">=": [total, 0.8]}, "strong", {">=": [total, 0.6]}, "middling", "weak"]}
    engine = datalogic_py.Engine()
    capped, summed, banded = engine.compile(out), engine.compile({"+": terms}), engine.compile(band)

    def judge(sheet: dict[str, Any]) -> Any:
        data = datalogic_py.DataHandle(sheet)
        session = engine.session()
        if session.evaluate_bool(capped, data):
            return "weak"
        return banded.evaluate({"total": session.evaluate_float(summed, data)})

    return judge


def _text_of(count: int, number: str, contains: str, chosen: str) -> list[str]:
    """One term for each item, for engines that are told in text."""
    terms = []
    for place in range(count):
        answer, full, kind = f"answers['item-{place:03}']", worth(count, place), place % 5
        if kind in {0, 4}:
            terms.append(f"({answer} == 'B' ? {full} : ({answer} == 'C' ? {full / 2} : 0.0))")
        elif kind == 1:
            terms.append(number.format(answer=answer, key=float(work.value_of(place)), full=full))
        elif kind == 2:
            one, two = work.words_of(place)
            terms.append(contains.format(answer=answer, one=one, two=two, full=full))
        else:
            terms.append(chosen.format(answer=answer, part=full / 3))
    return terms


_ZEN = (
    "({answer} != '' and abs(number({answer}) - {key}) <= 0.1 ? {full} : 0)",
    "(contains({answer}, '{one}') or contains({answer}, '{two}') ? {full} : 0)",
    "(type({answer}) == 'array' and all({answer}, # in ['A', 'B', 'C']) ? len({answer}) * {part} : 0)",
)


def zen_graph(count: int) -> str:
    """A decision graph: an input, expressions, an output."""
    terms = _text_of(count, *_ZEN)
    said = [("total", f"sum([{', '.join(terms)}])")]
    said += [("out", "answers['item-000'] == 'D' or answers['item-004'] == 'D'")]
    said += [("verdict", "$.out ? 'weak' : $.total >= 0.8 ? 'strong' : $.total >= 0.6 ? 'middling' : 'weak'")]
    place = {"x": 0, "y": 0}
    content = {"expressions": [{"id": name, "key": name, "value": value} for name, value in said]}
    nodes = [("in", "inputNode", None), ("all", "expressionNode", content), ("out", "outputNode", None)]
    return json.dumps(
        {
            "nodes": [
                {"id": name, "type": kind, "name": name, "position": place} | ({"content": more} if more else {})
                for name, kind, more in nodes
            ],
            "edges": [
                {"id": a + b, "sourceId": a, "targetId": b, "type": "edge"} for a, b in (("in", "all"), ("all", "out"))
            ],
        }
    )


def zen(count: int) -> Judge:
    """A graph of zen-engine, in Rust."""
    import zen as engine

    decision = engine.ZenEngine().create_decision(zen_graph(count))
    return lambda sheet: decision.evaluate(sheet)["result"]["verdict"]


def common_expression_language(count: int) -> Judge:
    """CEL in Rust."""
    import cel

    terms = _text_of(
        count,
        "({answer} != '' && double({answer}) - {key} <= 0.1 && {key} - double({answer}) <= 0.1 ? {full} : 0.0)",
        "({answer}.contains('{one}') || {answer}.contains('{two}') ? {full} : 0.0)",
        "({answer} != '' && {answer}.all(x, x in ['A', 'B', 'C']) ? double(size({answer})) * {part} : 0.0)",
    )
    # A sum of many terms nests too deep for its parser, so each section is a program of its own.
    size = max(count // 5, 1)
    sums = [cel.compile(" + ".join(terms[at : at + min(size, 20)])) for at in range(0, count, min(size, 20))]
    out = cel.compile("answers['item-000'] == 'D' || answers['item-004'] == 'D'")
    band = cel.compile("total >= 0.8 ? 'strong' : (total >= 0.6 ? 'middling' : 'weak')")

    def judge(sheet: dict[str, Any]) -> Any:
        context = cel.Context(sheet)
        if out.execute(context):
            return "weak"
        return band.execute({"total": sum(part.execute(context) for part in sums)})

    return judge


def rego(count: int) -> Judge:
    """Rego in Rust."""
    import hobofan_regorus

    lines = ["package bench", "import rego.v1", 'right := {"A", "B", "C"}']
    for place in range(count):
        name, full, kind = f'"item-{place:03}"', worth(count, place), place % 5
        answer = f"input.answers[{name}]"
        if kind in {0, 4}:
            lines += [
                f'points[{name}] := {full} if {answer} == "B"',
                f'points[{name}] := {full / 2} if {answer} == "C"',
            ]
        elif kind == 1:
            away = f"abs(to_number({answer}) - {float(work.value_of(place))}) <= 0.1"
            lines.append(f'points[{name}] := {full} if {{ {answer} != ""; {away} }}')
        elif kind == 2:
            lines += [f'points[{name}] := {full} if contains({answer}, "{word}")' for word in work.words_of(place)]
        else:
            lines.append(
                f"points[{name}] := n if {{ a := {answer}; is_array(a); every x in a {{ x in right }}; n := count(a) * {full / 3} }}"
            )
    lines += ["total := sum([n | some n in points])"]
    lines += [f'out if input.answers["item-{place:03}"] == "D"' for place in (0, 4)]
    lines += ['verdict := "weak" if out else := "strong" if total >= 0.8']
    lines[-1] += ' else := "middling" if total >= 0.6 else := "weak"'
    engine = hobofan_regorus.Engine()
    engine.add_policy("bench.rego", "\n".join(lines))

    def judge(sheet: dict[str, Any]) -> Any:
        engine.set_input(sheet)
        return engine.eval_rule("data.bench.verdict")

    return judge


def rule_engine(count: int) -> Judge:
    """rule-engine, in Python."""
    import rule_engine as engine

    terms = _text_of(
        count,
        "({answer} != '' and {answer}.to_flt - {key} <= 0.1 and {key} - {answer}.to_flt <= 0.1 ? {full} : 0.0)",
        "('{one}' in {answer} or '{two}' in {answer} ? {full} : 0.0)",
        "({answer} == '' ? 0.0 : ([x for x in {answer} if not (x in ['A', 'B', 'C'])].length == 0 ? {answer}.length * {part} : 0.0))",
    )
    rules = [engine.Rule(term) for term in terms]  # one sum of them all nests too deep for its parser
    out = engine.Rule("answers['item-000'] == 'D' or answers['item-004'] == 'D'")

    def judge(sheet: dict[str, Any]) -> Any:
        if out.evaluate(sheet):
            return "weak"
        total = float(sum(rule.evaluate(sheet) for rule in rules))
        return "strong" if total >= 0.8 else "middling" if total >= 0.6 else "weak"

    return judge


PEERS: dict[str, tuple[str, Callable[[int], Judge], tuple[int, ...]]] = {
    "datalogic-py": ("datalogic-py", datalogic, (5, 50, 500)),
    "zen-engine": ("zen-engine", zen, (5, 50, 500)),
    "common-expression-language": ("common-expression-language", common_expression_language, (5, 50, 500)),
    "regorus (Rego)": ("hobofan-regorus", rego, (5, 50, 500)),
    "rule-engine": ("rule-engine", rule_engine, (5, 50)),
}
