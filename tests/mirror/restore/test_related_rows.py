"""Rows come back whose model inherits another table, refers to itself, or numbers its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from mirror.documents import TextAttribute, registry
from mirror.models import LedgerEntry
from mirror.restore.counts import RestoreCounts
from mirror.restore.restore import restore
from mirror.stores.clients import Stores
from mirror.sync.backfill import enqueue_all
from tests.support.adopters import adopt, model
from tests.support.stored import assert_equal_after_sync

Create = Callable[..., Any]


@pytest.fixture
def tables(mirror: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[Create]:
    """A function that creates the table of a model; no document is registered."""
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps("django.contrib.auth"), ExitStack() as stack:

        def create(created: Any) -> Any:
            with connection.schema_editor() as editor:
                editor.create_model(created)
            stack.callback(drop, created)
            return created

        yield create


def drop(dropped: Any) -> None:
    with connection.schema_editor() as editor:
        editor.delete_model(dropped)


def mirror_all(mirror: Stores) -> None:
    enqueue_all()
    assert_equal_after_sync(mirror)


def restored(mirror: Stores) -> RestoreCounts:
    (tally,) = restore(mirror, apply=True)
    return tally


@pytest.fixture
def live(tables: Create) -> Any:
    """A mirrored model that inherits the table of ``lab.Song``."""
    song = tables(model("Song", title=models.TextField(), plays=models.IntegerField(default=0)))
    live = tables(model("Live", song, place=models.TextField()))
    adopt(live, title=TextAttribute(), place=TextAttribute())
    return live


def test_a_row_comes_back_with_the_table_that_it_inherits(mirror: Stores, live: Any) -> None:
    for number in range(3):
        live.objects.create(title=f"title {number}", place="here")
    mirror_all(mirror)
    assert restored(mirror).equal == 3
    (song,) = live._meta.parents
    before = list(live.objects.order_by("pk").values())
    live.objects.get(pk=before[0]["id"]).delete(keep_parents=True)
    live.objects.all().delete()
    LedgerEntry.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE lab_song ALTER COLUMN id RESTART")
    song.objects.filter(pk=before[0]["id"]).update(plays=7)  # not mirrored: it stays
    before[0]["plays"] = 7
    assert restored(mirror).restored == 3
    assert list(live.objects.order_by("pk").values()) == before
    live.objects.create(title="a number that is free", place="")
    mirror_all(mirror)


def test_a_number_that_a_deleted_row_had_is_not_given_again(mirror: Stores, live: Any) -> None:
    lost, deleted = (live.objects.create(title=title, place="here") for title in "AB")
    numbers = [lost.pk, deleted.pk]
    deleted.delete()
    mirror_all(mirror)
    lost.delete()
    LedgerEntry.objects.all().delete()
    assert restored(mirror).restored == 1
    assert live.objects.get().pk == numbers[0]
    assert live.objects.create(title="C", place="here").pk > numbers[1]


def test_a_row_does_not_come_back_with_other_values_from_the_table_that_it_inherits(
    mirror: Stores, live: Any
) -> None:
    one, other = (live.objects.create(title=title, place="here") for title in "AB")
    mirror_all(mirror)
    for row in (one, other):
        live.objects.get(pk=row.pk).delete(keep_parents=True)
    LedgerEntry.objects.all().delete()
    (song,) = live._meta.parents
    song.objects.filter(pk=one.pk).update(title="changed meanwhile")
    tally = restored(mirror)
    assert (tally.restored, tally.impossible) == (1, 1)
    assert f"{one.pk}: cannot be restored: its lab.song differs: title" in tally.notes[0]
    assert live.objects.get().pk == other.pk


def test_rows_may_refer_to_themselves_and_to_each_other(mirror: Stores, tables: Create) -> None:
    tree = tables(
        model(
            "Tree",
            title=models.CharField(max_length=9),
            parent=models.ForeignKey("self", models.CASCADE, null=True, related_name="+"),
        )
    )
    adopt(tree, title=TextAttribute(), parent_id=TextAttribute("parentId"))
    root = tree.objects.create(title="root")
    tree.objects.update(parent=root)
    for number in range(4):
        tree.objects.create(title=f"leaf {number}", parent=root)
    mirror_all(mirror)
    tree.objects.all().delete()
    LedgerEntry.objects.all().delete()
    for _ in range(2):  # a row that the scan found before its parent comes back the second time
        restored(mirror)
    assert tree.objects.filter(parent=root).count() == 5
    mirror_all(mirror)


def test_rows_that_django_numbers_are_numbered_anew(mirror: Stores, tables: Create) -> None:
    tree = tables(model("Tree", title=models.CharField(max_length=9)))
    parent: Any = models.ForeignKey(tree, models.CASCADE, related_name="+")
    leaf = tables(model("Leaf", parent=parent, meta={"order_with_respect_to": "parent"}))
    adopt(leaf, parent_id=TextAttribute("parentId"))
    root = tree.objects.create(title="root")
    for _ in range(3):
        leaf.objects.create(parent=root)
    mirror_all(mirror)
    leaf.objects.all().delete()
    LedgerEntry.objects.all().delete()
    tally = restored(mirror)
    assert (tally.restored, tally.problems) == (3, 0)
    assert sorted(leaf.objects.values_list("_order", flat=True)) == [0, 1, 2]
