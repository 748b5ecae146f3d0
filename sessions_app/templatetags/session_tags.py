"""Template tags for the figures of a session and the turns of its transcript."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import chain, groupby

from django import template
from django.utils.safestring import SafeString, mark_safe

from config.web.templatetags.web import clock
from sessions_app.highlights import as_quote, places
from sessions_app.models import Session
from sessions_app.search_marks import Marker
from sessions_app.speaker_stats import speaker_stats
from sessions_app.transcript_reader import NumberedTurn, matches

register = template.Library()

TURNS_IN_LIST = 50  # a browser lays out a list at a time, once one scrolls to it


@register.filter
def length_and_words(session: Session) -> str:
    """Return ``1:02:03 · 12,345 words``: no length if it is unknown, nothing without words."""
    stats = speaker_stats(session)
    if stats is None or not stats.words:
        return ""
    words = f"{stats.words:,} words"
    return f"{clock(stats.seconds)} · {words}" if stats.seconds else words


register.filter(as_quote)


@register.simple_tag(takes_context=True)
def turn_list(
    context: template.Context,
    turns: Iterable[NumberedTurn],
    *,
    find: str = "",
    marker: Marker | None = None,
    quotes: Mapping[int, Sequence[str]] | None = None,
    times: bool = False,
) -> SafeString:
    """Return turns as HTML lists, with the words to find, those of a search, or the quotes marked.

    Thousands of turns are too many for a template. A turn leads to its own page, and what was found
    to its place in the transcript. Messages for ``t7`` stand in turn 7.
    """
    told = _messages(context)
    quotes = quotes or {}
    speakers: dict[tuple[str, int | None], str] = {}  # HTML of each name
    items = [f'<div class="{"turns timed" if times else "turns"}" id="turn-list"><ol>']
    for count, (number, part, turn, colour) in enumerate(turns):
        if count and count % TURNS_IN_LIST == 0:
            items.append(f'</ol><ol start="{count + 1}">')
        speaker = turn.speaker_name or "", colour
        if speaker not in speakers:
            speakers[speaker] = _speaker(*speaker)
        if find:
            text = _marked(turn.text, matches(find, turn.text), "")
        elif marker:
            text = marker.marked(turn.text)
        elif number in quotes:
            kept = chain.from_iterable(places(quote, turn.text) for quote in quotes[number])
            text = _marked(turn.text, kept, ' class="kept"')
        else:
            text = escape(turn.text)
        time = "" if turn.start is None else clock(turn.start)
        if find:
            link = f'<a class="time" href="?part={part}#t{number}">{time or "Go there"}</a>'
        else:
            link = f'<a class="time" href="turns/{number}/">{time or number}</a>'
        said = told.get(f"t{number}", "")
        items.append(f'<li id="t{number}">{said}{speakers[speaker]}{link}<p>{text}</p></li>')
    if len(items) == 1:
        return SafeString("")
    items.append("</ol></div>")
    return mark_safe("\n".join(items))  # noqa: S308 - every text is escaped


def _messages(context: template.Context) -> dict[str, str]:
    """Return the HTML of the messages for each place of the page."""
    told: defaultdict[str, str] = defaultdict(str)
    for message in context.get("messages") or ():
        html = f'<div class="{message.level_tag}">{escape(str(message))}</div>'
        told[message.extra_tags] += html
    return {place: f'<div class="told" role="status">{html}</div>' for place, html in told.items()}


def _speaker(name: str, colour: int | None) -> str:
    if not name:
        return ""
    voice = "" if colour is None else f" voice-{colour}"
    return f'<b class="voice{voice}">{escape(name)}</b>'


def _marked(text: str, spans: Iterable[tuple[int, int]], attributes: str) -> str:
    """Escape a text and mark places in it. They may overlap."""
    marked = {place for span in spans for place in range(*span)}
    pieces = []
    for is_marked, characters in groupby(enumerate(text), key=lambda place: place[0] in marked):
        piece = escape("".join(character for _, character in characters))
        pieces.append(f"<mark{attributes}>{piece}</mark>" if is_marked else piece)
    return "".join(pieces)
