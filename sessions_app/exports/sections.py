"""What the Markdown and plain text exports have in common."""

from collections.abc import Iterator

from sessions_app.models import Session

# Heading and field, in the order of the file. People type these fields as Markdown, so they are
# exported as they are.
SECTIONS = {
    "Description": "description",
    "Summary": "summary",
    "Player recap": "player_recap",
    "Notes": "notes",
}
PRIVATE = frozenset({"summary", "notes"})  # what the game master wrote for nobody else


def audience(private: bool) -> str:  # noqa: FBT001 - as the writers of all formats take it
    """Return the sentence that says for whom the file is."""
    if private:
        return "Private: with the game master’s summary and notes."
    return "For players: without the game master’s summary and notes."


def campaign_and_date(session: Session) -> str:
    """Return the campaign's name, if there is one, and the date in one line."""
    campaign = f"{one_line(session.campaign.name)}, " if session.campaign else ""
    return f"{campaign}{session.day:%Y-%m-%d}"


def sections(session: Session, private: bool) -> Iterator[tuple[str, str]]:  # noqa: FBT001
    """Yield the heading and the text of each field that is not empty, and private only if asked."""
    for heading, field in SECTIONS.items():
        text: str = getattr(session, field).strip()
        if text and (private or field not in PRIVATE):
            yield heading, text


def one_line(text: str) -> str:
    """Replace each run of white space, line breaks included, by one space."""
    return " ".join(text.split())
