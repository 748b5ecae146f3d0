"""Finds sessions by words in any of their texts, see ``search_index``.

Every word must occur somewhere in the session; a phrase, in a passage. Sessions with all of them in
the name come first, then those with all in one passage, then the newest.

A word or a pair of words is looked up among whole sessions, a row or two of each. Of a longer
phrase all passages are read, however common it is: of 1,000 evenings, those with "I don't know"
take 60 ms of CPU. To ask each session for one by its own key took 85 to 120 ms, for any phrase; and
whoever reads only so many passages leaves sessions out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable

from sessions_app.models import DAY, Session
from sessions_app.search_index import Kind, SearchText, SearchTextQuerySet
from sessions_app.search_words import WHOLE, Wanted, Words, in_passage

COMMON = 2000  # Passages. Where all words are together in more, that says nothing of a session.
# A subquery with a limit is planned by itself, and so by the index of keys; otherwise PostgreSQL
# may compute the keys of each text of a session. No table has so many rows.
NO_LIMIT = 2**62


SETTINGS = {
    "enable_seqscan": "off",  # or it would compute the keys of all texts for a very common word
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "work_mem": "64MB",  # for all places of a common word: keys are computed where there is no room
}


@contextmanager
def planned_for_search() -> Iterator[None]:
    """Run searches by the index, in one process each, and without compiling them.

    To the planner, a search computes the keys of all texts that it finds. It does not; processes
    and a compiler, started for so much work, would take longer than the search itself.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[])"
            " AS settings(name, value)",
            [list(SETTINGS), list(SETTINGS.values())],
        )
        yield


def find_sessions(owner: User, wanted: Wanted) -> QuerySet[Session]:
    """Return the owner's sessions that have these words, the best first."""
    if not wanted.groups:
        return Session.objects.none()
    sessions = Session.objects.for_list().select_related("campaign").filter(owner=owner)
    for group in wanted.groups:
        sessions = sessions.filter(_once(_has_any(owner, group)))
    for words in wanted.excluded:
        sessions = sessions.exclude(_has_any(owner, [words]))
    order: list[str | Combinable] = [
        _best_place_first(owner, wanted),
        DAY.desc(),
        "-created_at",
        "id",
    ]
    if wanted.finished:  # sessions that have the last word as it was typed, then where it goes on
        order.insert(0, _order(When(_has_any(owner, wanted.finished), then=0)))
    return sessions.order_by(*order)


def _once(condition: Q) -> Case:
    """Have PostgreSQL run the subqueries once: a join may run them for each session."""
    return Case(When(condition, then=True), default=Value(False), output_field=BooleanField())  # noqa: FBT003 - of SQL


def _has_any(owner: User, terms: list[Words]) -> Q:
    condition = Q()
    for words in terms:
        condition |= Q(pk__in=_sessions_with(owner, words))
    return condition


def _sessions_with(owner: User, words: Words) -> QuerySet[SearchText, UUID]:
    if words.is_key:
        return _sessions(_texts(owner, words.keys(WHOLE)))
    return _sessions(_texts(owner, words.keys()).spaced().filter(in_passage([words])))


def _best_place_first(owner: User, wanted: Wanted) -> Case:
    keys = wanted.all_keys()
    names = _texts(owner, f"'#{Kind.NAME}' & {keys}")
    places = [When(pk__in=_sessions(names), then=0)]
    if len(wanted.groups) > 1:
        passages = _texts(owner, keys).passages()
        places.append(When(~Exists(passages[COMMON:]) & Q(pk__in=_sessions(passages)), then=1))
    return _order(*places)


def _order(*places: When) -> Case:
    return Case(*places, default=Value(len(places)), output_field=IntegerField())


def _texts(owner: User, keys: str) -> SearchTextQuerySet:
    # The key of the owner narrows the index down; the column is what is relied upon.
    return SearchText.objects.having(f"'@{owner.pk}' & {keys}").filter(owner_id=owner.pk)


def _sessions(texts: SearchTextQuerySet) -> QuerySet[SearchText, UUID]:
    return texts.values_list("session_id", flat=True)[:NO_LIMIT]
