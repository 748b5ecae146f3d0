"""From segments, as the source divides them, to turns, as people read them."""

from collections.abc import Iterable

from sessions_app.transcripts.transcript import Segment

# Segments of one speaker read as one turn unless a pause lies between them. A monologue is still
# broken into paragraphs, so that there are places to jump to. All in seconds.
PAUSE = 2.0
LONGEST_TURN = 60.0


def merged(segments: Iterable[Segment]) -> list[Segment]:
    """Join what one speaker says at a stretch. Segments without times stay as they are."""
    turns: list[Segment] = []
    texts: dict[int, list[str]] = {}  # joined at the end: there may be very many at the same moment
    for segment in segments:
        if turns and (end := _end_of_joined(turns[-1], segment)) is not None:
            texts.setdefault(len(turns) - 1, [turns[-1].text]).append(segment.text)
            turns[-1] = turns[-1]._replace(end=end)
        else:
            turns.append(segment)
    for number, parts in texts.items():
        turns[number] = turns[number]._replace(text=" ".join(parts))
    return turns


def as_lines(segments: Iterable[Segment]) -> str:
    """Write segments as plain text, a ``NAME: words`` line for each turn."""
    return "".join(
        f"{turn.text}\n" if turn.label is None else f"{turn.label}: {turn.text}\n"
        for turn in merged(segments)
    )


def _end_of_joined(turn: Segment, segment: Segment) -> float | None:
    """Return when a turn ends that goes on with ``segment``; ``None``: it is another turn."""
    if turn.start is None or turn.end is None or segment.start is None or segment.end is None:
        return None
    if turn.label != segment.label or segment.start - turn.end > PAUSE:
        return None
    end = max(turn.end, segment.end)
    return end if end - turn.start <= LONGEST_TURN else None
