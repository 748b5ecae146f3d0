"""A session as WebVTT subtitles."""

import webvtt
from webvtt.models import Timestamp

from sessions_app.exports.sections import one_line
from sessions_app.models import Session
from sessions_app.transcripts import Turn, cues
from sessions_app.transcripts.plain_text import split_name

CUE_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class NoTimes(Exception):
    """The transcript has no times, so it cannot be written as subtitles."""


def has_times(session: Session) -> bool:
    """Whether the transcript has times. Reads the metrics alone, so that lists stay fast."""
    return isinstance(session.metrics, dict) and "totalDuration" in session.metrics


def as_webvtt(session: Session) -> str:
    """Write subtitles: a cue for each phrase, with the speakers' names as voices.

    Raises ``NoTimes``.
    """
    captions = [_caption(cue) for cue in cues(session)]
    if not captions:
        raise NoTimes
    title = one_line(session.name).replace("-->", "→")  # any line with "-->" is read as a cue
    subtitles: str = webvtt.WebVTT(captions=captions, header_text=f"- {title}").content
    return subtitles


def _caption(cue: Turn) -> webvtt.Caption:
    if cue.start is None or cue.end is None:
        raise NoTimes
    text = one_line(cue.text).translate(CUE_ESCAPES)
    if cue.speaker_name:
        text = f"<v {one_line(cue.speaker_name).translate(CUE_ESCAPES)}>{text}"
    elif split_name(text)[0]:
        text = text.replace(":", "&#58;", 1)  # the words before it would be read as a speaker
    start, end = (str(Timestamp.from_seconds(time)) for time in (cue.start, cue.end))
    return webvtt.Caption(start, end, text)
