"""Template tags for the figures of a session and the turns of its transcript."""

import re
from collections.abc import Iterable

from django import template
from django.utils.html import escape, format_html, format_html_join
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
    items = format_html_join("\n", "{}", ((_item(turn, find, marker),) for turn in turns))
    css_class = "turns timed" if times else "turns"
    return format_html('<ol class="{}">{}</ol>', css_class, items) if items else SafeString("")


def _item(numbered: NumberedTurn, find: str, marker: Marker | None) -> SafeString:
    turn = numbered.turn
    anchor = f"t{numbered.number}"
    href = f"?part={numbered.part}#{anchor}" if find or numbered.part > 1 else f"#{anchor}"
    time = label = SafeString("")
    if turn.start is not None:
        time = format_html('<a class="time" href="{}">{}</a>', href, clock(turn.start))
    elif find:
        time = format_html('<a class="time" href="{}">Go there</a>', href)
    if turn.speaker_name:
        colour = "" if numbered.colour is None else f"voice-{numbered.colour}"
        label = format_html('<b class="voice {}">{}</b>', colour, turn.speaker_name)
    words = marker.marked(turn.text) if marker else _highlighted(turn.text, find)
    return format_html('<li id="{}">{}{}<p>{}</p></li>', anchor, label, time, words)


def _highlighted(text: str, find: str) -> SafeString:
    """Escape a text, and highlight the words that were searched for."""
    if not find:
        return escape(text)
    words = r"\s+".join(map(re.escape, find.split()))  # as ``TranscriptReader.find`` compares them
    pieces = re.split(f"({words})", text, flags=re.IGNORECASE)
    marked = (
        f"<mark>{escape(piece)}</mark>" if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )
    return mark_safe("".join(marked))  # noqa: S308 - every piece is escaped
