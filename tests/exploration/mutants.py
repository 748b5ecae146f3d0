"""The broken engines that the search must find: those of the fault tests, and two old defects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from mirror.documents.items import REVISION, Item, revision_of
from mirror.errors import Superseded
from mirror.stores.dynamodb import ItemStore
from mirror.sync.engine import Attempt
from tests.faults.mutants import protocol
from tests.faults.mutants.patching import Change, replace


def put_over_an_equal_revision(self: ItemStore, item: Item, *_: Any, **__: Any) -> None:
    """Overwrite another content under the same revision: a restored database reaches it again."""
    try:
        self.client.put_item(
            TableName=self.table,
            Item=item,
            ConditionExpression=f"attribute_not_exists(pk) OR {REVISION} <= :revision",
            ExpressionAttributeValues={":revision": item[REVISION]},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except self.client.exceptions.ConditionalCheckFailedException as refusal:
        raise Superseded(revision_of(refusal.response.get("Item", {}))) from None


def admit_nothing(self: Attempt, *_: Any) -> None:
    """Record keys before the breaker is asked: during an outage each save leaves one more."""


MUTANTS: dict[str, list[Change]] = protocol.MUTANTS | {
    "equal revision overwritten": [replace(ItemStore, "put", put_over_an_equal_revision)],
    "keys recorded before the breaker is asked": [replace(Attempt, "_admit_all", admit_nothing)],
}


@contextmanager
def apply(name: str) -> Iterator[None]:
    """Run the block with the broken engine of this name; without one, if it is empty."""
    with ExitStack() as stack:
        for change in MUTANTS[name] if name else ():
            stack.enter_context(change())
        yield
