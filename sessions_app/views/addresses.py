"""Reads numbers from addresses, and writes the addresses of turns."""

from django.urls import reverse

from sessions_app.models import Session
from sessions_app.transcript_reader import NumberedTurn

MAX_DIGITS = 8


def parse_number(text: str, largest: int) -> int:
    """Read a number from 1: it is 1 if the text is not a number, the nearest if out of range."""
    if not text.isdecimal() or len(text) > MAX_DIGITS:
        return 1
    return min(max(int(text), 1), largest)


def turn_url(session: Session, turn: NumberedTurn) -> str:
    """Return the address of a turn within the whole transcript."""
    return f"{reverse('transcript', args=[session.pk])}?part={turn.part}#t{turn.number}"
