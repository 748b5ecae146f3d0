"""Values of every type: from PostgreSQL into an item, and back into the row, whatever they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.postgres import fields as pg
from django.db import connection, models
from django.test.utils import isolate_apps
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.range import Range
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from mirror.documents import (
    ExactTimeAttribute,
    NativeAttribute,
    TextAttribute,
    WholeNumberAttribute,
    registry,
)
from mirror.documents.items import REVISION, Item
from mirror.documents.render import render
from mirror.documents.rows import rows
from mirror.errors import Unmirrorable
from mirror.restore.reader import Reading, read
from mirror.stores.clients import Stores
from mirror.verify.compare import Expected, differing_attributes
from tests.support.adopters import adopt, model


def ranges(ends: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for ranges, open and empty ones among them."""
    pairs = st.tuples(ends, ends).map(sorted)
    bounds = st.sampled_from(["[)", "(]", "[]", "()"])
    closed = st.builds(lambda pair, bounds: Range(pair[0], pair[1], bounds), pairs, bounds)
    open_ended = st.builds(Range, st.none(), ends) | st.builds(Range, ends, st.none())
    return closed | open_ended | st.just(Range(empty=True)) | st.just(Range(None, None))


def lists(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(members, max_size=3)


def array(members: models.Field[Any, Any]) -> models.Field[Any, Any]:
    return pg.ArrayField(members, null=True)


decimals = partial(st.decimals, allow_nan=False, allow_infinity=False)
small = decimals(-(10**7), 10**7, places=30)  # up to 38 digits: no float holds them
prices = decimals(-(10**35), 10**35, places=2)
floats = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda f: not f or 1e-129 < abs(f) < 1e125
)
integers = st.integers(-(2**62), 2**62)
dates = st.dates()
inner_dates = st.dates(date(1, 1, 2), date(9999, 12, 30))  # PostgreSQL moves the ends by a day
# PostgreSQL's begin in 4714 BC and end far after Python's; near both ends a time zone would matter.
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - the time zone is drawn separately
lengths = st.timedeltas(timedelta(days=-(10**6)), timedelta(days=10**6))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
addresses = st.ip_addresses().map(str)
DIGITS_38 = Context(prec=38)
NULL: Any = {"null": True}
DECIMAL = partial(models.DecimalField, max_digits=60)
BINARY = partial(BinaryAttribute, legacy_encoding=False)
COLUMNS: dict[str, tuple[models.Field[Any, Any], Any, st.SearchStrategy[Any]]] = {
    "price": (DECIMAL(decimal_places=2, **NULL), NativeAttribute, prices),
    "price_text": (DECIMAL(decimal_places=2, **NULL), TextAttribute, prices),
    "exact": (DECIMAL(decimal_places=30, **NULL), NativeAttribute, small),
    "ratio": (models.FloatField(**NULL), NativeAttribute, floats),
    "ratio_pynamodb": (models.FloatField(**NULL), NumberAttribute, floats),
    "ratio_text": (models.FloatField(**NULL), TextAttribute, floats),
    "count": (models.BigIntegerField(**NULL), NativeAttribute, integers),
    "count_whole": (models.BigIntegerField(**NULL), WholeNumberAttribute, integers),
    "count_pynamodb": (models.BigIntegerField(**NULL), NumberAttribute, integers),
    "yes": (models.BooleanField(**NULL), NativeAttribute, st.booleans()),
    "yes_pynamodb": (models.BooleanField(**NULL), BooleanAttribute, st.booleans()),
    "yes_text": (models.BooleanField(**NULL), TextAttribute, st.booleans()),
    "scan": (models.BinaryField(**NULL), NativeAttribute, st.binary()),
    "scan_pynamodb": (models.BinaryField(**NULL), BINARY, st.binary()),
    "day": (models.DateField(**NULL), TextAttribute, dates),
    "hour": (models.TimeField(**NULL), TextAttribute, st.times()),
    "moment": (models.DateTimeField(**NULL), TextAttribute, moments),
    "moment_exact": (models.DateTimeField(**NULL), ExactTimeAttribute, moments),
    "moment_pynamodb": (models.DateTimeField(**NULL), UTCDateTimeAttribute, moments),
    "length": (models.DurationField(**NULL), NativeAttribute, lengths),
    "length_text": (models.DurationField(**NULL), TextAttribute, lengths),
    "code": (models.UUIDField(**NULL), TextAttribute, st.uuids()),
    "address": (models.GenericIPAddressField(**NULL), TextAttribute, addresses),
    "words": (models.TextField(default=""), NativeAttribute, texts),
    "words_pynamodb": (models.TextField(default=""), UnicodeAttribute, texts),
    "prices": (array(DECIMAL(decimal_places=2)), NativeAttribute, lists(prices)),
    "ratios": (array(models.FloatField()), NativeAttribute, lists(floats)),
    "scans": (array(models.BinaryField()), NativeAttribute, lists(st.none() | st.binary())),
    "days": (array(models.DateField()), NativeAttribute, lists(st.none() | dates)),
    "hours": (array(models.TimeField()), NativeAttribute, lists(st.times())),
    "moments": (array(models.DateTimeField()), NativeAttribute, lists(moments)),
    "lengths": (array(models.DurationField()), NativeAttribute, lists(lengths)),
    "codes": (array(models.UUIDField()), NativeAttribute, lists(st.uuids())),
    "addresses": (array(models.GenericIPAddressField()), NativeAttribute, lists(addresses)),
    "pages": (pg.BigIntegerRangeField(**NULL), NativeAttribute, ranges(integers)),
    "costs": (pg.DecimalRangeField(**NULL), NativeAttribute, ranges(small)),
    "season": (pg.DateRangeField(**NULL), NativeAttribute, ranges(inner_dates)),
    "shift": (pg.DateTimeRangeField(**NULL), NativeAttribute, ranges(moments)),
    "chapters": (array(pg.BigIntegerRangeField()), NativeAttribute, lists(ranges(integers))),
}
rows_of_values = st.fixed_dictionaries(
    {}, optional={name: values for name, (_, _, values) in COLUMNS.items()}
)


