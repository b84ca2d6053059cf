"""
Where the library meets the world: functions in a cloud, inboxes, tables.

Each module stands alone, imports what it needs when it is used, and is imported by no other part of the package.
"""
