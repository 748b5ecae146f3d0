"""Values of every kind, written to PostgreSQL, mirrored to DynamoDB and S3, and read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mirror.documents.render import render
from mirror.documents.sizes import MAX_ITEM_BYTES, OFFLOAD_BYTES, item_size
from mirror.errors import Unmirrorable
from mirror.models import LedgerEntry
from mirror.sync import worker
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.faults.comparison import equal_json, javascript_time
from tests.faults.mutants import kills_mutant
from tests.faults.world import World

THROUGH_THE_STACK = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PURE = settings(max_examples=200, derandomize=True, database=None, deadline=None)

# Every plane of Unicode; PostgreSQL refuses NUL, UTF-8 has no surrogates.
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
integer = st.integers(-(10**38) + 1, 10**38 - 1)
fraction = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda f: "e" not in repr(f)  # moto rejects exponents: see test_other_stores.py
)

exact = st.decimals(-(10**8) + 1, 10**8 - 1, places=30)  # up to 38 digits: no float holds them


def json_of(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return a strategy for JSON values whose maps have such names."""
    return st.recursive(
        st.none() | st.booleans() | integer | fraction | exact | text,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=12,
    )


json_value = json_of(text)
names = text.filter(bool)  # DynamoDB allows no empty names
json_object = st.dictionaries(names, json_of(names), max_size=4)
EDGES = "\U00010000\U0001ffff\U0002fffd\U000e0001\U000f0000\U0010ffff\ufeff\u2028\ud7ff\ue000"


@kills_mutant("numbers as floats")
@THROUGH_THE_STACK
@given(
    fields=st.fixed_dictionaries(
        {
            "name": text.filter(bool),
            "description": text,
            "notes": text,
            "transcript_text": text,
            "transcript_json": st.none() | json_value,
            "speaker_names": st.none() | json_object,
            "metrics": st.none() | json_object,
        }
    )
)
@example(
    fields={"name": EDGES, "notes": EDGES, "transcript_text": EDGES, "metrics": {EDGES: EDGES}}
)
@example(fields={"name": "x", "metrics": {"n": [[], {}, None, "", 0, -0.0, 0.1]}})
@example(fields={"name": "x", "metrics": {"n": [int("9" * 38), -int("1" * 38)]}})
@example(fields={"name": "x", "transcript_json": {"n": [10**400, 1e-300, {"": None}]}})
@example(fields={"name": "x", "transcript_json": []})
@example(fields={"name": "x", "transcript_json": ""})
@example(fields={"name": " \t\n", "notes": " ", "transcript_text": "\n"})
def test_values_come_back_unchanged(world: World, fields: dict[str, Any]) -> None:
    session = Session.objects.first() or world.session()
    empty = {"notes": "", "transcript_text": "", "transcript_json": None, "metrics": None}
    for name, value in {**empty, **fields, "name": fields["name"][:200]}.items():
        setattr(session, name, value)
    session.save()
    worker.drain()
    world.assert_equal()


zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
moments = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)) | st.sampled_from(  # noqa: DTZ001 - the time zone is drawn separately
    [
        datetime(2026, 3, 29, 2, 30),  # noqa: DTZ001 - does not exist in Berlin
        datetime(2026, 10, 25, 2, 30, 59, 999_999),  # noqa: DTZ001 - happens twice there
        datetime(2026, 11, 1, 1, 59, 59, 999_999),  # noqa: DTZ001 - twice in New York
        datetime(2026, 4, 5, 1, 45, 0, 500),  # noqa: DTZ001 - twice on Lord Howe Island
    ]
)


@kills_mutant("times cut to seconds")
@THROUGH_THE_STACK
@given(when=moments, zone=zones, fold=st.integers(0, 1))
def test_times_come_back_to_the_millisecond(
    world: World, when: datetime, zone: str, fold: int
) -> None:
    local = when.replace(tzinfo=ZoneInfo(zone), fold=fold)
    session = Session.objects.first() or world.session()
    Session.objects.filter(pk=session.pk).update(created_at=local)
    worker.drain()
    (item,) = world.raw.live_items().values()
    read = datetime.fromisoformat(item["createdAt"])
    assert item["createdAt"] == javascript_time(local)
    assert timedelta(0) <= local.astimezone(UTC) - read < timedelta(milliseconds=1)
    world.assert_equal()


LONGEST_REVISION = 10**19 - 1  # PostgreSQL counts to 9223372036854775807, which is as long
letters = st.sampled_from(["x", "é", "龍", "🐉"])


