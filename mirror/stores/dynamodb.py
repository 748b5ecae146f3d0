"""DynamoDB: the table that holds the items.

It knows nothing of ledgers. Each call either does what it says, or raises ``StoreError``, which
says what is to be done about it, or ``Superseded``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import boto3
from botocore.config import Config

from mirror.conf import setting
from mirror.documents.items import (
    REVISION,
    Item,
    ItemKey,
    Known,
    fingerprint,
    is_tombstone,
    key_of,
    revision_of,
)
from mirror.documents.sizes import Value
from mirror.errors import Failure, Kind, StoreError, Superseded
from mirror.stores.aws_errors import translated_errors

DYNAMODB = "DynamoDB"
BATCH = 100  # keys that BatchGetItem takes
PAGE = 1000  # items of a scan: Python takes ten times their megabyte if they are small
# A hot table answers for some of the keys only.
FIRST_PAUSE = 0.05  # seconds, doubled while it answers for none
LONGEST_PAUSE = 10.0  # seconds
PATIENCE = 10.0  # seconds without an answer for any key, for each attempt of the client


class ItemStore:
    """The DynamoDB table."""

    def __init__(self, *, timeout: float, attempts: int = 1) -> None:
        config = Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=32,
            parameter_validation=False,  # an eighth of a call's cost; documents build the items
        )
        self.table = str(setting("TABLE"))
        self._patience = PATIENCE * attempts
        self.read_units = 0.0  # consumed so far, as far as DynamoDB told
        self._counting = threading.Lock()
        with translated_errors(DYNAMODB, ValueError):  # a malformed endpoint address
            self.client: Any = boto3.session.Session().client(
                "dynamodb", region_name=str(setting("REGION")), config=config
            )

    def put(self, item: Item, known: Known) -> None:
        """Write ``item`` where the table holds nothing, or what is ``known`` and older.

        Raises ``Superseded`` if the table holds anything else, but for the very content under the
        very revision. BatchWriteItem takes no conditions, so this is PutItem.
        """
        revision = revision_of(item)
        present = self._put_if(item, "<=", {"N": str(min(known.mirrored, revision - 1))})
        while present is not None and revision_of(present) < revision and known.has(present):
            present = self._put_if(item, "=", present[REVISION])
        if present is not None and fingerprint(present) != fingerprint(item):
            own = revision_of(present) == revision and known.has(present)
            raise Superseded(revision_of(present), own=own)

    def _put_if(self, item: Item, relation: str, revision: Value) -> Item | None:
        """Write over a revision that is in ``relation`` to ``revision``, or where there is none.

        Returns the item that stood in the way; None if ``item`` was written.
        """
        with translated_errors(DYNAMODB):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    # The middle part lets an item without a revision, written by hand, be repaired.
                    ConditionExpression=(
                        f"attribute_not_exists(pk) OR NOT attribute_type({REVISION}, :number)"
                        f" OR {REVISION} {relation} :revision"
                    ),
                    ExpressionAttributeValues={":revision": revision, ":number": {"S": "N"}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self.client.exceptions.ConditionalCheckFailedException as refusal:
                present: Item = refusal.response.get("Item", {})
                return present
        return None

    def put_tombstone(self, tombstone: Item, known: Known) -> None:
        """Put a tombstone, as ``put`` does.

        A physical delete would let a put that lands late bring the item back.
        """
        self.put(tombstone, known)

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        """Return the items that exist under ``keys``, tombstones included."""
        found: dict[ItemKey, Item] = {}
        for start in range(0, len(keys), BATCH):
            wanted: dict[str, Any] = {
                self.table: {
                    "Keys": [
                        {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
                        for key in keys[start : start + BATCH]
                    ],
                    "ConsistentRead": consistent,
                }
            }
            pause = waited = 0.0
            while wanted:
                if waited > self._patience:
                    raise StoreError(Failure(Kind.BUSY, "UnprocessedKeys", store=DYNAMODB))
                time.sleep(pause)
                asked = len(wanted[self.table]["Keys"])
                with translated_errors(DYNAMODB):
                    answer = self.client.batch_get_item(
                        RequestItems=wanted, ReturnConsumedCapacity="TOTAL"
                    )
                    items = answer["Responses"].get(self.table, [])
                found |= {key_of(item): item for item in items}
                self._count(answer.get("ConsumedCapacity", []))
                wanted = answer.get("UnprocessedKeys", {})
                if wanted and len(wanted[self.table]["Keys"]) == asked:
                    waited += pause
                    pause = min(2 * pause or FIRST_PAUSE, LONGEST_PAUSE)
                else:  # it may have answered that there is no such item
                    pause, waited = FIRST_PAUSE, 0.0
        return found

    def scan(self, segment: int = 0, total: int = 1) -> Iterator[list[Item]]:
        """Yield every live item of one of ``total`` segments of the table, a page at a time."""
        arguments: dict[str, Any] = {"Limit": PAGE}
        if total > 1:
            arguments |= {"Segment": segment, "TotalSegments": total}
        for page in self._pages(self.client.scan, arguments):
            yield [item for item in page if not is_tombstone(item)]

    def query(self, arguments: dict[str, Any]) -> Iterator[list[Item]]:
        """Yield what ``Query`` finds with these arguments, a page at a time."""
        yield from self._pages(self.client.query, arguments)

    def _pages(self, call: Callable[..., Any], arguments: dict[str, Any]) -> Iterator[list[Item]]:
        start: dict[str, Any] = {}
        while True:
            with translated_errors(DYNAMODB):
                page = call(
                    TableName=self.table, ReturnConsumedCapacity="TOTAL", **arguments, **start
                )
                items = page["Items"]
            self._count([page.get("ConsumedCapacity", {})])
            yield items
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _count(self, consumed: list[dict[str, Any]]) -> None:
        with self._counting:
            self.read_units += sum(part.get("CapacityUnits", 0.0) for part in consumed)
