"""A circuit breaker for each store, shared by all processes through the database.

While a store is out of reach, nobody waits for it but one probe at a time, and the log says it
once. The probes are the worker's: a person's request never is one.
"""

import logging
from collections import Counter

from mirror.errors import OUT_OF_REACH, Failure, Kind, SinkError
from mirror.models import LedgerEntry, Outage

logger = logging.getLogger("mirror")

BUSY_IN_A_ROW = 3  # that often "not now" without one success is an outage too


class Breaker:
    """Admits calls to the stores and learns from how they end. One for a process."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self._busy: Counter[str] = Counter()

    def refresh(self) -> None:
        """Read which stores are out of reach, as other processes found them."""
        self.open = set(Outage.objects.open().values_list("sink", flat=True))

    def admit(self, sink: str) -> None:
        """Raise ``SinkError`` where ``sink`` is out of reach and this call is not the probe."""
        if sink not in self.open or Outage.objects.take_probe(sink):
            return
        if Outage.objects.open().filter(sink=sink).exists():
            raise SinkError(Failure(Kind.UNREACHABLE, OUT_OF_REACH, sink=sink))
        self.open.discard(sink)  # another process has found it back

    def failed(self, failure: Failure) -> None:
        """Note a failed call; the first sign of an outage is reported, once."""
        sink = failure.sink
        self._busy[sink] += failure.kind is Kind.BUSY
        lasting = failure.kind is Kind.UNREACHABLE or self._busy[sink] >= BUSY_IN_A_ROW
        if not lasting or sink in self.open:
            return
        self.open.add(sink)
        if Outage.objects.begin(sink, failure):
            logger.error(
                "%s is out of reach (%s). Nothing is lost: changes stay pending until it is back.",
                sink,
                failure.code or failure.error_class,
            )

    def succeeded(self, sink: str) -> None:
        """Note a call that worked; the end of an outage is reported, once."""
        self._busy[sink] = 0
        if sink not in self.open:
            return
        self.open.discard(sink)
        if Outage.objects.end(sink):
            waiting = LedgerEntry.objects.pending().filter(error_class=OUT_OF_REACH).restart()
            logger.warning("%s is back; %d waiting changes are due now.", sink, waiting)


breaker = Breaker()
