"""The admin of campaigns."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.pages import changed_fields, load_admin_form, messages_of, text_of


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return make_campaign(owner)


def test_a_campaign_with_sessions_of_its_owner_cannot_be_given_to_another(
    admin_client: Client, campaign: Campaign
) -> None:
    make_session(campaign.owner, campaign)
    path = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    form = {"name": "C", "owner": make_user("other").pk}
    answer = admin_client.post(path, form)
    assert list(answer.context["adminform"].form.errors) == ["owner"]
    Session.objects.all().update(campaign=None)
    assert admin_client.post(path, form).status_code == 302


def test_the_list_takes_a_constant_number_of_queries(
    admin_client: Client,
    campaign: Campaign,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    admin_client.get("/admin/campaigns/campaign/")
    with django_assert_max_num_queries(12) as few:
        assert admin_client.get("/admin/campaigns/campaign/").status_code == 200
    Campaign.objects.bulk_create(Campaign(owner=campaign.owner, name="C") for _ in range(60))
    with django_assert_max_num_queries(len(few)):
        assert admin_client.get("/admin/campaigns/campaign/").status_code == 200


def test_autocomplete_finds_a_campaign_by_a_part_of_its_name(
    admin_client: Client, campaign: Campaign
) -> None:
    answer = admin_client.get(
        "/admin/autocomplete/",
        {
            "app_label": "sessions_app",
            "model_name": "session",
            "field_name": "campaign",
            "term": campaign.name[:5],
        },
    )
    assert [result["text"] for result in answer.json()["results"]] == [campaign.name]


def test_of_staff_and_owner_neither_overwrites_the_other(
    admin_client: Client, campaign: Campaign
) -> None:
    Campaign.objects.update(description="a\n b\n")
    path = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    form = load_admin_form(admin_client, path)
    before = Campaign.objects.values().get()
    assert admin_client.post(path, form | {"language": "de"}).status_code == 302
    assert changed_fields(before, Campaign.objects.values().get()) == {"language", "updated_at"}
    Campaign.objects.update(name="From the owner")
    answer = admin_client.post(path, form | {"language": "de", "name": "From staff"})
    assert "From the owner" in text_of(answer)
    campaign.refresh_from_db()
    assert campaign.name == "From the owner"


def test_no_link_leads_staff_to_a_page_of_the_owner_alone(
    admin_client: Client, campaign: Campaign
) -> None:
    page = admin_client.get(f"/admin/campaigns/campaign/{campaign.pk}/change/")
    assert "View on site" not in text_of(page)


def test_share_links_are_revoked(admin_client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(share_token="shared")
    form = {"action": "revoke_share_links", "_selected_action": [campaign.pk]}
    answer = admin_client.post("/admin/campaigns/campaign/", form)
    assert messages_of(answer) == ["1 share link revoked."]
    campaign.refresh_from_db()
    assert campaign.share_token is None
