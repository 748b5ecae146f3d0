"""DynamoDB's condition expressions, as the API reference describes them.

A comparison with an attribute that is missing, or of another type, is false.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

Item = dict[str, dict[str, Any]]

TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),]|[#:]?\w+)")
COMPARISONS = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def holds(
    expression: str, item: Item, names: Mapping[str, str], values: Mapping[str, dict[str, Any]]
) -> bool:
    """Whether the condition holds for ``item`` (empty if there is none)."""
    condition = _Condition(TOKEN.findall(expression), item, names, values)
    result = condition.either()
    if condition.tokens:
        raise ValueError(f"not understood: {' '.join(condition.tokens)}")
    return result


class _Condition:
    def __init__(
        self,
        tokens: list[str],
        item: Item,
        names: Mapping[str, str],
        values: Mapping[str, dict[str, Any]],
    ) -> None:
        self.tokens = tokens
        self.item = item
        self.names = names
        self.values = values

    def either(self) -> bool:
        result = self.both()
        while self._take("OR"):
            result = self.both() or result  # both sides are parsed
        return result

    def both(self) -> bool:
        result = self.negated()
        while self._take("AND"):
            result = self.negated() and result
        return result

    def negated(self) -> bool:
        if self._take("NOT"):
            return not self.negated()
        if self._take("("):
            result = self.either()
            self._expect(")")
            return result
        return self.simple()

    def simple(self) -> bool:
        word = self.tokens.pop(0)
        if self.tokens[:1] != ["("]:
            return self._compare(self._value(word))
        self._expect("(")
        attribute = self._value(self.tokens.pop(0))
        match word:
            case "attribute_exists":
                result = attribute is not None
            case "attribute_not_exists":
                result = attribute is None
            case "attribute_type":
                self._expect(",")
                wanted = self.values[self.tokens.pop(0)]["S"]
                result = attribute is not None and wanted in attribute
            case _:
                raise ValueError(f"no such function here: {word}")
        self._expect(")")
        return result

    def _compare(self, left: dict[str, Any] | None) -> bool:
        compare = COMPARISONS[self.tokens.pop(0)]
        right = self._value(self.tokens.pop(0))
        if left is None or right is None or left.keys() != right.keys():
            return False
        ((kind, one),) = left.items()
        ((_, other),) = right.items()
        return bool(compare(Decimal(one), Decimal(other)) if kind == "N" else compare(one, other))

    def _value(self, word: str) -> dict[str, Any] | None:
        if word.startswith(":"):
            return self.values[word]
        return self.item.get(self.names[word] if word.startswith("#") else word)

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[0].upper() == word:
            del self.tokens[0]
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise ValueError(f"{word} expected before {' '.join(self.tokens)}")
