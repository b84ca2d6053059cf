"""What one handle reads while another writes."""

from __future__ import annotations

import os
import threading
import time

import logs
from logs import open_log, segment, submission

room, path = logs.room, logs.path


def test_a_record_is_read_while_the_one_behind_it_is_half_written(path):
    """
    The index may name a record that was added since a handle looked for the log's end. It is vouched for by the end that is found then, and not by what stands
    behind it: that may be another writer's line, half written.
    """
    half = threading.Event()

    def write_half():
        with writer._journal:
            whole = segment(path).stat().st_size
            with segment(path).open("ab") as file:
                file.write(b'{"body":{"decision":')
            half.set()
            time.sleep(0.1)
            os.truncate(segment(path), whole)

    def newest(_):
        done = writer.decide(logs.RUBRIC, submission(2))
        other.start()
        assert half.wait(10)
        return [done.seq]

    other = threading.Thread(target=write_half)
    with open_log(path, create=True) as reader, open_log(path) as writer:
        reader.decide(logs.RUBRIC, submission(1))
        (record,) = reader._journal.find(newest, lambda _: True)
        other.join()
    assert record["body"]["id"] == submission(2)["id"]
