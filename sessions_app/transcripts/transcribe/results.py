"""What Amazon Transcribe's ``results`` say, in whichever of their parts it is said best.

Segments tell who speaks since 2024; before, only lists of times did. Channels come as separate
streams of words.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from sessions_app.transcripts.transcribe.json_checks import (
    Misfit,
    each,
    label_of,
    mapping,
    seconds,
    string,
)
from sessions_app.transcripts.transcribe.phrases import Word, phrases, read_word
from sessions_app.transcripts.transcript import Segment


def segments_of(results: dict[str, Any]) -> list[Segment]:
    """Return what was said, in no certain order. Raises ``Misfit``."""
    channels = _channels(results)
    is_joint = len(channels) > 1  # then spk_0 of one channel is not spk_0 of another
    by_segment = each(
        partial(_audio_segment, is_joint=is_joint),
        results.get("audio_segments") or [],
        ".results.audio_segments",
    )
    by_segment = [segment for segment in by_segment if segment.text]
    labelled = channels or results.get("speaker_labels")
    if by_segment and (not labelled or any(segment.label for segment in by_segment)):
        return by_segment
    if any(channel["items"] for channel in channels):
        return _of_channels(channels, is_joint=is_joint)
    read_item = partial(read_word, is_joint=is_joint)
    words = each(read_item, results.get("items") or [], ".results.items")
    if words:
        return phrases(_with_speakers(words, results.get("speaker_labels")))
    # Without any times: what is left is the whole text.
    texts = each(_transcript, results.get("transcripts") or [], ".results.transcripts")
    return [Segment(None, text) for text in texts if text]


def _audio_segment(value: Any, *, is_joint: bool) -> Segment:
    mapping(value, "")
    start, end = seconds(value, "start_time"), seconds(value, "end_time")
    if end < start:
        raise Misfit(".end_time", "lies before start_time")
    text = " ".join(string(value, "transcript").split())
    return Segment(label_of(value, is_joint=is_joint), text, start, end)


def _transcript(value: Any) -> str:
    return " ".join(string(mapping(value, ""), "transcript").split())


def _channels(results: dict[str, Any]) -> list[dict[str, Any]]:
    if not results.get("channel_labels"):
        return []
    labels = mapping(results["channel_labels"], ".results.channel_labels")
    return each(_channel, labels.get("channels") or [], ".results.channel_labels.channels")


def _channel(value: Any) -> dict[str, Any]:
    label, items = string(mapping(value, ""), "channel_label"), value.get("items") or []
    return {"label": label, "items": items}


def _of_channels(channels: list[dict[str, Any]], *, is_joint: bool) -> list[Segment]:
    found = []
    for number, channel in enumerate(channels):
        path = f".results.channel_labels.channels[{number}].items"
        words = each(partial(read_word, is_joint=is_joint), channel["items"], path)
        label = channel["label"]
        found += phrases(word if word.label else word._replace(label=label) for word in words)
    return found


def _with_speakers(words: list[Word], speaker_labels: Any) -> Iterable[Word]:
    """Find out who said each word: older output tells it only in a list of its own, by times."""
    speakers: dict[tuple[float | None, float | None], tuple[str | None, int]] = {}
    blocks = speaker_labels if isinstance(speaker_labels, list) else [speaker_labels or {}]
    serial = 0
    for block in blocks:
        path = ".results.speaker_labels"
        for label, spans in each(
            _speaker_segment, mapping(block, path).get("segments") or [], f"{path}.segments"
        ):
            serial += 1
            speakers.update(dict.fromkeys(spans, (label, serial)))
    for word in words:
        label, number = speakers.get((word.start, word.end), (word.label, 0))
        yield word._replace(label=word.label or label, segment=number)


def _speaker_segment(value: Any) -> tuple[str | None, list[tuple[float, float]]]:
    label = label_of(mapping(value, ""), is_joint=False)
    return label, each(_span, value.get("items") or [], ".items")


def _span(value: Any) -> tuple[float, float]:
    mapping(value, "")
    return seconds(value, "start_time"), seconds(value, "end_time")
