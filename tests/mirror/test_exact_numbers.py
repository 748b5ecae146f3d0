"""Numbers that no float holds: every digit is mirrored, compared, restored and kept by a save."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.factories import make_session
from tests.support.stored import (
    assert_equal,
    assert_equal_after_sync,
    item_of,
    objects,
    stored_item,
)
from tests.support.tampering import set_attribute

PI = "3.1415926535897932384626433832795028841"  # 38 digits
TALKS = f'{{"pi": {PI}, "n": [-0.1000000000000000055511151231257827, 0.1, 7, 1e-130]}}'


def write(session: Session, column: str, text: str) -> None:
    """Store JSON as a program does that knows nothing of Python."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE sessions_app_session SET {column} = %s WHERE id = %s", [text, session.pk]
        )


def stored(session: Session, column: str) -> str:
    """Return JSON as PostgreSQL holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column}::text FROM sessions_app_session WHERE id = %s", [session.pk]
        )
        return str(cursor.fetchone()[0])


def exactly(text: str | bytes) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@pytest.fixture
def session(mirror: Stores, owner: User) -> Session:
    """A session whose metrics and transcript hold more digits than a float."""
    session = make_session(owner, transcript_text="MATT: hello")
    write(session, "metrics", TALKS)
    write(session, "transcript_json", f'{{"long": {PI}{"3" * 60}, "huge": 1e400, "n": 1.50}}')
    return session


def test_every_digit_is_in_the_item_and_in_the_object(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    metrics = stored_item(mirror, session.pk)["metrics"]["M"]
    assert metrics["pi"] == {"N": PI}
    assert Decimal(metrics["n"]["L"][0]["N"]) == Decimal("-0.1000000000000000055511151231257827")
    (body,) = objects(mirror).values()
    assert exactly(body)["transcriptJson"] == exactly(stored(session, "transcript_json"))
    assert b'"n":1.5' in body  # what a float holds is written as before


def test_the_check_sees_a_difference_in_the_last_digit(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    write(session, "metrics", TALKS.replace(PI, PI[:-1] + "2"))
    LedgerEntry.objects.update(mirrored_revision=2**40, revision=2**40)
    item = stored_item(mirror, session.pk)
    set_attribute(mirror, item_of(mirror, session.pk), "mirrorRevision", {"N": str(2**40)})
    code, printed = run("mirror_check")
    assert code == 1
    assert "metrics" in printed
    assert item["metrics"]["M"]["pi"] == {"N": PI}


def test_a_restored_row_has_every_digit(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    before = {name: stored(session, name) for name in ("metrics", "transcript_json")}
    assert run("mirror_restore", "--dry-run")[0] == 0
    Session.objects.all().delete()
    LedgerEntry.objects.all().delete()
    code, printed = run("mirror_restore", "--apply")
    assert code == 0, printed
    for name, text in before.items():
        assert exactly(stored(session, name)) == exactly(text)
    assert_equal_after_sync(mirror)


def test_a_restore_sees_a_difference_in_the_last_digit(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    LedgerEntry.objects.update(mirrored_revision=2**40)
    write(session, "metrics", TALKS.replace(PI, PI[:-1] + "2"))
    assert "metrics" in run("mirror_restore", "--dry-run")[1]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (PI + "1", "NumberTooManyDigits"),
        ("9" * 39, "NumberTooManyDigits"),
        ("7" * 5000, "NumberOutOfRange"),  # Python's int() refuses so many digits
        ("1e400", "NumberOutOfRange"),
        ("1e-131", "NumberOutOfRange"),
        ("1e126", "NumberOutOfRange"),
    ],
)
def test_what_dynamodb_cannot_hold_is_parked_and_never_shortened(
    mirror: Stores, session: Session, number: str, code: str
) -> None:
    write(session, "metrics", f'{{"n": {number}}}')
    worker.drain()
    entry = LedgerEntry.objects.get()
    assert entry.parked_at
    assert entry.error_code == code
    assert run("mirror_check")[0] == 1


@pytest.mark.parametrize("number", ["0", "-0", "-0.0", "0.00", "1.10", "1e2", "9" * 38])
def test_every_way_to_write_a_number_is_mirrored(
    mirror: Stores, session: Session, number: str
) -> None:
    write(session, "metrics", f'{{"n": {number}}}')
    assert_equal_after_sync(mirror)
    assert Decimal(stored_item(mirror, session.pk)["metrics"]["M"]["n"]["N"]) == Decimal(number)
    assert run("mirror_restore", "--dry-run")[0] == 0


def test_a_save_keeps_the_digits_of_what_was_not_edited(
    mirror: Stores, session: Session, gm: Client, admin_client: Client
) -> None:
    before = {name: stored(session, name) for name in ("metrics", "transcript_json")}
    read = Session.objects.get()
    read.notes = "new"
    read.save()
    edited = gm.post(f"/sessions/{session.pk}/edit/", {"name": "By the game master"})
    assert edited.status_code == 302
    page = admin_client.get(f"/admin/sessions_app/session/{session.pk}/change/")
    form = page.context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields}
    saved = admin_client.post(
        f"/admin/sessions_app/session/{session.pk}/change/", {**data, "name": "By admin"}
    )
    assert saved.status_code == 302, saved.context["errors"]
    assert Session.objects.get().name == "By admin"
    for name, text in before.items():
        assert exactly(stored(session, name)) == exactly(text)
    assert_equal_after_sync(mirror)


def test_pages_and_exports_show_every_digit(
    mirror: Stores, session: Session, gm: Client, admin_client: Client
) -> None:
    write(
        session,
        "metrics",
        f'{{"totalDuration": {PI}, "speakerDistribution": {{"MATT": '
        f'{{"duration": {PI}, "words": 3.0000000000000000000001}}}}}}',
    )
    assert_equal_after_sync(mirror)
    assert gm.get(f"/sessions/{session.pk}/").status_code == 200
    exported = gm.get(f"/sessions/{session.pk}/export/?as=json").content
    assert exactly(exported)["metrics"] == exactly(stored(session, "metrics"))
    compared = admin_client.get(f"/admin/mirror/compare/sessions_app.session/{session.pk}/")
    assert PI in compared.content.decode()
    assert_equal(mirror)


@pytest.mark.parametrize("number", ["1e400", "7" * 131_072, "0." + "7" * 16_383, "1e-400"])
def test_a_form_accepts_long_numbers(
    mirror: Stores, session: Session, admin_client: Client, number: str
) -> None:
    page = f"/admin/sessions_app/session/{session.pk}/change/"
    data = {"name": "N", "owner": session.owner_id, "transcript_json": f"[{number}]"}
    saved = admin_client.post(page, data)
    assert saved.status_code == 302, saved.context["errors"]
    assert exactly(stored(session, "transcript_json")) == [Decimal(number)]
    assert admin_client.get(page).status_code == 200
    assert_equal_after_sync(mirror)
