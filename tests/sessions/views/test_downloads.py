"""Downloads of sessions and campaigns, as their owner gets them."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign
from sessions_app.models import Session


@pytest.fixture
def session(client: Client, owner: User) -> Session:
    client.force_login(owner)
    campaign = Campaign.objects.create(owner=owner, name="Lamps")
    return Session.objects.create(
        owner=owner,
        campaign=campaign,
        name='Fög "/../" Signal',
        transcript_text="MATT: Roll.",
        share_token="token-of-the-test",
    )


@pytest.mark.parametrize(
    ("ending", "kind"),
    [("md", "text/markdown"), ("txt", "text/plain"), ("json", "application/json")],
)
def test_a_session(client: Client, session: Session, ending: str, kind: str) -> None:
    answer = client.get(f"/sessions/{session.pk}/export/?as={ending}")
    assert answer["Content-Type"].startswith(kind)
    disposition = answer["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert disposition.endswith(f".{ending}")
    assert "/" not in disposition
    assert "Roll." in answer.content.decode()
    assert "token-of-the-test" not in answer.content.decode()


@pytest.mark.parametrize("ending", ["vtt", "exe", "", "%00"])
def test_what_cannot_be_had_is_not_found(client: Client, session: Session, ending: str) -> None:
    assert client.get(f"/sessions/{session.pk}/export/?as={ending}").status_code == 404


def test_subtitles_are_offered_only_where_there_are_times(client: Client, session: Session) -> None:
    offer = "?as=vtt"
    page = f"/sessions/{session.pk}/"
    assert offer not in client.get(page).content.decode()
    subtitles = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Matt>Roll.\n"
    loaded = client.get(f"{page}transcript/edit/").context["form"]["loaded"].value()
    client.post(f"{page}transcript/edit/", {"text": subtitles, "loaded": loaded})
    assert offer in client.get(page).content.decode()
    assert client.get(f"{page}export/{offer}").content.startswith(b"WEBVTT")


def test_a_campaign(client: Client, session: Session) -> None:
    answer = client.get(f"/campaigns/{session.campaign_id}/export/")
    assert answer["Content-Disposition"] == 'attachment; filename="Lamps.zip"'
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    answer.close()
    assert packed.testzip() is None
    assert len(packed.namelist()) == 3
