"""The JSON output of Amazon Transcribe's batch jobs, with ``audio_segments`` (since 2024) or not.

Amazon Transcribe's Developer Guide describes the format by examples ("Data input and output",
"Partitioning speakers", "Transcribing multi-channel audio", "Alternative transcriptions",
"Redacting", "Vocabulary filtering"). The first alternative of a word is the likeliest. A redacted
word is ``[PII]``, a masked one ``***``; a removed one is left out.

Subtitles are stored in the same form, without ``items``: see ``as_job_output``.
"""

from collections.abc import Iterable

import msgspec

from sessions_app.json_fields import JSONText
from sessions_app.transcripts.merge import as_plain_text
from sessions_app.transcripts.metrics import compute_metrics
from sessions_app.transcripts.transcribe.job import Job, NamedJob
from sessions_app.transcripts.transcribe.results import read_results
from sessions_app.transcripts.transcribe.values import UnexpectedValue, decode
from sessions_app.transcripts.transcript import (
    MAX_LABEL_LENGTH,
    MAX_SPEAKERS,
    Segment,
    Transcript,
    TranscriptError,
)

NOT_COMPLETED = frozenset({"QUEUED", "IN_PROGRESS", "FAILED"})


def read(output: bytes, source_name: str, path: str = "$") -> Transcript:
    """Read a job's output and keep it unchanged.

    Raises ``TranscriptError`` as ``read_segments`` does, and if nobody spoke.
    """
    segments = read_segments(output, source_name, path)
    if not segments:
        raise TranscriptError(f"{source_name} has no words: nobody was heard in the recording.")
    return _transcript(segments, output)


def read_segments(output: bytes | str, source_name: str, path: str = "$") -> list[Segment]:
    """Return what each speaker said, ordered by time; an empty list if nobody spoke.

    Raises ``TranscriptError`` if the job did not complete, or if ``output``, which is JSON, does
    not have the form of Amazon Transcribe. The message begins with ``source_name`` and names the
    JSON path, which begins with ``path``.
    """
    try:
        job = decode(output, Job)
        _check_status(job)
        segments = read_results(output, job)
    except UnexpectedValue as error:
        raise TranscriptError(
            f"{source_name} is not a transcript of Amazon Transcribe: {path}{error.path} "
            f"{error.problem}."
        ) from None
    except _NoResult as error:
        raise TranscriptError(f"{source_name} {error}.") from None
    return _checked(segments, source_name)


def job_name(output: bytes) -> str:
    """Return the name that somebody gave to the job; an empty text if there is none."""
    try:
        return decode(output, NamedJob).jobName or ""
    except UnexpectedValue:
        return ""


def from_segments(segments: list[Segment], format_name: str, source_name: str) -> Transcript:
    """Return segments with times, in the form of Amazon Transcribe, as a transcript.

    Raises ``TranscriptError``, which begins with ``source_name``.
    """
    ordered = _checked(segments, source_name)
    return _transcript(ordered, as_job_output(ordered, format_name))


def as_job_output(segments: Iterable[Segment], format_name: str) -> bytes:
    """Return segments with times in the form of Amazon Transcribe, which keeps their times.

    ``{"format": format_name, "results": {"audio_segments": [{"id", "transcript", "start_time",
    "end_time", "speaker_label"}]}}``. Times are strings of seconds. ``speaker_label`` is the name
    in the subtitles, left out if there is none.
    """
    audio_segments = [
        {
            "id": number,
            "transcript": segment.text,
            "start_time": f"{segment.start:.3f}",
            "end_time": f"{segment.end:.3f}",
        }
        | ({} if segment.label is None else {"speaker_label": segment.label})
        for number, segment in enumerate(segments)
    ]
    output = {"format": format_name, "results": {"audio_segments": audio_segments}}
    return msgspec.json.encode(output)


def _transcript(segments: list[Segment], output: bytes) -> Transcript:
    return Transcript(as_plain_text(segments), compute_metrics(segments), JSONText(output))


class _NoResult(Exception):
    """The file describes a job that has no result (yet), or is not the result of the job."""


def _check_status(job: Job) -> None:
    if bytes(job.TranscriptionJob) != b"null":
        raise _NoResult(
            "describes a job and is not its result: use the file that TranscriptFileUri names"
        )
    if job.status in NOT_COMPLETED:
        raise _NoResult(f"is from a job that has not completed: its status is {job.status}")
    if job.status not in (None, "COMPLETED"):
        raise UnexpectedValue(".status", "is not COMPLETED")


def _checked(segments: list[Segment], source_name: str) -> list[Segment]:
    """Return the segments ordered by time, if their labels can be stored."""
    labels = {segment.label for segment in segments if segment.label}
    if len(labels) > MAX_SPEAKERS:
        raise TranscriptError(f"{source_name} has more than {MAX_SPEAKERS} speakers.")
    if any(len(label) > MAX_LABEL_LENGTH for label in labels):
        raise TranscriptError(
            f"{source_name} has a speaker with a name of more than {MAX_LABEL_LENGTH} characters."
        )
    return sorted(segments, key=lambda segment: segment.start or 0.0)
