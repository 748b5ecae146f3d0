"""Reads WebVTT (a W3C standard) and SRT (SubRip, not standardised) into segments.

In WebVTT, voice tags such as ``<v Ruth>`` name the speaker. In a file without voice tags, ``RUTH:``
at the beginning of a line does. As in plain text, it holds until the next name.
"""

import html
import re
from collections.abc import Iterator
from itertools import groupby

from sessions_app.transcripts import transcribe
from sessions_app.transcripts.plain_text import split_name
from sessions_app.transcripts.subtitles.cues import (
    ARROW,
    Cue,
    Cues,
    quote_time,
    read_srt_cues,
    read_webvtt_cues,
)
from sessions_app.transcripts.subtitles.rolling import unrolled
from sessions_app.transcripts.subtitles.tags import SRT_POSITION, VOICE, without_tags
from sessions_app.transcripts.transcript import Segment, Transcript, TranscriptError, in_line

MAX_CUES = 100_000  # an evening has some 5,000


def is_webvtt(text: str) -> bool:
    """Whether a text begins as only WebVTT does."""
    return re.match(r"WEBVTT(?:[ \t\r\n]|\Z)", text) is not None


def read_webvtt(text: str, source_name: str) -> Transcript:
    """Read WebVTT. Raises ``TranscriptError`` if it has no header or no cue."""
    if not is_webvtt(text):
        raise TranscriptError(f"{in_line(source_name, 1)}: WebVTT must begin with WEBVTT here.")
    lines = re.split("[\r\n]", text)
    return _read(lines, read_webvtt_cues(lines), "WebVTT", source_name)


def read_srt(text: str, source_name: str) -> Transcript:
    """Read SRT. Raises ``TranscriptError`` if it has no cue."""
    lines = [SRT_POSITION.sub("", line) for line in re.split("[\r\n]", text)]
    return _read(lines, read_srt_cues(lines), "SRT", source_name)


def _read(lines: list[str], found: Cues, format_name: str, source_name: str) -> Transcript:
    if len(found.cues) > MAX_CUES:
        raise TranscriptError(
            f"{source_name} has more than {MAX_CUES:,} cues. Divide it into several sessions."
        )
    if not found.cues:
        raise TranscriptError(_no_cue(lines, source_name))
    cues, is_rolling = unrolled(found.cues)
    segments = list(_segments(cues, has_entities=format_name == "WebVTT"))
    if not segments:
        raise TranscriptError(f"{source_name} has no words: its cues are empty.")
    transcript = transcribe.from_segments(segments, format_name, source_name)
    if is_rolling:
        transcript.notes.append("Each caption repeats the line before it. Every line is kept once.")
    if found.skipped:
        transcript.notes.append(_skipped(found.skipped))
    return transcript


def _no_cue(lines: list[str], source_name: str) -> str:
    number, line = next(
        ((number, line) for number, line in enumerate(lines, 1) if ARROW in line), (0, "")
    )
    if not number:
        return (
            f"{source_name} has no cues: no line has a time such as 00:01:02.500 --> 00:01:04.000."
        )
    wrong = quote_time(line)
    if wrong:
        return f"{in_line(source_name, number)}: {wrong} is not a valid time."
    return f"{in_line(source_name, number)}: there is no valid time at the arrow."


def _skipped(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"1 broken cue was skipped, at line {numbers[0]}."
    return f"{len(numbers):,} broken cues were skipped, the first at line {numbers[0]}."


def _segments(cues: list[Cue], *, has_entities: bool) -> Iterator[Segment]:
    has_voices = any(VOICE.search(line) for cue in cues for line in cue.lines if "<v" in line)
    speaker: str | None = None
    for cue in cues:
        if has_voices:
            parts = _split_at_voices("\n".join(cue.lines))
        else:
            parts = _split_at_names(cue.lines, speaker)
            speaker = parts[-1][0] if parts else speaker
        for label, group in groupby(parts, key=lambda part: part[0]):
            text = _words(" ".join(words for _, words in group), has_entities=has_entities)
            if text:
                name = _words(label, has_entities=has_entities) if label else ""
                yield Segment(name or None, text, cue.start, cue.end)


def _split_at_voices(raw: str) -> list[tuple[str | None, str]]:
    """Divide a cue at its voice tags into pairs of speaker and words."""
    before, *rest = VOICE.split(raw)
    return [(None, before), *zip(rest[::2], rest[1::2], strict=True)]


def _split_at_names(lines: list[str], speaker: str | None) -> list[tuple[str | None, str]]:
    """Divide a cue into its lines, as pairs of speaker and words.

    Lines before the first name belong to ``speaker``, the last speaker of the cue before.
    """
    parts = []
    for line in lines:
        name, words = split_name(without_tags(line))
        speaker = name or speaker
        parts.append((speaker, words))
    return parts


def _words(raw: str, *, has_entities: bool) -> str:
    """Remove tags, and decode the entities of WebVTT."""
    text = without_tags(raw)
    return " ".join(html.unescape(text).split()) if has_entities else text
