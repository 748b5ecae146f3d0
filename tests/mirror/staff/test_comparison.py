"""The comparison of one row marks what differs, attribute by attribute."""

from __future__ import annotations

import pytest

from mirror.staff.comparison import DIFFERS, EQUAL, Comparer
from mirror.stores.clients import Stores
from mirror.sync.budget import Budget
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.support.stored import item_of
from tests.support.tampering import TAMPERINGS

# These are about no row that could be compared. Only mirror_check finds them.
ABOUT_NO_ROW = {"foreign item", "object without a row", "object with an odd key"}


@pytest.mark.parametrize("name", [name for name in TAMPERINGS if name not in ABOUT_NO_ROW])
def test_tampering_is_marked(mirror: Stores, session: Session, name: str) -> None:
    tamper, kind, attributes = TAMPERINGS[name]
    tamper(mirror, item_of(mirror, session.pk))
    comparison = Comparer(SessionDocument, str(session.pk), lambda: mirror, Budget(5)).run()
    if name == "item copied elsewhere":
        assert comparison.state == EQUAL  # the ledger has no such key: only mirror_check finds it
    elif kind == "object_orphaned":
        assert (comparison.differing, len(comparison.orphans)) == ([], 1)
    elif name == "item deleted":
        assert comparison.differing == [line.name for line in comparison.lines]
    else:
        assert comparison.differing == attributes
        assert comparison.state == DIFFERS
