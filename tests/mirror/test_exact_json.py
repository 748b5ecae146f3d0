"""JSON with every digit: read, and written again."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.exact_json import ExactEncoder, as_decimal, dump, load

numbers = st.decimals(allow_nan=False, allow_infinity=False) | st.integers() | st.floats(-1e9, 1e9)


@given(
    st.recursive(
        numbers | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_every_value_comes_back(value: Any) -> None:
    assert _plain(load(dump(value))) == _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value if isinstance(value, str) else as_decimal(value)


@pytest.mark.parametrize("text", ["0.1", "1.5", "-0.0", "1e-130", "123456789.125", "7", "-7"])
def test_what_a_float_or_an_int_holds_is_one(text: str) -> None:
    assert (type(load(text)), dump(load(text))) in {(float, text), (int, text)}
    assert load(text) == json.loads(text)


def test_a_decimal_is_a_number_in_every_style() -> None:
    value = {"a": [Decimal("1E+400"), '"x', Decimal("0." + "3" * 40)]}
    for style in ({}, {"indent": 2}, {"separators": (",", ":"), "sort_keys": True}):
        assert load(dump(value, **style)) == value
        file = io.StringIO()
        json.dump(value, file, cls=ExactEncoder, **style)
        assert file.getvalue() == dump(value, **style)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), object()])
def test_what_json_has_no_way_to_write_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        dump(value)


@pytest.mark.parametrize("text", ["{", "1e99999999999999999999999", "1.e5"])
def test_what_is_no_value_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever
        load(text)
