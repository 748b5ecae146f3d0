"""Demo data: a game master with three campaigns, for trying things out.

A folder here is a campaign: ``campaign.toml`` and a file for each of its sessions; the sessions in
``unfiled`` have no campaign. A transcript stands in the session's file, or beside it as the
transcriber's own output, in the form of Amazon Transcribe: ``<session>.transcribe.json``.
"""

import tomllib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from sessions_app.models import Session
from sessions_app.transcripts import put_transcript, read_transcript

FOLDER = Path(__file__).parent
TEXTS = ("name", "description", "notes", "summary", "player_recap")
DETAILS = ("speaker_names", "audio_storage_key", "transcription_job_id")


@transaction.atomic
def create_game_master(username: str) -> User | None:
    """Create the user, with the password that is the user's name, and all the demo data.

    Where there is such a user already nothing is changed, and ``None`` returned: what was edited
    or deleted since stays so.
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
    """Create an administrator, with the password that is the user's name; ``None``: it is there."""
    if User.objects.filter(username=username).exists():
        return None
    return User.objects.create_superuser(username, password=username)


def load_folder(folder: Path, owner: User) -> None:
    """Save the sessions of a folder, and its campaign if it describes one."""
    campaign = None
    about = folder / "campaign.toml"
    if about.exists():
        values = tomllib.loads(about.read_text("utf-8"))
        campaign = Campaign(
            owner=owner, name=values["name"], description=values["description"].strip()
        )
        campaign.full_clean()
        campaign.save()
        _backdate(campaign, values)
    for path in sorted(folder.glob("*.toml")):
        if path != about:
            load_session(path, owner, campaign)


def load_session(path: Path, owner: User, campaign: Campaign | None) -> None:
    """Save the session that a file describes."""
    values = tomllib.loads(path.read_text("utf-8"))
    session = Session(owner=owner, campaign=campaign)
    for field in TEXTS:
        setattr(session, field, values[field].strip())
    transcribed = path.with_suffix(".transcribe.json")
    if transcribed.exists():
        put_transcript(session, read_transcript(transcribed.read_bytes(), transcribed.name))
    elif "transcript" in values:
        put_transcript(session, read_transcript(values["transcript"].encode()))
    for field in DETAILS:
        if field in values:
            setattr(session, field, values[field])
    if values.get("shared"):
        session.share()
    session.full_clean()
    session.save()
    _backdate(session, values)


def _backdate(thing: Campaign | Session, values: dict[str, Any]) -> None:
    """Move the creation to ``days_ago`` days before today, ``at`` that time."""
    day = timezone.now().astimezone(UTC).date() - timedelta(days=values["days_ago"])
    at: time = values["at"]
    moment = datetime.combine(day, at, tzinfo=UTC)
    # save() always puts the present moment in both fields.
    type(thing).objects.filter(pk=thing.pk).update(created_at=moment, updated_at=moment)