@pytest.fixture
def song(mirror: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A model with all these columns, its table and its document; no other is registered."""
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps("django.contrib.auth", "django.contrib.contenttypes"):
        columns = {name: field.clone() for name, (field, *_) in COLUMNS.items()}
        song = model("Song", unmirrored=models.BinaryField(default=b""), **columns)
        adopt(song, **{name: attribute() for name, (_, attribute, _) in COLUMNS.items()})
        with connection.schema_editor() as editor:
            editor.create_model(song)
        yield song
        with connection.schema_editor() as editor:
            editor.delete_model(song)


class Saved:
    """A row that was saved with some values, as PostgreSQL has it, and the item of it."""

    def __init__(self, song: Any, values: dict[str, Any]) -> None:
        self.document = registry.document_for("lab.song")
        self.pk = song.objects.create(**values).pk
        self.row = rows(self.document, [str(self.pk)]).get()
        self.rendered = render(self.document, self.row)
        self.item = self.rendered.item(1, {})

    def values(self) -> dict[str, Any]:
        return {name: getattr(self.row, name) for name in COLUMNS}

    def differing(self, item: Item) -> list[str]:
        """Return the attributes in which ``mirror_check`` finds that ``item`` differs."""
        expected = Expected.of("lab.song", str(self.pk), self.rendered)
        item = {name: value for name, value in item.items() if name != REVISION}
        return differing_attributes(expected, item, {}, None)

    def read(self, item: Item) -> Reading:
        return read(self.document, item, lambda key: None)


def as_dynamodb_returns(value: Any) -> Any:
    """Return an item or a value as DynamoDB writes numbers: without zeros at their ends."""
    if isinstance(value, list):
        return [as_dynamodb_returns(member) for member in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"N"}:
        return {"N": f"{DIGITS_38.normalize(DIGITS_38.plus(Decimal(value['N']))):f}"}
    return {name: as_dynamodb_returns(member) for name, member in value.items()}


THROUGH_THE_STACK = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@THROUGH_THE_STACK
@given(values=rows_of_values, others=rows_of_values)
@example(values={"price": Decimal("1.10"), "prices": [Decimal("0.00"), Decimal(100)]}, others={})
@example(values={"ratio": -0.0, "ratio_pynamodb": -0.0, "ratios": [-0.0]}, others={"ratio": 0.0})
@example(values={"exact": Decimal("12345678.000000000000000000000000000009")}, others={})
@example(values={"price": Decimal(10**38 - 1) / 100}, others={"price": Decimal(10**38 - 2) / 100})
def test_values_come_back_equal_and_others_are_found(
    song: Any, mirror: Stores, values: dict[str, Any], others: dict[str, Any]
) -> None:
    saved = Saved(song, values)
    mirror.items.client.put_item(TableName=mirror.items.table, Item=saved.item)
    (written,) = mirror.items.get_many([saved.rendered.key], consistent=True).values()
    assert saved.differing(written) == []
    returned = as_dynamodb_returns(written)
    assert saved.differing(returned) == []
    reading = saved.read(returned)
    assert reading.problems == {}
    assert reading.differing_fields(saved.row) == []

    song.objects.filter(pk=saved.pk).delete()
    restored = reading.instance()
    restored.save(force_insert=True)
    assert {n: getattr(rows_of(saved), n) for n in COLUMNS} == saved.values()

    other = Saved(song, others)
    different = {n for n, value in other.values().items() if value != saved.values()[n]}
    changed = {n: v for n, v in other.item.items() if n in COLUMNS} | {
        n: v for n, v in saved.item.items() if n not in COLUMNS
    }
    assert set(saved.differing(changed)) == different
    assert set(saved.read(changed).differing_fields(saved.row)) == different


def rows_of(saved: Saved) -> Any:
    return rows(saved.document, [str(saved.pk)]).get()


REFUSED: list[tuple[str, Any, str]] = [
    ("exact", Decimal("123456789.100000000000000000000000000001"), "NumberTooManyDigits"),
    ("prices", [Decimal(f"{10**38}.01")], "NumberTooManyDigits"),
    ("costs", Range(Decimal(1), Decimal(10**39 + 1)), "NumberTooManyDigits"),
    ("ratio", float("nan"), "NumberOutOfRange"),
    ("ratios", [float("-inf")], "NumberOutOfRange"),
    ("ratio", 1e126, "NumberOutOfRange"),
    ("ratio", 9e-131, "NumberOutOfRange"),
    ("scan", bytes(400 * 1024), "ItemTooLarge"),
    ("scans", [bytes(200 * 1024)] * 2, "ItemTooLarge"),
]


def test_a_value_that_dynamodb_cannot_hold_has_a_code(song: Any) -> None:
    for name, value, code in REFUSED:
        with pytest.raises(Unmirrorable) as refusal:
            Saved(song, {name: value})
        assert refusal.value.code == code


TAMPERED: list[tuple[str, dict[str, Any]]] = [
    ("length", {"N": "9" * 38}),
    ("length", {"N": "1E+125"}),
    ("length_text", {"S": "99999999999999999999 days, 0:00:00"}),
    ("lengths", {"L": [{"N": "9" * 38}]}),
    ("lengths", {"L": [{"S": "soon"}]}),
    ("days", {"L": [{"S": "2026-02-30"}]}),
    ("days", {"N": "1"}),
    ("pages", {"M": {"lower": {"S": "x"}}}),
    ("pages", {"M": {"lowest": {"N": "1"}}}),
    ("pages", {"S": "1"}),
    ("pages", {"N": "1"}),
    ("season", {"M": {"bounds": {"S": "<>"}}}),
    ("scan", {"S": "a"}),
    ("scan", {"L": []}),
    ("scan_pynamodb", {"S": "a"}),
    ("scans", {"L": [{"N": "1"}]}),
    ("yes", {"S": "perhaps"}),
    ("yes_pynamodb", {"N": "1"}),
]


def test_a_value_that_somebody_tampered_with_is_not_inserted(song: Any) -> None:
    saved = Saved(song, {})
    for name, tampered in TAMPERED:
        item = saved.item | {name: tampered}
        assert saved.differing(item) == [name]
        assert saved.read(item).problems == {name: "unreadable"}, tampered
