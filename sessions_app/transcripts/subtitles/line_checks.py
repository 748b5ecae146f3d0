"""Checks the lines of a subtitle file, so that webvtt-py will not skip any."""

import re
from collections.abc import Iterator
from itertools import pairwise

from sessions_app.transcripts.transcript import TranscriptError

ARROW = "-->"
MAX_CUES = 50_000  # webvtt-py takes seconds for these; an evening has some 5,000
WEBVTT_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)\.(\d{3})"
SRT_TIME = r"(\d{1,4}):([0-5]?\d):([0-5]?\d)[,.](\d{3})"
WEBVTT_TIME_RANGE = re.compile(rf"\s*{WEBVTT_TIME}\s*-->\s*{WEBVTT_TIME}(?:\s|$)", re.ASCII)
SRT_TIME_RANGE = re.compile(rf"\s*{SRT_TIME}\s*-->\s*{SRT_TIME}(?:\s|$)", re.ASCII)
NOT_A_CUE = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)")


def check_webvtt(lines: list[str], source_name: str) -> None:
    """Raise ``TranscriptError`` for the first line that webvtt-py would skip."""
    _check_time_ranges(lines, WEBVTT_TIME_RANGE, "00:01:02.500 --> 00:01:04.000", source_name)
    for first, block in _blocks(lines):
        arrows = [index for index, line in enumerate(block) if ARROW in line]
        is_header = first == 1
        is_comment_or_style = not arrows and NOT_A_CUE.match(block[0])
        if is_header or is_comment_or_style:
            continue
        if not arrows or arrows[0] > 1:  # a cue's number or name may take the first line
            raise TranscriptError(f"{source_name} has text without a time in line {first}.")


def check_srt(lines: list[str], source_name: str) -> None:
    """Raise ``TranscriptError`` for the first line that webvtt-py would skip."""
    _check_time_ranges(lines, SRT_TIME_RANGE, "00:01:02,500 --> 00:01:04,000", source_name)
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    first_number, first_line = filled[0]
    if ARROW in first_line:
        raise TranscriptError(
            f"{source_name} has a cue without a number before line {first_number}."
        )
    if len(filled) == 1 or ARROW not in filled[1][1]:
        raise TranscriptError(f"{source_name} is not SRT: no cue begins in line {first_number}.")
    for (_, before), (number, line) in pairwise(filled):
        if ARROW in line and not before.strip().isdigit():
            raise TranscriptError(f"{source_name} has a cue without a number before line {number}.")


def _check_time_ranges(
    lines: list[str], pattern: re.Pattern[str], example: str, source_name: str
) -> None:
    with_arrow = [(number, line) for number, line in enumerate(lines, 1) if ARROW in line]
    if not with_arrow:
        raise TranscriptError(
            f"{source_name} has no cues: no line has a time range such as {example}."
        )
    if len(with_arrow) > MAX_CUES:
        raise TranscriptError(f"{source_name} has more than {MAX_CUES:,} cues.")
    for number, line in with_arrow:
        match = pattern.match(line)
        if match is None:
            raise TranscriptError(
                f"{source_name} has an arrow in line {number}, but no time range such as {example}."
            )
        start, end = match.groups("0")[:4], match.groups("0")[4:]
        if list(map(int, start)) > list(map(int, end)):
            raise TranscriptError(
                f"{source_name} has a cue that ends before it begins in line {number}."
            )


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each block of lines between empty lines, with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []
