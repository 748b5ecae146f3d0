from typing import Any

import pytest

from tests.exploration.conditions import holds

CONDITION = "attribute_not_exists(pk) OR NOT attribute_type(#r, :number) OR #r < :revision"
NAMES = {"#r": "mirrorRevision"}
VALUES = {":revision": {"N": "10"}, ":number": {"S": "N"}}
KEY = {"pk": {"S": "user#1"}}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({}, True),
        (KEY, True),
        ({**KEY, "mirrorRevision": {"S": "10"}}, True),
        ({**KEY, "mirrorRevision": {"N": "9"}}, True),  # as numbers, not as texts
        ({**KEY, "mirrorRevision": {"N": "10.0"}}, False),
        ({**KEY, "mirrorRevision": {"N": "11"}}, False),
    ],
)
def test_the_condition_of_a_put(item: Any, expected: bool) -> None:
    assert holds(CONDITION, item, NAMES, VALUES) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("#r <= :revision AND #r < :revision OR attribute_exists(pk)", True),
        ("#r <= :revision AND (#r < :revision OR attribute_exists(pk))", False),
        ("missing <> :revision", False),
        ("pk < :revision", False),  # another type
        ("NOT missing = :revision", True),
    ],
)
def test_precedence_and_missing_attributes(condition: str, expected: bool) -> None:
    item = {**KEY, "mirrorRevision": {"N": "11"}}
    assert holds(condition, item, NAMES, VALUES) is expected
