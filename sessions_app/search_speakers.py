"""Who says the lines that a search has found in the middle.

A long line has several passages, and only the first of them begins with the name.
"""

from collections.abc import Collection
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q

from sessions_app.search_index import Kind, SearchText
from sessions_app.transcripts.plain_text import split_name

Spoken = tuple[UUID, int]  # a session, and a line of its transcript, from 1


def names(lines: Collection[Spoken]) -> dict[Spoken, str]:
    """Return the name that each line begins with. Lines without one are left out."""
    if not lines:
        return {}
    wanted = reduce(or_, (Q(session_id=pk, lines__contains=[number]) for pk, number in lines))
    first: dict[Spoken, str] = {}
    passages = SearchText.objects.filter(wanted, kind=Kind.TRANSCRIPT).order_by("id")
    for pk, numbers, text in passages.values_list("session_id", "lines", "text"):
        for number, piece in zip(numbers, text.split("\n"), strict=False):
            first.setdefault((pk, number), piece)
    return {line: name for line in lines if (name := split_name(first.get(line, ""))[0])}
