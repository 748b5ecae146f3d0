"""The table and the bucket, read and emptied directly: past the proxy and the code under test."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

TOMBSTONE = {"pk", "sk", "mirrorRevision", "expiresAt"}

Item = dict[str, Any]  # as plain Python values


class ExactDeserializer(TypeDeserializer):
    """Reads numbers of any length; boto3's own allows 38 digits."""

    def _deserialize_n(self, value: str) -> Decimal:
        return Decimal(value)


class RawStores:
    """Direct access to the table and the bucket."""

    def __init__(self, address: str, dynamodb: Any, s3: Any, table: str, bucket: str) -> None:
        self.address = address
        self.dynamodb = dynamodb
        self.s3 = s3
        self.table = table
        self.bucket = bucket

    def is_new(self) -> bool:
        """Whether the table does not exist yet."""
        return self.table not in self.dynamodb.list_tables()["TableNames"]

    def items(self) -> dict[str, Item]:
        """Return everything in the table, including tombstones, by ``pk sk``."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table, ConsistentRead=True
        )
        read = ExactDeserializer().deserialize
        items = [{k: read(v) for k, v in item.items()} for page in pages for item in page["Items"]]
        return {f"{item['pk']} {item['sk']}": item for item in items}

    def live_items(self) -> dict[str, Item]:
        """Return the items that are not tombstones, by ``pk sk``."""
        return {key: item for key, item in self.items().items() if item.keys() != TOMBSTONE}

    def object_keys(self) -> list[str]:
        """Return the keys of all objects in the bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def objects(self) -> dict[str, bytes]:
        """Return the contents of all objects in the bucket, by key."""
        get = self.s3.get_object
        return {k: get(Bucket=self.bucket, Key=k)["Body"].read() for k in self.object_keys()}

    def empty(self) -> None:
        """Remove all items and objects."""
        for item in self.items().values():
            key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
            self.dynamodb.delete_item(TableName=self.table, Key=key)
        for object_key in self.object_keys():
            self.s3.delete_object(Bucket=self.bucket, Key=object_key)
