"""``mirror_restore``: rows rebuilt from the stores alone, and inserted if PostgreSQL lacks them.

May import ``sync`` and everything below it, but not its neighbours ``verify`` and ``search``.
"""
