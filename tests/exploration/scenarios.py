"""Scenarios: where the runs begin, and which operations are interleaved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """What each actor does, one operation after the other, in a state made by ``before``."""

    before: tuple[str, ...]
    person: tuple[str, ...]
    workers: tuple[tuple[str, ...], ...] = (("work", "work"), ("work",))


MIRRORED = ("create", "drain")

SCENARIOS: dict[str, Scenario] = {
    "edits": Scenario(MIRRORED, ("save:B", "save:A")),
    "moves": Scenario(MIRRORED, ("move:2", "move:1")),
    "deletion": Scenario(MIRRORED, ("save:B", "delete")),
    "return": Scenario(MIRRORED, ("delete", "back")),
    "unfiling": Scenario(("create", "file", "drain"), ("unfile", "delete")),
    "restore": Scenario(
        ("create", "drain", "backup", "save:B", "drain"), ("restore", "save:C", "save:D")
    ),
    "restore, repair": Scenario(
        ("create", "drain", "backup", "save:B", "drain"), ("restore", "repair", "save:C")
    ),
    "backup": Scenario(
        MIRRORED,
        ("save:B", "backup", "rename:two", "restore", "rename:three"),
        (("work", "work", "work"),),
    ),
    "repair": Scenario(MIRRORED, ("save:B", "repair")),
    "orphans": Scenario(("create", "drain", "orphans"), ("save:B", "remove")),
    "backfill": Scenario(MIRRORED, ("enqueue", "save:B")),
    "transaction": Scenario(
        (*MIRRORED, "outage", "save:B", "work", "recovery"),  # in back-off
        ("transaction:C",),
        (("drain",),),
    ),
    "outage": Scenario(
        (*MIRRORED, "outage", "save:B", "work"),  # which finds that S3 is out of reach
        ("save:C", "save:D"),
        (("work", "work", "work"),),
    ),
}
