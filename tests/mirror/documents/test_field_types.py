"""Every type of field that the system checks accept, through all stores and back into its row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres import fields as pg
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Cast, Upper
from django.test.utils import isolate_apps
from psycopg.types.range import Range
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from mirror.checks.attributes import check_attributes
from mirror.documents import (
    ExactTimeAttribute,
    NativeAttribute,
    TextAttribute,
    TimeAttribute,
    WholeNumberAttribute,
    registry,
)
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync.backfill import enqueue_all
from tests.support.adopters import adopt, model
from tests.support.commands import run
from tests.support.stored import assert_equal_after_sync, live_items, plain

NULL: Any = {"null": True}


class Mood(models.TextChoices):
    """Words to choose from."""

    GLAD = "glad"
    SAD = "sad"


class Level(models.IntegerChoices):
    """Numbers to choose from."""

    LOW = 1
    HIGH = 2


COLUMNS: dict[str, tuple[models.Field[Any, Any], Any]] = {
    "yes": (models.BooleanField(**NULL), TextAttribute()),
    "yes_native": (models.BooleanField(**NULL), NativeAttribute()),
    "price": (models.DecimalField(max_digits=60, decimal_places=30, **NULL), TextAttribute()),
    "price_native": (
        models.DecimalField(max_digits=40, decimal_places=30, **NULL),
        NativeAttribute(),
    ),
    "ratio": (models.FloatField(**NULL), TextAttribute()),
    "ratio_native": (models.FloatField(**NULL), NativeAttribute()),
    "count": (models.BigIntegerField(**NULL), WholeNumberAttribute()),
    "small": (models.SmallIntegerField(**NULL), TextAttribute()),
    "number_native": (models.PositiveBigIntegerField(**NULL), NativeAttribute()),
    "day": (models.DateField(**NULL), TextAttribute()),
    "moment": (models.DateTimeField(**NULL), TimeAttribute()),
    "moment_exact": (models.DateTimeField(**NULL), ExactTimeAttribute()),
    "moment_text": (models.DateTimeField(**NULL), TextAttribute()),
    "hour": (models.TimeField(**NULL), TextAttribute()),
    "length": (models.DurationField(**NULL), TextAttribute()),
    "address": (models.GenericIPAddressField(**NULL), TextAttribute()),
    "file": (models.FileField(**NULL), TextAttribute()),
    "image": (models.FilePathField(**NULL), TextAttribute()),
    "code": (models.UUIDField(**NULL), TextAttribute()),
    "text": (models.TextField(), TextAttribute("words")),
    "title": (models.CharField(max_length=50, default=""), NativeAttribute()),
    "mirror_id": (models.SlugField(default=""), TextAttribute()),
    "cast1": (models.EmailField(default=""), TextAttribute()),
    "data": (models.JSONField(**NULL), NativeAttribute()),
    "data_required": (models.JSONField(default=dict), NativeAttribute()),
    "words": (ArrayField(models.TextField(), **NULL), NativeAttribute("wordList")),
    "grid": (ArrayField(ArrayField(models.IntegerField()), **NULL), NativeAttribute()),
    "prices": (
        ArrayField(models.DecimalField(max_digits=40, decimal_places=30), **NULL),
        NativeAttribute(),
    ),
    "ratios": (ArrayField(models.FloatField(), **NULL), NativeAttribute()),
    "flags": (ArrayField(models.BooleanField(null=True), **NULL), NativeAttribute()),
    "scan": (models.BinaryField(**NULL), NativeAttribute()),
    "scans": (ArrayField(models.BinaryField(), **NULL), NativeAttribute()),
    "length_native": (models.DurationField(**NULL), NativeAttribute()),
    "lengths": (ArrayField(models.DurationField(), **NULL), NativeAttribute()),
    "days": (ArrayField(models.DateField(null=True), **NULL), NativeAttribute()),
    "moments": (ArrayField(models.DateTimeField(), **NULL), NativeAttribute()),
    "hours": (ArrayField(models.TimeField(), **NULL), NativeAttribute()),
    "codes": (ArrayField(ArrayField(models.UUIDField()), **NULL), NativeAttribute()),
    "addresses": (ArrayField(models.GenericIPAddressField(), **NULL), NativeAttribute()),
    "pages": (pg.IntegerRangeField(**NULL), NativeAttribute()),
    "costs": (pg.DecimalRangeField(**NULL), NativeAttribute()),
    "season": (pg.DateRangeField(**NULL), NativeAttribute()),
    "shift": (pg.DateTimeRangeField(**NULL), NativeAttribute()),
    "chapters": (ArrayField(pg.BigIntegerRangeField(), **NULL), NativeAttribute()),
    "mood": (models.CharField(max_length=5, choices=Mood, default="sad"), TextAttribute()),
    "level": (models.IntegerField(choices=Level, **NULL), WholeNumberAttribute()),
    "pynamodb_yes": (models.BooleanField(**NULL), BooleanAttribute()),
    "pynamodb_scan": (models.BinaryField(**NULL), BinaryAttribute(legacy_encoding=False)),
    "pynamodb_ratio": (models.FloatField(**NULL), NumberAttribute()),
    "pynamodb_count": (models.IntegerField(**NULL), NumberAttribute()),
    "pynamodb_text": (models.TextField(default=""), UnicodeAttribute(attr_name="pynamodbText")),
    "pynamodb_moment": (models.DateTimeField(**NULL), UTCDateTimeAttribute()),
    "echo": (
        models.GeneratedField(
            expression=Cast("data", models.JSONField()),
            output_field=models.JSONField(),
            db_persist=True,
        ),
        NativeAttribute(),
    ),
    "shout": (
        models.GeneratedField(
            expression=Upper("text"), output_field=models.TextField(), db_persist=True
        ),
        TextAttribute(),
    ),
}
TINY = Decimal("0.000000000000000000000000000001")
WHEN = datetime(2026, 10, 25, 0, 30, 0, 123_000, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"text": ""},
    {
        "yes": False,
        "yes_native": False,
        "price": Decimal(0),
        "price_native": Decimal(0),
        "ratio": 0.0,
        "ratio_native": -0.0,
        "count": 0,
        "small": 0,
        "number_native": 0,
        "length": timedelta(0),
        "hour": time(0),
        "text": " ",
        "data": [],
        "data_required": [],
        "words": [],
        "grid": [],
        "prices": [],
        "file": "",
        "scan": b"",
        "scans": [],
        "length_native": timedelta(0),
        "pages": Range(empty=True),
        "costs": Range(None, None),
        "season": Range(date(2026, 1, 1), None),
        "pynamodb_yes": False,
        "pynamodb_scan": b"",
        "pynamodb_ratio": 0.0,
        "pynamodb_count": 0,
    },
    {
        "yes": True,
        "yes_native": True,
        "price": Decimal("123456789012345678901234567890.123456789012345678901234567891"),
        "price_native": Decimal("-12345678.100000000000000000000000000001"),
        "ratio": float("nan"),
        "ratio_native": 5e-130,
        "count": -(2**63),
        "small": -7,
        "number_native": 2**63 - 1,
        "day": date(1, 1, 1),
        "moment": WHEN,
        "moment_exact": WHEN + timedelta(microseconds=7),
        "moment_text": WHEN + timedelta(microseconds=7),
        "hour": time(23, 59, 59, 999_999),
        "length": timedelta(days=-1, microseconds=1),
        "address": "2001:db8::1",
        "file": "tapes/a b.ogg",
        "image": "/srv/a.png",
        "code": UUID(int=7),
        "text": "straße",
        "title": "T",
        "mirror_id": "m",
        "cast1": "a@example.org",
        "data": {"n": [1, 0.5, None, True, ""]},
        "data_required": "text",
        "words": ["", "a,b", "{c}", "\\"],
        "grid": [[1, 2], [3, -4]],
        "prices": [TINY, Decimal("0.1"), Decimal(7)],
        "ratios": [0.1, 1e16, -2.5],
        "flags": [True, False, None],
        "scan": bytes(range(256)),
        "scans": [b"", b"\0"],
        "length_native": timedelta(days=-1, microseconds=1),
        "lengths": [timedelta(days=400, microseconds=100), -timedelta(hours=1)],
        "days": [date(9999, 12, 31), None],
        "moments": [WHEN + timedelta(microseconds=7)],
        "hours": [time(0), time(23, 59, 59, 999_999)],
        "codes": [[UUID(int=1)], [UUID(int=2)]],
        "addresses": ["10.0.0.1", "2001:db8::1"],
        "pages": Range(1, 5),
        "costs": Range(Decimal("1.1"), TINY.scaleb(40), "(]"),
        "season": Range(date(2026, 1, 1), date(2026, 2, 1)),
        "shift": Range(WHEN, WHEN + timedelta(microseconds=7)),
        "chapters": [Range(1, 2), Range(empty=True)],
        "mood": Mood.GLAD,
        "level": Level.HIGH,
        "pynamodb_yes": True,
        "pynamodb_scan": bytes(range(256)),
        "pynamodb_ratio": -1e16,
        "pynamodb_count": -7,
        "pynamodb_text": "x",
        "pynamodb_moment": WHEN + timedelta(microseconds=7),
    },
    {
        "text": "x",
        "price_native": Decimal("-12345678.1"),
        "ratio": float("-inf"),
        "length": timedelta(days=400, seconds=1),
        "data_required": models.Value(None, models.JSONField()),
    },
]


@pytest.fixture
def song(mirror: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A model with a column of every type, its table and its document; no other is registered."""
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps("django.contrib.auth", "django.contrib.contenttypes"):
        user: Any = models.ForeignKey(User, models.CASCADE, related_name="+", **NULL)
        song = model("Song", user=user, **{name: f.clone() for name, (f, _) in COLUMNS.items()})
        attributes = {name: attribute for name, (_, attribute) in COLUMNS.items()}
        adopt(song, {"long_texts": ["text"]}, user_id=TextAttribute(), **attributes)
        with connection.schema_editor() as editor:
            editor.create_model(song)
        yield song
        with connection.schema_editor() as editor:
            editor.delete_model(song)


