"""Search on the mirror finds what PostgreSQL finds, by Query alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from mirror.search import rows_matching, search, searchable
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.conftest import Make
from tests.support.aws import NOWHERE, point_clients_at
from tests.support.stored import assert_equal, item_of
from tests.support.tampering import set_attribute

HERE = "/admin/mirror/search/"
NAMES = [
    "Lamps of the Long Shoal",
    "lamps",
    "100 % mushrooms_and\\more",
    "100 mushrooms",
    "Café au lait",
    "Cafe\u0301 au lait",
    "🐉 dragon",
    "quote \" and ' and #hash :colon",
    "İstanbul straße",
]
WORDS = [
    "",
    " ",
    "Lamps",
    "lamps",
    "L",
    "Lamps Shoal",
    "Shoal  Lamps\tthe",
    "Lamps nowhere",
    "100 %",
    "_",
    "\\",
    "é",
    "\u0301",
    "🐉",
    '"',
    "'",
    "#hash :colon",
    "straße",
    "STRASSE",
    "sea",
    "Lamps sea",
    "deep",
    "sea deep",
    "Caf",
    "job-7",
    "a\x00b",
    "\ud800",
    " ".join("aeiou") + " l L a u o t s p m h",
    "x" * 3000,
]


@pytest.fixture
def library(mirror: Stores, owner: User, make_user: Make) -> User:
    """Campaigns and sessions of two game masters, some with a description that is kept in S3."""
    other = make_user("other")
    for person in (owner, other):
        for name in NAMES:
            campaign = Campaign.objects.create(owner=person, name=name, description="By the sea.")
            Session.objects.create(
                owner=person, campaign=campaign, name=name, transcription_job_id="job-7"
            )
        Session.objects.create(owner=person, name="unfiled Lamps", share_token=str(person.pk))
        deep = "d" * 60_000 + " deep sea"
        Session.objects.create(owner=person, name="long", description=deep)
        Campaign.objects.create(owner=person, name="long Lamps", description=deep)
    moved = Session.objects.filter(owner=owner, name="lamps").get()
    worker.drain()
    moved.owner, moved.campaign = other, None  # leaves a tombstone where it was
    moved.save()
    Session.objects.filter(owner=owner, name="🐉 dragon").delete()
    worker.drain()
    assert_equal(mirror)
    return owner


@pytest.mark.parametrize("words", WORDS, ids=lambda words: ascii(words)[:30])
def test_the_results_are_those_of_postgresql(mirror: Stores, library: User, words: str) -> None:
    for person in User.objects.all():
        hits = list(search(person.pk, words, mirror))
        expected = {
            (document.mirror_options.label, str(row.pk), row.name)
            for document in searchable()
            for row in rows_matching(document, person.pk, words)
        }
        assert {(hit.label, hit.object_id, hit.title) for hit in hits} == expected
        assert len(hits) == len(expected)


def test_the_words_mean_what_is_documented(mirror: Stores, library: User) -> None:
    def titles(words: str) -> list[str]:
        return sorted(hit.title for hit in search(library.pk, words, mirror))

    assert titles("Lamps") == [
        "Lamps of the Long Shoal",
        "Lamps of the Long Shoal",
        "long Lamps",
        "unfiled Lamps",
    ]
    assert titles("Lamps sea") == ["Lamps of the Long Shoal", "long Lamps"]
    assert titles("deep") == ["long", "long Lamps"]
    assert titles("LAMPS") == []
    assert len(titles("")) == Session.objects.filter(owner=library).count() + 10
    assert "Lamps" not in repr(list(search(library.pk, "Lamps", mirror)))


def test_only_the_wanted_models(mirror: Stores, library: User) -> None:
    found = {
        hit.label for hit in search(library.pk, "Lamps", mirror, labels=["campaigns.campaign"])
    }
    assert found == {"campaigns.campaign"}


def test_pages_are_followed_and_nothing_is_scanned(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Session.objects.bulk_create(
        Session(owner=owner, name=f"S {n}", notes="n" * 40_000) for n in range(60)
    )  # more than the megabyte of one page
    worker.drain()
    asked = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        asked.append(model.name)

    mirror.items.client.meta.events.register("before-call.dynamodb", note)
    try:
        assert len(list(search(owner.pk, "S", mirror))) == 60
    finally:
        mirror.items.client.meta.events.unregister("before-call.dynamodb", note)
    assert set(asked) == {"Query"}
    assert len(asked) >= 4


# The page


def test_the_page_shows_both_answers(mirror: Stores, library: User, admin_client: Client) -> None:
    dashboard = admin_client.get("/admin/mirror/").content.decode()
    assert f'action="{HERE}"' in dashboard
    page = admin_client.get(HERE, {"owner": "gm", "q": "Lamps"}).content.decode()
    assert "4 objects found" in page
    assert "PostgreSQL finds the same" in page
    campaign = Campaign.objects.get(owner=library, name="long Lamps")
    assert f'href="/admin/mirror/compare/campaigns.campaign/{campaign.pk}/"' in page
    set_attribute(mirror, item_of(mirror, campaign.pk), "name", {"S": "changed"})
    page = admin_client.get(HERE, {"owner": "gm", "q": "Lamps"}).content.decode()
    assert "1 found in one store only" in page
    assert "not found" in page
    assert "style=" not in page


def test_the_page_says_what_is_the_matter(
    mirror: Stores,
    library: User,
    admin_client: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "no such user" in admin_client.get(HERE, {"owner": "x", "q": "x"}).content.decode()
    assert "no such user" in admin_client.get(HERE, {"owner": "\0", "q": "x"}).content.decode()
    assert "0 objects found" in admin_client.get(HERE, {"owner": "gm", "q": "zz"}).content.decode()
    assert "found" not in admin_client.get(HERE).content.decode()
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    page = admin_client.get(HERE, {"owner": "gm", "q": "Lamps"}).content.decode()
    assert "DynamoDB does not answer" in page
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    assert "switched off" in admin_client.get(HERE).content.decode()


def test_a_long_answer_is_cut(
    mirror: Stores, library: User, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.staff.search_page.LISTED", 2)
    page = admin_client.get(HERE, {"owner": "gm", "q": "Lamps"}).content.decode()
    assert "2 objects found, and there are more" in page
    assert "finds the same" not in page


def test_who_may_search(mirror: Stores, library: User, client: Client) -> None:
    question = {"owner": "gm", "q": "Lamps"}
    assert client.get(HERE, question).status_code == 302
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.get(HERE, question).status_code == 403
    for app, codename, found in (
        ("mirror", "view_ledgerentry", 0),
        ("campaigns", "view_campaign", 2),
        ("sessions_app", "view_session", 4),
    ):
        permission = Permission.objects.get(content_type__app_label=app, codename=codename)
        staff.user_permissions.add(permission)
        client.force_login(User.objects.get(pk=staff.pk))
        assert f"{found} objects found" in client.get(HERE, question).content.decode()
    assert client.post(HERE, question).status_code == 405


def test_constant_queries(
    mirror: Stores,
    library: User,
    admin_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(5):  # login session, user, owner, and one for each model
        admin_client.get(HERE, {"owner": "gm", "q": "Lamps"})
