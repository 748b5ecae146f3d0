"""Exported sessions come back whole, and damaged ones not at all."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import Campaign
from sessions_app.importing import ImportRefused
from sessions_app.models import Highlight, Session
from sessions_app.transcripts import TranscriptError, json_text, read_transcript
from tests.support.exported import bring_in, exported
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.pages import changed_fields
from tests.support.transcribe_files import EVENING, as_file, session_with

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 2, 6, 19, 30, 2, 123456, tzinfo=UTC)


@pytest.fixture
def session(owner: User) -> Session:
    """A session with a value in every field."""
    session = session_with(
        as_file(EVENING),
        owner=owner,
        campaign=make_campaign(owner, "Lamps"),
        name="Fog",
        played_on=date(2020, 2, 5),
        description="Three days.",
        notes="Secret\n",
        summary="They *rang*.",
        player_recap="You rang.",
        audio_storage_key="audio/fog.flac",
        transcription_job_id="fog-1",
    )
    session.speaker_names = {"spk_0": "Ruth"}
    session.share()
    session.save()
    for quote in ("Who", "goes", "there"):
        Highlight.objects.create(session=session, quote=quote, speaker="Ruth", start=0.5, turn=1)
    Session.objects.update(created_at=LONG_AGO)
    return Session.objects.get()


def highlights(session: Session) -> list[tuple[Any, ...]]:
    return list(session.highlights.values_list("quote", "speaker", "start", "turn", "created_at"))


def test_a_session_comes_back_with_everything_but_its_share_link(
    session: Session, owner: User
) -> None:
    before, marks, data = Session.objects.values().get(), highlights(session), exported(session)
    session.delete()
    result = bring_in(owner, data)
    assert [outcome.words for outcome in result.outcomes] == [7]
    after = Session.objects.values().get()
    assert changed_fields(before, after) == {"share_token", "updated_at"}
    assert after["share_token"] is None
    assert highlights(Session.objects.get()) == marks


def test_a_session_that_is_there_is_left_as_it_is(session: Session, owner: User) -> None:
    data = exported(session)
    Session.objects.update(name="Renamed", notes="Newer", campaign=make_campaign(owner, "Other"))
    result = bring_in(owner, data)
    assert [outcome.session_id for outcome in result.skipped] == [session.pk]
    assert Session.objects.get().notes == "Newer"
    assert Campaign.objects.count() == 2


def test_no_campaign_is_made_for_a_session_that_is_there(session: Session, owner: User) -> None:
    data = exported(session)
    Campaign.objects.all().delete()
    assert bring_in(owner, data).skipped
    assert not Campaign.objects.exists()
    Session.objects.all().delete()
    bring_in(owner, data)
    assert Session.objects.get().campaign == Campaign.objects.get(name="Lamps")


def test_a_chosen_campaign_takes_a_copy_of_a_session_that_is_elsewhere(
    session: Session, owner: User
) -> None:
    other = make_campaign(owner, "Other")
    for _ in range(2):
        bring_in(owner, exported(session), campaign=other)
    copy = other.sessions.get()
    assert copy.pk != session.pk
    assert (copy.notes, copy.highlights.count()) == ("Secret\n", 3)


def test_the_session_of_somebody_else_is_neither_changed_nor_told_of(session: Session) -> None:
    other = make_user("other")
    before = Session.objects.values().get(pk=session.pk)
    for _ in range(2):
        bring_in(other, exported(session))
    assert Session.objects.values().get(pk=session.pk) == before
    copy = Session.objects.get(owner=other)
    assert copy.campaign is not None
    assert (copy.campaign.owner, copy.campaign.name) == (other, "Lamps")
    assert copy.campaign.pk != session.campaign_id


def test_an_export_of_the_first_version_is_read(owner: User) -> None:
    old = {
        "format": "tabletop-session", "version": 1, "id": "", "campaign": "Old lamps",
        "created_at": "2020-02-06T19:30:02+00:00", "updated_at": "2020-02-06T19:30:02+00:00",
        "name": "2020-02-05 Fog", "description": "", "notes": "Kept", "summary": "",
        "player_recap": "", "speaker_names": None, "metrics": None,
        "transcript_text": "RUTH: Hello.", "transcript_json": None,
    }  # fmt: skip
    bring_in(owner, json.dumps(old, indent=2).encode())
    session = Session.objects.get()
    assert session.campaign is not None
    assert (session.campaign.name, session.notes) == ("Old lamps", "Kept")
    assert session.played_on == date(2020, 2, 5)
    assert session.metrics is not None  # computed


def test_a_newer_version_is_refused(session: Session, owner: User) -> None:
    with pytest.raises(ImportRefused, match=r"^Fog\.json was exported by a newer version of this"):
        bring_in(owner, exported(session, version=3))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "$.name is not valid"),
        ({"name": "x" * 201}, "$.name is not valid"),
        ({"name": ["SECRET"]}, "$.name is not what an export has there"),
        ({"notes": 7}, "$.notes is not what an export has there"),
        ({"notes": True}, "$.notes is not what an export has there"),
        ({"version": "SECRET"}, "$.version is not a number"),
        ({"id": "SECRET"}, "$.id is not an id"),
        ({"campaign_id": "SECRET"}, "$.campaign_id is not an id"),
        ({"played_on": "SECRET"}, "$.played_on is not a date"),
        ({"created_at": "SECRET"}, "$.created_at is not a time"),
        ({"metrics": ["SECRET"]}, "$.metrics is not valid"),
        ({"speaker_names": ["SECRET"]}, "$.speaker_names is not what an export has there"),
        ({"highlights": {}}, "$.highlights is not what an export has there"),
        ({"highlights": ["SECRET"]}, "$.highlights[0] is not an object"),
        ({"highlights": [{"quote": "", "turn": 1}]}, "$.highlights[0].quote is not valid"),
        ({"highlights": [{"quote": "a", "turn": -1}]}, "$.highlights[0].turn is not valid"),
        ({"highlights": [{"quote": "a", "start": "SECRET"}]},
         "$.highlights[0].start is not a number"),
        ({"highlights": [{"quote": "a", "start": -1}]},
         "$.highlights[0].start is not a time in seconds"),
        ({"highlights": [{}] * 501}, "$.highlights has more than 500 entries"),
        ({"highlights": [{"quote": "a" * 2001, "turn": 1}]}, "$.highlights[0].quote is not valid"),
        ({"campaign": "x" * 201}, "$.campaign is not valid"),
    ],
)  # fmt: skip
def test_a_damaged_export_is_refused_without_a_word_of_it(
    session: Session, owner: User, values: dict[str, Any], message: str
) -> None:
    data = exported(session, **values)
    session.delete()
    with pytest.raises(ImportRefused) as caught:
        bring_in(owner, data)
    assert str(caught.value) == f"Fog.json is damaged: {message}."
    assert not Session.objects.exists()


def test_a_text_with_too_many_lines_is_refused_as_it_is_in_a_transcript(
    session: Session, owner: User
) -> None:
    data = exported(session, transcript_text="A: b\n" * 200_001)
    session.delete()
    with pytest.raises(ImportRefused, match="has more than"):
        bring_in(owner, data)


def test_a_time_in_the_future_is_not_taken_over(session: Session, owner: User) -> None:
    future = datetime.now(UTC) + timedelta(days=2)
    data = exported(session, created_at=future.isoformat())
    session.delete()
    bring_in(owner, data)
    assert Session.objects.get().created_at < future


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"])
def test_a_time_that_no_page_can_show_is_not_taken_over(
    session: Session, owner: User, moment: str
) -> None:
    mark = {"quote": "Who", "turn": 1, "created_at": moment}
    data = exported(session, created_at=moment, highlights=[mark])
    session.delete()
    bring_in(owner, data)
    assert Session.objects.get().created_at.year > 2000
    assert Highlight.objects.get().created_at.year > 2000


def test_a_time_with_an_offset_that_postgresql_refuses_is_the_same_time(
    session: Session, owner: User
) -> None:
    data = exported(session, created_at="2020-02-06T19:30:00+23:59")
    session.delete()
    bring_in(owner, data)
    assert Session.objects.get().created_at == datetime(2020, 2, 5, 19, 31, tzinfo=UTC)


@pytest.mark.parametrize("limit", ["MAX_COMPACT_BYTES", "MAX_VALUES"])
def test_a_session_whose_transcript_is_as_long_as_it_may_be_comes_back(
    owner: User, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    long_evening = EVENING | {"comment": "long, " * 1000}
    session = session_with(as_file(long_evening), owner=owner, name="Fog")
    session.save()
    data = exported(session)
    session.delete()
    transcript = json.dumps(long_evening, separators=(",", ":"))
    largest = {
        "MAX_COMPACT_BYTES": len(transcript),
        "MAX_VALUES": sum(map(transcript.count, "{[,")),
    }
    monkeypatch.setattr(json_text, limit, largest[limit])
    assert read_transcript(data).json is not None
    bring_in(owner, data)
    assert Session.objects.get().transcript_json == long_evening
    monkeypatch.setattr(json_text, limit, largest[limit] - 1)
    for read in (read_transcript, partial(bring_in, owner)):
        with pytest.raises((TranscriptError, ImportRefused), match="is too long"):
            read(data)


def test_the_key_of_a_recording_is_taken_over_only_if_this_site_wrote_it(
    session: Session, owner: User
) -> None:
    forged = exported(session, audio_storage_key="audio/of-somebody-else.flac")
    session.delete()
    result = bring_in(owner, forged)
    assert "recording was left out" in result.outcomes[0].notes[0]
    assert Session.objects.get().audio_storage_key == ""
    Session.objects.all().delete()
    bring_in(owner, forged, trusted=True)
    assert Session.objects.get().audio_storage_key == "audio/of-somebody-else.flac"


def test_a_transcript_of_another_form_comes_back_as_it_was(owner: User) -> None:
    """Another program may have written it."""
    session = make_session(owner, transcript_text="RUTH: Hello.", transcript_json={"own": [1, 2]})
    data = exported(session)
    session.delete()
    bring_in(owner, data)
    assert Session.objects.get().transcript_json == {"own": [1, 2]}
