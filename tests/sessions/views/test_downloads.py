from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from campaigns.models import Campaign
from sessions_app.models import Session
from sessions_app.views import downloads
from tests.support.factories import make_session
from tests.support.pages import text_of


@pytest.fixture
def session(owner: User, campaign: Campaign) -> Session:
    return make_session(
        owner,
        campaign,
        'Fög "/../" Signal',
        transcript_text="MATT: Roll.",
        share_token="token-of-the-test",
    )


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [("md", "text/markdown"), ("txt", "text/plain"), ("json", "application/json")],
)
def test_a_session_is_sent_as_a_file_without_its_share_token(
    gm: Client, session: Session, extension: str, content_type: str
) -> None:
    answer = gm.get(f"/sessions/{session.pk}/export/?as={extension}")
    assert answer["Content-Type"].startswith(content_type)
    disposition = answer["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert disposition.endswith(f".{extension}")
    assert "/" not in disposition
    assert "Roll." in text_of(answer)
    assert "token-of-the-test" not in text_of(answer)


@pytest.mark.parametrize("extension", ["md", "txt"])
def test_summary_and_notes_go_along_only_if_asked(
    gm: Client, session: Session, extension: str
) -> None:
    Session.objects.update(summary="Secret summary", notes="Secret notes", player_recap="Recap")
    path = f"/sessions/{session.pk}/export/?as={extension}"
    for_players, private = text_of(gm.get(path)), gm.get(f"{path}&private=1")
    assert "Recap" in for_players
    assert "Secret" not in for_players
    assert "Secret summary" in text_of(private)
    assert "Secret notes" in text_of(private)
    assert "%28private%29" in private["Content-Disposition"]
    assert "&amp;private=1" in text_of(gm.get(f"/sessions/{session.pk}/"))


def test_everything_is_sent_as_an_archive(gm: Client, session: Session) -> None:
    answer = gm.get("/export/")
    assert re.search(r'filename="Tabletop \d{4}-\d\d-\d\d\.zip"', answer["Content-Disposition"])
    assert answer.streaming
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    assert "Lamps/campaign.json" in packed.namelist()
    assert "/export/" in text_of(gm.get("/"))


def test_head_packs_nothing(rf: RequestFactory, session: Session) -> None:
    """A server may read an answer to its end to know how long it is."""
    request: Any = rf.head("/export/")
    request.user = session.owner
    answer: Any = downloads.everything(request)
    assert answer["Content-Type"] == "application/zip"
    assert list(answer) == []


@pytest.mark.parametrize("extension", ["vtt", "exe", "", "%00"])
def test_a_format_that_is_unknown_or_needs_times_is_not_found(
    gm: Client, session: Session, extension: str
) -> None:
    assert gm.get(f"/sessions/{session.pk}/export/?as={extension}").status_code == 404


def test_subtitles_are_offered_only_if_the_transcript_has_times(
    gm: Client, session: Session
) -> None:
    offer = "?as=vtt"
    page = f"/sessions/{session.pk}/"
    assert offer not in text_of(gm.get(page))
    subtitles = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Matt>Roll.\n"
    loaded = gm.get(f"{page}transcript/edit/").context["form"]["loaded"].value()
    gm.post(f"{page}transcript/edit/", {"text": subtitles, "loaded": loaded})
    assert offer in text_of(gm.get(page))
    assert gm.get(f"{page}export/{offer}").content.startswith(b"WEBVTT")


def test_a_campaign_is_sent_as_an_archive(gm: Client, session: Session) -> None:
    answer = gm.get(f"/campaigns/{session.campaign_id}/export/")
    assert answer["Content-Disposition"] == 'attachment; filename="Lamps.zip"'
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    answer.close()
    assert packed.testzip() is None
    assert len(packed.namelist()) == 4
