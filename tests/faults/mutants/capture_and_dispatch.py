"""Mutants of what happens in a person's request: capture, dispatch, guard, breaker and budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from django.db import connection

from mirror.errors import Failure, StoreError
from mirror.models import LedgerEntry
from mirror.stores import clients
from mirror.sync import dispatch, engine, pipeline
from mirror.sync.attempt import Attempt
from mirror.sync.breaker import Breaker
from mirror.sync.budget import Budget
from tests.faults.mutants.patching import Change, replace


@contextmanager
def insert_without_upsert() -> Iterator[None]:
    """Let the triggers insert without ON CONFLICT."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'mirror_mark_dirty'"
        )
        (definition,) = cursor.fetchone()
        broken, replaced = re.subn(r"ON CONFLICT[^;]*", "", definition)
        assert replaced
        cursor.execute(broken)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(definition)


class TransactionThatDoesNotWait:
    """Replaces the module ``transaction``: calls back at once, in the middle of a transaction."""

    @staticmethod
    def on_commit(callback: Callable[[], object], using: str) -> None:
        """Call back without waiting for the commit."""
        callback()


def setting_always_inline(name: str) -> Any:
    """Dispatch inline, whatever the settings say."""
    return {"ENABLED": True, "DISPATCH": "inline"}[name]


def dispatch_nothing(label: str, object_id: str) -> None:
    """Leave every row to the worker."""


_prepare = engine.prepare


def prepare_unguarded(entries: Sequence[LedgerEntry], breaker: Breaker) -> list[Attempt]:
    """Let every exception through that a row raises before it is written."""
    attempts = _prepare(entries, breaker)
    for attempt in attempts:
        if attempt.error:
            raise attempt.error
    return attempts


def never_open(self: Breaker, failure: Failure, partition: str = "") -> None:
    """Ignore failed calls."""


_run = Budget.run


def run_without_spending(self: Budget, *arguments: Any, **options: Any) -> Any:
    """Give each call the whole budget."""
    left = self.left
    try:
        return _run(self, *arguments, **options)
    finally:
        self.left = left


def run_without_handling_of_clients(
    self: Budget, store: str, call: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Make the clients outside the budget, and hide their failure from the breaker."""
    if call is clients.inline_clients:
        try:
            return call()
        except StoreError:
            raise RuntimeError from None
    return _run(self, store, call, *args, **kwargs)


MUTANTS: dict[str, list[Change]] = {
    "trigger inserts without upsert": [insert_without_upsert],
    "dispatch before the commit": [
        replace(dispatch, "transaction", TransactionThatDoesNotWait),
        replace(dispatch, "setting", setting_always_inline),
    ],
    "no dispatch": [replace(dispatch, "_dispatch", dispatch_nothing)],
    "no guard": [
        replace(dispatch, "_dispatch", dispatch._mirror_inline),
        replace(engine, "prepare", prepare_unguarded),
        replace(pipeline, "prepare", prepare_unguarded),
        replace(Attempt, "carry_out", Attempt._carry_out),
    ],
    "no breaker": [replace(Breaker, "failed", never_open)],
    "no breaker and no budget": [
        replace(Breaker, "failed", never_open),
        replace(Budget, "run", run_without_spending),
    ],
    "call not cancelled when the budget ends": [replace(Future, "cancel", lambda self: False)],
    "clients made outside the budget": [replace(Budget, "run", run_without_handling_of_clients)],
}
