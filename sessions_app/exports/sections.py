"""What the Markdown and plain text exports have in common."""

from collections.abc import Iterator

from sessions_app.models import Session

# People type these fields as Markdown, so they are exported as they are.
SECTIONS = {
    "Description": "description",
    "Summary": "summary",
    "Player recap": "player_recap",
    "Notes": "notes",
}


def campaign_and_date(session: Session) -> str:
    """Return the campaign's name, if there is one, and the date in one line."""
    campaign = f"{one_line(session.campaign.name)}, " if session.campaign else ""
    return f"{campaign}{session.day:%Y-%m-%d}"


def sections(session: Session) -> Iterator[tuple[str, str]]:
    """Yield the heading and the text of each field that is not empty."""
    for heading, field in SECTIONS.items():
        text: str = getattr(session, field).strip()
        if text:
            yield heading, text


def one_line(text: str) -> str:
    """Replace each run of white space, line breaks included, by one space."""
    return " ".join(text.split())
