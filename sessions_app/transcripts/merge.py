"""Merges segments, as finely as the source divides them, into turns for people to read."""

from collections.abc import Iterable

from sessions_app.transcripts.transcript import Segment

# Consecutive segments of one speaker are one turn unless there is a pause between them. A long
# monologue is divided, so that there are places to jump to. Both in seconds.
PAUSE = 2.0
LONGEST_TURN = 60.0


def merge_segments(segments: Iterable[Segment]) -> list[Segment]:
    """Join consecutive segments of one speaker. Segments without times stay as they are."""
    turns: list[Segment] = []
    # Joined at the end, since a turn may have a great many segments.
    texts: dict[int, list[str]] = {}
    for segment in segments:
        if turns and (end := _end_of_joined(turns[-1], segment)) is not None:
            texts.setdefault(len(turns) - 1, [turns[-1].text]).append(segment.text)
            turns[-1] = turns[-1]._replace(end=end)
        else:
            turns.append(segment)
    for index, parts in texts.items():
        turns[index] = turns[index]._replace(text=" ".join(parts))
    return turns


def as_plain_text(segments: Iterable[Segment]) -> str:
    """Write segments as plain text, one ``NAME: words`` line for each turn."""
    return "".join(
        f"{turn.text}\n" if turn.label is None else f"{turn.label}: {turn.text}\n"
        for turn in merge_segments(segments)
    )


def _end_of_joined(turn: Segment, segment: Segment) -> float | None:
    """Return the end of the turn with ``segment`` joined to it; ``None`` if it must not be."""
    if turn.start is None or turn.end is None or segment.start is None or segment.end is None:
        return None
    if turn.label != segment.label or segment.continues_turn is False:
        return None
    end = max(turn.end, segment.end)
    if segment.continues_turn:
        return end
    if segment.start - turn.end > PAUSE:
        return None
    return end if end - turn.start <= LONGEST_TURN else None
