"""The commands of the runbook work: the rollback is rehearsed as it is written there."""

from __future__ import annotations

import re
import shlex
import uuid

from django.contrib.auth.models import User
from django.core.management import get_commands, load_command_class
from django.db import connection

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.verify.steps import RUNBOOK
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_session, make_sessions
from tests.support.stored import assert_equal, assert_equal_after_sync
from tests.support.tampering import lose_unnoticed


def commands(after: str, before: str) -> list[list[str]]:
    """Return the manage.py commands in the runbook between two of its phrases."""
    text = RUNBOOK.read_text().partition(after)[2].partition(before)[0]
    return [shlex.split(line) for line in re.findall(r"^\s*manage\.py (.*)$", text, re.MULTILINE)]


def put_as_another_service(stores: Stores, owner: User, campaign: Campaign) -> str:
    """Put a session as a service that knows nothing of the mirror would; return its id."""
    session_id = str(uuid.uuid4())
    item = {
        "pk": f"camp#{campaign.pk}",
        "sk": f"sess#{session_id}",
        "gsi1pk": f"user#{owner.pk}",
        "gsi1sk": f"sess#{session_id}",
        "__edb_e__": "session",
        "__edb_v__": "1",
        "id": session_id,
        "userId": str(owner.pk),
        "campaignId": str(campaign.pk),
        "name": "After the switch",
        "createdAt": "2026-11-01T20:00:00.000Z",
        "updatedAt": "2026-11-01T23:00:00.000Z",
    }
    stores.items.client.put_item(
        TableName=stores.items.table, Item={name: {"S": value} for name, value in item.items()}
    )
    return session_id


def test_the_rollback_after_a_cut_over_restores_what_other_services_wrote(
    mirror: Stores, owner: User
) -> None:
    campaign = make_campaign(owner)
    make_session(owner, campaign, transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)
    new = put_as_another_service(mirror, owner, campaign)

    steps = commands("**After the cut-over**", "## After a restore")
    assert [step[0] for step in steps] == [
        "mirror_restore",
        "mirror_restore",
        "mirror_sync",
        "mirror_check",
    ]
    assert [run(*step)[0] for step in steps] == [1, 0, 0, 0]
    assert Session.objects.get(pk=new).name == "After the switch"
    assert_equal(mirror)


def test_lost_rows_come_back_as_the_runbook_says(mirror: Stores, owner: User) -> None:
    rows = make_sessions(owner, 2, make_campaign(owner), transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)
    lose_unnoticed("DELETE FROM sessions_app_session WHERE id = %s", [rows[0].pk])
    steps = commands("## After a loss of rows", "If the triggers did see")
    assert [run(*step)[0] for step in steps] == [1, 1, 0, 0, 0]
    assert set(Session.objects.all()) == set(rows)


def test_rows_deleted_by_mistake_come_back_as_the_runbook_says(mirror: Stores, owner: User) -> None:
    rows = make_sessions(owner, 2, make_campaign(owner), transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)
    Session.objects.all().delete()
    assert run("mirror_restore", "--dry-run")[0] == 0  # these deletions are on their way
    text = RUNBOOK.read_text().partition("If the triggers did see")[2]
    (statement,) = re.findall(r"^\s*(DELETE FROM .*);$", text.partition("\n## ")[0], re.MULTILINE)
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("app.model", "sessions_app.session"))
    steps = commands("If the triggers did see", "## After the loss of the table")
    assert [run(*step)[0] for step in steps] == [1, 0, 0, 0]
    assert set(Session.objects.all()) == set(rows)
    assert_equal(mirror)


def test_rows_that_changed_while_the_mirror_was_off_are_mirrored_by_the_next_sync(
    mirror: Stores, owner: User
) -> None:
    with connection.cursor() as cursor:  # without a signal, as if the mirror were off
        cursor.execute(
            "INSERT INTO campaigns_campaign (id, owner_id, name, description, created_at,"
            " updated_at) VALUES (%s, %s, 'meanwhile', '', now(), now())",
            [uuid.uuid4(), owner.pk],
        )
    assert LedgerEntry.objects.pending().count() == 1
    assert run("mirror_sync")[0] == 0
    assert run("mirror_check")[0] == 0


def test_every_command_and_option_in_the_runbook_exists() -> None:
    known = get_commands()
    text = RUNBOOK.read_text()
    lines = re.findall(r"manage\.py ([a-z_]+[^`\n]*)", text)
    assert len(lines) > 4
    for line in lines:
        name, *options = line.rstrip(".,)").split()
        parser = load_command_class(known[name], name).create_parser("manage.py", name)
        flags = {flag for action in parser._actions for flag in action.option_strings}
        assert {option for option in options if option.startswith("--")} <= flags, line


def test_the_runbook_refers_to_nothing_that_the_package_lacks() -> None:
    text = RUNBOOK.read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {f"#{heading.lower().replace(' ', '-')}" for heading in headings}
    assert set(re.findall(r"\]\(([^)]+)\)", text)) <= anchors
