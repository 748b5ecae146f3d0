"""PostgreSQL compared with both stores, without the code under test.

The format of an item is written down here a second time, so that a mistake in a ``documents.py``
or in ``mirror_check`` cannot hide itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from sessions_app.models import Session
from tests.faults.raw_stores import Item, RawStores

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
LONG_TEXTS = ("notes", "summary", "playerRecap", "description")
NATIVE = {"speaker_names": "speakerNames", "metrics": "metrics"}


def differences(stores: RawStores) -> list[str]:
    """Return a sentence for each item or object that is missing, wrong or orphaned."""
    live, objects = stores.live_items(), stores.objects()
    revisions = {(e.model, e.object_id): e.revision for e in LedgerEntry.objects.all()}
    found: list[str] = []
    for label, wanted in expected_items():
        key = f"{wanted['pk']} {wanted['sk']}"
        item = live.pop(key, None)
        if item is None:
            found.append(f"{key} is missing")
            continue
        wanted["mirrorRevision"] = revisions[label, str(wanted["id"])]
        contents = dict(_take_contents(item, objects, found))
        complete = item | contents
        found += [
            f"{key}: {name} differs"
            for name in sorted(wanted.keys() | complete.keys())
            if not equal_json(wanted.get(name), complete.get(name))
        ]
    found += [f"{key} is orphaned" for key in live]
    found += [f"object {key} is orphaned" for key in objects]
    return found


def _take_contents(
    item: Item, objects: dict[str, bytes], found: list[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the attributes whose content is in S3, with that content.

    Removes the references from ``item``, and the objects from ``objects``.
    """
    for name in [*LONG_TEXTS, "transcript"]:
        key = item.pop(f"{name}StorageKey", None)
        if key is None:
            continue
        content = objects.pop(key, None)
        if content is None:
            found.append(f"object {key} is missing")
        elif hashlib.sha256(content).hexdigest() not in key:
            found.append(f"object {key} differs from the SHA-256 in its key")
        else:
            is_json = name == "transcript"
            yield name, _exact_json(content) if is_json else content.decode()


def _exact_json(content: bytes) -> Any:
    return json.loads(content, parse_float=Decimal)


def expected_items() -> Iterator[tuple[str, Item]]:
    """Yield the label and the item of each row, with long texts and transcript inside the item."""
    rows: list[dict[str, Any]] = [dict(row) for row in Campaign._base_manager.values()]
    for row in rows:
        keys = {"pk": f"user#{row['owner_id']}", "sk": f"camp#{row['id']}"}
        yield "campaigns.campaign", _common_attributes(row) | keys | _entity("campaign")
    rows = [dict(row) for row in Session._base_manager.values()]
    for row in rows:
        owner_key, own_key = f"user#{row['owner_id']}", f"sess#{row['id']}"
        campaign_key = row["campaign_id"] and f"camp#{row['campaign_id']}"
        item = _common_attributes(row) | _entity("session")
        item |= {"pk": campaign_key or owner_key, "sk": own_key}
        item |= {"gsi1pk": owner_key, "gsi1sk": own_key}
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


def _entity(name: str) -> Item:
    return {"__edb_e__": name, "__edb_v__": "1"}


def _common_attributes(row: dict[str, Any]) -> Item:
    """Return the attributes that campaigns and sessions have in common."""
    item: Item = {attr: row[name] for name, attr in TEXTS.items() if row.get(name)}
    item |= {"id": str(row["id"]), "userId": str(row["owner_id"])}
    item |= {"createdAt": javascript_time(row["created_at"])}
    return item | {"updatedAt": javascript_time(row["updated_at"])}


def javascript_time(value: datetime) -> str:
    """Return a time as JavaScript writes it, cut to milliseconds."""
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"


def equal_json(a: Any, b: Any) -> bool:
    """Whether two JSON values and their types are equal. How a number is written is ignored."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal_json(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal_json, a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    numbers = (int, float, Decimal)
    if isinstance(a, numbers) and isinstance(b, numbers):
        return _decimal(a) == _decimal(b)
    return type(a) is type(b) and bool(a == b)


def _decimal(number: float | Decimal) -> Decimal:
    return Decimal(repr(number) if isinstance(number, float) else number)
