"""What cannot be mirrored is refused by name, with what to type instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres import fields as pg
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower
from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from mirror.checks.attributes import HOLDS, METHODS, check_attributes
from mirror.documents import (
    ExactTimeAttribute,
    NativeAttribute,
    TextAttribute,
    TimeAttribute,
    WholeNumberAttribute,
)
from tests.support.adopters import adopt, model
from tests.support.paths import PROJECT


def found() -> list[tuple[str, str, str]]:
    """Return the number, the message and the hint of each problem."""
    return [(str(p.id), p.msg, str(p.hint)) for p in check_attributes(None)]


def model_with(**fields: Any) -> Any:
    return model("Song", **fields)


def test_this_project_has_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert found() == []


def named(cases: Sequence[tuple[Any, ...]]) -> list[str]:
    return [f"{number} {type(field).__name__}" for number, (field, *_) in enumerate(cases)]


class Reversed(TextAttribute):
    """An attribute class of the adopter's own."""

    def serialize(self, value: Any) -> str:
        return str(value)[::-1]


TITLE: Any = models.GeneratedField(
    expression=Lower("id"), output_field=models.TextField(), db_persist=True
)
INTEGERS = pg.ArrayField(models.IntegerField())
HELD: list[tuple[models.Field[Any, Any], Attribute[Any]]] = [
    (models.TextField(), TextAttribute()),
    (models.DateField(), TextAttribute()),
    (models.DateTimeField(), TimeAttribute()),
    (models.DateTimeField(), ExactTimeAttribute()),
    (models.JSONField(), NativeAttribute()),
    (pg.HStoreField(), NativeAttribute()),
    (pg.ArrayField(INTEGERS), NativeAttribute()),
    (models.BigIntegerField(), WholeNumberAttribute()),
    (models.FileField(), TextAttribute()),
    (models.BinaryField(), BinaryAttribute(legacy_encoding=False)),
    (models.BinaryField(), NativeAttribute()),
    (models.DurationField(), NativeAttribute()),
    (pg.DecimalRangeField(), NativeAttribute()),
    (pg.ArrayField(pg.ArrayField(models.UUIDField())), NativeAttribute()),
    (pg.ArrayField(pg.DateRangeField()), NativeAttribute()),
    (models.BooleanField(), BooleanAttribute()),
    (models.FloatField(), NumberAttribute()),
    (models.CharField(), UnicodeAttribute()),
    (models.DateTimeField(), UTCDateTimeAttribute()),
    (SearchVectorField(), Reversed()),
    (TITLE, TextAttribute()),
]


@pytest.mark.parametrize(("field", "attribute"), HELD, ids=named(HELD))
def test_what_can_be_held_is_accepted(field: Any, attribute: Attribute[Any]) -> None:
    adopt(model_with(value=field), value=attribute)
    assert found() == []


BEST: list[tuple[models.Field[Any, Any], Sequence[type[Attribute[Any]]], str]] = [
    (models.BinaryField(), [TextAttribute, UnicodeAttribute], "value = NativeAttribute()."),
    (models.JSONField(), [TextAttribute, TimeAttribute], "value = NativeAttribute()"),
    (pg.HStoreField(), [TextAttribute], "value = NativeAttribute()"),
    (INTEGERS, [TextAttribute, WholeNumberAttribute], "value = NativeAttribute()"),
    (pg.ArrayField(models.UUIDField()), [TextAttribute], "value = NativeAttribute()."),
    (pg.ArrayField(models.JSONField()), [NativeAttribute], "subclass"),
    (pg.ArrayField(models.FileField()), [NativeAttribute], "subclass"),
    (pg.DecimalRangeField(), [TextAttribute, NumberAttribute], "value = NativeAttribute()."),
    (SearchVectorField(), [TextAttribute, NativeAttribute], "subclass"),
    (models.DecimalField(), [NumberAttribute], "value = NativeAttribute() or TextAttribute()"),
    (
        models.DateField(),
        [TimeAttribute, NativeAttribute, UTCDateTimeAttribute],
        "value = TextAttribute()",
    ),
    (models.DateTimeField(), [NativeAttribute], "ExactTimeAttribute() or TimeAttribute() or"),
    (models.UUIDField(), [NativeAttribute], "value = TextAttribute()"),
    (models.BooleanField(), [WholeNumberAttribute], "value = NativeAttribute() or TextAttribute()"),
    (models.CharField(), [WholeNumberAttribute, TimeAttribute], "or TextAttribute()"),
    (models.TextField(), [BooleanAttribute], "value = NativeAttribute() or TextAttribute()"),
]


