"""Finding sessions by words of their name, description and transcript.

The database keeps a weighted vector of each session, see ``search_index``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.functions import Concat, Left
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from sessions_app.models import Session

LANGUAGE = "english"
MAX_QUERY = 200
SNIPPET_SOURCE = 400_000  # characters of a transcript in which a snippet is looked for

# Private characters around a match: what a person typed is escaped first, and cannot fake them
# into anything but a highlight.
START, STOP, LESS = "\ue000", "\ue001", "\ue002"
MATCH = re.compile(f"{START}(.*?){STOP}", re.DOTALL)
MARKS = f"StartSel={START}, StopSel={STOP}"
WHOLE = f"{MARKS}, HighlightAll=true"
PASSAGES = f'{MARKS}, MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter=" … "'


@dataclass(frozen=True)
class Hit:
    """A session that was found, with its matches marked."""

    session: Session
    name: SafeString
    snippet: SafeString


def readable(text: str) -> str:
    """Return what a person searches for, without what PostgreSQL cannot read, and not too long."""
    kept = (character for character in text if character.isprintable() or character.isspace())
    return " ".join("".join(kept).split())[:MAX_QUERY]


def find(owner: User, text: str) -> QuerySet[Session]:
    """Return the owner's sessions that match, the best first, in web search syntax."""
    if not text:
        return Session.objects.none()
    query = SearchQuery(text, config=LANGUAGE, search_type="websearch")
    return (
        Session.objects.for_list()
        .select_related("campaign")
        .filter(owner=owner, search_index__vector=query)
        .alias(rank=SearchRank(F("search_index__vector"), query))
        .order_by("-rank", "-created_at", "id")
    )


def with_snippets(sessions: Iterable[Session], text: str) -> list[Hit]:
    """Return the sessions of one page with their names and best passages marked."""
    found = list(sessions)
    query = SearchQuery(text, config=LANGUAGE, search_type="websearch")
    source = Concat(
        "description",
        Value("\n"),
        Left("transcript_text", SNIPPET_SOURCE),
        output_field=TextField(),
    )
    headlines = Session.objects.filter(pk__in=[session.pk for session in found]).values_list(
        "pk", _headline(F("name"), query, WHOLE), _headline(source, query, PASSAGES)
    )
    marked = {pk: (name, passage) for pk, name, passage in headlines}
    return [
        Hit(session, mark(marked[session.pk][0]), mark(marked[session.pk][1]))
        for session in found
        if session.pk in marked
    ]


def mark(text: str) -> SafeString:
    """Escape a text that PostgreSQL marked, and make its marks a highlight."""
    pieces = MATCH.split(text)  # what is between matches, and matches, in turn
    return SafeString(
        "".join(
            format_html("<mark>{}</mark>", _bare(piece)) if index % 2 else escape(_bare(piece))
            for index, piece in enumerate(pieces)
        )
    )


def _headline(source: Any, query: SearchQuery, options: str) -> Func:
    # As for the vector (see its migration): long runs and "<" would take the parser too long.
    readable_source = Func(
        Func(source, Value("<"), Value(LESS), function="translate", output_field=TextField()),
        Value(r"(\S{80})"),
        Value(r"\1 "),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    return Func(
        Value(LANGUAGE),
        readable_source,
        query,
        Value(options),
        function="ts_headline",
        output_field=TextField(),
    )


def _bare(text: str) -> str:
    """Drop marks without a partner, which stood in the text itself; bring back what was hidden."""
    return text.replace(START, "").replace(STOP, "").replace(LESS, "<")
