"""Subtitles: WebVTT (a W3C standard) and SRT (SubRip, never standardised), read by webvtt-py.

Who speaks is told by WebVTT's voice tags, ``<v Ruth>``; in a file without any, by ``RUTH:`` at
the beginning of a line, which as in plain text holds until somebody else is named.

webvtt-py skips what is malformed, as players do; here nothing may get lost unnoticed, so the lines
are checked first.
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

VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]*)>")

# The tags of WebVTT and of SRT. Other angle brackets are somebody's words.
TAG = re.compile(r"</?(?:c|i|b|u|s|v|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<[\d:.]+>", re.IGNORECASE)
SRT_POSITION = re.compile(r"\{\\[^{}]*\}")  # {\an8}: at the top


def is_webvtt(text: str) -> bool:
    """Whether a text begins as only WebVTT does."""
    return re.match(r"WEBVTT(?:[ \t\r\n]|\Z)", text) is not None


def read_webvtt(text: str, shown: str) -> Transcript:
    """Read WebVTT. Raises ``TranscriptError`` with the line of what is wrong."""
    if not is_webvtt(text):
        raise TranscriptError(f"{shown} is not WebVTT: its line 1 does not begin with WEBVTT.")
    lines = re.split("[\r\n]", text)
    line_checks.check_webvtt(lines, shown)
    return _read(lines, "vtt", shown)


def read_srt(text: str, shown: str) -> Transcript:
    """Read SRT. Raises ``TranscriptError`` with the line of what is wrong."""
    lines = re.split("[\r\n]", text)
    line_checks.check_srt(lines, shown)
    # webvtt-py is strict about the first line, and wants three at least.
    first = next(number for number, line in enumerate(lines) if line.strip())
    return _read([lines[first].strip(), *lines[first + 1 :], ""], "srt", shown)


def _read(lines: list[str], source: str, shown: str) -> Transcript:
    try:
        captions = webvtt.from_buffer(iter(lines), format=source).captions
    except (MalformedFileError, MalformedCaptionError, ValueError):  # their messages quote the text
        raise TranscriptError(f"{shown} cannot be read: its cues are malformed.") from None
    found = list(_segments(captions, escaped=source == "vtt"))
    if not found:
        raise TranscriptError(f"{shown} holds no words: its cues are empty.")
    kind = {"vtt": "WebVTT", "srt": "SRT"}[source]
    return transcribe.read(transcribe.as_document(found, kind), shown)


def _segments(captions: Iterable[Caption], *, escaped: bool) -> Iterator[Segment]:
    captions = list(captions)
    voiced = any(VOICE.search(caption.raw_text) for caption in captions)
    speaker: str | None = None
    for caption in captions:
        times = (
            caption.start_time.in_milliseconds() / 1000,
            caption.end_time.in_milliseconds() / 1000,
        )
        if voiced:
            parts = _voices(caption.raw_text)
        else:
            parts = _prefixes(caption.raw_text, speaker)
            speaker = parts[-1][0]
        for label, group in groupby(parts, key=lambda part: part[0]):
            text = _words(" ".join(words for _, words in group), escaped=escaped)
            if text:
                name = _words(label, escaped=escaped) if label else ""
                yield Segment(name or None, text, *times)


def _voices(raw: str) -> list[tuple[str | None, str]]:
    """Divide a cue at its voice tags."""
    before, *rest = VOICE.split(raw)
    return [(None, before), *zip(rest[::2], rest[1::2], strict=True)]


def _prefixes(raw: str, speaker: str | None) -> list[tuple[str | None, str]]:
    """Divide a cue at its lines with a name; the first lines may go on with ``speaker``."""
    parts = []
    for line in TAG.sub("", raw).split("\n"):
        name, words = split_name(line)
        speaker = name or speaker
        parts.append((speaker, words))
    return parts


def _words(raw: str, *, escaped: bool) -> str:
    text = TAG.sub("", raw)
    text = html.unescape(text) if escaped else SRT_POSITION.sub("", text)
    return " ".join(text.split())
