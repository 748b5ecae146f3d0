"""The pages about a row that Python cannot read say so, and show all else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.unreadable import make_unreadable


@pytest.fixture
def unreadable(session: Session) -> Session:
    make_unreadable(session)
    return session


def test_the_day_page_says_that_it_cannot_be_read(
    mirror: Stores, unreadable: Session, admin_client: Client
) -> None:
    assert run("mirror_check")[0] == 1
    page = admin_client.get(f"/admin/mirror/days/{timezone.localdate().isoformat()}/")
    assert page.status_code == 200
    assert "The row cannot be read (DataError)." in page.text


def test_compare_names_the_field_and_calls_nothing_an_orphan(
    mirror: Stores, unreadable: Session, admin_client: Client
) -> None:
    path = f"/admin/mirror/compare/sessions_app.session/{unreadable.pk}/"
    for _ in range(2):
        page = admin_client.get(path)
        assert page.status_code == 200
        text = " ".join(page.text.split())
        assert "The row cannot be read</strong> (DataError in played_on)" in text
        assert "Deleted in PostgreSQL" not in text
        assert "Orphans" not in text
        LedgerEntry.objects.all().delete()  # it needs no entry to be shown


def test_mirror_now_fails_as_the_worker_does(
    mirror: Stores, unreadable: Session, admin_client: Client
) -> None:
    path = f"/admin/mirror/compare/sessions_app.session/{unreadable.pk}/"
    page = admin_client.post(f"{path}now/", follow=True)
    assert (page.status_code, page.redirect_chain[-1][0]) == (200, path)
    assert "The attempt failed." in page.text


def test_who_may_not_view_the_model_does_not_see_an_unreadable_row(
    mirror: Stores, unreadable: Session, client: Client
) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    path = f"/admin/mirror/compare/sessions_app.session/{unreadable.pk}/"
    assert client.get(path).status_code == 403
