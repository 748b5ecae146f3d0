"""The transcript of a session: stores it, removes it, and reads its turns and cues."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from config.web.large_work import LARGE, forget_connection, one_at_a_time
from mirror import exact_json
from sessions_app.json_fields import JSONText, stored_text
from sessions_app.transcripts import plain_text, transcribe
from sessions_app.transcripts.merge import merge_segments
from sessions_app.transcripts.metrics import compute_metrics
from sessions_app.transcripts.speaker_names import shown_name
from sessions_app.transcripts.transcript import Segment, Transcript, TranscriptError, Turn

if TYPE_CHECKING:  # the model may import this package
    from sessions_app.models import Session

# The fields that ``put_transcript`` and ``remove_transcript`` change, to be saved together.
TRANSCRIPT_FIELDS = ("transcript_text", "transcript_json", "speaker_names", "metrics")

NUMBERED_LABEL = re.compile(r"(?:ch_\d+_?)?(?:spk_\d+)?")  # every job numbers its speakers anew


def put_transcript(session: Session, transcript: Transcript) -> None:
    """Make this the session's transcript, with its metrics. The caller saves.

    The names that people gave to speakers are kept if the new transcript has the same labels, so
    that correcting a text loses none. A numbered label of a job's output loses its name, since
    spk_0 of another recording is another person.
    """
    kept_names = {
        label: name
        for label, name in speaker_names(session).items()
        if label in transcript.metrics["speakerDistribution"]
        and not (transcript.json is not None and NUMBERED_LABEL.fullmatch(label))
    }
    session.transcript_text = transcript.text
    session.transcript_json = transcript.json
    session.speaker_names = (kept_names | transcript.speaker_names) or None
    session.metrics = transcript.metrics


def remove_transcript(session: Session) -> None:
    """Remove the transcript, its metrics and the names of its speakers. The caller saves."""
    session.transcript_text = ""
    session.transcript_json = None
    session.speaker_names = None
    session.metrics = None


def recompute_metrics(session: Session) -> None:
    """Compute the metrics of a transcript that was not stored by ``put_transcript``.

    The caller saves.
    """
    session.metrics = compute_metrics(segments(session)) if session.has_transcript else None


def turns(session: Session) -> list[Turn]:
    """Return what each speaker said, in turns: from the JSON if there is one, else the text."""
    return _with_names(session, merge_segments(segments(session)))


def cues(session: Session) -> list[Turn]:
    """Return the same as ``turns``, but divided as finely as the source, for subtitles."""
    return _with_names(session, segments(session))


def segments(session: Session) -> list[Segment]:
    """Return what each speaker said, with the labels of the source."""
    if not getattr(session, "has_json", True):
        return plain_text.split_segments(session.transcript_text)
    with one_at_a_time():
        written = written_json(session)
        if written is not None:
            try:
                found = transcribe.read_segments(written, "The transcript")
            except TranscriptError:
                found = []  # another program wrote it in a form of its own: use the text
            if found:
                return found
    return plain_text.split_segments(session.transcript_text)


def written_json(session: Session) -> bytes | None:
    """Return the JSON as text, in UTF-8: as Python objects it would take five times the memory.

    A page that needs nothing else of it defers the field, best by ``with_json_as_text``.
    """
    if "transcript_json" in session.get_deferred_fields():
        if not getattr(session, "has_json", True):
            return None
        text = stored_text(session, "transcript_json")
        if text and len(text) > LARGE:
            forget_connection()
        return text
    value = session.transcript_json
    if isinstance(value, JSONText):
        return value.utf8
    return None if value is None else exact_json.dump(value).encode()


def _with_names(session: Session, found: list[Segment]) -> list[Turn]:
    names = speaker_names(session)
    labels = {segment.label for segment in found}
    shown = {label: shown_name(label, names) if label else None for label in labels}
    return [Turn(label, shown[label], start, end, text) for label, text, start, end, _ in found]


def speaker_names(session: Session) -> dict[str, str]:
    """Return the names that people gave to labels, without values that are not names.

    Another program may have written anything into the field.
    """
    names = session.speaker_names
    if not isinstance(names, dict):
        return {}
    return {label: name for label, name in names.items() if isinstance(name, str)}
