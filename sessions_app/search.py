"""Finds sessions by words in their name, description and transcript.

The database keeps a search vector for each session, see ``search_index``.
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

from sessions_app.models import DAY, Session

LANGUAGE = "english"
MAX_QUERY = 200  # characters
SNIPPET_SOURCE = 400_000  # characters of a transcript that are searched for a snippet

# PostgreSQL puts private-use characters around each match, and the text is escaped afterwards.
# The same characters in a text of a user can at most cause a wrong highlight.
MATCH_START, MATCH_END, LESS_THAN = "\ue000", "\ue001", "\ue002"
MATCH = re.compile(f"{MATCH_START}(.*?){MATCH_END}", re.DOTALL)
MATCH_OPTIONS = f"StartSel={MATCH_START}, StopSel={MATCH_END}"
NAME_OPTIONS = f"{MATCH_OPTIONS}, HighlightAll=true"
SNIPPET_OPTIONS = (
    f'{MATCH_OPTIONS}, MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter=" … "'
)


@dataclass(frozen=True)
class Hit:
    """A session that was found. Its name and snippet are HTML with the matches highlighted."""

    session: Session
    name: SafeString
    snippet: SafeString


def clean_query(text: str) -> str:
    """Drop unprintable characters, which PostgreSQL may refuse, and extra spaces; cut the rest."""
    kept = (character for character in text if character.isprintable() or character.isspace())
    return " ".join("".join(kept).split())[:MAX_QUERY]


def find_sessions(owner: User, query: str) -> QuerySet[Session]:
    """Return the owner's sessions that match a query in web search syntax, the best first."""
    if not query:
        return Session.objects.none()
    search_query = _search_query(query)
    return (
        Session.objects.for_list()
        .select_related("campaign")
        .filter(owner=owner, search_index__vector=search_query)
        .alias(rank=SearchRank(F("search_index__vector"), search_query))
        .order_by("-rank", DAY.desc(), "-created_at", "id")
    )


def highlight(sessions: Iterable[Session], query: str) -> list[Hit]:
    """Return a hit for each session of a page, in the same order."""
    found = list(sessions)
    search_query = _search_query(query)
    snippet_source = Concat(
        "description",
        Value("\n"),
        Left("transcript_text", SNIPPET_SOURCE),
        output_field=TextField(),
    )
    rows = Session.objects.filter(pk__in=[session.pk for session in found]).values_list(
        "pk",
        _headline(F("name"), search_query, NAME_OPTIONS),
        _headline(snippet_source, search_query, SNIPPET_OPTIONS),
    )
    headlines = {pk: (to_html(name), to_html(snippet)) for pk, name, snippet in rows}
    return [
        Hit(session, *headlines[session.pk])
        for session in found
        if session.pk in headlines  # else it was deleted meanwhile
    ]


def to_html(headline: str) -> SafeString:
    """Escape a text in which PostgreSQL marked the matches, and turn the marks into ``<mark>``."""
    pieces = MATCH.split(headline)  # alternately text between matches, and matches
    return SafeString(
        "".join(
            format_html("<mark>{}</mark>", _restored(piece))
            if index % 2
            else escape(_restored(piece))
            for index, piece in enumerate(pieces)
        )
    )


def _search_query(query: str) -> SearchQuery:
    return SearchQuery(query, config=LANGUAGE, search_type="websearch")


def _headline(source: Any, search_query: SearchQuery, options: str) -> Func:
    # As for the vector (see migration 0002): PostgreSQL's parser would take too long over long runs
    # without a space, and over "<".
    parseable = Func(
        Func(source, Value("<"), Value(LESS_THAN), function="translate", output_field=TextField()),
        Value(r"(\S{80})"),
        Value(r"\1 "),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    return Func(
        Value(LANGUAGE),
        parseable,
        search_query,
        Value(options),
        function="ts_headline",
        output_field=TextField(),
    )


def _restored(piece: str) -> str:
    """Drop marks without a partner, which were in the text itself, and put ``<`` back."""
    return piece.replace(MATCH_START, "").replace(MATCH_END, "").replace(LESS_THAN, "<")
