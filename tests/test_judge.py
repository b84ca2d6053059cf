"""The clauses of FORMAT.md 6, one by one, on packs small enough to work out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from packs import AWAITS_ALL, choice, funnel, mark, number, override, pack, rubric, section, selection, stage, verdict


def score(document: dict[str, Any], answers: dict[str, Any], **more: Any) -> Any:
    return rubric(document).score({"answers": answers, **more})


def noticed(document: dict[str, Any]) -> dict[str, Any]:
    shown = {"sha256": rubric(document).notice_digest, "at": "2026-01-01T09:00:00Z"}
    return {"notice": shown, "started_at": "2026-01-01T09:00:00Z"}


class TestPoints:
    """'Each outcome earns what reading says, but never less than the item's floor.'"""

    def test_an_items_floor_lifts_a_negative_outcome(self) -> None:
        plain = choice("q", A=("1", None), B=("-2", None))
        pair = pack(section("a", plain | {"floor": "-1/2"}, number("n"), floor="-1"))
        assert "1/4" == score(pair, {"q": "B", "n": "70"}).data["score"]

    def test_blank_earns_nothing_even_where_every_outcome_is_negative(self) -> None:
        pair = pack(section("a", choice("q", A=("-1", None), B=("-2", None)), number("n"), floor="-1"))
        assert ["1", "0", "-1"] == [score(pair, {"q": q, "n": "70"}).data["sections"]["a"] for q in (None, "A", "B")]


class TestSections:
    """'Its share = max(floor, earned / maximum).' 'Total = max(0, ...)'"""

    def test_a_section_stops_at_its_floor_and_the_total_at_zero(self) -> None:
        document = pack(
            section("a", choice("q", A=("1", None), B=("-3", None)), floor="-1/2"), section("b", number("n"))
        )
        decision = score(document, {"q": "B", "n": "no"})
        assert ({"a": "-1/2", "b": "0"}, "0") == (decision.data["sections"], decision.data["score"])
        assert "1/4" == score(document, {"q": "B", "n": "70"}).data["score"]

    def test_without_a_floor_of_its_own_a_section_stops_at_zero(self) -> None:
        document = pack(section("a", choice("q", A=("1", None), B=("-3", None))), section("b", number("n")))
        assert "1/2" == score(document, {"q": "B", "n": "70"}).data["score"]

    def test_a_floor_above_a_limit_keeps_an_override_from_holding(self) -> None:
        document = pack(
            section("a", number("n"), floor="1/2"),
            overrides=[override("o", "weak", {"section": "a", "below": "1/2"})],
        )
        assert {} == score(document, {"n": "1"}).caps

    def test_what_was_not_administered_leaves_the_maximum(self) -> None:
        document = pack(section("a", number("n"), number("m")), section("b", number("k")))
        decision = score(document, {"n": "70", "k": "1"}, not_administered={"m": "fire alarm"})
        assert ("1/2", "1") == (decision.data["score"], decision.data["sections"]["a"])

    def test_a_weighted_section_left_empty_waits_and_an_unweighted_one_does_not(self) -> None:
        sections = [section("a", number("n")), section("b", number("m"))]
        weighted = score(pack(*sections), {"n": "70"}, not_administered={"m": "lost"})
        free = score(pack(*sections, shares=["1", "0"]), {"n": "70"}, not_administered={"m": "lost"})
        assert ("wait", ("m",), ("strong", "weak")) == (weighted.action, weighted.awaited, weighted.reachable)
        assert ("advance", (), None) == (free.action, free.awaited, free.data["sections"]["b"])


