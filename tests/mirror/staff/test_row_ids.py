"""The address of *Compare* holds any primary key, and is that of one row."""

from __future__ import annotations

from urllib.parse import unquote, urljoin, urlsplit

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import isolate_apps
from django.urls import resolve, reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mirror.documents import registry
from mirror.models import CheckRun, LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.adopters import adopt, model

ODD = ["", " ", "/", "a/b", "a/", "/a", "a/now", "now", "a//b", ".", "..", "...", "a/../b", "a?b#c"]
ODD += ["a%b", "%2F", "a\nb", "\n", "\r", "a\n", "\x01", "a;b", "a\\b", "Straße", "=", "=61", "=41"]
LABEL = "campaigns.campaign"


def assert_round_trip(name: str, object_id: str) -> None:
    address = reverse(f"mirror:{name}", args=[LABEL, object_id])
    found = resolve(unquote(urlsplit(address).path))
    assert (found.url_name, found.kwargs) == (name, {"label": LABEL, "object_id": object_id})
    assert urljoin("http://testserver/", address).endswith(address)  # as a browser reads it


@pytest.mark.parametrize("name", ["compare", "now"])
@pytest.mark.parametrize("object_id", ODD)
def test_an_odd_primary_key_has_an_address(name: str, object_id: str) -> None:
    assert_round_trip(name, object_id)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_primary_key_has_an_address_of_its_own(object_id: str) -> None:
    assert_round_trip("compare", object_id)


@pytest.mark.parametrize("object_id", ["", "a\nb", "a/../b"])
def test_the_pages_show_a_row_with_an_odd_primary_key(
    mirror: Stores, admin_client: Client, object_id: str
) -> None:
    LedgerEntry.objects.create(
        model=LABEL, object_id=object_id, parked_at=timezone.now(), error_class="Unmirrorable"
    )
    CheckRun.objects.create(
        started_at=timezone.now(),
        seconds=1,
        complete=True,
        parity_percent=0,
        expected=1,
        in_sync=0,
        pending=0,
        parked=1,
        counts={"missing": 1},
        findings=[
            {"kind": "missing", "model": LABEL, "object_id": object_id, "key": "", "attributes": []}
        ],
    )
    address = reverse("mirror:compare", args=[LABEL, object_id])
    today = reverse("mirror:day", args=[timezone.localdate().isoformat()])
    for page in ["/admin/mirror/", "/admin/mirror/ledgerentry/?state=parked"]:
        answer = admin_client.get(page)
        assert (answer.status_code, f'"{address}"' in answer.text) == (200, True), page
    assert admin_client.get(today).status_code == 200
    assert admin_client.get(address).status_code == 200


def test_compare_shows_a_row_that_has_no_page_of_its_own_in_the_admin(
    mirror: Stores, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps("django.contrib.auth"):
        ward = model("Ward", id=models.TextField(primary_key=True))
        adopt(ward)
        with connection.schema_editor() as editor:
            editor.create_model(ward)
        ward.objects.create(id="")
        LedgerEntry.objects.mark_dirty("lab.ward", "")
        worker.mirror_due()
        answer = admin_client.get(reverse("mirror:compare", args=["lab.ward", ""]))
        assert answer.status_code == 200
        assert "EmptyPrimaryKey" in answer.text
