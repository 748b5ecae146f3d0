"""The condition of a put: only over what is known to be older, or over what it has written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest

from mirror.documents.items import ItemKey, Known, fingerprint, tombstone
from mirror.errors import Superseded
from mirror.stores import provision
from mirror.stores.clients import Stores
from tests.mirror.stores.conftest import At

KEY = ItemKey("user#1", "camp#1")
EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["moto", "ministack", "dynamodb-local"])
def mirror(
    request: pytest.FixtureRequest, stores_at: At, monkeypatch: pytest.MonkeyPatch
) -> Stores:
    """A table of each kind, without the item. Only the last one is Amazon's own engine."""
    stores = stores_at(request.param, "moto")
    if request.param == "dynamodb-local":
        monkeypatch.setattr(provision, "_expires", lambda stores: True)  # it has no TTL
    provision.provision(stores)
    key = {"pk": {"S": KEY.pk}, "sk": {"S": KEY.sk}}
    stores.items.client.delete_item(TableName=stores.items.table, Key=key)
    return stores


def item(revision: int, name: str = "A", size: str = "1.50") -> dict[str, Any]:
    return {
        "pk": {"S": KEY.pk},
        "sk": {"S": KEY.sk},
        "name": {"S": name},
        "metrics": {"M": {"size": {"N": size}, "parts": {"L": [{"N": "1"}]}}},
        "mirrorRevision": {"N": str(revision)},
    }


def name_in(mirror: Stores) -> str:
    return str(mirror.items.get_many([KEY])[KEY]["name"]["S"])


@pytest.mark.parametrize("mirrored", [1, 2, 7])
def test_a_mirrored_revision_is_overwritten(mirror: Stores, mirrored: int) -> None:
    mirror.items.put(item(1), Known(0))
    mirror.items.put(item(8, "B"), Known(mirrored))
    assert name_in(mirror) == "B"


def test_the_same_content_at_the_same_revision_is_what_was_written_before(mirror: Stores) -> None:
    mirror.items.put(item(2), Known(0))
    mirror.items.put(item(2, size="1.5"), Known(0))  # the same number


@pytest.mark.parametrize(("revision", "mirrored"), [(2, 1), (2, 2), (1, 1), (3, 1), (9, 0)])
def test_what_is_not_known_to_be_older_is_never_overwritten(
    mirror: Stores, revision: int, mirrored: int
) -> None:
    mirror.items.put(item(2), Known(0))
    with pytest.raises(Superseded) as refused:
        mirror.items.put(item(revision, "B"), Known(mirrored))
    assert refused.value.remote_revision == 2
    assert name_in(mirror) == "A"


def test_an_older_attempt_is_overwritten_by_its_fingerprint(mirror: Stores) -> None:
    mirror.items.put(item(2), Known(0))
    attempted = [fingerprint(item(2, size="1.5"))]
    mirror.items.put(item(3, "B"), Known(1, attempted=attempted))
    assert name_in(mirror) == "B"


@pytest.mark.parametrize(
    ("revision", "attempted"),
    [(3, item(2, "another")), (3, item(1)), (2, item(2)), (1, item(2))],
    ids=["another content", "another revision", "not older", "newer"],
)
def test_another_fingerprint_opens_nothing(
    mirror: Stores, revision: int, attempted: dict[str, Any]
) -> None:
    mirror.items.put(item(2), Known(0))
    with pytest.raises(Superseded):
        mirror.items.put(item(revision, "B"), Known(1, attempted=[fingerprint(attempted)]))
    assert name_in(mirror) == "A"


def test_two_attempts_that_land_one_after_the_other_are_both_overwritten(mirror: Stores) -> None:
    attempts = [item(2), item(3, "late")]
    mirror.items.put(attempts[0], Known(0))
    real = mirror.items.client.put_item
    calls = []

    def put_item(**call: Any) -> Any:
        calls.append(call)
        if len(calls) == 2:
            real(TableName=mirror.items.table, Item=attempts[1])
        return real(**call)

    with mock.patch.object(mirror.items.client, "put_item", put_item):
        mirror.items.put(item(4, "B"), Known(1, attempted=list(map(fingerprint, attempts))))
    assert (name_in(mirror), len(calls)) == ("B", 3)


def test_a_tombstone_may_be_put_again_at_its_revision(mirror: Stores) -> None:
    mirror.items.put(item(1), Known(0))
    mirror.items.put_tombstone(tombstone(KEY, 2, EXPIRES), Known(1))
    mirror.items.put_tombstone(tombstone(KEY, 2, EXPIRES.replace(year=2031)), Known(1))


def test_a_tombstone_over_an_unknown_item_is_refused(mirror: Stores) -> None:
    mirror.items.put(item(2), Known(0))
    for revision in (2, 3):
        with pytest.raises(Superseded):
            mirror.items.put_tombstone(tombstone(KEY, revision, EXPIRES), Known(1))


@pytest.mark.parametrize("written", ["1", "1.0", "10E-1", "0.1E+1"])
def test_a_fingerprint_does_not_depend_on_how_a_number_is_written(written: str) -> None:
    assert fingerprint(item(1, size=written)) == fingerprint(item(1, size="1"))


def test_a_fingerprint_tells_every_digit_that_dynamodb_can_hold() -> None:
    digits = "1234567890123456789012345678901234567"
    assert fingerprint(item(1, size=digits + "1")) != fingerprint(item(1, size=digits + "2"))


def test_a_fingerprint_takes_every_type_of_dynamodb() -> None:
    one = item(1) | {"b": {"B": b"1"}, "s": {"SS": ["a", "b"]}, "n": {"NS": ["1", "2.0"]}}
    same = item(1) | {"b": {"B": b"1"}, "s": {"SS": ["b", "a"]}, "n": {"NS": ["2", "1"]}}
    other = item(1) | {"b": {"B": b"2"}, "s": {"SS": ["a", "b"]}, "n": {"NS": ["1", "2"]}}
    assert fingerprint(one) == fingerprint(same) != fingerprint(other)
