"""A session as WebVTT subtitles."""

import webvtt
from webvtt.models import Timestamp

from sessions_app.models import Session
from sessions_app.transcripts import Turn, cues
from sessions_app.transcripts.plain_text import split_name

CUE_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class NoTimes(Exception):
    """The transcript does not tell when anything was said, so that it makes no subtitles."""


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
