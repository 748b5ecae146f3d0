"""Divides a subtitle file into its cues, as leniently as players do.

WebVTT is read as the specification's parser reads it (W3C, "WebVTT parser algorithm"): a cue that
is broken is skipped, and so is text without a time. SRT has no specification: there, text without
a time belongs to the cue before it. Whoever reads a file is told what was skipped.

Two things are more lenient than the specification. A time may have one digit less, or a comma.
And a line of spaces counts as an empty line, unless the words of the cue go on after it: Netflix
writes such lines between cues, and YouTube within them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

ARROW = "-->"
TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
TIME_RANGE = re.compile(rf"\s*{TIME}\s*-->\s*{TIME}(?:\s|$)", re.ASCII)
QUOTABLE = re.compile(r"\s*([\d:.,]{1,20})\s*-->", re.ASCII)  # surely nothing that was said
NOT_A_CUE = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)")
MAX_HOURS = 999


class Cue(NamedTuple):
    """What is shown from one time to another, in seconds, line by line."""

    start: float
    end: float
    lines: list[str]


@dataclass
class Cues:
    """The cues of a file, and the numbers of the lines at which one was skipped."""

    cues: list[Cue] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)


@dataclass
class _Block:
    """Lines without an empty one among them."""

    number: int  # of its first line
    lines: list[str]
    follows_spaces: bool  # in the file a line of spaces is before it, and no empty line

    @property
    def arrow(self) -> int | None:
        """The index of the line with the times: a number or a name may stand before it."""
        return next((index for index, line in enumerate(self.lines[:2]) if ARROW in line), None)


def read_webvtt_cues(lines: Sequence[str]) -> Cues:
    """Read the lines after the signature, which is line 1."""
    blocks = _blocks(["", *lines[1:]])
    # Lines directly below the signature belong to the header, such as ``Kind: captions``.
    if len(lines) > 1 and lines[1].strip() and ARROW not in lines[1]:
        header = next(blocks)
        if header.arrow == 1:
            blocks = iter(
                [replace(header, number=header.number + 1, lines=header.lines[1:]), *blocks]
            )
    return _read(blocks, text_needs_time=True)


def read_srt_cues(lines: Sequence[str]) -> Cues:
    """Read the lines of an SRT file."""
    return _read(_blocks(lines), text_needs_time=False)


def quote_time(line: str) -> str | None:
    """Return the beginning of a time line, ``None`` if it could be something that was said."""
    match = QUOTABLE.match(line)
    return f"'{match[1]} --> …'" if match else None


def _read(blocks: Iterator[_Block], *, text_needs_time: bool) -> Cues:
    found = Cues()
    can_go_on = False  # whether the last block was a cue
    for block in blocks:
        arrow = block.arrow
        if arrow is None:
            if not text_needs_time and _is_number(block):
                continue
            if can_go_on and (block.follows_spaces or not text_needs_time):
                found.cues[-1].lines.extend(block.lines)
            elif not NOT_A_CUE.match(block.lines[0]):
                found.skipped.append(block.number)
            continue
        cue = _cue(block.lines[arrow], block.lines[arrow + 1 :])
        can_go_on = cue is not None
        if cue is None:
            found.skipped.append(block.number + arrow)
        else:
            found.cues.append(cue)
    return found


def _is_number(block: _Block) -> bool:
    return len(block.lines) == 1 and block.lines[0].strip().isdigit()


def _cue(time_line: str, lines: list[str]) -> Cue | None:
    match = TIME_RANGE.match(time_line)
    if match is None or int(match[1] or 0) > MAX_HOURS or int(match[5] or 0) > MAX_HOURS:
        return None
    start, end = _seconds(*match.groups()[:4]), _seconds(*match.groups()[4:])
    return Cue(start, max(start, end), lines)


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return (whole * 1000 + int(fraction.ljust(3, "0"))) / 1000


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """Divide lines at empty ones, and before a second time: some files lack the empty line."""
    block = _Block(1, [], follows_spaces=False)
    only_spaces = True  # between the last block and this line
    for number, line in enumerate(lines, 1):
        if not line.strip():
            if block.lines:
                yield block
                block = _Block(number, [], follows_spaces=False)
                only_spaces = True
            only_spaces = only_spaces and line != ""
            continue
        if ARROW in line and (block.arrow is not None or len(block.lines) > 1):
            own_number = block.lines.pop() if block.lines[-1].strip().isdigit() else None
            yield block
            own = [] if own_number is None else [own_number]
            block = _Block(number - len(own), own, follows_spaces=False)
        if not block.lines:
            block = _Block(number, [], follows_spaces=only_spaces)
        block.lines.append(line)
    if block.lines:
        yield block
