"""``mirror_check``: PostgreSQL compared with both stores, the repair, and the history of checks.

May import ``sync`` and everything below it, but not its neighbours ``restore`` and ``search``.
"""
