"""A row of a model that inherits another table changes with that table, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from mirror.capture import capture_changes
from mirror.checks.documents import check_capture
from mirror.documents import TextAttribute, registry
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from tests.support.adopters import adopt, model
from tests.support.stored import assert_equal_after_sync, live_items


@pytest.fixture
def live(mirror: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A mirrored model that inherits the table of ``lab.Song``, which has no document."""
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps("django.contrib.auth"), ExitStack() as stack:
        song = model("Song", title=models.TextField())
        live = model("Live", song, place=models.TextField())
        adopt(live, title=TextAttribute(), place=TextAttribute())
        captures: dict[Any, Any] = {song: {"children": ["lab.Live"], "own": False}, live: {}}
        for each, options in captures.items():
            with connection.schema_editor() as editor:
                editor.create_model(each)
                stack.callback(_drop, each)
            for trigger in capture_changes(**options):
                trigger.register(each)
                stack.callback(trigger.unregister, each)
                trigger.install(each)
        yield live


def _drop(dropped: Any) -> None:
    with connection.schema_editor() as editor:
        editor.delete_model(dropped)


def test_an_update_of_the_parent_s_table_is_mirrored(mirror: Stores, live: Any) -> None:
    assert check_capture(None) == []
    row = live.objects.create(title="old", place="here")
    (song,) = live._meta.parents
    song.objects.create(title="no child of it")
    assert_equal_after_sync(mirror)

    song.objects.update(title="new")
    assert_equal_after_sync(mirror)
    (item,) = live_items(mirror)
    assert (item["id"], item["title"], item["place"]) == (str(row.pk), "new", "here")

    with connection.cursor() as cursor:
        cursor.execute("UPDATE lab_song SET title = 'by SQL' WHERE id = %s", [row.pk])
    assert_equal_after_sync(mirror)
    assert live_items(mirror)[0]["title"] == "by SQL"


def test_a_parent_without_a_document_leaves_nothing_in_the_ledger(
    mirror: Stores, live: Any
) -> None:
    (song,) = live._meta.parents
    song.objects.create(title="no child of it")
    row = live.objects.create(title="old", place="here")
    song.objects.update(title="new")
    assert LedgerEntry.objects.models() == ["lab.live"]
    assert_equal_after_sync(mirror)
    row.delete()
    assert_equal_after_sync(mirror)
    assert live_items(mirror) == []
