"""DynamoDB's condition expressions, as the API reference describes them.

A comparison with an attribute that is missing, or of another type, is false. NOT binds more tightly
than AND, and AND more tightly than OR, as in Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from types import CodeType
from typing import Any

Item = dict[str, dict[str, Any]]

FUNCTION = re.compile(r"attribute_(exists|not_exists|type)\s*\(\s*(#?\w+)\s*(?:,\s*(:\w+)\s*)?\)")
COMPARISON = re.compile(r"([#:]?\w+)\s*(<=|>=|<>|=|<|>)\s*([#:]?\w+)")
LOGIC = re.compile(r"(?:True|False|and|or|not|[()\s])*")
COMPARISONS = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@lru_cache
def _compiled(expression: str) -> CodeType:
    """Return the expression in Python, of calls of ``function`` and ``comparison``."""
    connectives = re.sub(r"\b(AND|OR|NOT)\b", lambda word: word[0].lower(), expression)
    if not LOGIC.fullmatch(COMPARISON.sub("True", FUNCTION.sub("True", connectives))):
        raise ValueError(f"not understood: {expression}")
    calls = FUNCTION.sub(r"function('\1', '\2', '\3')", connectives)
    return compile(COMPARISON.sub(r"comparison('\1', '\2', '\3')", calls), "condition", "eval")


def holds(
    expression: str, item: Item, names: Mapping[str, str], values: Mapping[str, dict[str, Any]]
) -> bool:
    """Whether the condition holds for ``item`` (empty if there is none)."""

    def value(word: str) -> dict[str, Any] | None:
        return values[word] if word.startswith(":") else item.get(names.get(word, word))

    def function(name: str, word: str, kind: str) -> bool:
        attribute = value(word)
        match name:
            case "exists":
                return attribute is not None
            case "not_exists":
                return attribute is None
            case _:
                return attribute is not None and values[kind]["S"] in attribute

    def comparison(one_word: str, relation: str, other_word: str) -> bool:
        left, right = value(one_word), value(other_word)
        if left is None or right is None or left.keys() != right.keys():
            return False
        (kind,) = left
        one, other = left[kind], right[kind]
        if kind == "N":
            one, other = Decimal(one), Decimal(other)
        return bool(COMPARISONS[relation](one, other))

    given = {"function": function, "comparison": comparison}
    return bool(eval(_compiled(expression), given))  # noqa: S307 - calls, and, or, not, parentheses
