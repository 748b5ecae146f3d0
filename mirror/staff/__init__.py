"""The pages for staff: the dashboard, one row compared in all stores, and the search.

May import everything below it; only ``admin`` and ``urls`` import it.
"""
