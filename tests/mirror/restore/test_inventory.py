"""A restore of a large table: page by page, and never much of it in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from mirror.documents.items import ItemKey
from mirror.documents.render import render
from mirror.restore.restore import restore
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.documents import SessionDocument
from sessions_app.models import Session

WHEN = datetime(2026, 2, 5, tzinfo=UTC)


def test_many_pages_are_compared(mirror: Stores, owner: User) -> None:
    Session.objects.bulk_create(
        Session(owner=owner, name=f"S{n}", notes="n" * 20_000) for n in range(120)
    )  # more than a page of a scan holds
    worker.drain()
    assert restore(mirror, apply=False)[-1].equal == 120


class Endless:
    """Both stores, which make up what they hold as they are asked: no memory of their own."""

    def __init__(self, owner: User, count: int) -> None:
        self.owner, self.count = owner, count
        self.items = self.objects = self

    def session(self, n: int) -> Session:
        text = f"MATT: {n}\n" * 5000
        fields: dict[str, Any] = {"created_at": WHEN, "updated_at": WHEN}
        return Session(pk=UUID(int=n), owner=self.owner, name="S", transcript_text=text, **fields)

    def item(self, n: int) -> dict[str, Any]:
        rendered = render(SessionDocument, self.session(n))
        keys = {body.attribute: body.fingerprint.key(1) for body in rendered.bodies}
        return rendered.item(1, keys)

    def scan_keys(self) -> Iterator[list[dict[str, Any]]]:
        for n in range(self.count):
            yield [self.item(n)]

    def scan_entity(self, entity: str) -> Iterator[list[dict[str, Any]]]:
        if entity == "session":
            for start in range(0, self.count, 150):
                yield [self.item(n) for n in range(start, min(start + 150, self.count))]

    def get_many(self, keys: list[ItemKey], **_: Any) -> dict[ItemKey, dict[str, Any]]:
        return {key: self.item(UUID(key.sk.removeprefix("sess#")).int) for key in keys}

    def get(self, key: str) -> bytes:
        (body,) = SessionDocument.bodies(self.session(UUID(key.split("/")[1]).int))
        return body.content


def peak_of_a_restore(owner: User, count: int, *, apply: bool) -> int:
    stores: Any = Endless(owner, count)
    tracemalloc.start()
    try:
        result = restore(stores, apply=apply)[-1]
        assert (result.restored + result.equal, result.wrong) == (count, 0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_table(transactional_db: None, owner: User) -> None:
    peak_of_a_restore(owner, 20, apply=True)  # warms the caches
    few = peak_of_a_restore(owner, 40, apply=True)
    many = peak_of_a_restore(owner, 160, apply=True)  # a page of many
    assert many < few + 2_000_000, (few, many)
    assert many < 20_000_000
