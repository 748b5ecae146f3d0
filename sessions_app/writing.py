"""A session as a document to read: Markdown, or plain text."""

import re
from collections.abc import Iterator

from sessions_app.models import Session
from sessions_app.transcripts import Turn, turns

# What a person typed in these fields is Markdown already.
SECTIONS = {
    "Description": "description",
    "Summary": "summary",
    "Player recap": "player_recap",
    "Notes": "notes",
}

MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&])")
MARKDOWN_BEGINNINGS = re.compile(r"^(\d+(?=[.)])|)([.)+=-])")  # of a list, a rule or a heading


def as_markdown(session: Session) -> str:
    """Write everything about a session as Markdown; the transcript's words are escaped."""
    parts = [f"# {_escape(_one_line(session.name))}", _escape(_about(session))]
    for heading, text in _sections(session):
        parts += [f"## {heading}", text]
    said = turns(session)
    if said:
        parts.append("## Transcript")
        parts += map(_markdown_turn, said)
    return "\n\n".join(parts) + "\n"


def as_text(session: Session) -> str:
    """Write everything about a session as plain text, the transcript as ``NAME: words``."""
    parts = [_underlined(_one_line(session.name), "="), _about(session)]
    for heading, text in _sections(session):
        parts += [_underlined(heading, "-"), text]
    said = turns(session)
    if said:
        parts.append(_underlined("Transcript", "-"))
        parts += [
            f"{turn.speaker_name}: {turn.text}" if turn.speaker_name else turn.text for turn in said
        ]
    return "\n\n".join(parts) + "\n"


def clock(seconds: float) -> str:
    """Write a time as hours, minutes and full seconds: ``1:02:03``."""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def _about(session: Session) -> str:
    campaign = f"{_one_line(session.campaign.name)}, " if session.campaign else ""
    return f"{campaign}{session.created_at:%Y-%m-%d}"


def _sections(session: Session) -> Iterator[tuple[str, str]]:
    for heading, field in SECTIONS.items():
        text: str = getattr(session, field).strip()
        if text:
            yield heading, text


def _markdown_turn(turn: Turn) -> str:
    text = "  \n".join(map(_escape, turn.text.splitlines()))  # two spaces keep the line's end
    time = "" if turn.start is None else f"({clock(turn.start)}) "
    if turn.speaker_name:
        return f"{time}**{_escape(_one_line(turn.speaker_name))}:** {text}"
    return time + text


def _escape(text: str) -> str:
    text = MARKDOWN_SIGNS.sub(r"\\\1", text.strip())
    return MARKDOWN_BEGINNINGS.sub(r"\1\\\2", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _underlined(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}"
