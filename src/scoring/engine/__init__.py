"""
Pure scoring: a pack and a submission in, a decision out.

No clock, file, socket, thread, random or environment; nothing of `rubric`: the pack is the contract between the two.
The road: `plan` (checks a pack) -> `submission` and `classify` (answers to outcomes) -> `judge` (outcomes to a verdict) -> `decision`.
"""
