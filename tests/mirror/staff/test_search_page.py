"""The search page: the results of both stores, and who sees them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from mirror.documents.registry import documents
from mirror.stores.clients import Stores
from tests.support.aws import NOWHERE, point_clients_at
from tests.support.stored import item_of
from tests.support.tampering import set_attribute

SEARCH = "/admin/mirror/search/"


def test_the_page_shows_the_results_of_both_stores(
    mirror: Stores, library: User, admin_client: Client
) -> None:
    dashboard = admin_client.get("/admin/mirror/").content.decode()
    assert f'action="{SEARCH}"' in dashboard
    page = admin_client.get(SEARCH, {"owner": "gm", "q": "Lamps"}).content.decode()
    assert "4 rows found" in page
    assert "PostgreSQL finds the same" in page
    campaign = Campaign.objects.get(owner=library, name="long Lamps")
    assert f'href="/admin/mirror/compare/campaigns.campaign/{campaign.pk}/"' in page
    set_attribute(mirror, item_of(mirror, campaign.pk), "name", {"S": "changed"})
    page = admin_client.get(SEARCH, {"owner": "gm", "q": "Lamps"}).content.decode()
    assert "1 found in one store only" in page
    assert "not found" in page
    assert "style=" not in page


def test_the_page_says_why_there_are_no_results(
    mirror: Stores,
    library: User,
    admin_client: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "no such user" in admin_client.get(SEARCH, {"owner": "x", "q": "x"}).content.decode()
    assert "no such user" in admin_client.get(SEARCH, {"owner": "\0", "q": "x"}).content.decode()
    assert "0 rows found" in admin_client.get(SEARCH, {"owner": "gm", "q": "zz"}).content.decode()
    assert "found" not in admin_client.get(SEARCH).content.decode()
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    page = admin_client.get(SEARCH, {"owner": "gm", "q": "Lamps"}).content.decode()
    assert "DynamoDB does not answer" in page
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    assert "switched off" in admin_client.get(SEARCH).content.decode()


def test_without_searched_texts_there_is_no_form(
    mirror: Stores, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for document in documents():
        monkeypatch.setattr(document, "search_fields", ())
    assert SEARCH not in admin_client.get("/admin/mirror/").content.decode()
    page = admin_client.get(SEARCH).content.decode()
    assert "No document has <code>search_fields</code>" in page
    assert 'name="q"' not in page


def test_only_the_first_results_are_shown(
    mirror: Stores, library: User, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.staff.search_page.MAX_LISTED", 2)
    page = admin_client.get(SEARCH, {"owner": "gm", "q": "Lamps"}).content.decode()
    assert "2 rows found, and there are more" in page
    assert "finds the same" not in page


def test_staff_find_only_rows_of_models_that_they_may_view(
    mirror: Stores, library: User, client: Client
) -> None:
    question = {"owner": "gm", "q": "Lamps"}
    assert client.get(SEARCH, question).status_code == 302
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.get(SEARCH, question).status_code == 403
    for app, codename, number in (
        ("mirror", "view_ledgerentry", 0),
        ("campaigns", "view_campaign", 2),
        ("sessions_app", "view_session", 4),
    ):
        permission = Permission.objects.get(content_type__app_label=app, codename=codename)
        staff.user_permissions.add(permission)
        client.force_login(User.objects.get(pk=staff.pk))
        assert f"{number} rows found" in client.get(SEARCH, question).content.decode()
    assert client.post(SEARCH, question).status_code == 405


def test_the_page_makes_five_queries(
    mirror: Stores,
    library: User,
    admin_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(5):  # login session, user, owner, and one for each model
        admin_client.get(SEARCH, {"owner": "gm", "q": "Lamps"})
