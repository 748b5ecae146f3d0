"""The reader turns an item and its objects into a row, or says what it cannot read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.test.utils import isolate_apps
from pynamodb.attributes import Attribute, UTCDateTimeAttribute
from pynamodb.constants import NUMBER

from mirror.documents import Body, ExactTimeAttribute, TextAttribute, TimeAttribute, registry
from mirror.documents.render import render
from mirror.restore.reader import (
    ALTERED,
    NOT_IN_S3,
    OF_ANOTHER_ROW,
    UNREADABLE,
    WRONG_KEY,
    Reading,
    equal_values,
    read,
)
from mirror.stores.clients import Stores
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.mirror.restore.conftest import WHEN, Lose
from tests.support.adopters import adopt, model
from tests.support.commands import run
from tests.support.stored import assert_equal_after_sync, item_of, stored_item
from tests.support.tampering import remove_attribute, set_attribute

mirror_restore = partial(run, "mirror_restore")


def reading_of(mirror: Stores, session: Session) -> Reading:
    return read(SessionDocument, stored_item(mirror, session.pk), mirror.objects.get)


def test_a_mirrored_row_is_read_back_as_it_was(mirror: Stores, session: Session) -> None:
    session.refresh_from_db()
    reading = reading_of(mirror, session)
    assert "summaryStorageKey" in {reference.attribute for reference in reading.references}
    assert (reading.problems, reading.differing_fields(session)) == ({}, [])
    row = reading.instance()
    assert isinstance(row, Session)
    assert row.summary == session.summary
    assert row.transcript_text == session.transcript_text
    assert row.transcript_json == session.transcript_json
    assert row.campaign_id == session.campaign_id
    assert row.created_at == WHEN.replace(microsecond=42_000)
    assert row.player_recap == ""
    assert "CANARY" not in repr(reading)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x"),
        ("player_recap", "x"),
        ("owner_id", 0),
        ("campaign_id", None),
        ("share_token", None),
        ("metrics", {"words": 10, "share": 0.5, "talk": {"spk_0": [1, None, 1, ""]}}),
        ("metrics", {"words": 10, "share": 0.5, "talk": {"spk_0": [1, None, True, None]}}),
        ("speaker_names", None),
        ("transcript_json", None),
        ("transcript_text", ""),
        ("created_at", WHEN + timedelta(milliseconds=1)),
    ],
)
def test_a_field_that_differs_is_named(
    mirror: Stores, session: Session, field: str, value: Any
) -> None:
    session.refresh_from_db()
    setattr(session, field, value)
    assert reading_of(mirror, session).differing_fields(session) == [field.removesuffix("_id")]


class Milliseconds(Attribute[datetime]):
    """An adopter's own: the epoch in milliseconds."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        return str(int(value.timestamp() * 1000))

    def deserialize(self, value: str) -> datetime:
        return datetime.fromtimestamp(int(value) / 1000, UTC)


@pytest.mark.parametrize(
    ("attribute", "microsecond", "differs"),
    [
        (TimeAttribute, 42_000, False),
        (Milliseconds, 42_500, False),
        (Milliseconds, 43_000, True),
        (TimeAttribute, 43_000, True),
        (ExactTimeAttribute, 42_998, True),
        (UTCDateTimeAttribute, 42_998, True),
        (TextAttribute, 42_998, True),
    ],
)
@isolate_apps("django.contrib.auth")
def test_times_are_compared_as_exactly_as_they_are_mirrored(
    monkeypatch: pytest.MonkeyPatch,
    attribute: type[Attribute[Any]],
    microsecond: int,
    differs: bool,
) -> None:
    monkeypatch.setattr(registry, "_documents", {})
    tape = model("Tape", at=models.DateTimeField(), ended_at=models.DateTimeField(null=True))
    document = adopt(tape, at=attribute(), ended_at=attribute())
    item = render(document, tape(pk=1, at=WHEN)).item(1, {})
    row = tape(pk=1, at=WHEN.replace(microsecond=microsecond))
    differing = read(document, item, lambda key: None).differing_fields(row)
    assert differing == ["at"] * differs


