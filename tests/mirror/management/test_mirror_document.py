"""What mirror_document drafts can be used as it is: it imports, passes the checks, and mirrors."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.postgres import fields as pg
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import isolate_apps

from mirror.checks.attributes import check_attributes
from mirror.checks.documents import check_pairs
from mirror.checks.missing_attributes import missing_attributes
from mirror.documents import registry
from mirror.management.drafts import draft
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync.backfill import enqueue_all
from tests.mirror.documents.test_field_types import COLUMNS, ROWS
from tests.mirror.restore.test_related_rows import Create, mirror_all, tables
from tests.support import adopters
from tests.support.adopters import model
from tests.support.commands import run
from tests.support.stored import assert_equal_after_sync, item_of

__all__ = ["tables"]

# Names that are taken, and fields that no attribute holds.
AWKWARD: dict[str, models.Field[Any, Any]] = {
    "expires_at": models.DateTimeField(null=True),
    "mirror_revision": models.IntegerField(null=True),
    "text_storage_key": models.TextField(default=""),
    "a_b": models.IntegerField(default=1),
    "aB": models.IntegerField(default=2),
    "keys": models.TextField(default=""),
    "own_raw": models.BinaryField(null=True),
    "own_span": pg.IntegerRangeField(null=True),
    "own_codes": pg.ArrayField(models.UUIDField(), null=True),
    "vector": SearchVectorField(null=True),
}


@pytest.fixture(autouse=True)
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A project that has no documents yet."""
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps("django.contrib.auth", "django.contrib.contenttypes"):
        yield


def use(monkeypatch: pytest.MonkeyPatch, *chosen: type[models.Model]) -> str:
    """Import what is drafted for these models; return it."""
    for each in chosen:
        monkeypatch.setattr(adopters, each.__name__, each, raising=False)
    text = draft(chosen)
    exec(compile(text, "documents.py", "exec"), {})  # noqa: S102 - its own output
    assert [*check_attributes(None), *check_pairs(None)] == []
    return text


def test_every_type_of_field(mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    user: Any = models.ForeignKey(User, models.CASCADE, related_name="+")
    fields = {name: field for name, (field, _) in COLUMNS.items()} | AWKWARD
    song = model("Song", user=user, **{name: field.clone() for name, field in fields.items()})
    text = use(monkeypatch, song)
    assert '"text_storage_key"],' in text
    assert "# Decide: no attribute holds the SearchVectorField vector. Leave it out, or:" in text
    assert "count = WholeNumberAttribute()" in text
    with connection.schema_editor() as editor:
        editor.create_model(song)
    try:
        for row in ROWS:  # a number in DynamoDB is never infinite
            song.objects.create(user_id=owner.pk, **{**row, "ratio": 0.5})
        created = song.objects.latest("pk")
        song.objects.filter(pk=created.pk).update(
            mirror_revision=7, vector=SearchVector(models.Value("word"))
        )
        assert enqueue_all() == len(ROWS)
        assert_equal_after_sync(mirror)
        item = item_of(mirror, created.pk)
        assert (item["pk"], item["sk"]) == (f"user#{owner.pk}", f"song#{created.pk}")
        assert item["mirror_revision"] == 7
        assert (item["aB"], item["songAB"], item["userId"]) == (1, 2, str(owner.pk))
        code, printed = run("mirror_restore", "--dry-run")  # the vector can be computed again
        assert (code, "differs" in printed) == (0, False)
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(song)


def test_times_come_back_to_the_microsecond(
    mirror: Stores, tables: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = tables(model("Tape", recorded_at=models.DateTimeField()))
    use(monkeypatch, tape)
    when = datetime(2026, 2, 5, 20, 42, 11, 42_999, tzinfo=UTC)
    tape.objects.create(recorded_at=when)
    mirror_all(mirror)
    assert run("mirror_restore", "--dry-run")[0] == 0
    tape.objects.all().delete()
    LedgerEntry.objects.all().delete()
    assert run("mirror_restore", "--apply")[0] == 0
    assert tape.objects.get().recorded_at == when


def test_keys_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    code: Any = models.CharField(max_length=20, primary_key=True)
    album = model("Album", code=code, id=models.IntegerField())
    song = model(
        "Song",
        id=models.UUIDField(primary_key=True, default=uuid4),
        album=models.ForeignKey(album, models.CASCADE),
        words=models.TextField(),
    )
    live = model("LiveSong", song, other=models.ForeignKey(song, models.SET_NULL, null=True))
    text = use(monkeypatch, album, song, live)
    assert 'code = TextAttribute("id")' in text
    assert 'id = WholeNumberAttribute("albumId")' in text
    assert 'song_ptr_id = TextAttribute("id")' in text
    assert 'entity="liveSong"' in text
    documents = {d.mirror_options.entity: d for d in registry.documents()}
    assert documents["album"].keys(album(code="Rock #1"))["sk"] == "album#=526f636b202331"
    one = UUID(int=1)
    keys = documents["liveSong"].keys(live(pk=one, album_id="rock"))
    assert keys == {"pk": "album#rock", "sk": f"livesong#{one}"}


def test_a_many_to_many_relation_is_pointed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = model("Tape", players=models.ManyToManyField(User, related_name="+"))
    text = use(monkeypatch, tape)
    said = re.sub(r"\n +# ", " ", text)
    assert "Decide: players is many-to-many. Leave it out, or write a model of its table" in said
    assert 'db_table = "lab_tape_players", and with the foreign keys tape and user.' in said
    assert "SeparateDatabaseAndState(state_operations=[…])" in said
    assert all(len(line) <= 100 for line in text.splitlines())


def test_a_many_to_many_relation_with_a_model_is_pointed_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tape = model("Tape", players=models.ManyToManyField(User, through="lab.Side"))
    key: Any = models.ForeignKey
    model("Side", tape=key(tape, models.CASCADE), user=key(User, models.CASCADE))
    assert "# players is mirrored by a document of its through model, lab.Side." in draft([tape])


def test_a_table_without_a_model_gets_no_document() -> None:
    said = r"^auth.User_groups is no model of yours, but the table of a many-to-many relation\. "
    with pytest.raises(CommandError, match=f"{said}Write a model of its table"):
        call_command("mirror_document", "auth.User_groups")


def test_a_field_that_may_be_secret_is_pointed_to() -> None:
    text = draft([model("Key", api_token=models.TextField(), title=models.TextField())])
    assert 'api_token = TextAttribute("apiToken")  # Decide: a secret? Then name it in' in text
    assert "title = TextAttribute()\n" in text


def test_an_entity_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    song = model("Song")
    use(monkeypatch, song)
    other = model("Song", meta={"app_label": "auth"})
    assert 'entity="auth-song"' in draft([other])
    assert 'entity="song"' in draft([song])


def test_it_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps.get_app_config("auth"), "path", tmp_path)
    code, printed = run("mirror_document", "auth.User", "--write")
    assert (code, "documents.py is written." in printed) == (0, True)
    assert "class UserDocument(Document):" in (tmp_path / "documents.py").read_text()
    with pytest.raises(CommandError, match="UserDocument exists"):
        call_command("mirror_document", "auth.User", "--write")
    assert run("mirror_document", "auth.User")[1] == (tmp_path / "documents.py").read_text()


def test_it_is_added_to_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps.get_app_config("auth"), "path", tmp_path)
    path = tmp_path / "documents.py"
    path.write_text(
        '"""Ours."""\n\nfrom mirror.documents import Document, register\n\nANSWER = 42\n'
    )
    assert "Group is added to" in run("mirror_document", "auth.Group", "--write")[1]
    text = path.read_text()
    assert text.startswith('"""Ours."""\n\nfrom mirror.documents import Document, register\n')
    assert "\nfrom mirror.documents import TextAttribute\n\nANSWER = 42\n\n\n@register" in text
    run("mirror_document", "auth.User", "--write")
    text = path.read_text()
    assert text.count("import Group\n") == text.count("import User\n") == 1
    exec(compile(text, "documents.py", "exec"), {})  # noqa: S102 - its own output
    assert {"auth.group", "auth.user"} <= set(registry.labels())


