import io
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Campaign
from sessions_app.models import Highlight, Session
from sessions_app.transcripts import read_transcript

pytestmark = pytest.mark.django_db

LOGINS = "Game master: gm / gm\nStaff: staff / staff (admin)\n"


def run() -> str:
    out = io.StringIO()
    call_command("demo_data", stdout=out)
    return out.getvalue()


def rows() -> list[Any]:
    querysets = (User.objects.all(), Campaign.objects.all(), Session.objects.all())
    return [list(queryset.order_by("pk").values()) for queryset in querysets]


@pytest.fixture
def demo(settings: Settings) -> str:
    settings.DEBUG = True
    return run()


def test_without_debug_nothing_is_created(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="only if DEBUG is on"):
        run()
    assert rows() == [[], [], []]


def test_a_game_master_and_an_administrator_can_log_in(demo: str) -> None:
    assert demo == "Created 3 campaigns with 14 sessions.\n" + LOGINS
    game_master = authenticate(username="gm", password="gm")
    assert isinstance(game_master, User)
    assert not game_master.is_staff
    staff = authenticate(username="staff", password="staff")
    assert isinstance(staff, User)
    assert staff.is_staff
    assert staff.is_superuser


def test_the_game_master_has_campaigns_and_unfiled_sessions(demo: str) -> None:
    counts = {campaign.name: campaign.sessions.count() for campaign in Campaign.objects.all()}
    assert counts == {"The Drowned Ledger": 4, "Lamps of the Long Shoal": 4, "The Empty Chair": 4}
    assert all(campaign.description for campaign in Campaign.objects.all())
    assert all(campaign.language == "en" for campaign in Campaign.objects.all())
    assert Campaign.objects.exclude(share_token=None).get().name == "The Drowned Ledger"
    assert Session.objects.filter(campaign=None).count() == 2
    assert set(Session.objects.values_list("owner__username", flat=True)) == {"gm"}


def test_every_session_has_all_its_texts(demo: str) -> None:
    for session in Session.objects.all():
        for field in ("name", "description", "notes", "summary", "player_recap"):
            assert getattr(session, field), f"{session}: {field}"
    assert Session.objects.get(transcript_text="").metrics is None
    assert Session.objects.exclude(share_token=None).count() == 3


def test_sessions_have_their_day_of_play_and_some_have_highlights(demo: str) -> None:
    for session in Session.objects.all():
        assert session.played_on == session.created_at.date()
    for campaign in Campaign.objects.all():
        assert Highlight.objects.filter(session__campaign=campaign).exists()
    timed = Highlight.objects.exclude(start=None)
    assert set(timed.values_list("quote", "speaker", "turn")) >= {
        ("Nobody. That's the whole point of a bank.", "Dev", 16)
    }


def test_the_metrics_are_those_of_the_transcript(demo: str) -> None:
    for session in Session.objects.exclude(transcript_text=""):
        transcript = read_transcript(session.transcript_text.encode(), "demo")
        metrics: Any = session.metrics
        counted = {
            label: {"words": share["words"]}
            for label, share in metrics["speakerDistribution"].items()
        }
        assert counted == transcript.metrics["speakerDistribution"]
        assert metrics["totalWordCount"] == transcript.metrics["totalWordCount"]
        assert len(transcript.text.splitlines()) >= 15


def test_the_metrics_of_a_transcribed_session_agree_with_its_json(demo: str) -> None:
    transcribed = Session.objects.exclude(transcript_json=None)
    assert len(transcribed) == 2
    for session in transcribed:
        transcript: Any = session.transcript_json
        names: Any = session.speaker_names
        metrics: Any = session.metrics
        results = transcript["results"]
        durations: dict[str, float] = {}
        for segment in results["speaker_labels"]["segments"]:
            seconds = float(segment["end_time"]) - float(segment["start_time"])
            label = segment["speaker_label"]
            durations[label] = durations.get(label, 0) + seconds
        assert set(durations) == set(names)
        shares = metrics["speakerDistribution"]
        assert {label: share["duration"] for label, share in shares.items()} == pytest.approx(
            durations
        )
        assert metrics["totalDuration"] == float(results["items"][-2]["end_time"])
        assert session.audio_storage_key
        assert transcript["jobName"] == session.transcription_job_id


def test_all_dates_are_in_the_past_months(demo: str) -> None:
    now = timezone.now()
    for session in Session.objects.select_related("campaign"):
        assert 2 <= (now - session.created_at).days <= 120
        assert session.updated_at == session.created_at
        assert session.campaign is None or session.campaign.created_at < session.created_at
    newest = Campaign.objects.get(name="The Empty Chair").sessions.values_list("name", flat=True)
    assert [name[0] for name in newest] == ["4", "3", "2", "1"]


def test_repeating_the_command_changes_nothing(demo: str) -> None:
    Campaign.objects.filter(name="The Empty Chair").update(name="Renamed")
    Session.objects.filter(campaign=None).delete()
    before = rows()
    assert run() == "The demo data is there already; nothing was changed.\n" + LOGINS
    assert rows() == before


def test_a_changed_password_is_not_printed(demo: str) -> None:
    user = User.objects.get(username="gm")
    user.set_password("another")
    user.save()
    output = run()
    assert "Game master: gm / (its password was changed)\n" in output
    assert "another" not in output
