"""Importing transcript files as sessions: everything is read and checked, then all is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.models import Campaign
from config.web.validators import validate_text
from sessions_app.models import Session
from sessions_app.transcripts import (
    MAX_BYTES,
    Transcript,
    TranscriptError,
    put_transcript,
    read_transcript,
)

MAX_NAME_LENGTH = 200  # of a session


class ImportRefused(Exception):
    """The import cannot be done, and nothing was written. The message is for the person."""


@dataclass(frozen=True)
class TranscriptFile:
    """A file that was read and can be kept: the name of its session, and the transcript."""

    path: str
    session_name: str
    transcript: Transcript


@dataclass
class Imported:
    """What an import did. ``already_there`` and ``namesakes`` hold the paths of files."""

    campaign: Campaign
    campaign_created: bool
    words: int = 0
    sessions: list[Session] = field(default_factory=list)
    already_there: list[str] = field(default_factory=list)
    namesakes: list[str] = field(default_factory=list)


def find_owner(username: str) -> User:
    """Return the game master. Raises ``ImportRefused`` where nobody has this name."""
    try:
        validate_text(username)
        return User.objects.get(username=username)
    except (ValidationError, User.DoesNotExist):
        raise ImportRefused(f"There is no user {_printable(username)}.") from None


def read_files(paths: Iterable[str]) -> list[TranscriptFile]:
    """Read and check every file.

    Raises ``ImportRefused`` with the first file's problem and the number of others that are bad.
    """
    files = []
    problems = []
    for path in paths:
        try:
            files.append(read_file(path))
        except TranscriptError as error:
            problems.append(str(error))
    if problems:
        others = f" {len(problems) - 1} more cannot be imported." if problems[1:] else ""
        raise ImportRefused(problems[0] + others)
    return files


def read_file(path: str) -> TranscriptFile:
    """Read one file. Raises ``TranscriptError``, also where there is no such file to read."""
    shown = _printable(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # one more than allowed tells that there is more
    except FileNotFoundError:
        raise TranscriptError(f"{shown} does not exist.") from None
    except IsADirectoryError:
        raise TranscriptError(f"{shown} is a folder: name the files in it.") from None
    except PermissionError:
        raise TranscriptError(f"{shown} may not be read: its permissions forbid it.") from None
    except OSError as error:
        raise TranscriptError(f"{shown} cannot be read ({error.strerror}).") from None
    name = session_name(path)
    if len(name) > MAX_NAME_LENGTH:
        raise TranscriptError(
            f"{shown} has too long a name for a session: {MAX_NAME_LENGTH} characters at most."
        )
    return TranscriptFile(path=shown, session_name=name, transcript=read_transcript(data, shown))


def session_name(path: str) -> str:
    """Name a session after its file: ``logs/03_the-dry-vault.txt`` gives ``03 the dry vault``."""
    stem = Path(_printable(path)).stem
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or stem


@transaction.atomic
def store(owner: User, campaign_name: str, files: Iterable[TranscriptFile]) -> Imported:
    """Save a session for each file, all or none, in the owner's campaign of that name.

    A missing campaign is created. A file is left out where the campaign has a session of its name
    with the same transcript; one with another transcript is kept beside it. Raises
    ``ImportRefused`` where the campaign's name cannot be used, or two campaigns have it.
    """
    campaign, created = _campaign(owner, campaign_name)
    imported = Imported(campaign, created)
    for file in files:
        namesakes = campaign.sessions.filter(name=file.session_name)
        texts = namesakes.values_list("transcript_text", flat=True)
        if file.transcript.text in texts:
            imported.already_there.append(file.path)
            continue
        if texts:
            imported.namesakes.append(file.path)
        session = Session(owner=owner, campaign=campaign, name=file.session_name)
        put_transcript(session, file.transcript)
        try:
            session.full_clean()
        except ValidationError:
            raise ImportRefused(f"{file.path} does not make a valid session.") from None
        session.save()
        imported.sessions.append(session)
        imported.words += file.transcript.metrics["totalWordCount"]
    return imported


def _campaign(owner: User, name: str) -> tuple[Campaign, bool]:
    campaign = Campaign(owner=owner, name=name.strip())
    try:
        validate_text(campaign.name)
        campaign.full_clean()
    except ValidationError as error:
        # Django's messages on a name tell the rule that it breaks, not the name.
        raise ImportRefused(
            f"The campaign's name cannot be used: {' '.join(error.messages)}"
        ) from None
    present = list(Campaign.objects.filter(owner=owner, name=campaign.name)[:2])
    if len(present) > 1:
        raise ImportRefused(
            "This user has more than one campaign of that name: rename all but one of them."
        )
    if present:
        return present[0], False
    campaign.save()
    return campaign, True


def _printable(text: str) -> str:
    """Replace what is no character, as in a file's name that is not UTF-8."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