class TestCaps:
    """'The verdict is the worst of band and caps.'"""

    def document(self) -> dict[str, Any]:
        options = choice("q", A=("1", None), D=("0", "fatal"), K=("0", "knock_out")) | AWAITS_ALL
        below = verdict("barred", None, "decline")
        base = pack(section("a", options), section("b", number("n")), caps={"fatal": "weak", "knock_out": "barred"})
        return base | {"verdicts": [*base["verdicts"], below]}

    def test_a_fatal_answer_caps_with_proof_of_notice_and_holds_without(self) -> None:
        document = self.document()
        proven = score(document, {"q": "D", "n": "70"}, facts=noticed(document))
        unproven = score(document, {"q": "D", "n": "70"})
        assert ("weak", "decline", ("band", "fatal"), ()) == (
            proven.verdict,
            proven.action,
            proven.determined_by,
            proven.holds,
        )
        assert ({}, ("notice",), "review") == (unproven.caps, unproven.holds, unproven.action)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda facts: facts["notice"].update(at="2026-01-01T09:00:01Z"),
            lambda facts: facts["notice"].update(sha256="0" * 64),
            lambda facts: facts.pop("started_at"),
            lambda facts: facts["notice"].pop("at"),
        ],
        ids=["a second late", "another notice", "no start", "no time"],
    )
    def test_what_is_no_proof_of_notice(self, spoil: Any) -> None:
        document = self.document()
        facts = noticed(document)
        spoil(facts)
        assert ("notice",) == score(document, {"q": "D", "n": "70"}, facts=facts).holds

    def test_overrides_count_a_fatal_flag_without_proof(self) -> None:
        document = self.document()
        document["overrides"] = [override("o", "middling", {"flag": "fatal", "at_least": 1})]
        assert {"override:o": "middling"} == score(document, {"q": "D", "n": "70"}).caps

    def test_a_knock_out_ends_with_the_band_where_nothing_waits(self) -> None:
        decision = score(self.document(), {"q": "K", "n": "70"})
        assert ("ended", "barred", "1/2", ("knock_out",)) == (
            decision.status,
            decision.verdict,
            decision.data["score"],
            decision.determined_by,
        )

    def test_a_cap_above_the_band_is_recorded_and_determines_nothing(self) -> None:
        document = pack(
            section("a", number("n"), number("m")),
            overrides=[override("o", "middling", {"item": "n", "is": ["wrong", "absent", "blank", "invalid"]})],
        )
        decision = score(document, {"n": "1", "m": "1"})
        assert ({"override:o": "middling"}, ("band",), "weak") == (
            decision.caps,
            decision.determined_by,
            decision.verdict,
        )

    def test_flags_count_once_an_item(self) -> None:
        """Two referred options in one answer are one item that raised refer."""
        item = selection("s")
        for option in item["options"]:
            option["flag"] = "refer"
        document = pack(
            section("a", item, choice("q", A=("1", None), B=("1", "refer"))),
            overrides=[override("two", "weak", {"flag": "refer", "at_least": 2})],
        )
        assert {} == score(document, {"s": ["A", "B"], "q": "A"}).caps
        assert {"override:two": "weak"} == score(document, {"s": ["A", "B"], "q": "B"}).caps


class TestUnclear:
    """'If giving some of the unclear items their best outcome, all else equal, would change the verdict.'"""

    def test_it_holds_only_where_it_could_matter(self) -> None:
        document = pack(section("a", *(number(f"n{i}") for i in range(5))))
        right = {f"n{i}": "70" for i in range(5)}
        assert () == score(document, right | {"n0": "70 or 80"}).holds  # 4/5 is strong either way
        assert ("verdict", "unclear") == score(document, right | {"n0": "70 or 80", "n1": "1"}).holds

    def test_several_together_can_matter_where_none_does_alone(self) -> None:
        document = pack(section("a", *(number(f"n{i}") for i in range(5))))
        answers = {"n0": "70 or 80", "n1": "7, 8", "n2": "1", "n3": "1", "n4": "70"}
        assert ("unclear",) == score(document, answers).holds

    def test_flagged_bests_are_tried_in_every_combination(self) -> None:
        """Two of three right answers would raise refer twice, which caps; all or none would not differ from now."""
        items = [number(f"n{i}") for i in range(2)]
        for item in items:
            item["keys"][0]["flag"] = "refer"
        document = pack(
            section("a", *items, number("big", points="8", keys=_worth("8"))),
            overrides=[override("two", "weak", {"flag": "refer", "at_least": 2})],
        )
        assert ("unclear",) == score(document, {"n0": "7 8", "n1": "7 8", "big": "70"}).holds

    def test_more_than_ten_with_flagged_bests_hold_without_trying(self) -> None:
        items = [number(f"n{i}") for i in range(11)]
        items[0]["keys"][0]["flag"] = "note"
        document = pack(section("a", *items, mark("m", points="1000")))
        decision = score(document, {**{f"n{i}": "7 8" for i in range(11)}, "m": 10})
        assert ("strong", ("unclear",)) == (decision.verdict, decision.holds)


