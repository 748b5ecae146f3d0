"""Engines without what surrounds the protocol: capture, guards, breaker, budget, drain, check."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db import connection

from mirror import drain, engine, errors, handoff, sinks
from mirror.breaker import Breaker
from mirror.budget import Budget
from mirror.drain import Drain
from mirror.engine import Attempt, Outcome
from mirror.errors import Failure, SinkError
from mirror.models import LedgerEntry
from mirror.sinks import ItemSink, ObjectSink
from tests.faults.mutants.patching import Change, instead

# Capture


@contextmanager
def insert_without_upsert() -> Iterator[None]:
    """Let the trigger insert where somebody else may have inserted meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'pgtrigger_mirror_%'"
        )
        definitions = [row[0] for row in cursor.fetchall()]
        assert definitions
        for text in definitions:
            cursor.execute(re.sub(r"ON CONFLICT[^;]*", "", text))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for text in definitions:
                cursor.execute(text)


# Hand-off


class AtOnce:
    """In the place of ``transaction``: asks AWS in the middle of one."""

    @staticmethod
    def on_commit(deliver: Callable[[], object], using: str) -> None:
        """Wait for nothing."""
        deliver()


def always_inline(name: str) -> Any:
    """Read no setting."""
    return {"ENABLED": True, "DISPATCH": "inline"}[name]


def deliver_nothing(label: str, object_id: str) -> None:
    """Leave everything to a worker."""


def mirror_unguarded(entry: LedgerEntry, *arguments: Any) -> Outcome:
    """Let whatever goes wrong through."""
    padded = [*arguments, None][:3]
    return Outcome.MIRRORED if Attempt(entry, *padded).run() else Outcome.LEFT


# Breaker and budget


def never_open(self: Breaker, failure: Failure) -> None:
    """Learn nothing from what fails."""


_run = Budget.run


def run_without_spending(self: Budget, *arguments: Any, **options: Any) -> Any:
    """Give each call the whole budget."""
    left = self.left
    try:
        return _run(self, *arguments, **options)
    finally:
        self.left = left


def run_in_a_moment(
    self: Attempt, sink: str, call: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    """Wait for no answer longer than a very impatient person would."""
    return Budget(0.001).run(sink, call, *args, **kwargs)


def one_second_always(self: Failure, attempts: int, *, chance: float | None = None) -> timedelta:
    """Try again after a second, however often it failed."""
    return timedelta(seconds=1)


# Drain


def watch_once(self: Drain) -> None:
    """End where the connection is lost."""
    drain._listen()
    while not self.stop.is_set():
        self.work_off()
        drain._sleep(self.stop)


def one_batch_only(self: Drain, rounds: int | None = None) -> Counter[Outcome]:
    """Do not look whether there is more."""
    self.stop.set()
    return self._mirror(drain.ours().due().claim(drain.BATCH), sinks.patient_sinks())


# Check


def blind(method: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """Take what cannot be read for the end."""

    def read(*arguments: Any, **options: Any) -> Iterator[Any]:
        with suppress(SinkError):
            yield from method(*arguments, **options)

    return read


def blind_to(method: Callable[..., Any], nothing: Any) -> Callable[..., Any]:
    """Take what cannot be read for nothing."""

    def read(*arguments: Any, **options: Any) -> Any:
        with suppress(SinkError):
            return method(*arguments, **options)
        return nothing

    return read


NO_GUARD: list[Change] = [
    instead(handoff, "_deliver", handoff._mirror_now),
    instead(engine, "mirror_entry", mirror_unguarded),
    instead(drain, "mirror_entry", mirror_unguarded),
]

MUTANTS: dict[str, list[Change]] = {
    "a trigger that inserts without upsert": [insert_without_upsert],
    "handed off before the commit": [
        instead(handoff, "transaction", AtOnce),
        instead(handoff, "setting", always_inline),
    ],
    "nothing handed off": [instead(handoff, "_deliver", deliver_nothing)],
    "no guard": NO_GUARD,
    "no breaker": [instead(Breaker, "failed", never_open)],
    "neither breaker nor budget": [
        instead(Breaker, "failed", never_open),
        instead(Budget, "run", run_without_spending),
    ],
    "a call that cannot be taken back": [instead(Future, "cancel", lambda self: False)],
    "an impatient worker": [instead(Attempt, "_call", run_in_a_moment)],
    "a back-off that does not grow": [instead(Failure, "retry_after", one_second_always)],
    "what AWS refuses taken for an outage": [instead(errors, "REFUSED", frozenset())],
    "a refused removal given up": [instead(engine, "LONGEST_DELAY", None)],
    "a worker that ends with its connection": [instead(Drain, "watch", watch_once)],
    "one batch only": [instead(Drain, "_claim_and_mirror", one_batch_only)],
    "what cannot be read taken for empty": [
        instead(ItemSink, "scan_keys", blind(ItemSink.scan_keys)),
        instead(ItemSink, "get_many", blind_to(ItemSink.get_many, {})),
        instead(ObjectSink, "list", blind(ObjectSink.list)),
        instead(ObjectSink, "get", blind_to(ObjectSink.get, b"")),
    ],
}
