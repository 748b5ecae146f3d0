"""How much is measured: a whole run takes a quarter of an hour, a quick one three minutes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Numbers of rows, but where something else is said."""

    rounds: int  # how often what varies is measured; the median counts
    pairs: int  # saves, mirrored and not, in turn
    bulk: int
    writer_seconds: int
    naive: int
    backfill: int
    checks: tuple[int, int]
    owed: int  # the large ledger of a drain
    ledgers: tuple[int, int, int]  # entries owed while one claims
    mirrored: int  # entries beside which a change is made
    changes: int
    first_rows: tuple[int, int]
    memory: tuple[int, int]
    drain_seconds: float  # of the one whose memory is measured
    sessions: tuple[int, int]  # of one owner, while pages are read
    requests: int
    evenings: int  # of one owner, long ones, that are searched
    archive: tuple[int, int]  # evenings of a campaign, and the words of each


FULL = Sizes(
    rounds=2,
    pairs=100,
    bulk=50,
    writer_seconds=2,
    naive=120,
    backfill=4000,
    checks=(6000, 20_000),
    owed=400_000,
    ledgers=(20_000, 200_000, 1_000_000),
    mirrored=1_000_000,
    changes=40,
    first_rows=(50_000, 400_000),
    memory=(5000, 100_000),
    drain_seconds=20,
    sessions=(100, 10_000),
    requests=60,
    evenings=1000,
    archive=(40, 100_000),
)
QUICK = Sizes(
    rounds=1,
    pairs=30,
    bulk=10,
    writer_seconds=1,
    naive=40,
    backfill=400,
    checks=(300, 1000),
    owed=20_000,
    ledgers=(5000, 20_000, 50_000),
    mirrored=50_000,
    changes=10,
    first_rows=(2000, 10_000),
    memory=(1000, 5000),
    drain_seconds=4,
    sessions=(100, 1000),
    requests=10,
    evenings=100,
    archive=(5, 100_000),
)
TINY = Sizes(
    rounds=1,
    pairs=2,
    bulk=2,
    writer_seconds=1,
    naive=5,
    backfill=20,
    checks=(10, 20),
    owed=50,
    ledgers=(10, 20, 30),
    mirrored=50,
    changes=1,
    first_rows=(20, 40),
    memory=(20, 40),
    drain_seconds=1,
    sessions=(10, 20),
    requests=1,
    evenings=20,
    archive=(2, 2000),
)
