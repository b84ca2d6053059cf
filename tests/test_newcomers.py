"""What somebody who is new to the doors (functions, files, columns) runs into: each is told what is wrong, where, and what to do."""

from __future__ import annotations

import json

import pytest

from logs import make_pack
from scoring import canonical
from scoring.errors import RubricError
from scoring.runtime import Scorer


class TestPacks:
    @pytest.mark.parametrize("change", ["empty", "unknown"])
    def test_keys_are_told_in_their_order_and_not_in_one_that_changes_with_every_run(self, change):
        keys = sorted(json.loads(make_pack()))
        if change == "empty":
            pack, expected = {}, [f'the key "{key}" is missing' for key in keys]
        else:
            pack = json.loads(make_pack()) | {f"x{n:02}": None for n in range(12)}
            expected = [f'unknown key "x{n:02}"' for n in range(12)]
        with pytest.raises(RubricError) as caught:
            Scorer(canonical.dumps(pack))
        assert [problem.message for problem in caught.value.problems] == expected
