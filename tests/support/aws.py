"""Sets where the clients look for DynamoDB and S3, makes them quickly, and has calls refused."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore import hooks
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from mirror.stores import clients

accepts_kwargs: Any = hooks.accepts_kwargs
NOWHERE = "http://127.0.0.1:9"  # an address where nothing listens


def make_clients_quickly() -> None:
    """Spare botocore what comes out the same for each client: tests make a thousand.

    That is a megabyte of JSON, the names of three hundred events, and whether each of their
    handlers takes keyword arguments.
    """
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    aliaser: Any = hooks.EventAliaser
    name_of = functools.cache(aliaser(None)._alias_event_name)
    aliaser._alias_event_name = lambda _, name: name_of(name)
    hooks.accepts_kwargs = _accepts_kwargs  # type: ignore[assignment]


def _accepts_kwargs(handler: Any) -> Any:
    """Tell it by the flags of a function. Its signature says the same, but takes long to read."""
    code = getattr(handler, "__code__", None)
    return code.co_flags & inspect.CO_VARKEYWORDS if code else accepts_kwargs(handler)


def point_clients_at(dynamodb: str, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all new clients, in this process and its children, use these addresses."""
    monkeypatch.setitem(os.environ, "AWS_ENDPOINT_URL_DYNAMODB", dynamodb)
    monkeypatch.setitem(os.environ, "AWS_ENDPOINT_URL_S3", s3)
    clients.reset_clients()


def cut_off(store: str, aws_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one store, "DynamoDB" or "S3", unreachable. The other one is at ``aws_address``."""
    dynamodb, s3 = (NOWHERE if name == store else aws_address for name in ("DynamoDB", "S3"))
    point_clients_at(dynamodb, s3, monkeypatch)


def refuse(client: Any, *operations: str) -> None:
    """Make AWS deny these operations to this client, as for lack of a right."""
    service = client.meta.service_model.service_name
    bodies = {
        "dynamodb": b'{"__type": "com.amazon.coral.service#AccessDeniedException"}',
        "s3": b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
    }

    def deny(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body = b"" if request.method == "HEAD" else bodies[service]
        status = 400 if service == "dynamodb" else 403
        return AWSResponse(request.url, status, HTTPHeaders(), _Raw(body))

    for operation in operations:
        client.meta.events.register(f"before-send.{service}.{operation}", deny)


class _Raw:
    """The part of urllib3's answer that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body
