"""What a fault test holds in its hands: people, stores, the proxy, and time."""

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
from mirror.models.object_keys import LANDED, KeyState, dump
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.breaker import breaker
from mirror.verify import check
from sessions_app.models import Session
from tests.faults.comparison import RawStores, differences
from tests.faults.points import Killed, before, die
from tests.faults.proxy import Proxy


@dataclass
class World:
    """The real stack, with the proxy between the engine and the stores."""

    proxy: Proxy
    raw: RawStores
    stores: Stores  # the engine's own way to the stores: through the proxy
    owner: User

    def campaign(self, name: str = "A", **fields: Any) -> Campaign:
        """Make a campaign."""
        return Campaign.objects.create(**{"owner": self.owner, "name": name, **fields})

    def session(self, campaign: Campaign | None = None, **fields: Any) -> Session:
        """Make a session, with a transcript."""
        values = {"owner": self.owner, "name": "one", "transcript_text": "MATT: hello", **fields}
        return Session.objects.create(campaign=campaign, **values)

    def entry(self, instance: Campaign | Session | uuid.UUID) -> LedgerEntry:
        """Return the ledger's entry."""
        key = instance if isinstance(instance, uuid.UUID) else instance.pk
        return LedgerEntry.objects.get(object_id=str(key))

    def attempt(self) -> None:
        """Let a worker take what is due, once; nobody is told to hurry."""
        worker.mirror_due()

    def attempt_in_vain(self) -> None:
        """The same, where it is to fail; the next one need not wait out back-off and outage."""
        self.attempt()
        self.forgive()

    def crash(self, point: str, *, nth: int = 1) -> None:
        """Let a worker die before ``point``, and its lease run out."""
        try:
            with before(point, die, nth=nth):
                worker.mirror_due()
        except Killed:
            self.expire_leases()
            return
        raise AssertionError(f"nobody came to {point}")

    def expire_leases(self) -> None:
        """Let as much time pass as a lease lasts."""
        LedgerEntry.objects.exclude(claim=None).update(claimed_until=Now())

    def forgive(self) -> None:
        """Let back-off and outage be over."""
        Outage.objects.open().update(ended_at=Now())
        breaker.open.clear()
        breaker._busy.clear()
        LedgerEntry.objects.pending().update(next_attempt_at=Now())

    def pass_time(self, time: timedelta = timedelta(minutes=20)) -> None:
        """Let ``time`` pass for what the ledger waits for."""
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

    def settle_now(self) -> None:
        """The engine brings everything up to date; only then does what was held land."""
        self.proxy.calm()
        self.expire_leases()
        LedgerEntry.objects.retry()
        worker.drain()
        self.proxy.release()

    def settle(self) -> None:
        """Faults stop, what was held lands, leases run out; then one drain."""
        self.proxy.calm()
        self.proxy.release()
        self.expire_leases()
        LedgerEntry.objects.retry()
        worker.drain()

    def assert_equal(self) -> None:
        """PostgreSQL, items and objects are equal, nothing is left over, and the check agrees."""
        assert differences(self.raw) == []
        assert not LedgerEntry.objects.owed().exists()
        report = check.check(self.stores)
        assert (report.parity_percent, report.findings) == (100, set())

    def assert_settles(self) -> None:
        """Whatever has happened: in the end everything is equal."""
        self.settle()
        self.assert_equal()

    def assert_never_hidden(self) -> None:
        """What differs is either owed, or found by the check: never silently equal."""
        if differences(self.raw) and not LedgerEntry.objects.owed().exists():
            assert check.check(self.stores).findings


Scenario = Callable[[World], None]
