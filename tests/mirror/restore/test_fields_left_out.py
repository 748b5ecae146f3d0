"""Fields that are not mirrored on purpose: not compared, and as in any new row once restored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import models
from django.utils import timezone

from mirror.documents import Body, TextAttribute, WholeNumberAttribute, registry
from mirror.models import LedgerEntry, RestoreRun
from mirror.stores.clients import Stores
from tests.mirror.restore.test_related_rows import Create, mirror_all, tables
from tests.support.adopters import adopt, model
from tests.support.commands import run
from tests.support.stored import item_of
from tests.support.tampering import remove_attribute

__all__ = ["tables"]

LEFT_OUT: dict[str, models.Field[Any, Any]] = {
    "note": models.TextField(default="no note"),
    "score": models.IntegerField(null=True, default=5),
    "level": models.IntegerField(db_default=7),
    "labels": models.JSONField(db_default=["new"]),
    "data": models.JSONField(),
    "seen_at": models.DateTimeField(auto_now_add=True),
    "day": models.DateField(auto_now=True),
    "rotated": models.BooleanField(default=True),
    "scan": models.BinaryField(),
}


def lose(lost: Any) -> None:
    """Delete all rows of a model, and the ledger."""
    lost.objects.all().delete()
    LedgerEntry.objects.all().delete()


def test_what_is_not_mirrored_is_not_compared_and_comes_back_as_in_a_new_row(
    mirror: Stores, tables: Create
) -> None:
    scan = tables(model("Scan", title=models.TextField(), **LEFT_OUT))
    adopt(scan, {"without_attribute": [*LEFT_OUT]}, title=TextAttribute())
    values = {"note": "mine", "score": 1, "level": 2, "data": {}, "rotated": False, "scan": b"s"}
    scan.objects.create(title="one", labels=[], **values)
    mirror_all(mirror)
    assert run("mirror_restore", "--dry-run")[0] == 0
    rehearsed = RestoreRun.objects.get()
    assert (rehearsed.complete, rehearsed.count("equal"), rehearsed.count("differ")) == (True, 1, 0)

    lose(scan)
    began = timezone.now()
    assert run("mirror_restore", "--apply")[0] == 0
    row = scan.objects.get()
    assert (row.title, row.note, row.score, row.level, row.rotated) == (
        "one",
        "no note",
        5,
        7,
        True,
    )
    assert (row.labels, row.data, bytes(row.scan)) == (["new"], None, b"")
    assert began < row.seen_at < timezone.now()
    assert run("mirror_restore", "--dry-run")[0] == 0


SET_ANEW = """\
Held by no item or object of lab.scan, and so set anew in each row that comes back: \
note (its default), score (its default), level (its default), labels (its default), data (null), \
seen_at (the time of the restore), day (the time of the restore), rotated (its default), \
scan (empty), remark (empty), place (null).
"""


@pytest.mark.parametrize("mode", ["--dry-run", "--apply"])
def test_what_is_not_mirrored_is_named_with_what_comes_back(
    mirror: Stores, tables: Create, mode: str
) -> None:
    more: dict[str, models.Field[Any, Any]]
    more = {"remark": models.TextField(), "place": models.TextField(null=True)}
    left_out = {name: field.clone() for name, field in (LEFT_OUT | more).items()}
    scan = tables(model("Scan", title=models.TextField(), **left_out))
    adopt(scan, {"without_attribute": [*left_out]}, title=TextAttribute())
    assert "Held by no" not in run("mirror_restore", mode)[1]  # no item was read
    scan.objects.create(data={}, scan=b"")
    mirror_all(mirror)
    assert SET_ANEW in run("mirror_restore", mode)[1]
    lose(scan)
    assert SET_ANEW in run("mirror_restore", mode)[1]


def test_what_a_parents_document_mirrors_is_not_named(mirror: Stores, tables: Create) -> None:
    song = tables(model("Song", title=models.TextField()))
    live = tables(model("Live", song, place=models.TextField()))
    adopt(song, title=TextAttribute())
    keys = staticmethod(lambda row: {"pk": f"live#{row.pk}", "sk": "live"})
    adopt(live, {"without_attribute": ["title"]}, place=TextAttribute(), keys=keys)
    live.objects.create(title="one", place="here")
    mirror_all(mirror)
    assert "Held by no" not in run("mirror_restore", "--dry-run")[1]


def test_what_an_item_lacks_and_the_model_sets_is_counted(mirror: Stores, tables: Create) -> None:
    scan = tables(model("Scan", note=models.TextField(), level=models.IntegerField(default=7)))
    adopt(scan, note=TextAttribute(), level=WholeNumberAttribute())
    for note in ("", "mine"):
        scan.objects.create(note=note, level=1)
    mirror_all(mirror)
    first = scan.objects.earliest("pk")
    remove_attribute(mirror, item_of(mirror, first.pk), "level")
    lose(scan)
    line = "Fields that items of lab.scan lack, and that {} their default: level 1.\n"
    assert line.format("would get") in run("mirror_restore", "--dry-run")[1]
    assert line.format("got") in run("mirror_restore", "--apply")[1]
    assert list(scan.objects.order_by("pk").values_list("level", flat=True)) == [7, 1]


def test_a_field_that_was_forgotten_is_named(mirror: Stores, tables: Create) -> None:
    scan = tables(model("Scan", note=models.TextField()))
    adopt(scan, {})
    scan.objects.create(note="mine")
    mirror_all(mirror)
    code, printed = run("mirror_restore", "--dry-run")
    assert (code, "lab.scan differs in: note (no attribute) 1.\n" in printed) == (1, True)


def test_a_row_that_could_not_be_inserted_is_named_in_every_rehearsal(
    mirror: Stores, tables: Create
) -> None:
    scan = tables(model("Scan", pages=models.IntegerField(), size=models.IntegerField(null=True)))
    adopt(scan, {"without_attribute": ["pages", "size"]})
    row = scan.objects.create(pages=7, size=8)
    mirror_all(mirror)
    code, printed = run("mirror_restore", "--dry-run")
    assert (code, f"{row.pk}: differs: pages (no attribute, no default)\n" in printed) == (1, True)
    pk = row.pk
    lose(scan)
    for mode in ("--dry-run", "--apply"):
        code, printed = run("mirror_restore", mode)
        problem = f"lab.scan {pk}: cannot be restored: no attribute and no default: pages\n"
        assert (code, problem in printed) == (1, True)


def test_an_inherited_column_that_takes_no_null_is_named(mirror: Stores, tables: Create) -> None:
    song = tables(model("Song", pages=models.IntegerField()))
    live = tables(model("Live", song, place=models.TextField()))
    adopt(live, {"without_attribute": ["pages"]}, place=TextAttribute())
    live.objects.create(pages=7, place="here")
    mirror_all(mirror)
    assert run("mirror_restore", "--dry-run")[0] == 0
    live.objects.get().delete(keep_parents=True)
    LedgerEntry.objects.all().delete()
    assert run("mirror_restore", "--apply")[0] == 0  # its song is still there
    lose(live)
    song.objects.all().delete()
    code, printed = run("mirror_restore", "--apply")
    assert (code, "cannot be restored: IntegrityError pages" in printed) == (1, True)


@pytest.fixture
def page(tables: Create) -> Any:
    """A model whose text lies in a body, unless it is empty; its note is not mirrored."""
    page = tables(
        model(
            "Page",
            text=models.TextField(default="not written yet"),
            note=models.TextField(default="no note"),
        )
    )

    def bodies(cls: Any, row: Any) -> Sequence[Body]:
        content = row.text.encode()
        return (Body("textStorageKey", f"pages/{row.pk}", ".txt", content),) if content else ()

    adopt(
        page,
        {"body_folders": ["pages"], "without_attribute": ["text", "note"]},
        bodies=classmethod(bodies),
        unpack=classmethod(lambda cls, attribute, content: {"text": content.decode()}),
    )
    return page


def test_what_a_body_holds_is_compared_and_comes_back(mirror: Stores, page: Any) -> None:
    for text in ("a text", ""):
        page.objects.create(text=text, note="mine")
    mirror_all(mirror)
    assert run("mirror_restore", "--dry-run")[0] == 0
    lose(page)
    assert run("mirror_restore", "--apply")[0] == 0
    rows = page.objects.order_by("pk").values_list("text", "note")
    assert list(rows) == [("a text", "no note"), ("", "no note")]


def test_what_a_body_holds_is_not_named(mirror: Stores, page: Any) -> None:
    for text in ("", "a text"):
        page.objects.create(text=text, note="mine")
    mirror_all(mirror)
    printed = run("mirror_restore", "--dry-run")[1]
    assert "set anew in each row that comes back: note (its default).\n" in printed


def test_a_body_that_differs_or_is_lost_is_a_difference(mirror: Stores, page: Any) -> None:
    changed, emptied, filled, lost = (
        page.objects.create(text=text, note="mine") for text in ("1", "2", "", "4")
    )
    mirror_all(mirror)
    for row, text in ((changed, "other"), (emptied, ""), (filled, "3")):
        page.objects.filter(pk=row.pk).update(text=text)
    remove_attribute(mirror, item_of(mirror, lost.pk), "textStorageKey")
    LedgerEntry.objects.update(mirrored_revision=models.F("revision"))
    printed = run("mirror_restore", "--dry-run")[1]
    assert "lab.page differs in: text 4.\n" in printed


def test_a_defect_in_bodies_ends_no_restore(
    mirror: Stores, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.objects.create(text="", note="mine")
    mirror_all(mirror)
    monkeypatch.setattr(registry.document_for("lab.page"), "bodies", lambda row: 1 / 0)
    assert "lab.page differs in: note 1.\n" in run("mirror_restore", "--dry-run")[1]
