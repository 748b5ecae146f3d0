"""A session as a file to download: for its game master, not for players.

Share links and places in storage are not exported. The JSON can be read again as a transcript, and
so can the WebVTT, which gives the same turns.
"""

import io
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import webvtt
from webvtt.models import Timestamp

from sessions_app.file_names import file_name
from sessions_app.models import Session
from sessions_app.transcripts import Turn, cues
from sessions_app.transcripts.json_files import EXPORT_FORMAT
from sessions_app.transcripts.plain import split_name
from sessions_app.writing import as_markdown, as_text

JSON_FIELDS = (
    "name",
    "description",
    "notes",
    "summary",
    "player_recap",
    "speaker_names",
    "metrics",
    "transcript_text",
    "transcript_json",
)
CUE_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class NoTimes(Exception):
    """The transcript does not tell when anything was said, so that it makes no subtitles."""


class File(NamedTuple):
    """A file to download: a safe name, its type for HTTP, and its bytes."""

    name: str
    content_type: str
    content: bytes


def export(session: Session, ending: str) -> File:
    """Return the session as a file with this ending, one of ``FORMATS``.

    Raises ``KeyError`` for another ending, and ``NoTimes`` for ``vtt`` where there are no times.
    """
    content_type, write = FORMATS[ending]
    return File(file_name(session.name, ending), content_type, write(session).encode())


def has_times(session: Session) -> bool:
    """Whether the session makes subtitles, by its metrics alone: that is cheap in lists."""
    return isinstance(session.metrics, dict) and "totalDuration" in session.metrics


def as_webvtt(session: Session) -> str:
    """Write subtitles: a cue for each phrase, with the speakers' names as voices.

    Raises ``NoTimes``.
    """
    captions = [_caption(cue) for cue in cues(session)]
    if not captions:
        raise NoTimes
    title = " ".join(session.name.split()).replace("-->", "→")  # an arrow makes a cue of any line
    subtitles: str = webvtt.WebVTT(captions=captions, header_text=f"- {title}").content
    return subtitles


def as_json(session: Session) -> str:
    """Write all that was typed, transcribed and counted, under the names of the model's fields."""
    values: dict[str, Any] = {
        "format": EXPORT_FORMAT,
        "version": 1,
        "id": str(session.pk),
        "campaign": session.campaign and session.campaign.name,
        "created_at": session.created_at.isoformat(),
        "updated_at": session.updated_at.isoformat(),
    }
    values |= {field: getattr(session, field) for field in JSON_FIELDS}
    text = io.StringIO()  # takes the pieces as they come; a list of them is many times their size
    json.dump(values, text, ensure_ascii=False, indent=2)
    return text.getvalue() + "\n"


def _caption(cue: Turn) -> webvtt.Caption:
    if cue.start is None or cue.end is None:
        raise NoTimes
    text = " ".join(cue.text.split()).translate(CUE_ESCAPES)
    if cue.speaker_name:
        text = f"<v {' '.join(cue.speaker_name.split()).translate(CUE_ESCAPES)}>{text}"
    elif split_name(text)[0]:
        text = text.replace(":", "&#58;", 1)  # or it would be read as a speaker
    start, end = (str(Timestamp.from_seconds(time)) for time in (cue.start, cue.end))
    return webvtt.Caption(start, end, text)


FORMATS: dict[str, tuple[str, Callable[[Session], str]]] = {
    "md": ("text/markdown; charset=utf-8", as_markdown),
    "txt": ("text/plain; charset=utf-8", as_text),
    "vtt": ("text/vtt; charset=utf-8", as_webvtt),
    "json": ("application/json", as_json),
}
