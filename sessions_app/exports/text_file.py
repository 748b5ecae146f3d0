"""A session as plain text."""

from sessions_app.exports.sections import about, one_line, sections
from sessions_app.models import Session
from sessions_app.transcripts import turns


def as_text(session: Session) -> str:
    """Write everything about a session as plain text, the transcript as ``NAME: words``."""
    parts = [_underlined(one_line(session.name), "="), about(session)]
    for heading, text in sections(session):
        parts += [_underlined(heading, "-"), text]
    said = turns(session)
    if said:
        parts.append(_underlined("Transcript", "-"))
        parts += [
            f"{turn.speaker_name}: {turn.text}" if turn.speaker_name else turn.text for turn in said
        ]
    return "\n\n".join(parts) + "\n"


def _underlined(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}"
