"""What was added to the format of items: left out where empty, so old items stay as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from campaigns.documents import CampaignDocument
from campaigns.models import Campaign
from mirror.documents.document import Document
from mirror.documents.render import render
from sessions_app.documents import HighlightDocument, SessionDocument
from sessions_app.models import Highlight, Session
from tests.support.stored import plain

ID = UUID("0b3f7a52-9c1e-4f0c-8f3e-2f9a1f6d7c11")
SESSION = UUID("9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d")
WHEN = datetime(2026, 2, 5, 20, 42, 11, 42_999, tzinfo=UTC)
TIMES: dict[str, Any] = {"created_at": WHEN, "updated_at": WHEN}
ADDED = {"playedOn", "language", "shareToken", "speaker", "start"}


def item(document: type[Document], row: Any) -> dict[str, Any]:
    return plain(render(document, row).item(3, {}))


def test_a_session_has_its_day_of_play() -> None:
    session = Session(pk=ID, owner_id=7, name="S", played_on=date(2026, 2, 4), **TIMES)
    assert item(SessionDocument, session)["playedOn"] == "2026-02-04"


def test_a_campaign_has_its_language_and_share_token() -> None:
    campaign = Campaign(pk=ID, owner_id=7, name="C", language="de", share_token="t", **TIMES)
    found = item(CampaignDocument, campaign)
    assert (found["language"], found["shareToken"]) == ("de", "t")


def test_a_highlight_lies_beside_the_others_of_its_session() -> None:
    highlight = Highlight(
        pk=ID, session_id=SESSION, quote="Roll!", speaker="MATT", start=61.5, turn=4,
        created_at=WHEN,
    )  # fmt: skip
    assert item(HighlightDocument, highlight) == {
        "pk": f"sess#{SESSION}",
        "sk": f"high#{ID}",
        "id": str(ID),
        "sessionId": str(SESSION),
        "quote": "Roll!",
        "speaker": "MATT",
        "start": 61.5,
        "turn": 4,
        "createdAt": "2026-02-05T20:42:11.042Z",
        "mirrorRevision": 3,
        "__edb_e__": "highlight",
        "__edb_v__": "1",
    }


@pytest.mark.parametrize(
    ("document", "row"),
    [
        (SessionDocument, Session(pk=ID, owner_id=7, name="S", **TIMES)),
        (CampaignDocument, Campaign(pk=ID, owner_id=7, name="C", **TIMES)),
        (HighlightDocument, Highlight(pk=ID, session_id=SESSION, quote="q", turn=1,
                                      created_at=WHEN)),
    ],
)  # fmt: skip
def test_what_is_empty_is_left_out(document: type[Document], row: Any) -> None:
    assert not ADDED & item(document, row).keys()
