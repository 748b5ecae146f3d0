"""A field for which the document has no attribute is named: the mirror would lose it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower

from mirror.checks.attributes import check_attributes
from mirror.checks.missing_attributes import check_missing_attributes
from mirror.documents import TextAttribute
from tests.support.adopters import adopt, model


def found() -> list[tuple[str, str, str]]:
    """Return the number, the message and the hint of each problem."""
    return [(str(p.id), p.msg, str(p.hint)) for p in check_missing_attributes(None)]


def test_this_project_has_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert found() == []


def test_a_field_without_an_attribute_is_named() -> None:
    adopt(model("Scan", title=models.TextField(), note=models.TextField()), title=TextAttribute())
    ((number, text, hint),) = found()
    assert number == "mirror.W031"
    assert text == (
        "ScanDocument has no attribute for the field note: it is not mirrored, and mirror_restore"
        " cannot bring it back."
    )
    assert hint.startswith(
        "Write note = TextAttribute() in the document, as manage.py mirror_document lab.Scan"
        " --write does, and run mirror_sync --all."
    )
    assert 'without_attribute=["note"]' in hint


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({}, "If bodies hold it, write without_attribute="),
        ({"null": True}, "If bodies hold it, or it is to be left out, write without_attribute="),
        ({"default": 1}, "If bodies hold it, or it is to be left out, write without_attribute="),
    ],
)
def test_only_what_a_restored_row_can_do_without_may_be_left_out(
    options: dict[str, Any], advice: str
) -> None:
    adopt(model("Scan", pages=models.IntegerField(**options)))
    ((_, _, hint),) = found()
    assert advice in hint


def to_user() -> Any:
    return models.ForeignKey(User, models.CASCADE, related_name="+")


@pytest.mark.parametrize(
    ("name", "field", "advice"),
    [
        (
            "page_count",
            models.IntegerField(),
            'Write page_count = WholeNumberAttribute("pageCount") in',
        ),
        ("full_name", models.TextField(), "Write full_name = TextAttribute() in"),
        ("user", to_user(), 'Write user_id = TextAttribute("userId") in'),
        ("keys", models.TextField(), "documents have something else called keys"),
        ("point", models.Field(), "a subclass of TextAttribute"),
    ],
)
def test_the_hint_is_what_would_be_drafted(name: str, field: Any, advice: str) -> None:
    adopt(model("Scan", **{name: field}), names=TextAttribute("fullName"))
    ((_, _, hint),) = found()
    assert advice in hint


def test_what_is_computed_or_left_out_on_purpose_is_accepted() -> None:
    scan = model(
        "Scan",
        note=models.TextField(),
        text=models.TextField(),
        vector=SearchVectorField(null=True),
        lower=models.GeneratedField(
            expression=Lower("text"), output_field=models.TextField(), db_persist=True
        ),
    )
    adopt(scan, {"without_attribute": ["note"]}, text=TextAttribute("words"))
    assert found() == []


def test_a_field_of_a_parent_is_named_unless_the_parent_has_a_document() -> None:
    song = model("Song", title=models.TextField())
    live = model("Live", song)
    adopt(live)
    assert [text.partition(":")[0] for _, text, _ in found()] == [
        "LiveDocument has no attribute for the field title"
    ]
    adopt(song, title=TextAttribute())
    assert found() == []


def test_a_proxy_has_the_fields_of_its_model() -> None:
    adopt(model("Hit", model("Song", title=models.TextField()), meta={"proxy": True}))
    assert [number for number, *_ in found()] == ["mirror.W031"]


@pytest.mark.parametrize(("name", "advice"), [("nota", "Rename it"), ("user", "Write user_id")])
def test_a_name_that_is_no_field_is_refused(name: str, advice: str) -> None:
    adopt(model("Scan", user=to_user()), {"without_attribute": [name]}, user_id=TextAttribute())
    (problem,) = check_attributes(None)
    assert problem.id == "mirror.E006"
    assert problem.msg == f"ScanDocument: without_attribute: {name} is no column of lab.Scan."
    assert advice in str(problem.hint)
