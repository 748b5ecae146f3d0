"""All three stores, read directly and compared, without the code under test.

What an item holds is written down here once more, by hand: a mistake in ``documents.py`` or in
``mirror_check`` cannot hide itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from sessions_app.models import Session

TEXTS = {
    "name": "name",
    "description": "description",
    "notes": "notes",
    "summary": "summary",
    "player_recap": "playerRecap",
    "audio_storage_key": "audioStorageKey",
    "transcription_job_id": "transcriptionJobId",
    "share_token": "shareToken",
}
LONG = ("notes", "summary", "playerRecap", "description")
NATIVE = {"speaker_names": "speakerNames", "metrics": "metrics"}
TOMBSTONE = {"pk", "sk", "mirrorRevision", "expiresAt"}

Stored = dict[str, Any]


class Exactly(TypeDeserializer):
    """Reads numbers of any length."""

    def _deserialize_n(self, value: str) -> Decimal:
        return Decimal(value)


class RawStores:
    """The table and the bucket, asked directly."""

    def __init__(self, address: str, dynamodb: Any, s3: Any, table: str, bucket: str) -> None:
        self.address = address
        self.dynamodb = dynamodb
        self.s3 = s3
        self.table = table
        self.bucket = bucket

    def is_new(self) -> bool:
        """Whether there is no table yet."""
        return self.table not in self.dynamodb.list_tables()["TableNames"]

    def items(self) -> dict[str, Stored]:
        """Return everything in the table, tombstones too, by ``pk sk``."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table, ConsistentRead=True
        )
        read = Exactly().deserialize
        found = [{k: read(v) for k, v in item.items()} for page in pages for item in page["Items"]]
        return {f"{item['pk']} {item['sk']}": item for item in found}

    def live(self) -> dict[str, Stored]:
        """Return the items that are no tombstones."""
        return {key: item for key, item in self.items().items() if item.keys() != TOMBSTONE}

    def object_keys(self) -> list[str]:
        """Return the keys of the bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def objects(self) -> dict[str, bytes]:
        """Return the content of the whole bucket."""
        get = self.s3.get_object
        return {k: get(Bucket=self.bucket, Key=k)["Body"].read() for k in self.object_keys()}

    def empty(self) -> None:
        """Remove everything."""
        for item in self.items().values():
            key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
            self.dynamodb.delete_item(TableName=self.table, Key=key)
        for name in self.object_keys():
            self.s3.delete_object(Bucket=self.bucket, Key=name)


def differences(stores: RawStores) -> list[str]:
    """Return a sentence for each thing that is missing, wrong or left over."""
    live, objects = stores.live(), stores.objects()
    revisions = {(e.model, e.object_id): e.revision for e in LedgerEntry.objects.all()}
    found: list[str] = []
    for label, wanted in expected():
        key = f"{wanted['pk']} {wanted['sk']}"
        item = live.pop(key, None)
        if item is None:
            found.append(f"{key} is missing")
            continue
        wanted["mirrorRevision"] = revisions[label, str(wanted["id"])]
        contents = dict(_resolve(item, objects, found))  # takes the references out of the item
        resolved = item | contents
        names = wanted.keys() | resolved.keys()
        found += [
            f"{key}: {name} differs"
            for name in sorted(names)
            if not same(wanted.get(name), resolved.get(name))
        ]
    found += [f"{key} is left over" for key in live]
    found += [f"object {key} is left over" for key in objects]
    return found


def _resolve(
    item: Stored, objects: dict[str, bytes], found: list[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the attributes whose content is in S3, with that content, and take it away."""
    for name in [*LONG, "transcript"]:
        key = item.pop(f"{name}StorageKey", None)
        if key is None:
            continue
        body = objects.pop(key, None)
        if body is None:
            found.append(f"object {key} is missing")
        elif hashlib.sha256(body).hexdigest() not in key:
            found.append(f"object {key} is not what its name says")
        else:
            yield name, json.loads(body) if name == "transcript" else body.decode()


def expected() -> Iterator[tuple[str, Stored]]:
    """Yield every row's label and its item, long texts and transcript in place."""
    rows: list[dict[str, Any]] = [dict(row) for row in Campaign._base_manager.values()]
    for row in rows:
        keys = {"pk": f"user#{row['owner_id']}", "sk": f"camp#{row['id']}"}
        yield "campaigns.campaign", _attributes(row) | keys | _entity("campaign")
    rows = [dict(row) for row in Session._base_manager.values()]
    for row in rows:
        owner, own = f"user#{row['owner_id']}", f"sess#{row['id']}"
        folder = row["campaign_id"] and f"camp#{row['campaign_id']}"
        item = _attributes(row) | {"pk": folder or owner, "sk": own} | _entity("session")
        item |= {"gsi1pk": owner, "gsi1sk": own}
        if row["campaign_id"]:
            item["campaignId"] = str(row["campaign_id"])
        item |= {attr: row[name] for name, attr in NATIVE.items() if row[name] is not None}
        if row["transcript_text"] or row["transcript_json"] is not None:
            item["transcript"] = {
                "sessionId": str(row["id"]),
                "transcriptJson": row["transcript_json"],
                "transcriptText": row["transcript_text"],
            }
        yield "sessions_app.session", item


def _entity(name: str) -> Stored:
    return {"__edb_e__": name, "__edb_v__": "1"}


def _attributes(row: dict[str, Any]) -> Stored:
    """Return what campaigns and sessions have in common."""
    item: Stored = {attr: row[name] for name, attr in TEXTS.items() if row.get(name)}
    item |= {"id": str(row["id"]), "userId": str(row["owner_id"])}
    return item | {"createdAt": moment(row["created_at"]), "updatedAt": moment(row["updated_at"])}


def moment(value: datetime) -> str:
    """Return a time as JavaScript writes it."""
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"


def same(one: Any, two: Any) -> bool:
    """Whether two JSON values are equal, types included, however a number is written."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[k], two[k]) for k in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    numbers = (int, float, Decimal)
    if isinstance(one, numbers) and isinstance(two, numbers):
        return Decimal(repr(one) if isinstance(one, float) else one) == Decimal(
            repr(two) if isinstance(two, float) else two
        )
    return type(one) is type(two) and bool(one == two)
