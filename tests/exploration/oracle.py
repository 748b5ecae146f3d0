"""The oracle: once faults stop, everything must come out equal, with nothing left over."""

from __future__ import annotations

from mirror.models import LedgerEntry, State
from mirror.verify.check import check
from mirror.verify.repair import mark_dirty, plan
from tests.exploration.operations import Operations
from tests.exploration.world import LEASE, LONG, World
from tests.faults.comparison import differences
from tests.faults.raw_stores import RawStores

HOURS = 7200.0  # seconds: objects are no longer young


def settle(world: World) -> str:
    """End all faults, let time pass and drain; return what is wrong then."""
    world.cloud.s3_is_down = False
    world.pass_time(LEASE)
    _drain(world)
    while world.cloud.late:
        world.cloud.land(0)
    for _ in range(2):
        world.pass_time(LONG)
        _drain(world)
    if world.cloud.harm:
        return world.cloud.harm
    if world.restored and (problem := _repair(world)):
        return problem
    return _difference(world) or _what_check_says(world)


def _repair(world: World) -> str:
    """After a restore: nothing differs unseen; then a repair as the runbook says."""
    for _ in range(3):
        parked = [e.error_class for e in LedgerEntry.objects.parked()]
        if any(error != "RemoteAhead" for error in parked):
            return f"parked as {parked}"
        report = check(world.stores)
        if not report.findings:
            if _difference(world):
                return f"the check does not see that {_difference(world)}"
            return ""
        world.cloud.precious = {}
        world.pass_time(HOURS)
        world.database.changed()
        mark_dirty(plan(report.findings, world.stores, delete_orphans=True).repaired, world.stores)
        world.database.changed()
        _drain(world)
        world.pass_time(LONG)
        _drain(world)
    return ""


def _drain(world: World) -> None:
    if any(
        entry["revision"] > entry["mirrored_revision"] or entry["sweep_at"]
        for entry in world.database.rows()["mirror_ledgerentry"]
    ):
        Operations(world).drain()
        world.database.changed()


def _difference(world: World) -> str:
    cloud = world.cloud
    raw = RawStores("", cloud.dynamodb, cloud.s3, cloud.table, cloud.bucket)
    if different := differences(raw):
        return "; ".join(different)
    for entry in LedgerEntry.objects.all():
        if entry.state != State.MIRRORED:
            return f"still {entry.state}: {entry.error_class} {entry.error_code}"
        if entry.claim or entry.sweep_at:
            return "mirrored, but claimed or to be swept"
        live = [key for key in entry.item_keys if _is_live(world, key)]
        if live != entry.item_keys or set(entry.object_keys) - set(cloud.objects):
            return f"the ledger records what is not there: {entry.item_keys} {entry.object_keys}"
    return ""


def _is_live(world: World, key: list[str]) -> bool:
    return any(list(found) == key and "id" in item for found, item in world.cloud.items.items())


def _what_check_says(world: World) -> str:
    state = hash((world.database.state(), world.cloud.contents()))
    if state in world.equal:
        return ""
    report = check(world.stores)
    if report.findings or report.parity_percent != 100:
        return f"equal, but the check says {report.as_dict()}"
    world.equal.add(state)
    return ""
