"""How much memory drains and checks take at their peak, beside few rows and beside many."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

from django.contrib.auth.models import User

from tests.bench.databases import fresh, query
from tests.bench.parts.backfill import commands
from tests.bench.parts.check import check
from tests.bench.processes import INSTANT, Done, load, stand_in
from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_most
from tests.support.factories import make_user
from tests.support.large_ledger import MIRRORED, OWED, refill, refill_campaigns

FLAT = at_most(30)  # megabytes more


def measure(sizes: Sizes) -> Iterator[Row]:
    """Run real commands on small rows."""
    few, many = sizes.memory
    drains = [_drain(count, sizes.drain_seconds).peak for count in sizes.memory]
    checks = [_check(count).peak for count in sizes.memory]
    for name, peaks in (("drain", drains), ("check", checks)):
        title = f"peak memory, {name} of {many:,} rows"
        yield Row(title, "MB", peaks[1], f"of {few:,}", peaks[0])
        yield Row(f"{title}: more than of {few:,}", "MB", peaks[1] - peaks[0], target=FLAT)


def _drain(count: int, longest: float) -> Done:
    with fresh(), stand_in(INSTANT):
        refill_campaigns(count, make_user().pk)
        refill(count, OWED)
        child = commands(1)[0]()
        timer = threading.Timer(longest, child.stop)
        timer.start()
        done = child.wait()
        timer.cancel()
        return done


def _check(count: int) -> Done:
    """Check campaigns that look as if they had been mirrored."""
    with fresh(), stand_in(INSTANT) as address:
        owner = make_user()
        refill_campaigns(count, owner.pk)
        refill(count, MIRRORED)
        load(address, _items(owner))
        return check(address)[2]


def _items(owner: User) -> str:
    """Return the items of all campaigns, one a line: the first is rendered, the others are copies.

    The campaigns differ only in their ids and their names.
    """
    from campaigns.documents import CampaignDocument
    from campaigns.models import Campaign
    from mirror.documents.render import render

    first = Campaign.objects.get(name="0")
    item = render(CampaignDocument, first).item(1, {}) | {"name": {"S": "a name"}}
    text = json.dumps(item).replace(f"{first.pk}", "an id")
    rows = query("SELECT id::text, name FROM campaigns_campaign WHERE owner_id = %s", owner.pk)
    return "\n".join(text.replace("an id", pk).replace("a name", name) for pk, name in rows)
