"""Template tags for the figures of a session and the turns of its transcript."""

import re
from collections.abc import Iterable
from html import escape  # as Django's, without a SafeString for each of thousands of texts

from django import template
from django.utils.safestring import SafeString, mark_safe

from config.web.templatetags.web import clock
from sessions_app.models import Session
from sessions_app.search_marks import Marker
from sessions_app.speaker_stats import speaker_stats
from sessions_app.transcript_reader import NumberedTurn

register = template.Library()


@register.filter
def length_and_words(session: Session) -> str:
    """Return ``1:02:03 · 12,345 words``: no length if it is unknown, nothing without words."""
    stats = speaker_stats(session)
    if stats is None or not stats.words:
        return ""
    words = f"{stats.words:,} words"
    return f"{clock(stats.seconds)} · {words}" if stats.seconds else words


@register.simple_tag
def turn_list(
    turns: Iterable[NumberedTurn],
    *,
    find: str = "",
    marker: Marker | None = None,
    times: bool = False,
) -> SafeString:
    """Return turns as an HTML list. A template would take too long for thousands of them."""
    items = "\n".join(_item(turn, find, marker) for turn in turns)
    css_class = "turns timed" if times else "turns"
    return mark_safe(f'<ol class="{css_class}">{items}</ol>' if items else "")  # noqa: S308


def _item(numbered: NumberedTurn, find: str, marker: Marker | None) -> str:
    """Return a turn as HTML. Here everything that people typed is escaped."""
    turn = numbered.turn
    anchor = f"t{numbered.number}"
    href = f"?part={numbered.part}#{anchor}" if find or numbered.part > 1 else f"#{anchor}"
    time = label = ""
    if turn.start is not None:
        time = f'<a class="time" href="{href}">{clock(turn.start)}</a>'
    elif find:
        time = f'<a class="time" href="{href}">Go there</a>'
    if turn.speaker_name:
        colour = "" if numbered.colour is None else f"voice-{numbered.colour}"
        label = f'<b class="voice {colour}">{escape(turn.speaker_name)}</b>'
    words = marker.marked(turn.text) if marker else _highlighted(turn.text, find)
    return f'<li id="{anchor}">{label}{time}<p>{words}</p></li>'


def _highlighted(text: str, find: str) -> str:
    """Escape a text, and highlight the words that were searched for."""
    if not find:
        return escape(text)
    words = r"\s+".join(map(re.escape, find.split()))  # as ``TranscriptReader.find`` compares them
    pieces = re.split(f"({words})", text, flags=re.IGNORECASE)
    return "".join(
        f"<mark>{escape(piece)}</mark>" if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )
