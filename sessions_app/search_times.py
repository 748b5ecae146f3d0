"""The times at which the lines of a transcript begin, for the places that a search has found."""

from collections.abc import Collection
from uuid import UUID

from django.core.cache import cache
from django.db.models import F, Func, IntegerField, TextField
from django.db.models.expressions import RawSQL

from sessions_app.models import Session
from sessions_app.transcripts import turns

# Times are in the JSON, which may have megabytes: a page reads this much of it (compressed) and
# keeps the times. Places in further sessions are shown without times, until the next page.
MAX_BYTES_READ = 1_500_000

Times = list[float | None]


def start_times(sessions: Collection[UUID]) -> dict[UUID, Times]:
    """Return the time of each line, in seconds, of the sessions whose transcripts have times."""
    # Whoever writes a row gives it another ``xmin``, so what is kept is never of an older row.
    timed = Session.objects.filter(pk__in=sessions, transcript_json__isnull=False).annotate(
        version=RawSQL("sessions_app_session.xmin::text", [], output_field=TextField())
    )
    size = Func(F("transcript_json"), function="pg_column_size", output_field=IntegerField())
    rows = list(timed.annotate(size=size).values_list("pk", "version", "size").order_by())
    kept = cache.get_many([_key(pk, version) for pk, version, _ in rows])
    times = {pk: kept[key] for pk, version, _ in rows if (key := _key(pk, version)) in kept}
    unread: list[UUID] = []
    budget = MAX_BYTES_READ
    for pk, _, bytes_read in rows:
        if pk not in times and (budget >= bytes_read or not unread):
            unread.append(pk)
            budget -= bytes_read
    if unread:
        fields = ["transcript_json", "transcript_text", "speaker_names"]
        for session in timed.filter(pk__in=unread).only(*fields).order_by():
            times[session.pk] = _read(session)
            cache.set(_key(session.pk, session.version), times[session.pk])  # type: ignore[attr-defined] # annotated
    return times


def _read(session: Session) -> Times:
    """Return the starts of the turns, if each has a line of the text."""
    starts = [turn.start for turn in turns(session)]
    return starts if len(starts) == session.transcript_text.count("\n") else []


def _key(session: UUID, version: str) -> str:
    return f"turn-starts-{session}-{version}"
