"""
The log: records that chain, packs beside them, and a vault apart from them.

    log        the handle that hosts hold
    intake     how a decision gets in, and the rules that only a writer can keep
    journal    the records as one writer at a time sees them
    entry      what goes in and what comes back
    people     what goes in beside decisions: openings and resolutions; course: the order in which a case may go
    standing   how a case stands, a person's word included; precedence: what came before what; rescore: scoring again by a new version
    chain      how records hang together; fields: what each must hold
    heads      the log's heads, made from what was read back; recovery: what a crash left behind the last one
    tree       the Merkle tree over the same leaves; proof, checkpoint, receipt, tiles: what it gives; note, keys: how it is signed
    forget     how a case is erased; export: what an auditor gets
    given      whatever somebody was given, told apart and checked: archive, a ZIP laid out; exported, what lies beside an export's log
    segments   the log's files; packs, vault, index: the others; place: what stands at a path
    disk       the operations whose order makes a record durable; lock, database: what else the machine gives
    verify     what can be checked without scoring: follow, case by case; vouched, heads and signatures; instalments, what was taken back
    replay     the rest, and the only module that meets the engine; report: what both find

Nothing else here knows how an answer is scored. Importing this package imports none of them.
"""
