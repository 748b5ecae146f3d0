"""Search on the mirror finds what PostgreSQL finds, by Query alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from mirror.search import rows_matching, search, searchable
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.factories import make_sessions

WORDS = [
    "",
    " ",
    "Lamps",
    "lamps",
    "L",
    "Lamps Shoal",
    "Shoal  Lamps\tthe",
    "Lamps nowhere",
    "100 %",
    "_",
    "\\",
    "é",
    "\u0301",
    "🐉",
    '"',
    "'",
    "#hash :colon",
    "straße",
    "STRASSE",
    "sea",
    "Lamps sea",
    "deep",
    "sea deep",
    "Caf",
    "job-7",
    "a\x00b",
    "\ud800",
    " ".join("aeiou") + " l L a u o t s p m h",
    "x" * 3000,
]


def test_the_results_equal_those_of_postgresql(mirror: Stores, library: User) -> None:
    for person in User.objects.all():
        for words in WORDS:
            hits = list(search(person.pk, words, mirror))
            expected = {
                (document.mirror_options.label, str(row.pk), row.name)
                for document in searchable()
                for row in rows_matching(document, person.pk, words)
            }
            found = {(hit.label, hit.object_id, hit.title) for hit in hits}
            assert (words, found) == (words, expected)
            assert (words, len(hits)) == (words, len(expected))


def test_every_word_must_occur_letter_for_letter(mirror: Stores, library: User) -> None:
    def titles(words: str) -> list[str]:
        return sorted(hit.title for hit in search(library.pk, words, mirror))

    assert titles("Lamps") == [
        "Lamps of the Long Shoal",
        "Lamps of the Long Shoal",
        "long Lamps",
        "unfiled Lamps",
    ]
    assert titles("Lamps sea") == ["Lamps of the Long Shoal", "long Lamps"]
    assert titles("deep") == ["long", "long Lamps"]
    assert titles("LAMPS") == []
    assert len(titles("")) == Session.objects.filter(owner=library).count() + 10
    assert "Lamps" not in repr(list(search(library.pk, "Lamps", mirror)))


def test_only_the_given_models_are_searched(mirror: Stores, library: User) -> None:
    hits = search(library.pk, "Lamps", mirror, labels=["campaigns.campaign"])
    assert {hit.label for hit in hits} == {"campaigns.campaign"}


def test_all_pages_are_queried_and_nothing_is_scanned(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sessions(owner, 60, notes="n" * 40_000)  # more than the megabyte of one page
    worker.drain()
    calls = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append(model.name)

    mirror.items.client.meta.events.register("before-call.dynamodb", note)
    try:
        assert len(list(search(owner.pk, "Session", mirror))) == 60
    finally:
        mirror.items.client.meta.events.unregister("before-call.dynamodb", note)
    assert set(calls) == {"Query"}
    assert len(calls) >= 4
