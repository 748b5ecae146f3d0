"""A source of credentials that fails or hangs costs staff an answer, never the page."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from mirror.errors import Failure, Kind, StoreError
from mirror.models import LedgerEntry, State
from mirror.staff import compare_page, search_page
from mirror.stores.clients import Stores
from mirror.verify import answers
from sessions_app.models import Session


def refuse() -> Stores:
    raise StoreError(Failure(Kind.UNREACHABLE, "CredentialRetrievalError", store="DynamoDB"))


def hang() -> Stores:
    time.sleep(3)
    raise AssertionError


@pytest.fixture(params=[refuse, hang], ids=["failing", "hanging"])
def no_clients(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compare_page, answers, search_page):
        monkeypatch.setattr(module, "inline_clients", request.param)


@pytest.mark.usefixtures("no_clients")
def test_every_page_answers(session: Session, admin_client: Client) -> None:
    compare = f"/admin/mirror/compare/sessions_app.session/{session.pk}/"
    search = f"/admin/mirror/search/?owner={session.owner.username}&q=One"
    for address in ("/admin/mirror/", compare, search):
        assert admin_client.get(address).status_code == 200, address
    assert "does not answer" in admin_client.get(compare).content.decode()


@pytest.mark.usefixtures("no_clients")
def test_mirror_now_leaves_the_row_to_the_worker(session: Session, admin_client: Client) -> None:
    address = f"/admin/mirror/compare/sessions_app.session/{session.pk}/now/"
    answer = admin_client.post(address)
    assert answer.status_code == 302
    assert LedgerEntry.objects.get(object_id=session.pk).state == State.PENDING
