"""The transcript of a session: putting one in, and what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sessions_app.transcripts import plain_text, transcribe
from sessions_app.transcripts.merge import merged
from sessions_app.transcripts.metrics import measure
from sessions_app.transcripts.transcript import Segment, Transcript, TranscriptError, Turn

if TYPE_CHECKING:  # the model may use this package
    from sessions_app.models import Session

# The fields that belong together: what ``put_transcript`` and ``remove_transcript`` change.
TRANSCRIPT_FIELDS = ("transcript_text", "transcript_json", "speaker_names", "metrics")

NUMBERED = re.compile(r"(?:ch_\d+_?)?(?:spk_\d+)?")  # labels that every job gives out anew


def put_transcript(session: Session, transcript: Transcript) -> None:
    """Make this the session's transcript, with its metrics. The caller saves.

    Names that were given to speakers stay with those who still speak, so that correcting a text
    costs nothing; but spk_0 of another recording is another person.
    """
    names = {
        label: name
        for label, name in _names(session).items()
        if label in transcript.metrics["speakerDistribution"]
        and not (transcript.json is not None and NUMBERED.fullmatch(label))
    }
    session.transcript_text = transcript.text
    session.transcript_json = transcript.json
    session.speaker_names = (names | transcript.speaker_names) or None
    session.metrics = transcript.metrics


def remove_transcript(session: Session) -> None:
    """Leave the session without a transcript, and without what was counted. The caller saves."""
    session.transcript_text = ""
    session.transcript_json = None
    session.speaker_names = None
    session.metrics = None


def measure_again(session: Session) -> None:
    """Count anew what the session's transcript says: its writer did not. The caller saves."""
    session.metrics = measure(segments(session)) if session.has_transcript else None


def turns(session: Session) -> list[Turn]:
    """Return what was said, by speaker: from the JSON if the session has it, else from its text."""
    return _named(session, merged(segments(session)))


def cues(session: Session) -> list[Turn]:
    """Return the same as ``turns``, but divided as finely as the source is, as subtitles are."""
    return _named(session, segments(session))


def segments(session: Session) -> list[Segment]:
    """Return what was said, under the source's own labels."""
    if session.transcript_json is not None:
        try:
            found = transcribe.segments(session.transcript_json, "The transcript")
        except TranscriptError:
            found = []  # somebody else wrote it, in a form of their own: the text has to do
        if found:
            return found
    return plain_text.segments(session.transcript_text)


def _named(session: Session, found: list[Segment]) -> list[Turn]:
    names = _names(session)
    return [
        Turn(label, names.get(label) or label if label else None, start, end, text)
        for label, text, start, end in found
    ]


def _names(session: Session) -> dict[str, str]:
    """Return the names that people gave; what else a foreign writer put there names nobody."""
    names = session.speaker_names
    if not isinstance(names, dict):
        return {}
    return {label: name for label, name in names.items() if isinstance(name, str)}
