"""Template tags for reading: Markdown, times, figures and the turns of a transcript."""

import re
from collections.abc import Iterable

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from config.web.templatetags.web import clock
from sessions_app.models import Session
from sessions_app.reader import NumberedTurn
from sessions_app.speaker_stats import talk_time

register = template.Library()


@register.filter
def figures(session: Session) -> str:
    """Return length and words in one line, as far as they are known."""
    talk = talk_time(session)
    if talk is None or not talk.words:
        return ""
    words = f"{talk.words:,} words"
    return f"{clock(talk.seconds)} · {words}" if talk.seconds else words


@register.simple_tag
def turn_list(turns: Iterable[NumberedTurn], *, find: str = "", times: bool = False) -> SafeString:
    """Return the turns as a list. Built here: thousands of them take a template too long."""
    items = format_html_join("\n", "{}", ((_item(turn, find),) for turn in turns))
    kind = "turns timed" if times else "turns"
    return format_html('<ol class="{}">{}</ol>', kind, items) if items else SafeString("")


def _item(numbered: NumberedTurn, find: str) -> SafeString:
    turn = numbered.turn
    anchor = f"t{numbered.number}"
    where = f"?part={numbered.part}#{anchor}" if find or numbered.part > 1 else f"#{anchor}"
    time = label = SafeString("")
    if turn.start is not None:
        time = format_html('<a class="time" href="{}">{}</a>', where, clock(turn.start))
    elif find:
        time = format_html('<a class="time" href="{}">Go there</a>', where)
    if turn.speaker_name:
        colour = "" if numbered.colour is None else f"voice-{numbered.colour}"
        label = format_html('<b class="voice {}">{}</b>', colour, turn.speaker_name)
    return format_html(
        '<li id="{}">{}{}<p>{}</p></li>', anchor, label, time, _words(turn.text, find)
    )


def _words(text: str, find: str) -> SafeString:
    """Escape, and mark what was looked for."""
    if not find:
        return escape(text)
    words = r"\s+".join(map(re.escape, find.split()))  # as ``Reading.find`` compares them
    pieces = re.split(f"({words})", text, flags=re.IGNORECASE)
    marked = (
        f"<mark>{escape(piece)}</mark>" if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )
    return mark_safe("".join(marked))  # noqa: S308 - every piece is escaped
