"""Differences of each kind between rows and the stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mirror.stores.clients import Stores
from mirror.verify.report import Report
from sessions_app.models import Session
from tests.support.factories import make_campaign
from tests.support.stored import item_of, objects
from tests.support.tampering import delete_item, put_foreign_item, set_attribute

ROWS = 40


def spoil(mirror: Stores, sessions: Sequence[Session]) -> None:
    """Make one difference of each kind, and some that are only on their way."""
    set_attribute(mirror, item_of(mirror, sessions[0].pk), "name", {"S": "x"})
    delete_item(mirror, item_of(mirror, sessions[10].pk))
    put_foreign_item(mirror, {})
    first, *_, last = objects(mirror)
    mirror.objects.delete(first)
    mirror.objects.put(last, b"something else")
    mirror.objects.put("transcripts/0/1-orphan.json", b"of no row")
    mirror.objects.put("transcripts/zzz/1-orphan.json", b"of no row")
    mirror.objects.put("transcripts/8no-folder.json", b"of no row")
    make_campaign(sessions[0].owner)


def summary(report: Report) -> tuple[Any, ...]:
    """Return all that two checks of the same rows and stores must agree on."""
    return (
        sorted((f.kind, f.object_id, f.key_text, f.attributes) for f in report.findings),
        (report.expected, report.in_sync, report.pending),
    )
