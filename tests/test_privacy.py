"""What people wrote never appears in the log, Sentry, the ledger or a message of a command."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DataError
from django.test import Client
from pytest_django.fixtures import Settings

from campaigns.models import Campaign
from mirror.models import LedgerEntry, Outage
from mirror.stores import clients
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.factories import make_session

CANARY = "kanarienvogel"


def client_error(code: str, status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": f"in {CANARY}"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "PutItem")


# Functions, because an exception that is raised keeps its frames, and so the clients, alive.
FAILURES: dict[str, Callable[[], Exception]] = {
    "ClientErrorValidationException": lambda: client_error("ValidationException"),
    "ClientErrorThrottlingException": lambda: client_error("ThrottlingException"),
    "ClientErrorAccessDeniedException": lambda: client_error("AccessDeniedException"),
    "ClientErrorInternalServerError": lambda: client_error("InternalServerError", 500),
    "ParamValidationError": lambda: ParamValidationError(report=f"Invalid type for {CANARY}"),
    "DataError": lambda: DataError(f"invalid input {CANARY}"),
    "ValueError": lambda: ValueError(CANARY),
    "UnicodeEncodeError": lambda: UnicodeEncodeError("utf-8", CANARY, 0, 1, CANARY),
    "ConnectionResetError": lambda: ConnectionResetError(CANARY),
}


@pytest.mark.parametrize("dispatch", ["inline", "worker"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("place", ["item", "object", "document"])
def test_a_failed_attempt_reveals_no_text(
    mirror: Stores,
    owner: User,
    reported: Callable[[], str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    dispatch: str,
    failure: str,
    place: str,
) -> None:
    error = FAILURES[failure]()

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(worker, "SOON", 0)
    monkeypatch.setattr(worker, "OUTAGE_RETRIES", 0)
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": dispatch}
    for stores in (clients.inline_clients(), clients.background_clients()):
        if place == "item":
            monkeypatch.setattr(stores.items.client, "put_item", fail)
        if place == "object":
            monkeypatch.setattr(stores.objects.storage.client, "put_object", fail)
    if place == "document":
        monkeypatch.setattr("sessions_app.documents.SessionDocument.bodies", fail)

    make_session(
        owner,
        name=CANARY,
        notes=CANARY,
        transcript_text=f"MATT: {CANARY}",
        metrics={CANARY: CANARY},
    )
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("mirror_sync", stdout=out, stderr=out)
    assert LedgerEntry.objects.get().state != "mirrored"
    recorded = [*LedgerEntry.objects.values(), *Outage.objects.values()]
    text = reported() + out.getvalue() + json.dumps(recorded, default=str)
    assert type(error).__name__ in text
    assert CANARY not in text
    assert CANARY not in str(LedgerEntry.objects.get())


def test_a_page_that_crashes_reveals_no_text(
    admin_client: Client,
    owner: User,
    reported: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: Campaign, *_: Any, **__: Any) -> None:
        secret = f"Failing row contains ({self.name})"
        raise DataError(secret)

    monkeypatch.setattr(Campaign, "save", fail)
    admin_client.raise_request_exception = False
    response = admin_client.post(
        f"/admin/campaigns/campaign/add/?q={CANARY}",
        {"owner": owner.pk, "name": CANARY, "description": CANARY},
    )
    assert response.status_code == 500
    assert "DataError" in reported()
    assert CANARY not in reported()