@pytest.mark.parametrize(("field", "kinds", "advice"), BEST, ids=named(BEST))
def test_what_cannot_be_held_is_refused_by_name(
    field: Any, kinds: Sequence[type[Any]], advice: str
) -> None:
    song = model_with(value=field)
    for kind in kinds:
        adopt(song, value=kind())
        ((number, text, hint),) = found()
        assert number == "mirror.E007"
        assert f"{kind.__name__} cannot hold the {type(field).__name__} value." in text
        assert advice in hint


FIELD = re.compile(r"`(\w+Field)`")


def test_the_guide_names_attributes_that_hold_their_fields() -> None:
    guide = (PROJECT / "docs" / "adopting.md").read_text()
    lines = re.findall(r"^\| (.*?`.*?) \| `(\w+Attribute)` \|", guide, re.MULTILINE)
    pairs = [(f, attribute) for fields, attribute in lines for f in FIELD.findall(fields)]
    assert len(pairs) > 20
    kinds = {kind.__name__: kind for kind in HOLDS}
    for name, attribute in pairs:
        field = getattr(models, name, None) or getattr(pg, name)
        held = HOLDS[kinds[attribute]]
        assert issubclass(field, held) or (name, attribute) == ("ArrayField", "NativeAttribute")


def test_a_foreign_key_is_held_as_what_it_refers_to() -> None:
    song = model_with(user=models.ForeignKey(User, models.CASCADE))
    for kind in (TextAttribute, WholeNumberAttribute):
        adopt(song, user_id=kind("userId"))
        assert found() == []
    adopt(song, user_id=TimeAttribute())
    assert [number for number, *_ in found()] == ["mirror.E007"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("user", "Write user_id instead of user."),
        ("tags", "give tags a through model"),
        ("target", "register the model that target leads to"),
        ("lenght", "Did you mean length? An attribute has the name of a field."),
        ("title", "An attribute has the name of a field."),
    ],
)
def test_an_attribute_that_names_no_column_is_refused(name: str, advice: str) -> None:
    song = model_with(
        user=models.ForeignKey(User, models.CASCADE, related_name="+"),
        tags=models.ManyToManyField(User, related_name="+"),
        kind=models.ForeignKey(ContentType, models.CASCADE, related_name="+"),
        number=models.TextField(),
        target=GenericForeignKey("kind", "number"),
        length=models.IntegerField(),
        title=property(lambda row: "computed"),
    )
    adopt(song, **{name: TextAttribute()})
    ((number, text, hint),) = found()
    assert (number, text) == ("mirror.E006", f"SongDocument: {name} is no column of lab.Song.")
    assert advice in hint


@pytest.mark.parametrize("new", ["birth", "bornAt"])
def test_the_attribute_of_a_renamed_field_keeps_its_name_in_the_item(new: str) -> None:
    song = model_with(**{new: models.TextField()}, title=models.TextField())
    adopt(song, bornOn=TextAttribute("born"), title=TextAttribute())
    ((_, _, hint),) = found()
    advice = f'write {new} = TextAttribute("born"): its name in the items stays.'
    assert hint.endswith(f"Rename it or remove it. If the field was renamed, {advice}")


@pytest.mark.parametrize(
    "reserved",
    ["pk", "sk", "gsi1pk", "gsi1sk", "__edb_e__", "__edb_v__", "mirrorRevision", "expiresAt"],
)
def test_a_name_that_the_mirror_needs_is_refused(reserved: str) -> None:
    adopt(model_with(value=models.TextField()), value=TextAttribute(reserved))
    ((number, text, hint),) = found()
    assert (number, hint) == ("mirror.E009", 'Write value = TextAttribute("another name").')
    assert f"value is called {reserved} in the item" in text


def test_the_name_that_says_whose_an_item_is_belongs_to_no_field() -> None:
    song = model_with(type=models.TextField())
    adopt(song, type=TextAttribute())
    assert found() == []
    adopt(model("Album"), {"entity_attribute": "type"})
    ((number, text, hint),) = found()
    assert (number, hint) == ("mirror.E009", 'Write type = TextAttribute("another name").')
    assert "type is called type in the item" in text


