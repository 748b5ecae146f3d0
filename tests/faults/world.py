"""The world of a fault test: a user, rows, both stores, the proxy, a worker, and time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F
from django.db.models.functions import Now

from campaigns.models import Campaign
from mirror.models import LedgerEntry, Outage
from mirror.models.key_states import LANDED, KeyState, dump
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.breaker import breaker
from mirror.verify import check
from sessions_app.models import Session
from tests.faults.comparison import differences
from tests.faults.protocol_steps import SimulatedKill, before_step, simulate_kill
from tests.faults.proxy import Proxy
from tests.faults.raw_stores import RawStores
from tests.support.factories import make_campaign, make_session


@dataclass
class World:
    """The real stack, with the proxy between the engine and the stores."""

    proxy: Proxy
    raw: RawStores  # the stores, read directly: never affected by a fault
    stores: Stores  # the engine's clients, which reach the stores through the proxy
    owner: User

    # Rows

    def campaign(self, name: str = "A", *, owner: User | None = None, **fields: Any) -> Campaign:
        """Save a campaign."""
        return make_campaign(owner or self.owner, name, **fields)

    def session(
        self, campaign: Campaign | None = None, *, owner: User | None = None, **fields: Any
    ) -> Session:
        """Save a session with a transcript."""
        values = {"name": "one", "transcript_text": "MATT: hello", **fields}
        return make_session(owner or self.owner, campaign, **values)

    def entry(self, row: Campaign | Session | uuid.UUID) -> LedgerEntry:
        """Return the ledger's entry for a row, or for a primary key."""
        key = row if isinstance(row, uuid.UUID) else row.pk
        return LedgerEntry.objects.get(object_id=str(key))

    # The worker

    def attempt(self) -> None:
        """Let a worker mirror what is due now. A row in back-off is not due."""
        worker.mirror_due()

    def attempt_and_reset_backoff(self) -> None:
        """Let a worker make an attempt that fails; the next attempt need not wait."""
        self.attempt()
        self.reset_backoff()

    def attempt_and_crash(self, step: str, *, nth: int = 1) -> None:
        """Let a worker die before ``step``; its lease runs out at once."""
        try:
            with before_step(step, simulate_kill, nth=nth):
                worker.mirror_due()
        except SimulatedKill:
            self.expire_leases()
            return
        raise AssertionError(f"the worker did not come to the step {step!r}")

    # Time

    def expire_leases(self) -> None:
        """Let every lease run out."""
        LedgerEntry.objects.exclude(claim=None).update(claimed_until=Now())

    def reset_backoff(self) -> None:
        """End every outage and every back-off."""
        Outage.objects.open().update(ended_at=Now())
        breaker.open.clear()
        breaker._busy.clear()
        LedgerEntry.objects.pending().update(next_attempt_at=Now())

    def pass_time(self, time: timedelta = timedelta(minutes=20)) -> None:
        """Move leases, sweeps and the moments until which uploads may land back by ``time``."""
        LedgerEntry.objects.update(
            sweep_at=F("sweep_at") - time, claimed_until=F("claimed_until") - time
        )
        for entry in LedgerEntry.objects.exclude(object_keys={}):
            earlier = {
                key: state
                if state.in_use or state == LANDED
                else KeyState(may_land_until=state.may_land_until - time)
                for key, state in entry.key_states.items()
            }
            entry.object_keys = dump(earlier)
            entry.save(update_fields=["object_keys"])

    # The end of all faults

    def settle(self) -> None:
        """End all faults, apply the held requests, let leases run out, then drain."""
        self.proxy.stop_faults()
        self.proxy.release()
        self._drain()

    def settle_before_release(self) -> None:
        """The same, but the held requests are applied after the drain: as late as possible."""
        self.proxy.stop_faults()
        self._drain()
        self.proxy.release()

    def _drain(self) -> None:
        self.expire_leases()
        LedgerEntry.objects.retry()
        worker.drain()

    # What must hold

    def assert_equal(self) -> None:
        """Require that PostgreSQL, items and objects are equal, and that the check says so."""
        assert differences(self.raw) == []
        assert not LedgerEntry.objects.owed().exists()
        report = check.check(self.stores)
        assert (report.parity_percent, list(report.findings)) == (100, [])

    def assert_settles(self) -> None:
        """Settle, and require that everything is equal."""
        self.settle()
        self.assert_equal()

    def assert_no_silent_difference(self) -> None:
        """Require that each difference is on its way, or found by the check (invariant I3).

        On its way is what is owed, or an object whose removal is scheduled.
        """
        scheduled = {
            f"object {key} is orphaned"
            for entry in LedgerEntry.objects.filter(sweep_at__isnull=False)
            for key in entry.scheduled_removals
        }
        if set(differences(self.raw)) - scheduled and not LedgerEntry.objects.owed().exists():
            assert check.check(self.stores).findings


Scenario = Callable[[World], None]