def session_of(size: int, letter: str, attribute: str) -> Session:
    """Return a session whose item has exactly ``size`` bytes, filled up in this attribute."""
    session = Session(owner_id=1, name="x", **{attribute: "y"})
    session.created_at = session.updated_at = datetime(2026, 1, 1, tzinfo=UTC)
    room = size - largest_item_size(session) + 1
    width = len(letter.encode())
    setattr(session, attribute, letter * (room // width) + "x" * (room % width))
    return session


def largest_item_size(session: Session) -> int:
    """Return the size of the item with the longest revision, its texts not moved to S3."""
    return item_size(render(SessionDocument, session).item(LONGEST_REVISION, {}))


@kills_mutant("texts moved to S3 a byte too early")
@PURE
@given(letter=letters, attribute=st.sampled_from(["notes", "summary", "player_recap"]))
def test_an_item_of_exactly_50_kb_keeps_its_texts(letter: str, attribute: str) -> None:
    assert OFFLOAD_BYTES == 51_200
    rendered = render(SessionDocument, session_of(51_200, letter, attribute))
    assert not rendered.bodies
    assert item_size(rendered.item(LONGEST_REVISION, {})) == 51_200


@kills_mutant("texts moved to S3 a byte too late")
@PURE
@given(letter=letters, attribute=st.sampled_from(["notes", "summary", "player_recap"]))
def test_an_item_a_byte_over_50_kb_moves_its_text_to_s3(letter: str, attribute: str) -> None:
    session = session_of(51_200, letter, attribute)
    setattr(session, attribute, getattr(session, attribute) + "x")
    (body,) = render(SessionDocument, session).bodies
    assert body.content.decode() == getattr(session, attribute)


@kills_mutant("texts moved to S3 above 80,000 bytes")
@PURE
@given(sizes=st.tuples(*[st.integers(0, 70_000)] * 4), letter=letters)
def test_the_largest_texts_move_to_s3_until_the_item_has_50_kb(
    sizes: tuple[int, ...], letter: str
) -> None:
    fields = ["notes", "summary", "player_recap", "description"]
    attributes = ["notes", "summary", "playerRecap", "description"]
    session = session_of(2_000, "x", "audio_storage_key")
    for field, size in zip(fields, sizes, strict=True):
        setattr(session, field, letter * (size // len(letter.encode())))
    rendered = render(SessionDocument, session)
    references = {
        body.attribute: body.fingerprint.key(LONGEST_REVISION) for body in rendered.bodies
    }
    item = rendered.item(LONGEST_REVISION, references)
    assert item_size(item) <= OFFLOAD_BYTES
    moved = {body.attribute.removesuffix("StorageKey") for body in rendered.bodies}
    kept = {attribute for attribute in attributes if attribute in item}
    assert not moved & kept
    text_sizes = dict(zip(attributes, sizes, strict=True))
    smallest_moved = min((text_sizes[attribute] for attribute in moved), default=70_001)
    largest_kept = max((text_sizes[attribute] for attribute in kept), default=0)
    assert smallest_moved >= largest_kept - 3  # texts consist of whole letters of up to 4 bytes


@kills_mutant("item limit a byte too low")
@PURE
@given(letter=letters)
def test_an_item_of_400_kb_is_accepted_and_a_byte_more_is_refused(letter: str) -> None:
    """No part of this item can move to S3. ``test_other_stores.py`` asks real stores for 400 KB."""
    session = Session(owner_id=1, name="x", metrics={"n": ""})
    session.created_at = session.updated_at = datetime(2026, 1, 1, tzinfo=UTC)
    room, width = MAX_ITEM_BYTES - largest_item_size(session), len(letter.encode())
    session.metrics = {"n": letter * (room // width) + "x" * (room % width)}
    assert largest_item_size(session) == MAX_ITEM_BYTES == 409_600
    session.metrics["n"] += "x"
    with pytest.raises(Unmirrorable, match="ItemTooLarge"):
        render(SessionDocument, session)


REFUSED: dict[str, dict[str, str]] = {
    "NUL in text": {"notes": "a\x00b"},
    "NUL in a name": {"name": "a\x00b"},
    "NUL in JSON": {"metrics": '{"a": "\\u0000"}'},
    "NUL in a JSON key": {"metrics": '{"\\u0000": 1}'},
    "first half of a surrogate pair in JSON": {"transcript_json": '["\\ud800"]'},
    "second half of a surrogate pair in JSON": {"speaker_names": '{"a": "\\udfff"}'},
    "NaN": {"metrics": '{"a": NaN}'},
    "infinity": {"transcript_json": "[Infinity]"},
    "a number beyond all floats": {"transcript_json": "[1e999]"},
    "a number below all floats": {"transcript_json": "[1e-999]"},
    "a number beyond Python's": {"transcript_json": "[1e9999999999999999999999]"},
    "a number of 131,073 digits": {"transcript_json": "[" + "7" * 131_073 + "]"},
    "a number of 16,384 decimal places": {"transcript_json": "[0." + "7" * 16_384 + "]"},
    "100,000 nested lists": {"transcript_json": "[" * 100_000 + "]" * 100_000},
    "6,500 nested lists": {"transcript_json": "[" * 6_500 + "]" * 6_500},
    "invalid JSON": {"metrics": "{"},
    "JSON that is not an object": {"metrics": "[1]"},
}


@kills_mutant("forms without validation")
@pytest.mark.parametrize("name", REFUSED)
def test_a_value_that_postgresql_refuses_is_an_error_in_the_form(world: World, name: str) -> None:
    client = Client()  # raises what the view raises
    client.force_login(world.owner)
    form = {"name": "one", "owner": world.owner.pk, **REFUSED[name]}
    response = client.post("/admin/sessions_app/session/add/", form)
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert list(errors) == list(REFUSED[name])
    assert not Session.objects.exists()
    assert not LedgerEntry.objects.filter(model="sessions_app.session").exists()


@kills_mutant("numbers as floats")
def test_a_value_that_a_form_accepts_is_stored_and_mirrored(world: World) -> None:
    client = Client()
    client.force_login(world.owner)
    form = {
        "name": EDGES,
        "owner": world.owner.pk,
        "notes": EDGES,
        "transcript_json": json.dumps({"n": [10**400, 0.1, None, [], {}], EDGES: EDGES}),
        "metrics": json.dumps({"n": int("7" * 38)}),
    }
    assert client.post("/admin/sessions_app/session/add/", form).status_code == 302
    stored = Session.objects.get().transcript_json
    assert stored
    assert equal_json(stored["n"][0], 10**400)
    world.assert_settles()
