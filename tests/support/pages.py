"""What a browser sees of a response, and what it would send back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client


def text_of(response: Any) -> str:
    """Return the page as text."""
    return str(response.content.decode())


def messages_of(response: Any) -> list[str]:
    """Return the messages that the view added."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def form_data(response: Any) -> dict[str, Any]:
    """Return what a browser would send from the form on this page if nothing was typed."""
    form = response.context["form"]
    return {name: form[name].value() or "" for name in form.fields}


def load_admin_form(client: Client, path: str) -> dict[str, Any]:
    """Load a page of the admin and return what a browser would send: its lines end with CRLF."""
    form = client.get(path).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {
        name: value.replace("\n", "\r\n") if isinstance(value, str) else value
        for name, value in values.items()
        if value is not None
    }


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the names of the fields in which two rows, from ``values()``, differ."""
    return {name for name in before if before[name] != after[name]}


def load_form(client: Client, path: str) -> dict[str, Any]:
    """Load a page and return the data of its form."""
    return form_data(client.get(path))
