"""A circuit breaker for each store, shared by all processes through the database.

While a store is out of reach, only one probe at a time waits for it, and the log says so once. The
worker sends the probes, never a person's request.
"""

import logging
from collections import Counter

from mirror.errors import OUT_OF_REACH, Failure, Kind, StoreError
from mirror.models import LedgerEntry, Outage

logger = logging.getLogger("mirror")

BUSY_IN_A_ROW = 3  # so many "busy" answers without one success are an outage, too


class Breaker:
    """Admits calls to the stores and learns from how they end. One for each process."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self._busy: Counter[str] = Counter()

    def refresh(self) -> None:
        """Read which stores are out of reach, as other processes found them."""
        self.open = set(Outage.objects.open().values_list("store", flat=True))

    def admit(self, store: str) -> None:
        """Raise ``StoreError`` if ``store`` is out of reach and this call is not the probe."""
        if store not in self.open or Outage.objects.take_probe(store):
            return
        if Outage.objects.open().filter(store=store).exists():
            raise StoreError(Failure(Kind.UNREACHABLE, OUT_OF_REACH, store=store))
        self.open.discard(store)  # another process has found that it is back

    def failed(self, failure: Failure) -> None:
        """Note a failed call; the first sign of an outage is reported, once."""
        store = failure.store
        if failure.kind is Kind.BUSY:
            self._busy[store] += 1
        lasting = failure.kind is Kind.UNREACHABLE or self._busy[store] >= BUSY_IN_A_ROW
        if not lasting or store in self.open:
            return
        self.open.add(store)
        if Outage.objects.begin(store, failure):
            logger.error(
                "%s is out of reach (%s). Nothing is lost: changes stay pending until it is back.",
                store,
                failure.code or failure.error_class,
            )

    def succeeded(self, store: str) -> None:
        """Note a call that worked; the end of an outage is reported, once."""
        self._busy[store] = 0
        if store not in self.open:
            return
        self.open.discard(store)
        if Outage.objects.end(store):
            waiting = LedgerEntry.objects.pending().filter(error_class=OUT_OF_REACH)
            due = waiting.reset_attempts()
            logger.warning("%s is back; %d waiting changes are due now.", store, due)


breaker = Breaker()
