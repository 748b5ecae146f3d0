"""Plays a loss with a way, and says what became of it."""

from __future__ import annotations

import urllib.request

from django.db import connection

from mirror.models import LedgerEntry, Outage
from mirror.sync.breaker import breaker
from tests.faults.proxy import Proxy
from tests.losses.losses import KEPT, LOSSES, LOST, REPAIRED, Loss, Scene
from tests.losses.ways import WAYS, Way, in_postgresql
from tests.support.factories import make_campaign, make_session, make_user


def play(loss: Loss, way_class: type[Way], proxy: Proxy) -> str:
    """Let the loss happen to a mirrored session, deliver what is owed, and compare."""
    _empty_everything(proxy)
    owner = make_user()
    way = way_class(proxy.address)
    try:
        session = make_session(owner, make_campaign(owner), "one")
        way.deliver()
        assert way.stored() == in_postgresql()
        loss.happen(Scene(way, proxy, owner, session))
        way.deliver()
        if way.stored() == in_postgresql():
            return KEPT
        return REPAIRED if way.repair() and way.stored() == in_postgresql() else LOST
    finally:
        proxy.reset()
        way.close()


def _empty_everything(proxy: Proxy) -> None:
    request = urllib.request.Request(f"{proxy.stores['S3']}/moto-api/reset", method="POST")
    urllib.request.urlopen(request, timeout=10).close()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE auth_user CASCADE")
    LedgerEntry.objects.all().delete()
    Outage.objects.all().delete()
    breaker.open.clear()
    breaker._busy.clear()


def table(results: list[tuple[str, ...]]) -> str:
    """Return the table as Markdown: a row for each loss, a column for each way."""
    rows = [("what goes wrong", *(way.title for way in WAYS)), ("---",) * (len(WAYS) + 1)]
    rows += [(loss.title, *cells) for loss, cells in zip(LOSSES, results, strict=True)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
