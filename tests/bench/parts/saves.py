"""What the triggers cost a writer: the same writes with and without them, in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import count
from statistics import median

from tests.bench.data import words
from tests.bench.databases import fresh, triggers_off
from tests.bench.parts.backfill import KILOBYTES
from tests.bench.sizes import Sizes
from tests.bench.table import Row, Target, at_most
from tests.support.factories import make_campaign, make_session, make_user

CAMPAIGNS, SESSIONS = "campaigns_campaign", "sessions_app_session"
TURN = 4  # writes before the triggers are switched
WARM_UP = 1  # write that finds PostgreSQL's caches emptied by that


def measure(sizes: Sizes) -> Iterator[Row]:
    """Measure four kinds of writes."""
    from sessions_app.models import Session

    numbers = count()
    with fresh():
        owner = make_user()
        campaign, session = make_campaign(owner), make_session(owner, notes="one")
        notes, transcript = words(50 * 1024), words(KILOBYTES * 1024)

        def save_session() -> None:
            session.notes = f"{next(numbers)} {notes}"
            session.save()

        def save_campaign() -> None:
            campaign.name = f"Campaign {next(numbers)}"
            campaign.save()

        def create_many() -> None:
            number = next(numbers)
            texts = (f"{number} {member} {transcript}" for member in range(sizes.bulk))
            new = [Session(owner=owner, name="new", transcript_text=text) for text in texts]
            Session.objects.bulk_create(new)

        def update_many() -> None:
            Session.objects.filter(pk__in=some).update(player_recap=f"{next(numbers)}")

        yield _row("save of 50 KB", save_session, SESSIONS, sizes.pairs, at_most(1.05))
        yield _row("save of a small campaign", save_campaign, CAMPAIGNS, sizes.pairs, at_most(1.25))
        title = f"bulk_create of {sizes.bulk} sessions"
        yield _row(title, create_many, SESSIONS, -(-sizes.pairs // 15))
        some = list(Session.objects.values_list("pk", flat=True)[: sizes.bulk])
        title = f"update of {sizes.bulk} sessions"
        yield _row(title, update_many, SESSIONS, sizes.pairs)


def _row(
    title: str, write: Callable[[], None], table: str, pairs: int, target: Target | None = None
) -> Row:
    """Measure one kind of write, mirrored and not, in short turns."""
    mirrored: list[float] = []
    unmirrored: list[float] = []
    turn = min(TURN, pairs)
    for _ in range(-(-pairs // turn)):
        for times, triggers in ((mirrored, nullcontext()), (unmirrored, triggers_off(table))):
            with triggers:
                for _ in range(WARM_UP):
                    write()
                for _ in range(turn):
                    started = time.perf_counter()
                    write()
                    times.append(1000 * (time.perf_counter() - started))
    return Row(title, "ms", median(mirrored), "unmirrored", median(unmirrored), target)
