"""Orphans: items and objects that belong to no row."""

from __future__ import annotations

from mirror.stores.clients import Stores
from mirror.verify import check
from sessions_app.models import Session


def test_an_object_under_another_spelling_of_an_id_is_an_orphan(
    mirror: Stores, session: Session
) -> None:
    key = f"transcripts/{str(session.pk).upper()}/1-0.json"
    mirror.objects.put(key, b"{}")
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("object_orphaned", key)
