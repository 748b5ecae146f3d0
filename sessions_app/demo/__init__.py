"""Demo data: a game master with three campaigns, for trying things out.

Each folder here is a campaign: ``campaign.toml`` and a file for each of its sessions. The sessions
in ``unfiled`` have no campaign. The transcript is in the session's file, or in a file next to it,
``<session>.transcribe.json``, in the form of Amazon Transcribe. ``highlights`` are words of it.
"""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from sessions_app.highlights import QuoteFinder, make_highlight
from sessions_app.models import Session
from sessions_app.transcript_reader import TranscriptReader
from sessions_app.transcripts import put_transcript, read_transcript

FOLDER = Path(__file__).parent
TEXT_FIELDS = ("name", "description", "notes", "summary", "player_recap")
OPTIONAL_FIELDS = ("speaker_names", "audio_storage_key", "transcription_job_id")


@transaction.atomic
def create_game_master(username: str) -> User | None:
    """Create a user whose password is the username, with all the demo data.

    If the user exists already, change nothing and return ``None``, so that later changes and
    deletions are kept.
    """
    user, created = User.objects.get_or_create(username=username)
    if not created:
        return None
    user.set_password(username)
    user.save()
    for folder in sorted({path.parent for path in FOLDER.glob("*/*.toml")}):
        load_folder(folder, user)
    return user


@transaction.atomic
def create_staff(username: str) -> User | None:
    """Create an administrator whose password is the username; ``None`` if the user exists."""
    if User.objects.filter(username=username).exists():
        return None
    return User.objects.create_superuser(username, password=username)


def load_folder(folder: Path, owner: User) -> None:
    """Save the sessions of a folder, and its campaign if it has a ``campaign.toml``."""
    campaign = None
    campaign_file = folder / "campaign.toml"
    if campaign_file.exists():
        values = tomllib.loads(campaign_file.read_text("utf-8"))
        campaign = Campaign(
            owner=owner,
            name=values["name"],
            description=values["description"].strip(),
            language=values["language"],
        )
        if values.get("shared"):
            campaign.share()
        campaign.full_clean()
        campaign.save()
        _backdate(campaign, values)
    for path in sorted(folder.glob("*.toml")):
        if path != campaign_file:
            load_session(path, owner, campaign)


def load_session(path: Path, owner: User, campaign: Campaign | None) -> None:
    """Save the session in a file."""
    values = tomllib.loads(path.read_text("utf-8"))
    session = Session(owner=owner, campaign=campaign)
    for field in TEXT_FIELDS:
        setattr(session, field, values[field].strip())
    job_output = path.with_suffix(".transcribe.json")
    if job_output.exists():
        put_transcript(session, read_transcript(job_output.read_bytes(), job_output.name))
    elif "transcript" in values:
        put_transcript(session, read_transcript(values["transcript"].encode()))
    for field in OPTIONAL_FIELDS:
        if field in values:
            setattr(session, field, values[field])
    if values.get("shared"):
        session.share()
    session.played_on = _day(values)
    session.full_clean()
    session.save()
    _add_highlights(session, values.get("highlights", []))
    _backdate(session, values)


def _add_highlights(session: Session, quotes: list[str]) -> None:
    finder = QuoteFinder(TranscriptReader(session))
    for quote in quotes:
        turn = finder.find(quote, 1)
        if turn is None:
            raise ValueError(f"{session} does not have these words: {quote}")
        make_highlight(session, turn, quote).save()


def _day(values: dict[str, Any]) -> date:
    return timezone.now().astimezone(UTC).date() - timedelta(days=values["days_ago"])


def _backdate(row: Campaign | Session, values: dict[str, Any]) -> None:
    """Set both times of a row to ``days_ago`` days before today, ``at`` that time of the day."""
    at: time = values["at"]
    moment = datetime.combine(_day(values), at, tzinfo=UTC)
    # save() would set the fields to the current time.
    type(row).objects.filter(pk=row.pk).update(created_at=moment, updated_at=moment)
