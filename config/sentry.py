"""Errors go to Sentry without what people wrote: no values, no bodies, no addresses, no names."""

from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint

REMOVED = "[removed: messages quote data]"


def start(dsn: str) -> None:
    """Initialise the SDK. Raises ``ValueError`` (``BadDsn``) for an address that is none."""
    sentry_sdk.init(dsn=dsn, **private_options())


def private_options() -> dict[str, Any]:
    """Return the options that keep private text out of every event.

    By default the SDK sends local variables and request bodies: a transcript, twice.
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
        "before_send": without_private_text,
    }


def without_private_text(event: Event, hint: Hint) -> Event:
    """Drop exception messages (PostgreSQL's and boto's quote values) and the request's address.

    A share link's address is its secret, and a search's address holds what was searched for.
    """
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = REMOVED
    request = event.get("request")
    if request is not None:
        event["request"] = {"method": request.get("method")}
    for field in ("user", "extra", "breadcrumbs"):
        event.pop(field, None)  # type: ignore[misc] # a TypedDict takes literal keys only
    return event
