"""The admin: what staff see of campaigns, sessions and the mirror."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.conftest import Make


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return Campaign.objects.create(owner=owner, name="Lighthouses", description="By the sea.")


def make_sessions(campaign: Campaign, count: int) -> None:
    Session.objects.bulk_create(
        Session(owner=campaign.owner, campaign=campaign, name=f"S{n}", transcript_text="MATT: Hi")
        for n in range(count)
    )


def test_a_campaign_is_not_handed_over_with_sessions_of_another(
    admin_client: Client, make_user: Make, campaign: Campaign
) -> None:
    make_sessions(campaign, 1)
    path = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    form = {"name": "C", "owner": make_user("other").pk}
    answer = admin_client.post(path, form)
    assert list(answer.context["adminform"].form.errors) == ["owner"]
    Session.objects.all().update(campaign=None)
    assert admin_client.post(path, form).status_code == 302


PAGES = ["campaigns/campaign", "sessions_app/session", "mirror/ledgerentry", "mirror/outage"]


@pytest.mark.parametrize("page", PAGES)
def test_lists_ask_a_constant_number_of_queries(
    admin_client: Client,
    campaign: Campaign,
    page: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_sessions(campaign, 3)
    admin_client.get(f"/admin/{page}/")
    with django_assert_max_num_queries(12) as few:
        assert admin_client.get(f"/admin/{page}/").status_code == 200
    make_sessions(campaign, 60)
    Campaign.objects.bulk_create(Campaign(owner=campaign.owner, name="C") for _ in range(60))
    with django_assert_max_num_queries(len(few)):
        assert admin_client.get(f"/admin/{page}/").status_code == 200


def test_the_ledger_is_searched_by_object(admin_client: Client, campaign: Campaign) -> None:
    make_sessions(campaign, 2)
    page = admin_client.get("/admin/mirror/ledgerentry/", {"q": str(campaign.pk)})
    assert page.context["cl"].result_count == 1
    assert 'id="searchbar"' in page.content.decode()  # Django's own field, with what was typed
    assert f'value="{campaign.pk}"' in page.content.decode()


def test_a_session_list_leaves_the_transcripts_in_the_database(
    admin_client: Client, campaign: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_sessions(campaign, 1)
    with django_assert_max_num_queries(12) as asked:
        admin_client.get("/admin/sessions_app/session/")
    assert not any('"transcript_text",' in query["sql"] for query in asked.captured_queries)


@pytest.mark.parametrize(
    "query",
    ["q=Lighthouses", "transcript=yes", "transcript=no", "campaign__isempty=1", "mirror=pending"],
)
def test_search_and_filters(admin_client: Client, campaign: Campaign, query: str) -> None:
    make_sessions(campaign, 2)
    Session.objects.create(owner=campaign.owner, name="unfiled")
    counts = {"q=Lighthouses": 2, "transcript=yes": 2, "mirror=pending": 3}
    page = admin_client.get(f"/admin/sessions_app/session/?{query}")
    assert page.context["cl"].result_count == counts.get(query, 1)


def test_autocomplete(admin_client: Client, campaign: Campaign) -> None:
    answer = admin_client.get(
        "/admin/autocomplete/",
        {
            "app_label": "sessions_app",
            "model_name": "session",
            "field_name": "campaign",
            "term": "Light",
        },
    )
    assert [result["text"] for result in answer.json()["results"]] == ["Lighthouses"]


def test_the_state_of_each_row_is_shown(mirror: Stores, admin_client: Client, owner: User) -> None:
    done = Campaign.objects.create(owner=owner, name="done")
    worker.drain()
    Campaign.objects.create(owner=owner, name="waiting")
    unknown = Campaign.objects.create(owner=owner, name="unknown")
    LedgerEntry.objects.filter(object_id=unknown.pk).delete()
    page = admin_client.get("/admin/campaigns/campaign/?o=1").content.decode()
    for state in ("mirrored", "pending", "never mirrored"):
        assert f'<td class="field-mirror_state">{state}</td>' in page
    listed = admin_client.get("/admin/campaigns/campaign/?mirror=mirrored").context["cl"]
    assert [campaign.pk for campaign in listed.queryset] == [done.pk]


def test_nobody_edits_the_ledger(admin_client: Client, campaign: Campaign) -> None:
    entry = LedgerEntry.objects.get()
    assert admin_client.get("/admin/mirror/ledgerentry/add/").status_code == 403
    assert admin_client.post(f"/admin/mirror/ledgerentry/{entry.pk}/delete/").status_code == 403
    page = admin_client.get(f"/admin/mirror/ledgerentry/{entry.pk}/change/")
    assert 'name="revision"' not in page.content.decode()


def test_a_session_in_somebody_elses_campaign_is_refused(
    admin_client: Client, campaign: Campaign
) -> None:
    other = User.objects.create_user("other")
    answer = admin_client.post(
        "/admin/sessions_app/session/add/",
        {"name": "S", "owner": other.pk, "campaign": campaign.pk},
    )
    assert answer.status_code == 200
    assert "belongs to another game master" in answer.content.decode()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("metrics", "[1]", "Enter a JSON object"),
        *(
            (field, value, "Enter a JSON object")
            for field in ("metrics", "speaker_names")
            for value in ("[]", '""', "0", "false", "[{}]", '"{}"')
        ),
        ("metrics", '{"a": NaN}', "Numbers must be finite"),
        ("metrics", '{"a": "\\u0000"}', "Null characters are not allowed"),
        ("speaker_names", '{"\\ud800": 1}', "surrogate"),
        ("transcript_json", "{", "Enter a valid JSON"),
        ("transcript_text", "a\x00b", "Null characters are not allowed"),
    ],
)
def test_what_postgresql_refuses_is_an_error_in_the_form(
    admin_client: Client, owner: User, field: str, value: str, message: str
) -> None:
    answer = admin_client.post(
        "/admin/sessions_app/session/add/", {"name": "S", "owner": owner.pk, field: value}
    )
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("", None), ("null", None), ("{}", {}), ('{"a": 0}', {"a": 0})],
)
@pytest.mark.parametrize("field", ["metrics", "speaker_names"])
def test_an_object_or_nothing_is_kept(
    admin_client: Client, owner: User, field: str, typed: str, stored: object
) -> None:
    session = Session.objects.create(owner=owner, name="S", **{field: {"old": 1}})
    path = f"/admin/sessions_app/session/{session.pk}/change/"
    answer = admin_client.post(path, {"name": "S", "owner": owner.pk, field: typed})
    assert answer.status_code == 302
    session.refresh_from_db()
    assert getattr(session, field) == stored


def test_healthz(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405
