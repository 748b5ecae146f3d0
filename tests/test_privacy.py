"""What people wrote stays out of log lines, Sentry, the ledger and every message."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk
from botocore.exceptions import ClientError, ParamValidationError
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DataError
from django.test import Client
from pytest_django.fixtures import Settings
from sentry_sdk.transport import Transport

from campaigns.models import Campaign
from config.logs import PrivateFormatter
from config.sentry import private_options
from mirror.models import LedgerEntry, Outage
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session

CANARY = "kanarienvogel"


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """Everything that is logged or sent to Sentry, as text, down to the last detail."""
    text = io.StringIO()

    class Keep(Transport):
        def capture_envelope(self, envelope: sentry_sdk.envelope.Envelope) -> None:
            text.write(json.dumps(envelope.get_event(), default=str))

    sentry_sdk.init(dsn="http://key@127.0.0.1/1", transport=Keep, **private_options())
    handler = logging.StreamHandler(text)
    handler.setFormatter(PrivateFormatter("%(levelname)s %(name)s %(message)s"))
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request", "mirror")]
    for logger in loggers:
        logger.addHandler(handler)
    yield text
    for logger in loggers:
        logger.removeHandler(handler)
    sentry_sdk.init()


def client_error(code: str, status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": f"in {CANARY}"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "PutItem")


# Each test makes its own: an exception keeps the frames it was raised through, and so the clients.
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
def test_no_failure_tells(
    mirror: Stores,
    owner: User,
    told: io.StringIO,
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
    from mirror.stores import clients

    for stores in (clients.inline_clients(), clients.background_clients()):
        if place == "item":
            monkeypatch.setattr(stores.items.client, "put_item", fail)
        if place == "object":
            monkeypatch.setattr(stores.objects.storage.client, "put_object", fail)
    if place == "document":
        monkeypatch.setattr("sessions_app.documents.SessionDocument.bodies", fail)

    Session.objects.create(
        owner=owner,
        name=CANARY,
        notes=CANARY,
        transcript_text=f"MATT: {CANARY}",
        metrics={CANARY: CANARY},
    )
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("mirror_sync", stdout=out, stderr=out)
    assert LedgerEntry.objects.get().state != "mirrored"
    kept = [*LedgerEntry.objects.values(), *Outage.objects.values()]
    shown = told.getvalue() + out.getvalue() + json.dumps(kept, default=str)
    assert type(error).__name__ in shown
    assert CANARY not in shown
    assert CANARY not in str(LedgerEntry.objects.get())


def test_no_crash_of_a_page_tells(
    admin_client: Client, owner: User, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Campaign, *_: Any, **__: Any) -> None:
        secret = f"Failing row contains ({self.name})"
        raise DataError(secret)

    monkeypatch.setattr(Campaign, "save", fail)
    admin_client.raise_request_exception = False
    answer = admin_client.post(
        f"/admin/campaigns/campaign/add/?q={CANARY}",
        {"owner": owner.pk, "name": CANARY, "description": CANARY},
    )
    assert answer.status_code == 500
    assert "DataError" in told.getvalue()
    assert CANARY not in told.getvalue()


def test_the_log_shows_the_places_of_an_error_and_its_causes(told: io.StringIO) -> None:
    def cause() -> None:
        raise KeyError(CANARY)

    def fail() -> None:
        try:
            cause()
        except KeyError as error:
            raise ValueError(CANARY) from error

    try:
        fail()
    except ValueError:
        logging.getLogger("mirror").exception("It failed")
    text = told.getvalue()
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert "test_privacy.py" in text
    assert CANARY not in text


def test_a_share_link_and_a_search_stay_out_of_the_log() -> None:
    record = logging.LogRecord(
        "x", 20, "", 0, '"GET /share/abc123/ HTTP" and /search/?q=%s', (CANARY,), None
    )
    line = PrivateFormatter().format(record)
    assert "abc123" not in line
    assert CANARY not in line
    assert line == '"GET /share/…/ HTTP" and /search/?…'
