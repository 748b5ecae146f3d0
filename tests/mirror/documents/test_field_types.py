"""Every type of field that the system checks accept, through all stores and back into its row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Cast, Upper
from django.test.utils import isolate_apps

from mirror.checks.attributes import check_attributes
from mirror.documents import (
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
    assert kinds["grid"] == kinds["prices"] == "L"
    assert item["price_native"] == {"N": "-12345678.100000000000000000000000000001"}
    exact = {"M": {"n": {"N": "0.1234567890123456789012345678901"}}}
    assert item["data"] == item["echo"] == exact
    assert plain(item)["day"] == "0001-01-01"
