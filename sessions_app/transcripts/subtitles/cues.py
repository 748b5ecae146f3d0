"""Reads the cues of WebVTT (a W3C standard) and SRT (SubRip, not standardised) by webvtt-py.

In WebVTT, voice tags such as ``<v Ruth>`` name the speaker. In a file without voice tags, ``RUTH:``
at the beginning of a line does. As in plain text, it holds until the next name.

webvtt-py skips what is malformed, as players do. No words must be lost here, so the lines are
checked first.
"""

import html
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError
from webvtt.models import Caption

from sessions_app.transcripts import transcribe
from sessions_app.transcripts.plain_text import split_name
from sessions_app.transcripts.subtitles import line_checks
from sessions_app.transcripts.transcript import Segment, Transcript, TranscriptError

FORMAT_NAMES = {"vtt": "WebVTT", "srt": "SRT"}
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]*)>")

# The tags of WebVTT and of SRT. Other angle brackets belong to the words.
TAG = re.compile(r"</?(?:c|i|b|u|s|v|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<[\d:.]+>", re.IGNORECASE)
SRT_POSITION = re.compile(r"\{\\[^{}]*\}")  # {\an8}: at the top


def is_webvtt(text: str) -> bool:
    """Whether a text begins as only WebVTT does."""
    return re.match(r"WEBVTT(?:[ \t\r\n]|\Z)", text) is not None


def read_webvtt(text: str, source_name: str) -> Transcript:
    """Read WebVTT. Raises ``TranscriptError``, which names the line."""
    if not is_webvtt(text):
        raise TranscriptError(f"{source_name} is not WebVTT: line 1 does not begin with WEBVTT.")
    lines = re.split("[\r\n]", text)
    line_checks.check_webvtt(lines, source_name)
    return _read(lines, "vtt", source_name)


def read_srt(text: str, source_name: str) -> Transcript:
    """Read SRT. Raises ``TranscriptError``, which names the line."""
    lines = re.split("[\r\n]", text)
    line_checks.check_srt(lines, source_name)
    # webvtt-py wants the first cue in the first line, and at least three lines.
    first = next(index for index, line in enumerate(lines) if line.strip())
    return _read([lines[first].strip(), *lines[first + 1 :], ""], "srt", source_name)


def _read(lines: list[str], extension: str, source_name: str) -> Transcript:
    try:
        captions = webvtt.from_buffer(iter(lines), format=extension).captions
    except (MalformedFileError, MalformedCaptionError, ValueError):  # their messages quote the text
        raise TranscriptError(f"{source_name} cannot be read: its cues are malformed.") from None
    segments = list(_segments(captions, has_entities=extension == "vtt"))
    if not segments:
        raise TranscriptError(f"{source_name} has no words: its cues are empty.")
    job_output = transcribe.as_job_output(segments, FORMAT_NAMES[extension])
    return transcribe.read(job_output, source_name)


def _segments(captions: Iterable[Caption], *, has_entities: bool) -> Iterator[Segment]:
    captions = list(captions)
    has_voices = any(VOICE.search(caption.raw_text) for caption in captions)
    speaker: str | None = None
    for caption in captions:
        start = caption.start_time.in_milliseconds() / 1000
        end = caption.end_time.in_milliseconds() / 1000
        if has_voices:
            parts = _split_at_voices(caption.raw_text)
        else:
            parts = _split_at_names(caption.raw_text, speaker)
            speaker = parts[-1][0]
        for label, group in groupby(parts, key=lambda part: part[0]):
            text = _words(" ".join(words for _, words in group), has_entities=has_entities)
            if text:
                name = _words(label, has_entities=has_entities) if label else ""
                yield Segment(name or None, text, start, end)


def _split_at_voices(raw: str) -> list[tuple[str | None, str]]:
    """Divide a cue at its voice tags into pairs of speaker and words."""
    before, *rest = VOICE.split(raw)
    return [(None, before), *zip(rest[::2], rest[1::2], strict=True)]


def _split_at_names(raw: str, speaker: str | None) -> list[tuple[str | None, str]]:
    """Divide a cue into its lines, as pairs of speaker and words.

    Lines before the first name belong to ``speaker``, the last speaker of the cue before.
    """
    parts = []
    for line in TAG.sub("", raw).split("\n"):
        name, words = split_name(line)
        speaker = name or speaker
        parts.append((speaker, words))
    return parts


def _words(raw: str, *, has_entities: bool) -> str:
    """Remove tags, and decode the entities of WebVTT or remove the positions of SRT."""
    text = TAG.sub("", raw)
    text = html.unescape(text) if has_entities else SRT_POSITION.sub("", text)
    return " ".join(text.split())