def test_every_accepted_type_comes_back_as_it_was(mirror: Stores, song: Any, owner: User) -> None:
    assert check_attributes(None) == []
    for row in ROWS:
        song.objects.create(user_id=owner.pk, **row)
    assert enqueue_all() == len(ROWS)
    assert_equal_after_sync(mirror)
    assert len(live_items(mirror)) == len(ROWS)
    code, printed = run("mirror_restore", "--dry-run")
    assert code == 0, printed

    before = list(song.objects.order_by("pk").values())
    song.objects.all().delete()
    LedgerEntry.objects.all().delete()
    code, printed = run("mirror_restore", "--apply")
    assert code == 0, printed
    for old, new in zip(before, song.objects.order_by("pk").values(), strict=True):
        # Items have neither null nor empty texts.
        new["file"], old["file"] = new["file"] or "", old["file"] or ""
        assert {n: repr(v) for n, v in new.items()} == {n: repr(v) for n, v in old.items()}


def test_types_of_dynamodb(mirror: Stores, song: Any) -> None:
    song.objects.create(**ROWS[2])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lab_song SET data = '{\"n\": 0.1234567890123456789012345678901}'")
    enqueue_all()
    assert_equal_after_sync(mirror)
    (item,) = (
        item
        for item in mirror.items.client.scan(TableName=mirror.items.table)["Items"]
        if "__edb_e__" in item
    )
    kinds = {name: next(iter(value)) for name, value in item.items()}
    assert kinds["yes_native"] == "BOOL"
    assert kinds["price_native"] == kinds["ratio_native"] == kinds["count"] == "N"
    assert kinds["grid"] == kinds["prices"] == kinds["scans"] == "L"
    assert kinds["scan"] == kinds["pynamodb_scan"] == "B"
    assert kinds["pynamodb_yes"] == "BOOL"
    assert item["length_native"] == {"N": "-86399.999999"}
    assert item["lengths"] == {"L": [{"N": "34560000.000100"}, {"N": "-3600.000000"}]}
    assert plain(item)["season"] == {"bounds": "[)", "lower": "2026-01-01", "upper": "2026-02-01"}
    assert (plain(item)["mood"], plain(item)["level"]) == ("glad", 2)
    assert item["price_native"] == {"N": "-12345678.100000000000000000000000000001"}
    exact = {"M": {"n": {"N": "0.1234567890123456789012345678901"}}}
    assert item["data"] == item["echo"] == exact
    assert plain(item)["day"] == "0001-01-01"
