"""Attributes: values of Django fields in DynamoDB's notation, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mirror.documents.attributes import ExactTimeAttribute, TimeAttribute
from mirror.documents.native import from_native, number, to_native
from mirror.errors import Unmirrorable


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 2, 5, 20, 42, 11, 42_999, tzinfo=UTC), "2026-02-05T20:42:11.042Z"),
        (datetime(2026, 2, 5, 20, 42, 11, 999, tzinfo=UTC), "2026-02-05T20:42:11.000Z"),
        (
            datetime(2026, 3, 29, 3, 0, tzinfo=timezone(timedelta(hours=2))),
            "2026-03-29T01:00:00.000Z",
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_cut_to_milliseconds_in_utc(moment: datetime, text: str) -> None:
    assert TimeAttribute().serialize(moment) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 2, 5, 20, 42, 11, 42_999, tzinfo=UTC), "2026-02-05T20:42:11.042999Z"),
        (
            datetime(2026, 3, 29, 3, 0, tzinfo=timezone(timedelta(hours=2))),
            "2026-03-29T01:00:00.000000Z",
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_exact_times_come_back_to_the_microsecond(moment: datetime, text: str) -> None:
    assert ExactTimeAttribute().serialize(moment) == text
    assert ExactTimeAttribute().deserialize(text) == moment


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"a": {"b": [None, True, False, 0, -1.5, "", "ü"]}},
        10**37,
        1e125,
        1e-130,
        -0.5,
        "",
        None,
    ],
)
def test_json_values_come_back_equal(value: Any) -> None:
    assert from_native(to_native(value)) == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (10**38 + 1, "NumberTooManyDigits"),
        (10**126, "NumberOutOfRange"),
        pytest.param(10**5000, "NumberOutOfRange", id="5001 digits"),
        (1e-131, "NumberOutOfRange"),
        (float("nan"), "NumberOutOfRange"),
        (float("-inf"), "NumberOutOfRange"),
    ],
)
def test_a_number_that_dynamodb_cannot_hold_is_refused(value: float, code: str) -> None:
    with pytest.raises(Unmirrorable) as refusal:
        number(value)
    assert refusal.value.code == code


def test_a_round_number_of_many_digits_is_kept() -> None:
    assert number(10**40) == str(10**40)


def test_nesting_that_dynamodb_cannot_hold_is_refused() -> None:
    value: Any = 1
    for _ in range(33):
        value = [value]
    with pytest.raises(Unmirrorable, match="NestedTooDeep"):
        to_native(value)
