"""Reads a file of any kind that can be imported: a transcript, an export, an archive of exports."""

from collections.abc import Iterator
from datetime import date
from typing import IO

from sessions_app.importing.archives import is_archive, read_archive
from sessions_app.importing.exported import FORMATS, read_exported
from sessions_app.importing.file_names import day_in, session_name
from sessions_app.importing.incoming import Incoming, IncomingSession
from sessions_app.models import Session
from sessions_app.transcripts import (
    MAX_BYTES,
    Transcript,
    TranscriptError,
    put_transcript,
    read_transcript,
)
from sessions_app.transcripts.exported_session import format_of
from sessions_app.transcripts.transcribe import job_name

MAX_NAME_LENGTH = 200  # of a session
SNIFFED = 200  # bytes, which tell what a file is


def read_incoming(file: IO[bytes], source: str, *, trusted: bool) -> Iterator[Incoming]:
    """Yield what an open file holds, one session at a time. ``source`` is its printable path.

    Raises ``TranscriptError``, also while it is read.
    """
    beginning = file.read(SNIFFED)
    file.seek(0)
    if is_archive(beginning, source):
        for archived in read_archive(file, source):
            yield read_exported(archived.read(), archived.source, trusted=trusted)
        return
    is_export = format_of(beginning) in FORMATS and file.seek(0, 2) <= MAX_BYTES
    file.seek(0)
    # Nothing here keeps what is read. One byte more shows that a file is too large.
    if is_export:
        yield read_exported(file.read(), source, trusted=trusted)
    else:
        yield _read_transcript(file.read(MAX_BYTES + 1), source)


def _read_transcript(data: bytes, source: str) -> IncomingSession:
    given = [data]  # the reader alone holds it, and frees it early
    del data
    name = session_name(source)
    if len(name) > MAX_NAME_LENGTH:
        raise TranscriptError(
            f"{source} has too long a name for a session: {MAX_NAME_LENGTH} characters at most."
        )
    transcript = read_transcript(given.pop(), source)
    session = Session(name=name, played_on=named_day(name, transcript)[0])
    put_transcript(session, transcript)
    return IncomingSession(source, session, notes=tuple(transcript.notes))


def named_day(file_name: str, transcript: Transcript) -> tuple[date | None, str]:
    """Return the day in the name of a ``file``, or else of its ``job``, and which of both it is."""
    day = day_in(file_name)
    if day is None and transcript.json is not None:
        return day_in(job_name(transcript.json.utf8)), "job"
    return day, "file"
