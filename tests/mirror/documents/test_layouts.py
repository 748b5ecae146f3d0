"""Items without ElectroDB's marks and with keys as they are, beside items of its format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from mirror.documents import KeyPrefix, TextAttribute, encode_id, registry
from mirror.documents.document import Options
from mirror.models import LedgerEntry
from mirror.search import search
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.backfill import enqueue_all
from mirror.verify.check import check
from mirror.verify.findings import ORPHANED
from tests.support.adopters import adopt, model
from tests.support.commands import run
from tests.support.stored import all_items

PLAIN = {"lower_case": False, "entity_attribute": "type"}


class SongMembers:
    """What the document of a song says, apart from its attributes."""

    search_fields = ("title",)

    @staticmethod
    def keys(song: Any) -> dict[str, str]:
        return {"pk": f"ALBUM#{song.album}", "sk": f"SONG#{encode_id(song.pk)}"}

    @staticmethod
    def owner_keys(album: str) -> KeyPrefix:
        return KeyPrefix(f"ALBUM#{album}", "SONG#")


@pytest.fixture
def song(mirror: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A model whose items are plain, and another whose items are ElectroDB's."""
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps("django.contrib.auth", "django.contrib.contenttypes"):
        song = model(
            "Song",
            code=models.CharField(primary_key=True, max_length=50),
            album=models.CharField(max_length=50),
            title=models.CharField(max_length=50),
        )
        album = model("Album", code=models.CharField(primary_key=True, max_length=50))
        members = {name: value for name, value in vars(SongMembers).items() if name[0] != "_"}
        text = {"album": TextAttribute(), "title": TextAttribute(), "id": None}
        adopt(song, PLAIN, code=TextAttribute("id"), **text, **members)
        adopt(album, code=TextAttribute("id"), id=None)
        with connection.schema_editor() as editor:
            editor.create_model(song)
            editor.create_model(album)
        album.objects.create(code="a1")
        yield song
        with connection.schema_editor() as editor:
            editor.delete_model(song)
            editor.delete_model(album)


def mirrored(stores: Stores) -> dict[str, dict[str, Any]]:
    """Mirror all rows, and return the live items by their id."""
    enqueue_all()
    worker.drain()
    assert not list(check(stores).findings)
    return {item["id"]: item for item in all_items(stores) if "id" in item}


def test_a_plain_item_has_its_keys_as_they_are_and_its_own_mark(mirror: Stores, song: Any) -> None:
    song.objects.create(code="s1", album="Blue", title="River")
    items = mirrored(mirror)
    assert items["s1"].pop("mirrorRevision") > 0
    assert items["s1"] == {
        "pk": "ALBUM#Blue",
        "sk": "SONG#s1",
        "type": "song",
        "id": "s1",
        "album": "Blue",
        "title": "River",
    }
    assert items["a1"]["__edb_e__"] == "album"
    assert items["a1"]["__edb_v__"] == "1"


def test_a_plain_item_moves_and_is_found(mirror: Stores, song: Any) -> None:
    song.objects.create(code="Rock", album="Blue", title="River")
    mirrored(mirror)
    song.objects.update(album="blue")
    items = mirrored(mirror)
    assert items["Rock"]["pk"] == "ALBUM#blue"
    assert [hit.object_id for hit in search("blue", "Riv", mirror)] == ["Rock"]
    assert [hit.object_id for hit in search("blue", "", mirror)] == ["Rock"]
    assert list(search("Blue", "Riv", mirror)) == []


def test_a_plain_item_of_no_row_is_an_orphan(mirror: Stores, song: Any) -> None:
    song.objects.create(code="s1", album="Blue", title="River")
    mirrored(mirror)
    client, table = mirror.items.client, mirror.items.table
    item = client.get_item(
        TableName=table, Key={"pk": {"S": "ALBUM#Blue"}, "sk": {"S": "SONG#s1"}}
    )["Item"]
    client.put_item(TableName=table, Item=item | {"pk": {"S": "album#blue"}})
    report = check(mirror)
    (finding,) = report.findings
    assert (finding.kind, finding.model, finding.object_id) == (ORPHANED, "lab.song", "s1")
    assert run("mirror_check", "--repair", "--delete-orphans")[0] == 0
    assert len([item for item in all_items(mirror) if item.get("id") == "s1"]) == 1


def test_plain_items_come_back_as_rows(mirror: Stores, song: Any) -> None:
    song.objects.create(code="Rock", album="Blue", title="River")
    song.objects.create(code="s2", album="Blue", title="Case")
    mirrored(mirror)
    before = list(song.objects.order_by("pk").values())
    code, printed = run("mirror_restore", "--dry-run")
    assert code == 0, printed
    song.objects.all().delete()
    LedgerEntry.objects.all().delete()
    code, printed = run("mirror_restore", "--apply")
    assert code == 0, printed
    assert list(song.objects.order_by("pk").values()) == before
    worker.drain()
    assert not list(check(mirror).findings)


def test_items_change_their_layout(
    mirror: Stores, song: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Register it otherwise, and mirror every row again."""
    song.objects.create(code="s1", album="Blue", title="River")
    mirrored(mirror)
    document = registry.document_for("lab.song")
    options = Options(song, "song")
    monkeypatch.setattr(document, "mirror_options", options)
    items = mirrored(mirror)
    assert (items["s1"]["pk"], items["s1"]["__edb_e__"]) == ("album#blue", "song")
    assert "type" not in items["s1"]
