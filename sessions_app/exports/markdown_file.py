"""A session as Markdown."""

import re

from sessions_app.exports.sections import audience, campaign_and_date, one_line, sections
from sessions_app.models import Session
from sessions_app.transcripts import Turn, turns

MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&])")
MARKDOWN_LINE_STARTS = re.compile(r"^(\d+(?=[.)])|)([.)+=-])")  # of a list, a rule or a heading


def as_markdown(session: Session, private: bool) -> str:  # noqa: FBT001 - as all formats take it
    """Write the texts and the transcript of a session as Markdown; the transcript is escaped."""
    parts = [f"# {_escape(one_line(session.name))}", _escape(campaign_and_date(session))]
    parts.append(f"*{audience(private)}*")
    for heading, text in sections(session, private):
        parts += [f"## {heading}", text]
    transcript_turns = turns(session)
    if transcript_turns:
        parts.append("## Transcript")
        parts += map(_markdown_turn, transcript_turns)
    return "\n\n".join(parts) + "\n"


def _markdown_turn(turn: Turn) -> str:
    text = "  \n".join(map(_escape, turn.text.splitlines()))  # two spaces keep the line break
    time = "" if turn.start is None else f"({_clock(turn.start)}) "
    if turn.speaker_name:
        return f"{time}**{_escape(one_line(turn.speaker_name))}:** {text}"
    return time + text


def _clock(seconds: float) -> str:
    """Write a time as hours, minutes and whole seconds: ``1:02:03``."""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def _escape(text: str) -> str:
    text = MARKDOWN_SIGNS.sub(r"\\\1", text.strip())
    return MARKDOWN_LINE_STARTS.sub(r"\1\\\2", text)
