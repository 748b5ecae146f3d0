"""What the readable exports, Markdown and plain text, have in common."""

from collections.abc import Iterator

from sessions_app.models import Session

# What a person typed in these fields is Markdown already.
SECTIONS = {
    "Description": "description",
    "Summary": "summary",
    "Player recap": "player_recap",
    "Notes": "notes",
}


def about(session: Session) -> str:
    """Return the campaign and the date in one line."""
    campaign = f"{one_line(session.campaign.name)}, " if session.campaign else ""
    return f"{campaign}{session.created_at:%Y-%m-%d}"


def sections(session: Session) -> Iterator[tuple[str, str]]:
    """Yield heading and text of what was written about the session."""
    for heading, field in SECTIONS.items():
        text: str = getattr(session, field).strip()
        if text:
            yield heading, text


def one_line(text: str) -> str:
    """Return the text with single spaces for every white space."""
    return " ".join(text.split())
