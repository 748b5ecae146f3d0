"""Keys that are missing, or that two rows could share, are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import models

from mirror.checks.keys import check_keys
from mirror.documents import Document, encode_id
from tests.support.adopters import adopt, model


def found(keys: Callable[[Any], Any], **fields: Any) -> list[str]:
    """Return the hints about a document with these keys."""
    adopt(model("Song", **fields), keys=staticmethod(keys))
    problems = check_keys(None)
    assert all(problem.id == "mirror.E024" for problem in problems)
    return [str(problem.hint) for problem in problems]


KINDS: dict[str, Any] = {
    "integer": models.IntegerField(primary_key=True),
    "uuid": models.UUIDField(primary_key=True, default=uuid4),
    "text": models.CharField(primary_key=True, max_length=9),
}


@pytest.mark.parametrize("kind", KINDS)
def test_keys_with_the_primary_key_are_accepted(kind: str) -> None:
    key = KINDS[kind].clone()
    assert found(lambda row: {"pk": f"a#{encode_id(str(row.pk))}", "sk": "b"}, id=key) == []


@pytest.mark.parametrize("kind", KINDS)
def test_keys_without_the_primary_key_are_named(kind: str) -> None:
    (hint,) = found(lambda row: {"pk": f"a#{row.pk}#", "sk": "b"}, id=KINDS[kind].clone())
    own = "encode_id(instance.pk)" if kind == "text" else "instance.pk"
    assert f'"sk": f"song#{{{own}}}"' in hint


def test_a_text_in_the_keys_as_it_is_written_is_named() -> None:
    (hint,) = found(lambda row: {"pk": f"a#{row.pk}", "sk": "b"}, id=KINDS["text"].clone())
    assert "encode_id(instance.pk)" in hint


@pytest.mark.parametrize("names", [["pk"], [], ["pk", "sk", "gsi2pk"]], ids=str)
def test_other_keys_are_named(names: list[str]) -> None:
    assert len(found(lambda row: dict.fromkeys(names, f"song#{row.pk}"))) == 1


def test_keys_without_a_return_are_named() -> None:
    adopt(model("Song"), keys=staticmethod(lambda row: None))
    ((problem),) = check_keys(None)
    assert problem.id == "mirror.E024"
    assert problem.msg == "SongDocument: its keys are no dictionary. Does keys() return one?"


def test_keys_that_need_more_than_a_row_are_not_judged() -> None:
    assert found(lambda row: {"pk": row.album.name, "sk": "1"}) == []


def test_keys_that_are_no_texts_yet_are_not_judged() -> None:
    assert found(lambda row: {"pk": None, "sk": "1"}) == []


def test_a_child_has_its_parents_primary_key() -> None:
    adopt(model("Live", model("Song")))
    assert check_keys(None) == []


def test_a_document_without_keys_is_named() -> None:
    adopt(model("Song"), keys=Document.keys)
    ((problem),) = check_keys(None)
    assert (problem.id, "defines no keys" in problem.msg) == ("mirror.E024", True)
