"""The one write path: from a dirty row to both stores, in the request or in the worker.

May import ``stores``, ``models``, ``documents`` and the modules beside the packages.
"""
