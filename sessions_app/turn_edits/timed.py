"""Edits turns that have times. They keep their phrases, and so the times of subtitles."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sessions_app.transcripts import Segment
from sessions_app.transcripts.merge import merge_segments

# Of a job's output: what says the same as the segments, word by word.
REPLACED = {"transcripts", "items", "audio_segments", "speaker_labels", "channel_labels"}


def group_by_turn(found: list[Segment]) -> list[list[Segment]]:
    """Return the segments of each turn."""
    rest = iter(found)
    groups = []
    for turn in merge_segments(found):
        group = [next(rest)]
        while sum(len(segment.text) + 1 for segment in group) <= len(turn.text):
            group.append(next(rest))
        groups.append(group)
    return groups


def respoken(group: list[Segment], label: str | None, texts: Sequence[str]) -> list[list[Segment]]:
    """Return the segments of a turn once ``label`` says ``texts``, a turn each, in its place.

    Words that are still there keep the segment that they were in. Where a segment is cut, its time
    is divided by the number of words.
    """
    words = [(word, number) for number, text in enumerate(texts) for word in text.split()]
    owners = _owners(group, [word for word, _ in words])
    counts = {owner: owners.count(owner) for owner in set(owners)}
    said = dict.fromkeys(counts, 0)
    turns: list[list[Segment]] = [[] for _ in texts]
    spoken = zip(words, owners, strict=True)
    for (number, owner), run in groupby(spoken, key=lambda word: (word[0][1], word[1])):
        part = [word for (word, _), _ in run]
        start, end = _part_of(group[owner], said[owner], len(part), counts[owner])
        said[owner] += len(part)
        turns[number].append(Segment(label, " ".join(part), start, end))
    return turns


def joined(before: list[Segment], turn: list[Segment]) -> list[Segment]:
    """Return the segments of two turns as those of one, of the first one's speaker."""
    label = before[0].label
    return [segment._replace(label=label) for segment in (*before, *turn)]


def spread(
    groups: list[list[Segment]], first: int, end: int, new: list[list[Segment]]
) -> list[Segment]:
    """Return all segments with the turns ``first`` to ``end`` replaced.

    Where the new turns begin, and the turn after them, is marked, so that none of them runs into
    another. All segments stay in their order, by which they are sorted when they are read.
    """
    following = groups[end : end + 1]
    marked = [
        segment._replace(continues_turn=number > 0)
        for group in new
        for number, segment in enumerate(group)
    ]
    marked += [
        segment if number else segment._replace(continues_turn=False)
        for group in following
        for number, segment in enumerate(group)
    ]
    before = [segment for group in groups[:first] for segment in group]
    after = [segment for group in groups[end + 1 :] for segment in group]
    return [*before, *_in_order(marked, after), *after]


def with_segments(output: Any, found: list[Segment]) -> dict[str, Any]:
    """Return a job's output with these segments instead of its own, and of its words."""
    kept = {name: value for name, value in output["results"].items() if name not in REPLACED}
    audio_segments = [_audio_segment(number, segment) for number, segment in enumerate(found)]
    return {**output, "results": {**kept, "audio_segments": audio_segments}}


def _audio_segment(number: int, segment: Segment) -> dict[str, Any]:
    item = {
        "id": number,
        "transcript": segment.text,
        "start_time": f"{segment.start:.3f}",
        "end_time": f"{segment.end:.3f}",
    }
    if segment.label is not None:
        item["speaker_label"] = segment.label
    if segment.continues_turn is not None:
        item["continues_turn"] = segment.continues_turn
    return item


def _in_order(found: list[Segment], after: list[Segment]) -> list[Segment]:
    """Let no segment start later than the one that follows it."""
    ordered: list[Segment] = []
    latest = math.inf if not after else after[0].start or 0.0
    for segment in reversed(found):
        latest = min(segment.start or 0.0, latest)
        ordered.append(segment._replace(start=latest))
    return ordered[::-1]


def _owners(group: list[Segment], words: list[str]) -> list[int]:
    """Return the index of the segment that each word belongs to.

    The words at the beginning and at the end that are the same as before stay where they were; the
    others share the segments of those that they replace.
    """
    old = [(word, index) for index, segment in enumerate(group) for word in segment.text.split()]
    shortest = min(len(old), len(words))
    head = 0
    while head < shortest and old[head][0] == words[head]:
        head += 1
    tail = 0
    while tail < shortest - head and old[-1 - tail][0] == words[-1 - tail]:
        tail += 1
    replaced = [index for _, index in old[head : len(old) - tail]]
    replaced = replaced or [old[max(head - 1, 0)][1]]
    count = len(words) - head - tail
    return [
        *(index for _, index in old[:head]),
        *(replaced[number * len(replaced) // count] for number in range(count)),
        *(index for _, index in old[len(old) - tail :]),
    ]


def _part_of(segment: Segment, first: int, count: int, of: int) -> tuple[float, float]:
    """Return when words of a segment are said: ``count`` words from ``first``, ``of`` in all."""
    start, end = segment.start or 0.0, segment.end or 0.0
    length = (end - start) / of
    return round(start + first * length, 3), round(start + (first + count) * length, 3)
