"""The output of Amazon Transcribe's batch jobs, of before and after ``audio_segments`` (2024).

The format is described by examples in Amazon Transcribe's Developer Guide ("Data input and
output", "Partitioning speakers", "Transcribing multi-channel audio", "Alternative
transcriptions", "Redacting", "Vocabulary filtering"). Of each word the first alternative is the
likeliest. Redacted words stand as ``[PII]``, masked ones as ``***``; removed ones are not there.

Subtitles are kept in the same form, without ``items``: see ``as_document``.
"""

from collections.abc import Iterable
from typing import Any

from sessions_app.transcripts.merge import as_lines
from sessions_app.transcripts.metrics import measure
from sessions_app.transcripts.transcribe.json_checks import Misfit, mapping
from sessions_app.transcripts.transcribe.results import segments_of
from sessions_app.transcripts.transcript import (
    MAX_LABEL_LENGTH,
    MAX_SPEAKERS,
    Segment,
    Transcript,
    TranscriptError,
)

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
        found = segments_of(mapping(document.get("results"), ".results"))
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
