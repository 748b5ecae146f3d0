"""Imports transcript files as sessions. All files are read and checked before any is stored."""

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
    """The import is not possible, and nothing was stored. The message is meant for the user."""


@dataclass(frozen=True)
class TranscriptFile:
    """A file that was read: its path to print, the name for its session, and the transcript."""

    path: str
    session_name: str
    transcript: Transcript


@dataclass
class ImportResult:
    """What an import did.

    ``skipped`` has the paths of files whose session was there already. ``namesakes`` has the paths
    of files whose session has the name of one that was there, but another transcript.
    """

    campaign: Campaign
    campaign_created: bool
    words: int = 0
    sessions: list[Session] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    namesakes: list[str] = field(default_factory=list)


def find_owner(username: str) -> User:
    """Return the game master. Raises ``ImportRefused`` if no user has this name."""
    try:
        validate_text(username)
        return User.objects.get(username=username)
    except (ValidationError, User.DoesNotExist):
        raise ImportRefused(f"There is no user {_printable(username)}.") from None


def read_files(paths: Iterable[str]) -> list[TranscriptFile]:
    """Read and check every file.

    Raises ``ImportRefused`` with the problem of the first bad file, and the number of others.
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
    """Read one file. Raises ``TranscriptError``, also if the file cannot be opened."""
    printable_path = _printable(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # one byte more shows that the file is too large
    except FileNotFoundError:
        raise TranscriptError(f"{printable_path} does not exist.") from None
    except IsADirectoryError:
        raise TranscriptError(f"{printable_path} is a folder: name the files in it.") from None
    except PermissionError:
        raise TranscriptError(
            f"{printable_path} may not be read: its permissions forbid it."
        ) from None
    except OSError as error:
        raise TranscriptError(f"{printable_path} cannot be read ({error.strerror}).") from None
    name = session_name(path)
    if len(name) > MAX_NAME_LENGTH:
        raise TranscriptError(
            f"{printable_path} has too long a name for a session: "
            f"{MAX_NAME_LENGTH} characters at most."
        )
    return TranscriptFile(
        path=printable_path, session_name=name, transcript=read_transcript(data, printable_path)
    )


def session_name(path: str) -> str:
    """Name a session after its file: ``logs/03_the-dry-vault.txt`` gives ``03 the dry vault``."""
    stem = Path(_printable(path)).stem
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or stem


@transaction.atomic
def store(owner: User, campaign_name: str, files: Iterable[TranscriptFile]) -> ImportResult:
    """Save a session for each file, all or none, in the owner's campaign of that name.

    A missing campaign is created. A file is skipped if the campaign has a session of its name with
    the same transcript. If that session has another transcript, a second session is saved. Raises
    ``ImportRefused`` if the campaign's name is invalid, or if several campaigns have it.
    """
    campaign, created = _get_or_create_campaign(owner, campaign_name)
    result = ImportResult(campaign, created)
    for file in files:
        same_name = campaign.sessions.filter(name=file.session_name)
        texts = same_name.values_list("transcript_text", flat=True)
        if file.transcript.text in texts:
            result.skipped.append(file.path)
            continue
        if texts:
            result.namesakes.append(file.path)
        session = Session(owner=owner, campaign=campaign, name=file.session_name)
        put_transcript(session, file.transcript)
        try:
            session.full_clean()
        except ValidationError:
            raise ImportRefused(f"{file.path} does not make a valid session.") from None
        session.save()
        result.sessions.append(session)
        result.words += file.transcript.metrics["totalWordCount"]
    return result


def _get_or_create_campaign(owner: User, name: str) -> tuple[Campaign, bool]:
    campaign = Campaign(owner=owner, name=name.strip())
    try:
        validate_text(campaign.name)
        campaign.full_clean()
    except ValidationError as error:
        # Django's messages name the rule, and do not quote the name.
        raise ImportRefused(f"The campaign's name is invalid: {' '.join(error.messages)}") from None
    existing = list(Campaign.objects.filter(owner=owner, name=campaign.name)[:2])
    if len(existing) > 1:
        raise ImportRefused(
            "This user has more than one campaign with that name: rename all but one of them."
        )
    if existing:
        return existing[0], False
    campaign.save()
    return campaign, True


def _printable(text: str) -> str:
    """Replace characters that cannot be printed, such as those of a path that is not UTF-8."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
