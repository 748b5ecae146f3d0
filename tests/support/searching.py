"""What a search finds."""

from __future__ import annotations

from django.contrib.auth.models import User

from sessions_app.models import Session
from sessions_app.search import find_sessions
from sessions_app.search_places import Hit, hits
from sessions_app.search_query import clean_query
from sessions_app.search_words import wanted_words


def find(owner: User, query: str) -> list[Session]:
    """Return the sessions that a query finds, in their order."""
    return list(find_sessions(owner, wanted_words(owner, clean_query(query))))


def found_names(owner: User, query: str) -> list[str]:
    """Return their names."""
    return [session.name for session in find(owner, query)]


def hits_of(owner: User, query: str) -> list[Hit]:
    """Return what the page shows of them."""
    wanted = wanted_words(owner, clean_query(query))
    return hits(find_sessions(owner, wanted), wanted, query)
