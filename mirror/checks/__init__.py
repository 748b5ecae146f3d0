"""System checks: configurations with which the mirror would miss writes or store wrong values.

``docs/adopting.md`` lists them. A number is never used again. May import everything else.
"""

from mirror.checks import (
    attributes,
    databases,
    documents,
    endpoints,
    keys,
    missing_attributes,
    pages,
    settings,
    triggers,
)

__all__ = [
    "attributes",
    "databases",
    "documents",
    "endpoints",
    "keys",
    "missing_attributes",
    "pages",
    "settings",
    "triggers",
]
