"""Counts the words of a transcript and measures how long each speaker talks."""

from collections.abc import Iterable

from sessions_app.transcripts.transcript import Metrics, Segment, SpeakerMetrics


def compute_metrics(segments: Iterable[Segment]) -> Metrics:
    """Count the words, in all and by speaker, and add up the seconds if there are times."""
    total_words = 0
    end: float | None = None
    speakers: dict[str, SpeakerMetrics] = {}
    for segment in segments:
        words = count_words(segment.text)
        total_words += words
        if segment.end is not None:
            end = max(end or 0.0, segment.end)
        if segment.label is None:
            continue
        speaker = speakers.setdefault(segment.label, {"words": 0})
        speaker["words"] += words
        if segment.start is not None and segment.end is not None:
            speaker["duration"] = speaker.get("duration", 0.0) + segment.end - segment.start
    for speaker in speakers.values():
        if "duration" in speaker:
            speaker["duration"] = round(speaker["duration"], 3)
    metrics: Metrics = {"totalWordCount": total_words, "speakerDistribution": speakers}
    if end is not None:
        metrics["totalDuration"] = end
    return metrics


def count_words(text: str) -> int:
    """Count what has a letter or a digit: not a lone dash, and not a masked word (``***``)."""
    return sum(1 for word in text.split() if any(map(str.isalnum, word)))
