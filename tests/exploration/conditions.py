"""DynamoDB's condition expressions, as the API reference describes them.

A comparison with an attribute that is missing, or of another type, is false. NOT binds more tightly
than AND, and AND more tightly than OR, as in Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

Item = dict[str, dict[str, Any]]

FUNCTION = re.compile(r"attribute_(exists|not_exists|type)\s*\(\s*(#?\w+)\s*(?:,\s*(:\w+)\s*)?\)")
COMPARISON = re.compile(r"([#:]?\w+)\s*(<=|>=|<>|=|<|>)\s*([#:]?\w+)")
LOGIC = re.compile(r"(?:True|False|and|or|not|[()\s])*")
COMPARISONS = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def holds(
    expression: str, item: Item, names: Mapping[str, str], values: Mapping[str, dict[str, Any]]
) -> bool:
    """Whether the condition holds for ``item`` (empty if there is none)."""

    def value(word: str) -> dict[str, Any] | None:
        return values[word] if word.startswith(":") else item.get(names.get(word, word))

    def function(found: re.Match[str]) -> str:
        attribute = value(found[2])
        match found[1]:
            case "exists":
                result = attribute is not None
            case "not_exists":
                result = attribute is None
            case _:
                result = attribute is not None and values[found[3]]["S"] in attribute
        return str(result)

    def comparison(found: re.Match[str]) -> str:
        left, right = value(found[1]), value(found[3])
        if left is None or right is None or left.keys() != right.keys():
            return "False"
        (kind,) = left
        one, other = left[kind], right[kind]
        if kind == "N":
            one, other = Decimal(one), Decimal(other)
        return str(COMPARISONS[found[2]](one, other))

    logic = COMPARISON.sub(comparison, FUNCTION.sub(function, expression))
    logic = re.sub(r"\b(AND|OR|NOT)\b", lambda word: word[0].lower(), logic)
    if not LOGIC.fullmatch(logic):
        raise ValueError(f"not understood: {expression}")
    return bool(eval(logic))  # noqa: S307 - True, False, and, or, not and parentheses