def test_several_are_added_to_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps.get_app_config("auth"), "path", tmp_path)
    (tmp_path / "documents.py").touch()
    printed = run("mirror_document", "auth.Group", "auth.Permission", "--write")[1]
    assert "Group, Permission are added to" in printed


OURS = """\
from mirror.documents import Document, TextAttribute, register  # all we need
from tests.support.adopters import Scan
\f

@register(Scan, entity="scan", without_attribute=["note"])
class ScanDocument(Document):
    id   = TextAttribute()
    title = TextAttribute(
        "headline",  # \u2028 for readers
    )  # the last one

    search_fields = ("title",)

    @classmethod
    def keys(cls, instance):
        return {"pk": f"scan#{instance.pk}", "sk": "scan"}


ANSWER = 42
from math import pi
"""


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A function that writes this text as documents.py, and imports it."""
    texts = {name: models.TextField() for name in ("title", "note", "body", "keys")}
    pages = {name: models.IntegerField() for name in ("pageCount", "page_count")}
    adopted = model("Scan", **texts, **pages)
    monkeypatch.setattr(adopters, "Scan", adopted, raising=False)
    named = {"lab.Scan": adopted, "lab.Reel": model("Reel")}
    monkeypatch.setattr(apps, "get_model", named.__getitem__)
    monkeypatch.setattr(apps, "get_app_config", lambda _: SimpleNamespace(path=tmp_path))
    path = tmp_path / "documents.py"

    def load(text: str) -> Path:
        path.write_bytes(text.encode())
        spec = spec_from_file_location("lab_documents", path)
        assert spec
        assert spec.loader
        module = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "lab_documents", module)
        spec.loader.exec_module(module)
        return path

    return load


ADDED = """\
    pageCount = WholeNumberAttribute()
    page_count = WholeNumberAttribute()
    body = TextAttribute()
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=repr)
def test_a_document_gets_the_attributes_that_it_lacks_and_nothing_else_changes(
    scan: Callable[[str], Path], end: str
) -> None:
    path = scan(OURS.replace("\n", end))
    code, printed = run("mirror_document", "lab.Scan", "--write")
    changed = path.read_bytes().decode()
    expected = OURS.replace("    )  # the last one\n", f"    )  # the last one\n{ADDED}").replace(
        "import Scan\n", "import Scan\nfrom mirror.documents import WholeNumberAttribute\n"
    )
    assert sorted(changed.split(end)) == sorted(expected.split("\n"))
    assert changed.index("the last one") < changed.index("body = ") < changed.index("search_fields")
    assert changed.index("import WholeNumberAttribute") < changed.index("class ScanDocument")
    assert (code, f"Added to ScanDocument in {path}: " in printed) == (0, True)
    assert "Name in long_texts what may be long of body." in printed
    assert "keys: Rename the field" in printed
    scan(changed)
    assert [f.attname for f in missing_attributes(registry.document_for("lab.scan"))] == ["keys"]
    assert check_attributes(None) == []


