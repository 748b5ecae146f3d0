"""Items and bodies in the format that the readers of the table expect."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.documents import CampaignDocument
from campaigns.models import Campaign
from mirror.documents.document import Document
from mirror.documents.render import render
from mirror.documents.sizes import MAX_ITEM_BYTES, OFFLOAD_BYTES, item_size
from mirror.errors import Unmirrorable
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.support.stored import plain

CASES = json.loads((Path(__file__).parent / "electrodb" / "items.json").read_text())
DOCUMENTS: dict[str, tuple[type[Document], type[Any]]] = {
    "campaign": (CampaignDocument, Campaign),
    "session": (SessionDocument, Session),
}
FIELDS = {
    "userId": "owner_id",
    "campaignId": "campaign_id",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "audioStorageKey": "audio_storage_key",
    "transcriptionJobId": "transcription_job_id",
    "playerRecap": "player_recap",
    "shareToken": "share_token",
    "speakerNames": "speaker_names",
}
ID = "0b3f7a52-9c1e-4f0c-8f3e-2f9a1f6d7c11"
WHEN = datetime(2026, 2, 5, 20, 42, 11, 42_999, tzinfo=UTC)


def row(model: type[Any], values: dict[str, Any]) -> Any:
    """Return the row that has the values that were given to ElectroDB, not saved."""
    fields = {FIELDS.get(name, name): value for name, value in values.items()}
    fields["owner_id"] = int(fields["owner_id"])
    for name in ("created_at", "updated_at"):
        fields[name] = datetime.fromisoformat(fields[name])
    return model(**fields)


@pytest.mark.parametrize("value", [None, ""])
def test_a_null_is_left_out_whatever_its_attribute_says(
    monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    campaign = Campaign(pk=ID, owner_id=7, name="Lamps", description=value)
    for null in (True, False):
        monkeypatch.setattr(CampaignDocument.get_attributes()["description"], "null", null)
        assert "description" not in render(CampaignDocument, campaign).attributes


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_items_equal_those_that_electrodb_writes(case: dict[str, Any]) -> None:
    document, model = DOCUMENTS[case["entity"]]
    values = dict(case["row"])
    reference = values.pop("transcriptStorageKey", None)
    rendered = render(document, row(model, values))
    item = plain(rendered.item(3, {"transcriptStorageKey": reference} if reference else {}))
    assert item.pop("mirrorRevision") == 3
    assert item == case["item"]


def session(**fields: Any) -> Session:
    """Return a session, not saved."""
    return Session(pk=ID, owner_id=7, name="S", created_at=WHEN, updated_at=WHEN, **fields)


def test_a_session_without_a_campaign_has_the_key_of_its_owner() -> None:
    item = plain(render(SessionDocument, session()).item(1, {}))
    assert (item["pk"], item["sk"]) == ("user#7", f"sess#{ID}")
    assert (item["gsi1pk"], item["gsi1sk"]) == ("user#7", f"sess#{ID}")
    assert "campaignId" not in item


def test_a_transcript_is_a_body_of_json_with_sorted_keys_and_no_spaces() -> None:
    rendered = render(
        SessionDocument, session(transcript_text="MATT: “Hi” 🐉", transcript_json={"b": 1, "a": []})
    )
    (body,) = rendered.bodies
    assert body.content.decode() == (
        f'{{"sessionId":"{ID}","transcriptJson":{{"a":[],"b":1}},"transcriptText":"MATT: “Hi” 🐉"}}'
    )
    assert body.fingerprint.key(5) == f"transcripts/{ID}/5-{sha256(body.content).hexdigest()}.json"
    assert "MATT" not in str(rendered.item(5, {}))


def test_a_session_without_a_transcript_has_no_body() -> None:
    assert render(SessionDocument, session()).bodies == []


def full_size(rendered: Any) -> int:
    """Return the size of the item with its revision and its references at their longest."""
    references = {body.attribute: body.fingerprint.key(10**18) for body in rendered.bodies}
    return item_size(rendered.item(10**18, references))


def test_a_small_item_keeps_its_texts() -> None:
    assert render(SessionDocument, session(notes="n" * 40_000)).bodies == []


def test_the_largest_texts_move_to_s3_one_by_one() -> None:
    rendered = render(
        SessionDocument,
        session(
            notes="n" * 20_000, summary="s" * 30_000, player_recap="é" * 20_000, description="d"
        ),
    )
    item = plain(rendered.item(1, {}))
    assert [body.attribute for body in rendered.bodies] == ["playerRecapStorageKey"]
    assert {"notes", "summary", "description"} <= item.keys()
    assert "playerRecap" not in item
    assert rendered.bodies[0].folder == f"texts/{ID}/playerRecap"
    assert rendered.bodies[0].content == ("é" * 20_000).encode()
    assert full_size(rendered) <= OFFLOAD_BYTES


def test_a_text_moves_to_s3_one_byte_above_50_kb() -> None:
    base = full_size(render(SessionDocument, session(notes="n")))
    fits = OFFLOAD_BYTES - base + 1
    assert render(SessionDocument, session(notes="n" * fits)).bodies == []
    assert len(render(SessionDocument, session(notes="n" * (fits + 1))).bodies) == 1


def test_an_item_of_other_attributes_is_refused_one_byte_above_400_kb() -> None:
    base = full_size(render(SessionDocument, session(metrics={"a": "x"})))
    fits = MAX_ITEM_BYTES - base + 1
    render(SessionDocument, session(metrics={"a": "x" * fits}))
    with pytest.raises(Unmirrorable, match="ItemTooLarge"):
        render(SessionDocument, session(metrics={"a": "x" * (fits + 1)}))


def test_keys_are_in_lower_case() -> None:
    class UpperCaseDocument(SessionDocument):
        @classmethod
        def keys(cls, instance: Session) -> dict[str, str]:
            return {"pk": "CAMP#A", "sk": f"SESS#{instance.pk}".upper()}

    row = session()
    assert render(UpperCaseDocument, row).key == ("camp#a", f"sess#{row.pk}")


def test_the_owner_is_a_string(owner: User) -> None:
    campaign = Campaign(owner=owner, name="C", created_at=WHEN, updated_at=WHEN)
    assert plain(render(CampaignDocument, campaign).item(1, {}))["userId"] == str(owner.pk)
