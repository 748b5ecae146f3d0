"""The JSON output of Amazon Transcribe's batch jobs, with ``audio_segments`` (since 2024) or not.

Amazon Transcribe's Developer Guide describes the format by examples ("Data input and output",
"Partitioning speakers", "Transcribing multi-channel audio", "Alternative transcriptions",
"Redacting", "Vocabulary filtering"). The first alternative of a word is the likeliest. A redacted
word is ``[PII]``, a masked one ``***``; a removed one is left out.

Subtitles are stored in the same form, without ``items``: see ``as_job_output``.
"""

from collections.abc import Iterable
from typing import Any

from sessions_app.transcripts.merge import as_plain_text
from sessions_app.transcripts.metrics import compute_metrics
from sessions_app.transcripts.transcribe.json_values import UnexpectedValue, check_object
from sessions_app.transcripts.transcribe.results import read_results
from sessions_app.transcripts.transcript import (
    MAX_LABEL_LENGTH,
    MAX_SPEAKERS,
    Segment,
    Transcript,
    TranscriptError,
)

NOT_COMPLETED = frozenset({"QUEUED", "IN_PROGRESS", "FAILED"})


def read(output: Any, source_name: str, path: str = "$") -> Transcript:
    """Read a job's output and keep it unchanged.

    Raises ``TranscriptError`` as ``read_segments`` does, and if nobody spoke.
    """
    segments = read_segments(output, source_name, path)
    if not segments:
        raise TranscriptError(f"{source_name} has no words: nobody was heard in the recording.")
    return Transcript(as_plain_text(segments), compute_metrics(segments), output)


def read_segments(output: Any, source_name: str, path: str = "$") -> list[Segment]:
    """Return what each speaker said, ordered by time; an empty list if nobody spoke.

    Raises ``TranscriptError`` if the job did not complete, or if ``output`` does not have the form
    of Amazon Transcribe. The message begins with ``source_name`` and names the JSON path, which
    begins with ``path``.
    """
    try:
        _check_status(output)
        segments = read_results(check_object(output.get("results"), ".results"))
        _check_labels({segment.label for segment in segments if segment.label})
    except UnexpectedValue as error:
        raise TranscriptError(
            f"{source_name} is not a transcript of Amazon Transcribe: {path}{error.path} "
            f"{error.problem}."
        ) from None
    except _NoResult as error:
        raise TranscriptError(f"{source_name} {error}.") from None
    return sorted(segments, key=lambda segment: segment.start or 0.0)


def as_job_output(segments: Iterable[Segment], format_name: str) -> dict[str, Any]:
    """Return segments with times in the form of Amazon Transcribe, which keeps their times.

    ``{"format": format_name, "results": {"audio_segments": [{"id", "transcript", "start_time",
    "end_time", "speaker_label"}]}}``. Times are strings of seconds. ``speaker_label`` is the name
    in the subtitles, left out if there is none.
    """
    return {
        "format": format_name,
        "results": {
            "audio_segments": [
                {
                    "id": number,
                    "transcript": segment.text,
                    "start_time": f"{segment.start:.3f}",
                    "end_time": f"{segment.end:.3f}",
                }
                | ({} if segment.label is None else {"speaker_label": segment.label})
                for number, segment in enumerate(segments)
            ]
        },
    }


class _NoResult(Exception):
    """The file describes a job that has no result (yet), or is not the result of the job."""


def _check_status(output: Any) -> None:
    check_object(output, "")
    if "TranscriptionJob" in output:
        raise _NoResult(
            "describes a job and is not its result: use the file that TranscriptFileUri names"
        )
    status = output.get("status", "COMPLETED")
    if isinstance(status, str) and status in NOT_COMPLETED:
        raise _NoResult(f"is from a job that has not completed: its status is {status}")
    if status != "COMPLETED":
        raise UnexpectedValue(".status", "is not COMPLETED")


def _check_labels(labels: set[str]) -> None:
    if len(labels) > MAX_SPEAKERS:
        raise UnexpectedValue(".results", f"names more than {MAX_SPEAKERS} speakers")
    if any(len(label) > MAX_LABEL_LENGTH for label in labels):
        raise UnexpectedValue(
            ".results", f"has a speaker label of more than {MAX_LABEL_LENGTH} characters"
        )
