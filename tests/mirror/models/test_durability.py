"""What is recorded before a write waits for the disk; what would only be done again does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection

from mirror.documents.items import ItemKey
from mirror.models import LedgerEntry
from mirror.models.attempts import Note
from mirror.models.key_states import LANDED
from tests.support.factories import make_campaign


@pytest.fixture
def commits(transactional_db: None) -> Iterator[list[str]]:
    """How each change of the ledger is committed, as PostgreSQL sees it at the end of it."""
    seen: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE WARNING '%', current_setting('synchronous_commit'); RETURN NULL;
            END $$;
            CREATE TRIGGER tell AFTER UPDATE ON mirror_ledgerentry EXECUTE FUNCTION tell();
            """
        )
    connection.connection.add_notice_handler(lambda notice: seen.append(notice.message_primary))
    yield seen
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION tell() CASCADE")
    connection.close()


def test_only_what_precedes_a_write_waits_for_the_disk(commits: list[str], owner: User) -> None:
    make_campaign(owner)
    commits.clear()
    (entry,) = LedgerEntry.objects.due().claim(1)
    assert commits == ["off"]
    note = Note(entry, [ItemKey("pk", "sk")], {"key": LANDED}, ["1-fingerprint"])
    assert LedgerEntry.objects.record([note])
    assert commits == ["off", "on"]
    assert LedgerEntry.objects.acknowledge([note])
    assert commits == ["off", "on", "off"]
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
