"""The output of Amazon Transcribe's batch jobs, of before and after ``audio_segments`` (2024).

The format is described by examples in Amazon Transcribe's Developer Guide ("Data input and
output", "Partitioning speakers", "Transcribing multi-channel audio", "Alternative
transcriptions", "Redacting", "Vocabulary filtering"). Of each word the first alternative is the
likeliest. Redacted words stand as ``[PII]``, masked ones as ``***``; removed ones are not there.

Subtitles are kept in the same form, without ``items``: see ``as_document``.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from sessions_app.transcripts.shape import Misfit, each, label_of, mapping, seconds, string
from sessions_app.transcripts.values import (
    MAX_LABEL_LENGTH,
    MAX_SPEAKERS,
    Segment,
    Transcript,
    TranscriptError,
    as_lines,
    measure,
)
from sessions_app.transcripts.words import Word, phrases, read_word

UNFINISHED = frozenset({"QUEUED", "IN_PROGRESS", "FAILED"})


def read(document: Any, shown: str, path: str = "$") -> Transcript:
    """Read a document, which is kept unchanged. Raises ``TranscriptError``: see ``segments``."""
    found = segments(document, shown, path)
    if not found:
        raise TranscriptError(f"{shown} holds no words: nobody was heard in the recording.")
    return Transcript(as_lines(found), measure(found), document)


def segments(document: Any, shown: str, path: str = "$") -> list[Segment]:
    """Return what was said, in the order of time; nothing if nobody was heard.

    Raises ``TranscriptError`` where the job did not complete, or the document is not of the form
    of Amazon Transcribe; the message begins with ``shown`` and tells the JSON path below ``path``.
    """
    try:
        _check_status(document)
        found = _segments(mapping(document.get("results"), ".results"))
        _check_labels({segment.label for segment in found if segment.label})
    except Misfit as misfit:
        raise TranscriptError(
            f"{shown} is not a transcript of Amazon Transcribe: {path}{misfit.path} "
            f"{misfit.problem}."
        ) from None
    except _Unfinished as unfinished:
        raise TranscriptError(f"{shown} {unfinished}.") from None
    return sorted(found, key=lambda segment: segment.start or 0.0)


def as_document(found: Iterable[Segment], source: str) -> dict[str, Any]:
    """Write timed segments in the form of Amazon Transcribe, so that their times are kept.

    ``{"format": source, "results": {"audio_segments": [{"id", "transcript", "start_time",
    "end_time", "speaker_label"}]}}``: times are texts of seconds, ``speaker_label`` is the name
    in the subtitles and left out where there is none.
    """
    return {
        "format": source,
        "results": {
            "audio_segments": [
                {
                    "id": number,
                    "transcript": segment.text,
                    "start_time": f"{segment.start:.3f}",
                    "end_time": f"{segment.end:.3f}",
                }
                | ({} if segment.label is None else {"speaker_label": segment.label})
                for number, segment in enumerate(found)
            ]
        },
    }


class _Unfinished(Exception):
    """There is no transcript yet, or never will be."""


def _check_status(document: Any) -> None:
    mapping(document, "")
    if "TranscriptionJob" in document:
        raise _Unfinished(
            "describes a job and is not its result: take the file that TranscriptFileUri names"
        )
    status = document.get("status", "COMPLETED")
    if isinstance(status, str) and status in UNFINISHED:
        raise _Unfinished(f"is of a job that has not completed: its status is {status}")
    if status != "COMPLETED":
        raise Misfit(".status", "is not COMPLETED")


def _check_labels(labels: set[str]) -> None:
    if len(labels) > MAX_SPEAKERS:
        raise Misfit(".results", f"names more than {MAX_SPEAKERS} speakers")
    if any(len(label) > MAX_LABEL_LENGTH for label in labels):
        raise Misfit(".results", f"names a speaker in over {MAX_LABEL_LENGTH} characters")


def _segments(results: dict[str, Any]) -> list[Segment]:
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
