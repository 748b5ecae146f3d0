"""A row's primary key as a part of keys: nobody else's, whatever the text, and back again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db.models import TextField, Value
from django.db.models.functions import Cast, Collate, Concat
from hypothesis import given
from hypothesis import strategies as st

from campaigns.documents import CampaignDocument
from campaigns.models import Campaign
from mirror.documents.ids import decode_id, encode_id, encoded_id
from mirror.documents.render import render
from mirror.errors import Unmirrorable

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))  # PostgreSQL's
ODD = ["Rock", "rock", "a/b", "a//b", "a\\b", ".", "..", "a/", "", "=726f636b", "#", "é", "x" * 300]


def test_plain_keys_stay_as_they_are() -> None:
    for text in (str(uuid4()), "7", "-7", "the-ninth_lamp"):
        assert encode_id(text) == text


def test_odd_keys_differ_in_lower_case_and_are_one_folder() -> None:
    encoded = [encode_id(text) for text in ODD]
    assert len({text.lower() for text in encoded}) == len(ODD)
    assert not [text for text in encoded if not text or set(text) & set("/.#\\")]
    assert [decode_id(text) for text in encoded] == ODD


@given(TEXT, TEXT)
def test_every_key_comes_back_and_no_two_are_one(one: str, other: str) -> None:
    assert decode_id(encode_id(one)) == one
    assert (encode_id(one).lower() == encode_id(other).lower()) == (one == other)


def test_a_text_that_was_never_encoded_is_left_alone() -> None:
    assert decode_id("=xyz") == "=xyz"


@pytest.mark.parametrize(
    "keys",
    [
        {"pk": "user#7", "sk": "camp#the-name"},  # a slug that another row may get
        {"pk": "user#7", "sk": "camp"},
    ],
)
def test_keys_without_the_primary_key_are_refused(
    keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CampaignDocument, "keys", lambda _: keys)
    campaign: Any = Campaign(pk=uuid4(), owner=User(pk=7), name="C")
    with pytest.raises(Unmirrorable, match="KeyWithoutPrimaryKey"):
        render(CampaignDocument, campaign)


@pytest.mark.django_db
def test_postgresql_encodes_and_sorts_as_python_does() -> None:
    texts = [text for text in ODD if text] + ["7", "-7", "a_b"]
    User.objects.bulk_create(User(username=text[:150]) for text in texts)
    encoded = Collate(Concat(encoded_id("text"), Value("/"), output_field=TextField()), "C")
    users = User.objects.annotate(text=Cast("username", TextField()))
    found = users.order_by(encoded).values_list("text", encoded)
    assert list(found) == sorted(
        ((text[:150], encode_id(text[:150]) + "/") for text in texts), key=lambda pair: pair[1]
    )
