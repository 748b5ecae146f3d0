"""The clients of both stores, made once for each process."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.signals import setting_changed

from mirror.stores.aws_errors import credentials_refused
from mirror.stores.dynamodb import DYNAMODB, ItemStore
from mirror.stores.s3 import ObjectStore

INLINE_TIMEOUT = 1.0  # seconds: a person waits
BACKGROUND_TIMEOUT = 10.0  # seconds: nobody waits
READ_ATTEMPTS = 5  # a check of a million rows needs 70,000 calls: some fail


@dataclass(frozen=True)
class Stores:
    """Both stores, as one process uses them."""

    items: ItemStore
    objects: ObjectStore

    def address(self, store: str) -> str:
        """Return the address that calls to a store, DynamoDB or S3, go to."""
        client = self.items.client if store == DYNAMODB else self.objects.storage.client
        return str(client.meta.endpoint_url)


Clients = Callable[[], Stores]  # one of the functions below


@functools.cache
def background_clients() -> Stores:
    """Return the process's clients for work that nobody waits for."""
    return Stores(ItemStore(timeout=BACKGROUND_TIMEOUT), ObjectStore(timeout=BACKGROUND_TIMEOUT))


@functools.cache
def reading_clients() -> Stores:
    """Return the process's clients for long work that only reads: what fails is asked again.

    An attempt of the engine is repeated as a whole, so its clients send each request once.
    """
    return Stores(
        ItemStore(timeout=BACKGROUND_TIMEOUT, attempts=READ_ATTEMPTS),
        ObjectStore(timeout=BACKGROUND_TIMEOUT, attempts=READ_ATTEMPTS),
    )


@functools.cache
def inline_clients() -> Stores:
    """Return the process's clients for work within a person's request."""
    return Stores(ItemStore(timeout=INLINE_TIMEOUT), ObjectStore(timeout=INLINE_TIMEOUT))


def reset_clients(**_: Any) -> None:
    """Forget the clients, so that the next ones look for settings and credentials again."""
    background_clients.cache_clear()
    inline_clients.cache_clear()
    reading_clients.cache_clear()


os.register_at_fork(after_in_child=reset_clients)  # connections serve one process
setting_changed.connect(reset_clients)
credentials_refused.connect(reset_clients)
