"""A session as plain text."""

from sessions_app.exports.sections import audience, campaign_and_date, one_line, sections
from sessions_app.models import Session
from sessions_app.transcripts import turns


def as_text(session: Session, private: bool) -> str:  # noqa: FBT001 - as all formats take it
    """Write the texts of a session, and its transcript as ``NAME: words``."""
    parts = [_underlined(one_line(session.name), "="), campaign_and_date(session)]
    parts.append(audience(private))
    for heading, text in sections(session, private):
        parts += [_underlined(heading, "-"), text]
    transcript_turns = turns(session)
    if transcript_turns:
        parts.append(_underlined("Transcript", "-"))
        parts += [
            f"{turn.speaker_name}: {turn.text}" if turn.speaker_name else turn.text
            for turn in transcript_turns
        ]
    return "\n\n".join(parts) + "\n"


def _underlined(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}"
