"""Reports errors to Sentry without what people wrote: no values, bodies, URLs or names."""

import time
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint

from config.logs import without_secrets

REMOVED = "[removed: messages quote data]"
HOUR = 3600.0  # seconds


def start(dsn: str) -> None:
    """Initialise the SDK. Raises ``BadDsn``, a ``ValueError``, if the address is invalid."""
    sentry_sdk.init(dsn=dsn, **private_options())


def private_options() -> dict[str, Any]:
    """Return the options that keep private text out of every event.

    By default the SDK sends local variables and request bodies, which may hold a transcript.
    """
    off = {"mode": "off"}
    return {
        "data_collection": {
            "user_info": False,
            "cookies": off,
            "http_headers": {"request": off},
            "http_bodies": [],
            "url_query_params": off,
            "database_query_data": False,
            "stack_frame_variables": False,
        },
        "max_breadcrumbs": 0,
        "before_send": _once_an_hour(),
    }


def _once_an_hour() -> Callable[[Event, Hint], Event | None]:
    """Return what an event goes through before it is sent.

    A log record may name a ``fingerprint``: then Sentry groups its events by that, whatever their
    words, and this process sends one of them an hour. A defect may concern a million rows.
    """
    silent_until: dict[str, float] = {}

    def before_send(event: Event, hint: Hint) -> Event | None:
        fingerprint = getattr(hint.get("log_record"), "fingerprint", None)
        if fingerprint:
            key = repr(fingerprint)
            if time.monotonic() < silent_until.get(key, 0.0):
                return None
            silent_until[key] = time.monotonic() + HOUR
            event["fingerprint"] = fingerprint
        return without_private_text(event, hint)

    return before_send


def without_private_text(event: Event, hint: Hint) -> Event:
    """Remove exception messages, the request's URL, and the user from an event.

    Messages of PostgreSQL and boto quote values. The URL of a share link is a secret, and the URL
    of a search holds the words that were searched for. What is logged may name a URL, and the
    transaction is named after it if the request fails before its view is known.
    """
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = REMOVED
    request = event.get("request")
    if request is not None:
        event["request"] = {"method": request.get("method")}
    if "transaction" in event:
        event["transaction"] = without_secrets(event["transaction"])
    if "logentry" in event:
        event["logentry"] = {
            name: _without_secrets(value) for name, value in event["logentry"].items()
        }
    for field in ("user", "extra", "breadcrumbs"):
        event.pop(field, None)  # type: ignore[misc] # a TypedDict takes literal keys only
    return event


def _without_secrets(value: Any) -> Any:
    """Leave the secrets in URLs out of a message, or of the list of its parameters."""
    if isinstance(value, list):
        return [_without_secrets(member) for member in value]
    return without_secrets(value) if isinstance(value, str) else value
