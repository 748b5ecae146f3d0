"""JSON with every digit of its numbers.

PostgreSQL's ``jsonb`` and DynamoDB hold numbers that no float does, and ``json`` shortens them.
Here a number is a float only if that float is written with the same value, and a ``Decimal``
otherwise. The two classes are for a ``JSONField``, too.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any


class ExactDecoder(json.JSONDecoder):
    """Reads a number that no float holds as a ``Decimal``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"parse_float": _fraction, "parse_int": _integer, **options})


class ExactEncoder(json.JSONEncoder):
    """Writes a ``Decimal`` as a number, with every digit.

    ``json`` can only be given another value to write, so it is given a text that stands for the
    number and loses its quotation marks afterwards.
    """

    _mark = ""  # in front of each such text; none was needed yet

    def default(self, o: Any) -> Any:
        if not isinstance(o, Decimal) or not o.is_finite():
            return super().default(o)
        self._mark = self._mark or secrets.token_hex(16)
        return f"{self._mark}{o}"

    def iterencode(self, o: Any, _one_shot: bool = False) -> Iterator[str]:  # noqa: FBT001, FBT002 - json's own
        for chunk in super().iterencode(o, _one_shot):
            yield re.sub(f'"{self._mark}([^"]+)"', r"\1", chunk) if self._mark else chunk


def load(text: str | bytes) -> Any:
    """Return the JSON value in ``text``; raises ``ValueError`` if it is none."""
    return json.loads(text, cls=ExactDecoder)


def dump(value: Any, **options: Any) -> str:
    """Return ``value`` as JSON; ``options`` are those of ``json.dumps``."""
    return json.dumps(value, cls=ExactEncoder, **options)


def as_decimal(number: float | Decimal) -> Decimal:
    """Return the value that ``number`` is written with: 0.1 is a tenth, not its nearest binary."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def _fraction(text: str) -> float | Decimal:
    number = float(text)
    if repr(number) == text:
        return number
    exact = _decimal(text)
    return number if Decimal(repr(number)) == exact else exact


def _integer(text: str) -> int | Decimal:
    try:
        return int(text)
    except ValueError:  # Python refuses thousands of digits: they take quadratic time
        return _decimal(text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        raise ValueError("out of range") from None
