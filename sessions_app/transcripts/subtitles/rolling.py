"""Rolling captions: each cue repeats the line before, and adds one. YouTube writes them.

Of such a file every line is kept once.
"""

from collections.abc import Iterator
from itertools import pairwise

from sessions_app.transcripts.subtitles.cues import Cue
from sessions_app.transcripts.subtitles.tags import without_tags

LONGEST_GAP = 0.5  # seconds between two cues of one roll
LEAST_EVIDENCE = 2  # cues that repeat a line and add one
LEAST_SHARE = 0.2  # of all cues: a line that is said twice makes no rolling captions


def unrolled(cues: list[Cue]) -> tuple[list[Cue], bool]:
    """Return the cues without repeated lines, and whether the captions are rolling."""
    cleaned = [cue._replace(lines=list(map(without_tags, cue.lines))) for cue in cues]
    repeated = [0, *(_repeated(before, cue) for before, cue in pairwise(cleaned))]
    adding = sum(
        0 < count < len(_spoken(cue)) for count, cue in zip(repeated, cleaned, strict=True)
    )
    if adding < LEAST_EVIDENCE or adding < LEAST_SHARE * len(cues):
        return cues, False
    return list(_without(cues, repeated)), True


def _without(cues: list[Cue], repeated: list[int]) -> Iterator[Cue]:
    for cue, count in zip(cues, repeated, strict=True):
        lines = [line for line in cue.lines if without_tags(line)]
        if lines[count:]:
            yield cue._replace(lines=lines[count:])


def _repeated(before: Cue, cue: Cue) -> int:
    """Return how many lines of a cue are the last lines of the one before."""
    if not before.start < cue.start <= before.end + LONGEST_GAP:
        return 0
    last, lines = _spoken(before), _spoken(cue)
    most = min(len(last), len(lines))
    return next((n for n in range(most, 0, -1) if last[-n:] == lines[:n]), 0)


def _spoken(cue: Cue) -> list[str]:
    return [line for line in cue.lines if line]
