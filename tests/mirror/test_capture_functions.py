"""The triggers work for every writer, whatever its search_path and its rights."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection

from campaigns.models import Campaign
from mirror.models import LedgerEntry, State
from tests.support.factories import make_campaign

COLUMNS = "id, owner_id, name, description, created_at, updated_at"


def insert(owner: User) -> str:
    key = str(uuid4())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO public.campaigns_campaign ({COLUMNS})"
            " VALUES (%s, %s, 'C', '', now(), now())",
            [key, owner.pk],
        )
    return key


@pytest.mark.usefixtures("transactional_db")
def test_a_writer_with_an_empty_search_path_is_captured(owner: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = ''")
    try:
        key = insert(owner)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE public.campaigns_campaign SET name = 'D'")
            cursor.execute("DELETE FROM public.campaigns_campaign")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET search_path")
    assert LedgerEntry.objects.get(object_id=key).revision == 3


@pytest.fixture
def clerk(transactional_db: None) -> Iterator[str]:
    """A role that may write campaigns and has no right on the ledger."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE clerk")
        cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON campaigns_campaign TO clerk")
    yield "clerk"
    with connection.cursor() as cursor:
        cursor.execute("DROP OWNED BY clerk")
        cursor.execute("DROP ROLE clerk")


def test_a_writer_without_rights_on_the_ledger_is_captured(clerk: str, owner: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {clerk}")
    try:
        key = insert(owner)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
    assert LedgerEntry.objects.get(object_id=key).state == State.PENDING


@pytest.mark.usefixtures("transactional_db")
def test_truncate_marks_every_row_that_the_ledger_knows(owner: User) -> None:
    campaigns = [make_campaign(owner, f"{number}") for number in range(3)]
    LedgerEntry.objects.filter(object_id=campaigns[0].pk).delete()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE campaigns_campaign CASCADE")
    assert not Campaign.objects.exists()
    assert set(LedgerEntry.objects.values_list("revision", flat=True)) == {2}
