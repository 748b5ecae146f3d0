"""Whatever one row raises is that row's finding; the check of all others goes on."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from campaigns.documents import CampaignDocument
from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.commands import run
from tests.support.factories import make_campaign, make_session


@pytest.mark.parametrize("error", [RecursionError, ZeroDivisionError, RuntimeError])
def test_a_document_that_raises_costs_one_finding(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    bad, good = make_campaign(owner, "bad"), make_campaign(owner, "good")
    worker.drain()
    keys = CampaignDocument.keys

    def fail(instance: Campaign) -> Any:
        if instance.pk == bad.pk:
            raise error("PRIVATE")
        return keys(instance)

    monkeypatch.setattr(CampaignDocument, "keys", fail)
    code, printed = run("mirror_check")
    assert code == 1
    assert str(bad.pk) in printed
    assert str(good.pk) not in printed
    assert "1 of 2" in printed
    assert "PRIVATE" not in printed


def test_json_nested_thousands_of_levels_deep_costs_one_finding(
    mirror: Stores, owner: User
) -> None:
    session = make_session(owner, transcript_text="MATT: hello")
    make_session(owner, name="good")
    worker.drain()
    deep = "[" * 4000 + "]" * 4000
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_session SET metrics = %s WHERE id = %s", [deep, session.pk]
        )
    worker.drain()
    code, printed = run("mirror_check")
    assert (code, "1 of 2" in printed) == (1, True), printed
    assert LedgerEntry.objects.parked().count() == 1
