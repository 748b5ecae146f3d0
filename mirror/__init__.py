"""Mirrors Django models to one DynamoDB table and S3: catches every write, proves that both match.

An app that wants to be mirrored declares ``triggers = capture_changes()`` on its models and
registers a document for each in its ``documents.py``. See ``docs/adopting.md``.
"""

from mirror.pause import paused

__version__ = "0.1.0"
__all__ = ["paused"]