@pytest.mark.parametrize("name", ["pk", "gsi1sk", "__edb_v__", "mirrorRevision", "id", ""])
def test_an_entity_under_a_name_that_the_mirror_needs_is_refused(name: str) -> None:
    adopt(model_with(), {"entity_attribute": name})
    ((number, text, hint),) = found()
    assert (number, f"entity_attribute cannot be {name!r}" in text) == ("mirror.E009", True)
    assert "another entity_attribute" in hint


@pytest.mark.parametrize("name", ["sk", "gsi1pk", "search_owner", "serialize"])
def test_a_field_of_the_name_of_something_else_is_refused(name: str) -> None:
    adopt(model_with(**{name: models.TextField()}), **{name: TextAttribute("other")})
    ((number, _, hint),) = found()
    assert (number, "Rename the field" in hint) == ("mirror.E009", True)
    assert {"keys", "bodies", "attribute_values", "_set_attributes"} <= METHODS


def test_two_attributes_of_one_name_are_refused() -> None:
    song = model_with(one=models.TextField(), two=models.TextField())
    adopt(song, one=TextAttribute("name"), two=TextAttribute("name"))
    ((number, text, hint),) = found()
    assert (number, "one and two are both called name" in text) == ("mirror.E010", True)
    assert hint == 'Write two = TextAttribute("another name").'
    moved = {"long_texts": ["one"]}
    adopt(song, moved, one=TextAttribute(), two=TextAttribute("oneStorageKey"))
    ((number, text, _),) = found()
    assert (number, "the S3 key of one and two" in text) == ("mirror.E010", True)


@pytest.mark.parametrize("option", ["long_texts", "search_fields"])
def test_a_text_that_is_no_attribute_is_refused(option: str) -> None:
    song = model_with(words=models.TextField(), data=models.JSONField())
    for name in ("words", "data"):
        attributes: dict[str, Any] = {"data": NativeAttribute()}
        if option == "long_texts":
            adopt(song, {option: [name]}, **attributes)
        else:
            adopt(song, **{option: [name], **attributes})
        ((number, text, _),) = found()
        assert (number, f"{option} names {name}" in text) == ("mirror.E013", True)


def test_an_id_that_is_not_the_primary_key_is_refused() -> None:
    song = model_with(code=models.TextField(primary_key=True), other=models.TextField())
    members: list[dict[str, Any]] = [
        {"id": None},
        {"id": None, "code": TextAttribute()},
        {"id": None, "other": TextAttribute("id")},
        {"id": None, "code": NativeAttribute("id")},
    ]
    for each in members:
        adopt(song, **each)
        ((number, _, hint),) = found()
        assert (number, hint) == ("mirror.E008", 'Write code = TextAttribute("id").')
    adopt(song, id=None, code=TextAttribute("id"))
    assert found() == []


def test_the_id_of_a_child_is_its_parent_s() -> None:
    child = model("Live", model_with())
    adopt(child)
    assert found() == []
    adopt(child, id=None, song_ptr_id=TextAttribute("id"))
    assert found() == []


class Scrambled(models.IntegerField[Any, Any]):
    """A number that Python sees as another text than PostgreSQL."""

    def from_db_value(self, value: Any, *_: Any) -> str:
        return f"x{value}"


@pytest.mark.parametrize(
    "key",
    [
        models.DateTimeField(primary_key=True),
        models.DecimalField(primary_key=True),
        models.BooleanField(primary_key=True),
        models.GenericIPAddressField(primary_key=True),
        Scrambled(primary_key=True),
    ],
    ids=lambda key: type(key).__name__,
)
def test_a_primary_key_whose_text_is_not_postgresql_s_is_refused(key: Any) -> None:
    adopt(model_with(id=key))
    ((number, text, hint),) = found()
    assert (number, type(key).__name__ in text) == ("mirror.E011", True)
    assert hint == "Make it an integer, a UUID or a text."


def test_a_composite_primary_key_is_refused() -> None:
    composite = models.CompositePrimaryKey("album", "number")
    song = model_with(pk=composite, album=models.TextField(), number=models.IntegerField())
    adopt(song, id=None, album=TextAttribute())
    ((number, text, hint),) = found()
    assert (number, "is composite" in text) == ("mirror.E011", True)
    assert "UniqueConstraint" in hint
