"""The admin of campaigns."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session, make_user


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
