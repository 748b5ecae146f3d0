"""``mirror_check``: PostgreSQL compared with both stores, the repair, and the history of checks.

May import ``sync`` and everything below it; ``restore`` is its neighbour and knows nothing of it.
"""