def _worth(points: str) -> list[dict[str, Any]]:
    return [{"about": {}, "flag": None, "id": "key-1", "points": points, "low": "70", "high": "70"}]


class TestLastingCaps:
    """'While anything is awaited, a cap is listed if it holds in every completion.'"""

    def document(self, marks: int) -> dict[str, Any]:
        """A knock-out at the door, and a cap that holds whichever way an open item comes out, beside marks that no cap looks at."""
        door = choice("door", yes=("1", None), no=("0", "knock_out")) | AWAITS_ALL
        either = choice("either", P=("1", "note"), Z=("0", None)) | AWAITS_ALL
        awkward = ("1009/97", "1013/89", "1019/83", "1021/79")  # ratios of primes
        open_marks = [mark(f"m{n}", "1009", points=points) for n, points in enumerate(awkward[:marks])]
        cap = {
            "any": [
                {"flag": "note", "at_least": 1},
                {"item": "either", "is": ["Z", "several", "absent", "blank", "invalid"]},
            ]
        }
        base = pack(section("a", door, either, *open_marks), overrides=[override("whichever", "barred", cap)])
        return base | {"verdicts": [*base["verdicts"], verdict("barred", None, "decline")]}

    @pytest.mark.parametrize("marks", [0, 1, 4])
    def test_points_that_no_cap_looks_at_change_nothing_however_many_there_are(self, marks: int) -> None:
        decision = score(self.document(marks), {"door": "no"})
        assert {"knock_out": "weak", "override:whichever": "barred"} == decision.caps
        assert "barred" == decision.verdict

    def test_past_the_bound_only_what_is_still_reachable_is_not_claimed(self) -> None:
        decision = score(self.document(4), {"door": "yes"})
        assert (None, {"override:whichever": "barred"}) == (decision.reachable, decision.caps)

    def test_many_items_whose_best_is_flagged_end_in_time(self) -> None:
        items = [choice(f"q{n}", A=("1", "refer"), B=("1/2", "note"), C=("0", None)) | AWAITS_ALL for n in range(60)]
        flags = {"all": [{"flag": "refer", "at_least": 20}, {"flag": "note", "at_least": 20}]}
        document = pack(
            section("a", *items), overrides=[override("o", "weak", {"any": [flags, {"section": "a", "below": "1/2"}]})]
        )
        assert {} == score(document, {}).caps

    def test_what_only_a_later_stage_makes_sure_is_not_listed_before_it_is_evaluated(self) -> None:
        """'Looking at the evaluated stages alone': P raises note and Z is listed, so the cap is sure, but only the second stage says so."""
        either = choice("either", P=("1", "note"), Z=("0", None)) | AWAITS_ALL
        cap = {
            "any": [
                {"flag": "note", "at_least": 1},
                {"item": "either", "is": ["Z", "several", "absent", "blank", "invalid"]},
            ]
        }
        document = funnel(
            stage("one", section("a", number("n"))),
            stage("two", section("b", either)),
            overrides=[override("sure", "weak", cap)],
        )
        assert [{}, {"override:sure": "weak"}] == [score(document, answers).caps for answers in ({}, {"n": "70"})]
        assert ("weak",) == score(document, {}).reachable

    def test_what_an_earlier_stage_made_sure_is_listed_while_a_later_one_waits(self) -> None:
        document = funnel(
            stage("one", section("a", number("n"), number("m"))),
            stage("two", section("b", number("k"))),
            overrides=[override("o", "weak", {"stage": "one", "below": "1"})],
        )
        waiting = score(document, {"n": "70", "m": "7"})
        assert ("pending", {"override:o": "weak"}, ("weak",)) == (waiting.status, waiting.caps, waiting.reachable)
        assert {} == score(document, {"n": "70"}).caps  # m may still be right


