"""The repair, with orphans, items and revisions that the mirror itself would never write."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mirror.documents import rows
from mirror.models import LedgerEntry
from mirror.sync import worker
from mirror.verify import check, orphans, repair
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.faults.mutants import kills_mutant
from tests.faults.world import World


@kills_mutant("removal normalizes object keys")
def test_orphaned_objects_with_odd_keys_are_removed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "YOUNG", timedelta(0))
    session, other = world.session(), world.session()
    worker.drain()
    too_long = "x" * 300  # the ledger holds ids of up to 255 characters
    odd = ["", "readme.txt", "no-uuid/1-x.json", f"{session.pk}//1-x", f"{session.pk}/./x"]
    for name in [*odd, f"{too_long}/1-x"]:
        world.raw.s3.put_object(Bucket=world.raw.bucket, Key=f"transcripts/{name}", Body=b"odd")
    (key,) = (key for key in world.raw.object_keys() if f"{other.pk}" in key)
    world.raw.s3.delete_object(Bucket=world.raw.bucket, Key=key)
    plan = repair.plan(check.check(world.stores).findings, world.stores, delete_orphans=True)
    repair.mark_dirty(plan.repaired, world.stores)
    worker.drain()
    (finding,) = check.check(world.stores).findings  # it cannot be repaired; all others are
    assert finding.object_id == too_long
    assert not LedgerEntry.objects.owed().exists()


def session_with_changed_item(world: World, **change: Any) -> Session:
    """Return a mirrored session whose item was changed past the mirror, as ``change`` says."""
    session = world.session()
    worker.drain()
    (key,) = (key for key in world.raw.live_items() if f"{session.pk}" in key)
    pk, sk = key.split(" ")
    item = {"pk": {"S": pk}, "sk": {"S": sk}}
    world.raw.dynamodb.update_item(TableName=world.raw.table, Key=item, **change)
    return session


@kills_mutant("other rows' items treated as orphans")
@pytest.mark.parametrize("lost", ["__edb_e__", "id"])
def test_a_live_item_that_lost_its_entity_or_id_is_written_again(world: World, lost: str) -> None:
    session_with_changed_item(
        world, UpdateExpression="REMOVE #n", ExpressionAttributeNames={"#n": lost}
    )
    findings = check.check(world.stores).findings
    assert {finding.kind for finding in findings} == {"stale"}
    repair.mark_dirty(findings, world.stores)
    worker.drain()
    world.assert_equal()


@kills_mutant("revisions read only if digits")
@pytest.mark.parametrize("revision", ["7.5", "1e20"])
def test_an_odd_revision_in_the_table_stops_no_repair(world: World, revision: str) -> None:
    session = session_with_changed_item(
        world,
        UpdateExpression="SET mirrorRevision = :r",
        ExpressionAttributeValues={":r": {"N": revision}},
    )
    session.save()
    worker.drain()
    assert world.entry(session).error_class == "RemoteAhead"
    other = world.session(name="other")
    worker.drain()
    repair.mark_dirty(check.check(world.stores).findings, world.stores)
    worker.drain()
    assert world.entry(other).state == "mirrored"
    if revision == "7.5":
        world.assert_equal()
    else:  # larger than a bigint: it cannot be repaired, but all others are
        assert {f.object_id for f in check.check(world.stores).findings} == {f"{session.pk}"}


@kills_mutant("check reads the ledger before the rows")
def test_objects_of_a_row_deleted_during_the_check_are_not_orphaned(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = world.session()
    worker.drain()
    listed = list(world.stores.objects.list("transcripts/"))
    real_rows = rows.rows

    def delete_first(document: type[SessionDocument], ids: list[str]) -> object:
        Session.objects.filter(pk=session.pk).delete()
        return real_rows(document, ids)

    monkeypatch.setattr(orphans, "rows", delete_first)
    assert not orphans.find_orphaned_objects(SessionDocument, listed, world.stores)