def test_a_model_without_a_document_gets_one_beside_it(scan: Callable[[str], Path]) -> None:
    path = scan(OURS)
    printed = run("mirror_document", "lab.Reel", "lab.Scan", "--write")[1]
    assert f"Added to ScanDocument in {path}: " in printed
    assert f"Reel is added to {path}." in printed
    text = path.read_text()
    assert (text.count("class ScanDocument"), text.count("class ReelDocument")) == (1, 1)
    assert "    body = TextAttribute()\n" in text


def test_a_document_that_lacks_nothing_is_left_as_it_is(scan: Callable[[str], Path]) -> None:
    text = OURS.replace('["note"]', '["note", "body", "pageCount", "page_count", "keys"]')
    path = scan(text)
    before = path.stat().st_mtime_ns
    code, printed = run("mirror_document", "lab.Scan", "--write")
    assert (code, printed) == (0, f"ScanDocument in {path} lacks no attribute.\n")
    assert path.stat().st_mtime_ns == before


RENAMED = OURS.replace("class ScanDocument", "class Other") + 'Other.__name__ = "ScanDocument"\n'
ONE_LINE = """\
from mirror.documents import Document, TextAttribute, register
from tests.support.adopters import Scan
@register(Scan, entity="scan")
class ScanDocument(Document): id = TextAttribute()
"""


@pytest.mark.parametrize("text", [RENAMED, ONE_LINE], ids=["another name", "one line"])
def test_what_cannot_be_changed_is_said_with_what_to_write(
    scan: Callable[[str], Path], text: str
) -> None:
    path = scan(text)
    with pytest.raises(CommandError, match=r"cannot be changed. Write in ScanDocument:(?s:.)*body"):
        call_command("mirror_document", "lab.Scan", "--write")
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (OURS.replace("    title =", "    titel ="), "Did you mean title?"),
        (OURS.replace('["note"]', '["notes"]'), "Did you mean note?"),
    ],
    ids=["an attribute", "without_attribute"],
)
def test_a_name_of_no_field_is_corrected_first(
    scan: Callable[[str], Path], wrong: str, advice: str
) -> None:
    path = scan(wrong)
    with pytest.raises(CommandError, match=f"is no column of lab.Scan. {re.escape(advice)}"):
        call_command("mirror_document", "lab.Reel", "lab.Scan", "--write")
    assert path.read_bytes().decode() == wrong


@pytest.mark.parametrize("text", ["", '"""Ours."""', "ANSWER = 42"], ids=repr)
def test_it_is_added_to_a_module_without_imports(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps.get_app_config("auth"), "path", tmp_path)
    path = tmp_path / "documents.py"
    path.write_text(text)
    run("mirror_document", "auth.Group", "--write")
    exec(compile(path.read_text(), "documents.py", "exec"), {})  # noqa: S102 - its own output
    assert text in path.read_text()
    assert "auth.group" in registry.labels()


def test_it_is_not_added_to_what_is_no_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps.get_app_config("auth"), "path", tmp_path)
    (tmp_path / "documents.py").write_text("def")
    with pytest.raises(CommandError, match="is no Python"):
        call_command("mirror_document", "auth.Group", "--write")


def test_a_proxy_gets_no_document(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = model("Member", User, meta={"proxy": True})
    monkeypatch.setattr(apps, "get_model", {"lab.Member": proxy}.__getitem__)
    said = "lab.Member is a proxy of auth.User, which mirrors its rows. Name auth.User instead."
    with pytest.raises(CommandError, match=f"^{re.escape(said)}$"):
        call_command("mirror_document", "lab.Member")


@pytest.mark.parametrize(
    ("label", "advice"),
    [
        ("auth.Usr", "The app auth has Group, Permission, User."),
        ("nothing", "Write app.Model, such as songs.Song."),
        ("shop.songs.Song", "Write app.Model, such as songs.Song."),
        ("nowhere.Song", 'Add "nowhere" to INSTALLED_APPS.'),
    ],
)
def test_a_model_that_does_not_exist(label: str, advice: str) -> None:
    with pytest.raises(CommandError, match=f"There is no model {label}\\. {re.escape(advice)}$"):
        call_command("mirror_document", label)
