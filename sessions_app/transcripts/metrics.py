"""Counting what a transcript says: words, and seconds by speaker."""

from collections.abc import Iterable

from sessions_app.transcripts.transcript import Metrics, Segment, SpeakerShare


def measure(segments: Iterable[Segment]) -> Metrics:
    """Count the words, and the seconds where there are times."""
    total, end = 0, None
    shares: dict[str, SpeakerShare] = {}
    for segment in segments:
        words = _count_words(segment.text)
        total += words
        if segment.end is not None:
            end = max(end or 0.0, segment.end)
        if segment.label is None:
            continue
        share = shares.setdefault(segment.label, {"words": 0})
        share["words"] += words
        if segment.start is not None and segment.end is not None:
            share["duration"] = share.get("duration", 0.0) + segment.end - segment.start
    for share in shares.values():
        if "duration" in share:
            share["duration"] = round(share["duration"], 3)
    metrics: Metrics = {"totalWordCount": total, "speakerDistribution": shares}
    if end is not None:
        metrics["totalDuration"] = end
    return metrics


def _count_words(text: str) -> int:
    # A dash or an ellipsis between spaces is no word, nor is what a transcriber has masked (***).
    return sum(any(map(str.isalnum, word)) for word in text.split())