@pytest.mark.parametrize(("microsecond", "differs"), [(42_500, False), (43_000, True)])
@isolate_apps("django.contrib.auth")
def test_times_in_bodies_are_compared_in_milliseconds(
    monkeypatch: pytest.MonkeyPatch, microsecond: int, differs: bool
) -> None:
    def bodies(cls: Any, row: Any) -> Sequence[Body]:
        content = json.dumps({"at": row.at}, cls=DjangoJSONEncoder)  # which cuts to milliseconds
        return [Body("body", "bodies/1", ".json", content.encode())]

    def unpack(cls: Any, attribute: str, content: bytes) -> Any:
        return json.loads(content)

    monkeypatch.setattr(registry, "_documents", {})
    tape = model("Tape", at=models.DateTimeField())
    options = {"without_attribute": ["at"], "body_folders": ["bodies"]}
    document = adopt(tape, options, bodies=classmethod(bodies), unpack=classmethod(unpack))
    rendered = render(document, tape(pk=1, at=WHEN))
    item = rendered.item(1, {"body": "bodies/1/1.json"})
    content = rendered.bodies[0].content
    row = tape(pk=1, at=WHEN.replace(microsecond=microsecond))
    differing = read(document, item, lambda key: content).differing_fields(row)
    assert differing == ["at"] * differs


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (WHEN, WHEN.replace(microsecond=42_000), False),
        (None, "", True),
        (None, 0, False),
        (None, {}, False),
        (1, 1.0, True),
        (1, True, False),
        ([""], [None], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
    ],
)
def test_values_are_equal_as_far_as_the_mirror_keeps_them(
    one: Any, other: Any, equal: bool
) -> None:
    assert equal_values(one, other) is equal
    assert equal_values(other, one) is equal


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("createdAt", {"S": "yesterday"}, UNREADABLE),
        ("name", {"N": "1"}, UNREADABLE),
        ("userId", {"S": "x"}, UNREADABLE),
        ("transcriptStorageKey", {"S": "transcripts/other/1-0.json"}, OF_ANOTHER_ROW),
        ("transcriptStorageKey", {"S": "transcripts/{id}/1-0.json"}, NOT_IN_S3),
        ("summaryStorageKey", {"S": ""}, OF_ANOTHER_ROW),
        ("summaryStorageKey", {"N": "1"}, OF_ANOTHER_ROW),
    ],
)
def test_an_attribute_that_cannot_be_read_is_named(
    mirror: Stores, session: Session, name: str, value: dict[str, str], problem: str
) -> None:
    value = {kind: text.replace("{id}", str(session.pk)) for kind, text in value.items()}
    set_attribute(mirror, item_of(mirror, session.pk), name, value)
    assert reading_of(mirror, session).problems == {name: problem}


def test_a_content_that_was_altered_is_rejected(mirror: Stores, session: Session) -> None:
    mirror.objects.put(item_of(mirror, session.pk)["transcriptStorageKey"], b"{}")
    reading = reading_of(mirror, session)
    assert reading.problems == {"transcriptStorageKey": ALTERED}
    assert "transcript_text" not in reading.values


def test_an_item_under_a_wrong_key_is_rejected(mirror: Stores, session: Session) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "campaignId", {"S": str(session.pk)})
    assert reading_of(mirror, session).problems == {"pk": WRONG_KEY}


def test_a_content_that_another_service_wrote_is_accepted(
    mirror: Stores, session: Session, lose_all_rows: Lose
) -> None:
    # After the switch, other services write, without revisions and under keys of their own.
    key = f"transcripts/{session.pk}/written-by-another.json"
    mirror.objects.delete(item_of(mirror, session.pk)["transcriptStorageKey"])
    mirror.objects.put(key, b'{"transcriptJson":null,"transcriptText":"from elsewhere"}')
    set_attribute(mirror, item_of(mirror, session.pk), "transcriptStorageKey", {"S": key})
    remove_attribute(mirror, item_of(mirror, session.pk), "mirrorRevision")
    lose_all_rows()
    assert mirror_restore("--apply")[0] == 0
    assert Session.objects.get(pk=session.pk).transcript_text == "from elsewhere"
    assert_equal_after_sync(mirror)
