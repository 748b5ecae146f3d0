"""The condition of a put: only over an older revision, or over what it has written itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mirror.documents.items import ItemKey
from mirror.errors import Superseded
from mirror.stores.clients import Stores

KEY = ItemKey("user#1", "camp#1")
EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)


def item(revision: int, name: str = "A", size: str = "1.50") -> dict[str, Any]:
    return {
        "pk": {"S": KEY.pk},
        "sk": {"S": KEY.sk},
        "name": {"S": name},
        "metrics": {"M": {"size": {"N": size}, "parts": {"L": [{"N": "1"}]}}},
        "mirrorRevision": {"N": str(revision)},
    }


def test_a_newer_revision_is_written(mirror: Stores) -> None:
    mirror.items.put(item(1))
    mirror.items.put(item(2, "B"))
    assert mirror.items.get_many([KEY])[KEY]["name"] == {"S": "B"}


def test_the_same_content_at_the_same_revision_is_what_was_written_before(mirror: Stores) -> None:
    mirror.items.put(item(2))
    mirror.items.put(item(2, size="1.5"))  # the same number


@pytest.mark.parametrize("revision", [2, 1])
def test_another_content_at_the_same_revision_or_an_older_one_is_refused(
    mirror: Stores, revision: int
) -> None:
    mirror.items.put(item(2))
    with pytest.raises(Superseded) as refused:
        mirror.items.put(item(revision, "B"))
    assert refused.value.remote_revision == 2
    assert mirror.items.get_many([KEY])[KEY]["name"] == {"S": "A"}


def test_a_tombstone_may_be_put_again_at_its_revision(mirror: Stores) -> None:
    mirror.items.put(item(1))
    mirror.items.put_tombstone(KEY, 2, EXPIRES)
    mirror.items.put_tombstone(KEY, 2, EXPIRES.replace(year=2031))


def test_a_tombstone_at_the_revision_of_a_live_item_is_refused(mirror: Stores) -> None:
    mirror.items.put(item(2))
    with pytest.raises(Superseded):
        mirror.items.put_tombstone(KEY, 2, EXPIRES)
