from __future__ import annotations

import json
from math import inf

import pytest

from tests.bench.table import Row, Target, as_json, at_least, at_most, lines, number


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("cost", "ms", 2.1, "peer", 2, at_most(1.05)), True),
        (Row("cost", "ms", 2.2, "peer", 2, at_most(1.05)), False),
        (Row("rate", "rows/s", 300, "peer", 30, at_least(10)), True),
        (Row("rate", "rows/s", 299, "peer", 30, at_least(10)), False),
        (Row("page", "ms", 50, target=at_most(50)), True),
        (Row("page", "ms", 51, target=at_most(50)), False),
        (Row("no target", "ms", 51, "peer", 1), None),
    ],
)
def test_a_target_bounds_the_ratio_or_the_figure_that_has_no_peer(
    row: Row, met: bool | None
) -> None:
    assert row.met is met


def test_the_table_is_markdown() -> None:
    rows = [
        Row("backfill", "rows/s", 1234, "naive", 30, at_least(10)),
        Row("page", "ms", 60.04, target=Target("≤", 50)),
        Row("claim", "ms", 1.5, "few", 1.5),
    ]

    assert lines(rows) == [
        "| row      | ours         | peer               | ratio  | target  | met? |",
        "| -------- | ------------ | ------------------ | ------ | ------- | ---- |",
        "| backfill | 1,234 rows/s | naive: 30.0 rows/s | 41.1 × | ≥ 10 ×  | yes  |",
        "| page     | 60.0 ms      |                    |        | ≤ 50 ms | NO   |",
        "| claim    | 1.50 ms      | few: 1.50 ms       | 1.00 × |         |      |",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.04567, "0.0457"),
        (1, "1.00"),
        (12.34, "12.3"),
        (99.96, "100"),
        (12345, "12,345"),
        (inf, "inf"),
    ],
)
def test_a_number_has_three_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_the_json_has_every_row_with_its_ratio_and_its_verdict() -> None:
    rows = [Row("save", "ms", 3, "unmirrored", 2, at_most(1.05))]

    written = json.loads(as_json(rows, {"cores": 2}))

    assert written == {
        "cores": 2,
        "rows": [
            {
                "title": "save",
                "unit": "ms",
                "ours": 3,
                "peer_name": "unmirrored",
                "peer": 2,
                "target": {"relation": "≤", "bound": 1.05},
                "ratio": 1.5,
                "met": False,
            }
        ],
    }


def test_json_knows_no_infinity() -> None:
    written = json.loads(as_json([Row("first", "s", inf, "few", 2, at_most(8))], {}))

    (row,) = written["rows"]
    assert (row["ours"], row["ratio"], row["met"]) == (None, None, False)
