"""Whether rows can move is found out from their keys, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import models
from django.test.utils import isolate_apps

from mirror.documents import encode_id, registry
from mirror.documents.sample_rows import can_move
from tests.support.adopters import adopt, model


@pytest.fixture(autouse=True)
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A project of its own."""
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps():
        yield


def song(**fields: Any) -> Any:
    album: Any = models.ForeignKey(model("Album"), models.CASCADE, null=True)
    fields = {"title": models.TextField(), "created_at": models.DateTimeField(), **fields}
    return model("Song", album=album, **fields)


KINDS: dict[str, models.Field[Any, Any]] = {
    "integer": models.IntegerField(primary_key=True),
    "uuid": models.UUIDField(primary_key=True, default=uuid4),
    "text": models.CharField(primary_key=True, max_length=9),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_whose_keys_have_nothing_but_its_primary_key_cannot_move(kind: str) -> None:
    def keys(row: Any) -> dict[str, str]:
        return {"pk": f"{row._meta.model_name}#{encode_id(str(row.pk))}", "sk": "song"}

    adopted = song(id=KINDS[kind].clone())
    assert not can_move(adopt(adopted, keys=staticmethod(keys)))
    live = adopt(model("Live", adopted), keys=staticmethod(keys))
    assert not can_move(live)


@pytest.mark.parametrize(
    "part",
    [
        lambda row: row.title,
        lambda row: encode_id(row.title),
        lambda row: row.album_id,
        lambda row: f"{row.created_at:%Y} {row.created_at.isoformat()}",
    ],
    ids=["a text", "an encoded text", "a foreign key", "a time"],
)
def test_other_keys_of_the_index_are_no_move(part: Callable[[Any], Any]) -> None:
    def keys(row: Any) -> dict[str, str]:
        return {"pk": f"song#{row.pk}", "sk": "song", "gsi1pk": f"{part(row)}", "gsi1sk": "song"}

    assert not can_move(adopt(song(), keys=staticmethod(keys)))


def _counted(row: Any) -> str:
    return str(type(row).objects.count())


def _suppressed(row: Any) -> str:
    try:
        return str(type(row).objects.count())
    except Exception:  # noqa: BLE001 - as careless code does
        return ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "part",
    [
        lambda row: row.title,
        lambda row: row.album_id,
        lambda row: row.album,
        lambda row: row.album_id is None,
        lambda row: row.title == "Intro",
        lambda row: "titled" if row.title.strip() else "untitled",
        lambda row: row.title.lower() == "intro",
        lambda row: {"Intro": 1}.get(row.title),
        lambda row: row.created_at.year // 10,
        lambda row: row.nothing,
        _counted,
        _suppressed,
    ],
    ids=[
        *("a field", "a foreign key", "a relation", "a null", "a comparison", "a condition"),
        "a comparison of what a method returns",
        *("a dictionary", "a calculation", "a defect", "a query", "an error passed over"),
    ],
)
def test_a_row_whose_keys_have_more_can_move(part: Callable[[Any], Any]) -> None:
    def keys(row: Any) -> dict[str, str]:
        return {"pk": f"{part(row)}", "sk": f"song#{row.pk}"}

    assert can_move(adopt(song(), keys=staticmethod(keys)))
