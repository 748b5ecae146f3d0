"""Whether the lines of a subtitle file have their places, and if not, which one has not."""

import re
from collections.abc import Iterator
from itertools import pairwise

from sessions_app.transcripts.transcript import TranscriptError

ARROW = "-->"
MAX_CUES = 50_000  # webvtt-py takes seconds for them; an evening has some 5,000
WEBVTT_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)\.(\d{3})"
SRT_TIME = r"(\d{1,4}):([0-5]?\d):([0-5]?\d)[,.](\d{3})"
WEBVTT_TIMES = re.compile(rf"\s*{WEBVTT_TIME}\s*-->\s*{WEBVTT_TIME}(?:\s|$)", re.ASCII)
SRT_TIMES = re.compile(rf"\s*{SRT_TIME}\s*-->\s*{SRT_TIME}(?:\s|$)", re.ASCII)
NOT_A_CUE = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)")


def check_webvtt(lines: list[str], shown: str) -> None:
    """Raise ``TranscriptError`` where webvtt-py would leave something out."""
    _check_times(lines, WEBVTT_TIMES, "00:01:02.500 --> 00:01:04.000", shown)
    for first, block in _blocks(lines):
        places = [place for place, line in enumerate(block) if ARROW in line]
        if first == 1 or (not places and NOT_A_CUE.match(block[0])):
            continue  # the head may tell anything
        if not places or places[0] > 1:
            raise TranscriptError(f"{shown} has text without a time in line {first}.")


def check_srt(lines: list[str], shown: str) -> None:
    """Raise ``TranscriptError`` where webvtt-py would leave something out."""
    _check_times(lines, SRT_TIMES, "00:01:02,500 --> 00:01:04,000", shown)
    written = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if ARROW in written[0][1]:
        raise TranscriptError(f"{shown} has a cue without a number before line {written[0][0]}.")
    if len(written) == 1 or ARROW not in written[1][1]:
        number = written[0][0]
        raise TranscriptError(f"{shown} is not SRT: no cue begins in line {number}.")
    for (_, before), (number, line) in pairwise(written):
        if ARROW in line and not before.strip().isdigit():
            raise TranscriptError(f"{shown} has a cue without a number before line {number}.")


def _check_times(lines: list[str], pattern: re.Pattern[str], example: str, shown: str) -> None:
    timed = [(number, line) for number, line in enumerate(lines, 1) if ARROW in line]
    if not timed:
        raise TranscriptError(f"{shown} has no cues: no line holds a time range such as {example}.")
    if len(timed) > MAX_CUES:
        raise TranscriptError(f"{shown} has more than {MAX_CUES:,} cues.")
    for number, line in timed:
        match = pattern.match(line)
        if match is None:
            raise TranscriptError(
                f"{shown} has no time range such as {example} in line {number}, but an arrow."
            )
        start, end = match.groups("0")[:4], match.groups("0")[4:]
        if list(map(int, start)) > list(map(int, end)):
            raise TranscriptError(f"{shown} has a cue that ends before it begins in line {number}.")


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield what empty lines divide, with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []
