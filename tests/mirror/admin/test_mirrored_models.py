"""The admins of mirrored models show each row's state in the mirror."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.factories import make_campaign, make_sessions


def test_a_list_shows_the_state_of_each_row_and_filters_by_it(
    mirror: Stores, admin_client: Client, owner: User
) -> None:
    mirrored = make_campaign(owner)
    worker.drain()
    make_campaign(owner)
    unknown = make_campaign(owner)
    LedgerEntry.objects.filter(object_id=unknown.pk).delete()
    page = admin_client.get("/admin/campaigns/campaign/?o=1").content.decode()
    for state in ("mirrored", "pending", "never mirrored"):
        assert f'<td class="field-mirror_state">{state}</td>' in page
    listed = admin_client.get("/admin/campaigns/campaign/?mirror=mirrored").context["cl"]
    assert [campaign.pk for campaign in listed.queryset] == [mirrored.pk]


def test_a_list_is_filtered_by_pending_rows(admin_client: Client, owner: User) -> None:
    make_sessions(owner, 3)
    listed = admin_client.get("/admin/sessions_app/session/?mirror=pending").context["cl"]
    assert listed.result_count == 3