class TestOneStage:
    """A rubric of one stage is a funnel of one: its stage has a share, a condition may ask for it, and it may have a gate."""

    def test_its_stage_has_the_share_of_its_sections_before_it_is_cut_at_0(self) -> None:
        """-1 x 1/2 + 0 x 1/2 = -1/2, of which the total makes 0."""
        document = pack(section("a", choice("q", A=("1", None), B=("-1", None)), floor="-1"), section("b", number("n")))
        decision = score(document, {"q": "B", "n": "7"})
        assert ({"main": ["passed", "-1/2"]}, "0") == (decision.data["stages"], decision.data["score"])
        assert ["pending", None] == score(pack(section("a", mark("m"))), {}).data["stages"]["main"]

    @pytest.mark.parametrize(("limit", "capped"), [("1/2", False), ("51/100", True)])
    def test_a_condition_on_its_share_is_exact(self, limit: str, capped: bool) -> None:
        document = pack(
            section("a", number("n")),
            section("b", number("m")),
            overrides=[override("o", "weak", {"stage": "main", "below": limit})],
        )
        assert ({"override:o": "weak"} if capped else {}) == score(document, {"n": "70", "m": "7"}).caps

    def test_its_gate_ends_it_with_a_band(self) -> None:
        """4 of 5 right is strong; the gate puts middling, which is worse."""
        document = pack(section("a", *(number(f"n{i}") for i in range(5))))
        document["stages"][0]["gate"] = [override("all", "middling", {"section": "a", "below": "1"})]
        decision = score(document, {f"n{i}": "70" for i in range(4)})
        assert ("ended", "4/5", "middling", ("gate:all",), "review") == (
            decision.status,
            decision.data["score"],
            decision.verdict,
            decision.determined_by,
            decision.action,
        )


class TestOutcomesOnTheirOwn:
    @pytest.mark.parametrize(
        ("mode", "shares"),
        [
            ("exact", ["0", "1", "0", "0"]),
            ("net", ["1/2", "1", "0", "1/2"]),
            ("coverage", ["1/2", "1", "0", "0"]),
            ("each", ["2/3", "1", "0", "2/3"]),
        ],
    )
    def test_the_modes_of_a_selection(self, mode: str, shares: list[str]) -> None:
        """Of A and B right and C wrong: A alone, both, C alone, all three. No mode earns less than nothing."""
        document = pack(section("a", selection("s", mode=mode), floor="-1"))
        chosen = [["A"], ["A", "B"], ["C"], ["A", "B", "C"]]
        assert shares == [score(document, {"s": answer}).data["sections"]["a"] for answer in chosen]

    def test_of_several_flagged_bests_the_first_is_tried_for_an_unclear_answer(self) -> None:
        keys = [*_worth("1"), {"about": {}, "flag": "note", "id": "key-2", "points": "1", "low": "71", "high": "71"}]
        keys[0]["flag"] = "refer"
        document = pack(
            section("a", number("n", keys=keys), number("big", points="8", keys=_worth("8"))),
            overrides=[override("o", "weak", {"flag": "refer", "at_least": 1})],
        )
        assert ("unclear",) == score(document, {"n": "7 8", "big": "70"}).holds
        keys.reverse()
        assert () == score(document, {"n": "7 8", "big": "70"}).holds


def test_a_completion_may_be_invalid_where_that_is_not_awaited() -> None:
    """'Any outcome of its own that is not in its awaits': absent, blank and invalid among them."""
    item = selection("s", mode="each", awaits=["absent", "blank"])
    item["options"] = item["options"][:2]  # both right: every set of them earns half at least
    edges = [verdict("strong", "4/5", "advance"), verdict("middling", "2/5", "review"), verdict("weak", "0", "decline")]
    document = pack(section("a", item), verdicts=edges)
    assert ("strong", "middling", "weak") == score(document, {}).reachable
    item["awaits"] = ["absent", "blank", "invalid"]
    assert ("strong", "middling") == score(document, {}).reachable
