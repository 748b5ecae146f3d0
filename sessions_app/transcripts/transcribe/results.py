"""Reads the output of Amazon Transcribe from whichever of its parts says most.

Since 2024 ``audio_segments`` may name the speakers. In older output only ``speaker_labels`` does,
by the times of the words. The words of each channel are in a list of their own.
"""

from collections.abc import Iterator

import msgspec

from sessions_app.transcripts.transcribe.job import (
    AudioSegment,
    Channel,
    Item,
    Job,
    SpeakerJob,
    SpeakerLabels,
    WordJob,
    WordResults,
)
from sessions_app.transcripts.transcribe.phrases import Word, join_phrases, read_word
from sessions_app.transcripts.transcribe.values import (
    Labels,
    UnexpectedValue,
    decode,
    read_each,
    read_times,
)
from sessions_app.transcripts.transcript import Segment

# By the times of a word: the label and the number of its segment.
Speakers = dict[tuple[float | None, float | None], tuple[str | None, int]]

EMPTY = (b"null", b"{}", b"[]")


def read_results(data: bytes | str, job: Job) -> list[Segment]:
    """Return what each speaker said, in no particular order. Raises ``UnexpectedValue``.

    ``job`` is what was read of ``data``. The words are read only if they are needed.
    """
    results = job.results
    if results is None:
        raise UnexpectedValue(".results", "is missing")
    channels = (results.channel_labels and results.channel_labels.channels) or []
    labels = Labels(is_multichannel=len(channels) > 1)
    found = read_each(
        lambda raw: _read_audio_segment(decode(raw, AudioSegment), labels),
        results.audio_segments or [],
        ".results.audio_segments",
    )
    segments = [segment for segment in found if segment.text]
    has_speakers = channels or bytes(results.speaker_labels) not in EMPTY
    if segments and (not has_speakers or any(segment.label for segment in segments)):
        return segments
    speakers = _speakers(decode(data, SpeakerJob).results.speaker_labels)
    return _read_words(decode(data, WordJob).results, labels, speakers)


def _read_audio_segment(segment: AudioSegment, labels: Labels) -> Segment:
    start, end = read_times(segment)
    text = " ".join(segment.transcript.split())
    return Segment(
        labels[segment.speaker_label, segment.channel_label],
        text,
        start,
        end,
        segment.continues_turn,
    )


def _read_words(results: WordResults, labels: Labels, speakers: Speakers) -> list[Segment]:
    channels = (results.channel_labels and results.channel_labels.channels) or []
    if any(channel.items for channel in channels):
        return list(_phrases_of_channels(channels, labels))
    if results.items:
        words = _words(results.items, ".results.items", labels)
        return join_phrases(_with_speaker(word, speakers) for word in words)
    # Nothing has times, so there is only the text as a whole.
    texts = (" ".join(whole.transcript.split()) for whole in results.transcripts or [])
    return [Segment(None, text) for text in texts if text]


def _words(items: list[msgspec.Raw], path: str, labels: Labels) -> Iterator[Word]:
    return read_each(lambda raw: read_word(decode(raw, Item), labels), items, path)


def _phrases_of_channels(channels: list[Channel], labels: Labels) -> Iterator[Segment]:
    for index, channel in enumerate(channels):
        path = f".results.channel_labels.channels[{index}].items"
        words = _words(channel.items or [], path, labels)
        yield from join_phrases(
            word if word.label else word._replace(label=channel.channel_label) for word in words
        )


def _speakers(speaker_labels: SpeakerLabels | list[SpeakerLabels] | None) -> Speakers:
    """Return who spoke when, as older output lists it."""
    blocks = speaker_labels if isinstance(speaker_labels, list) else [speaker_labels]
    segments = [segment for block in blocks if block for segment in block.segments or []]
    speakers: Speakers = {}
    for number, segment in enumerate(segments):
        path = f".results.speaker_labels.segments[{number}].items"
        label = " ".join((segment.speaker_label or "").split()) or None
        times = read_each(read_times, segment.items or [], path)
        speakers.update(dict.fromkeys(times, (label, number + 1)))
    return speakers


def _with_speaker(word: Word, speakers: Speakers) -> Word:
    """Add its speaker and segment to a word, if older output lists them by its times."""
    label, number = speakers.get((word.start, word.end), (None, 0))
    return Word(word.text, word.start, word.end, word.label or label, number)
