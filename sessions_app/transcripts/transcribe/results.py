"""Reads the ``results`` of Amazon Transcribe from whichever of its parts says most.

Since 2024 ``audio_segments`` may name the speakers. In older output only ``speaker_labels`` does,
by the times of the words. The words of each channel are in a list of their own.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from sessions_app.transcripts.transcribe.json_values import (
    UnexpectedValue,
    check_object,
    read_label,
    read_list,
    read_seconds,
    read_string,
)
from sessions_app.transcripts.transcribe.phrases import Word, join_phrases, read_word
from sessions_app.transcripts.transcript import Segment


def read_results(results: dict[str, Any]) -> list[Segment]:
    """Return what each speaker said, in no particular order. Raises ``UnexpectedValue``."""
    channels = _read_channels(results)
    is_multichannel = len(channels) > 1  # then spk_0 of one channel is not spk_0 of another
    audio_segments = read_list(
        partial(_read_audio_segment, is_multichannel=is_multichannel),
        results.get("audio_segments") or [],
        ".results.audio_segments",
    )
    audio_segments = [segment for segment in audio_segments if segment.text]
    has_speakers = channels or results.get("speaker_labels")
    if audio_segments and (not has_speakers or any(segment.label for segment in audio_segments)):
        return audio_segments
    if any(channel["items"] for channel in channels):
        return _phrases_of_channels(channels, is_multichannel=is_multichannel)
    read_item = partial(read_word, is_multichannel=is_multichannel)
    words = read_list(read_item, results.get("items") or [], ".results.items")
    if words:
        return join_phrases(_with_speakers(words, results.get("speaker_labels")))
    # Nothing has times, so there is only the text as a whole.
    texts = read_list(_read_transcript, results.get("transcripts") or [], ".results.transcripts")
    return [Segment(None, text) for text in texts if text]


def _read_audio_segment(value: Any, *, is_multichannel: bool) -> Segment:
    item = check_object(value, "")
    start, end = read_seconds(item, "start_time"), read_seconds(item, "end_time")
    if end < start:
        raise UnexpectedValue(".end_time", "is before start_time")
    text = " ".join(read_string(item, "transcript").split())
    return Segment(read_label(item, is_multichannel=is_multichannel), text, start, end)


def _read_transcript(value: Any) -> str:
    return " ".join(read_string(check_object(value, ""), "transcript").split())


def _read_channels(results: dict[str, Any]) -> list[dict[str, Any]]:
    if not results.get("channel_labels"):
        return []
    labels = check_object(results["channel_labels"], ".results.channel_labels")
    path = ".results.channel_labels.channels"
    return read_list(_read_channel, labels.get("channels") or [], path)


def _read_channel(value: Any) -> dict[str, Any]:
    channel = check_object(value, "")
    return {
        "label": read_string(channel, "channel_label"),
        "items": channel.get("items") or [],
    }


def _phrases_of_channels(channels: list[dict[str, Any]], *, is_multichannel: bool) -> list[Segment]:
    phrases = []
    for index, channel in enumerate(channels):
        path = f".results.channel_labels.channels[{index}].items"
        words = read_list(
            partial(read_word, is_multichannel=is_multichannel), channel["items"], path
        )
        label = channel["label"]
        phrases += join_phrases(
            word if word.label else word._replace(label=label) for word in words
        )
    return phrases


def _with_speakers(words: list[Word], speaker_labels: Any) -> Iterable[Word]:
    """Add to each word its speaker and segment, which older output only lists by times."""
    speakers: dict[tuple[float | None, float | None], tuple[str | None, int]] = {}
    blocks = speaker_labels if isinstance(speaker_labels, list) else [speaker_labels or {}]
    path = ".results.speaker_labels"
    segment_number = 0
    for block in blocks:
        segments = check_object(block, path).get("segments") or []
        for label, time_ranges in read_list(_read_speaker_segment, segments, f"{path}.segments"):
            segment_number += 1
            speakers.update(dict.fromkeys(time_ranges, (label, segment_number)))
    for word in words:
        label, number = speakers.get((word.start, word.end), (word.label, 0))
        yield word._replace(label=word.label or label, segment=number)


def _read_speaker_segment(value: Any) -> tuple[str | None, list[tuple[float, float]]]:
    segment = check_object(value, "")
    label = read_label(segment, is_multichannel=False)
    return label, read_list(_read_time_range, segment.get("items") or [], ".items")


def _read_time_range(value: Any) -> tuple[float, float]:
    item = check_object(value, "")
    return read_seconds(item, "start_time"), read_seconds(item, "end_time")
