"""The inventory notes the newest item of each row."""

from __future__ import annotations

from mirror.restore.restore import restore
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.mirror.restore.conftest import Lose
from tests.support.factories import make_campaign
from tests.support.restored import of_sessions
from tests.support.stored import stored_item


def test_a_row_with_several_items_is_restored_from_the_newest(
    mirror: Stores, session: Session, lose_all_rows: Lose
) -> None:
    former = make_campaign(session.owner)
    worker.drain()
    newest = stored_item(mirror, session.pk)
    for number in range(5):  # so that a scan finds some before the newest and some after it
        pk = f"camp#{former.pk}" if number == 0 else f"camp#copy-{number}"
        older = newest | {
            "pk": {"S": pk},
            "campaignId": {"S": str(former.pk)},
            "mirrorRevision": {"N": "1"},
        }
        mirror.items.client.put_item(TableName=mirror.items.table, Item=older)
    assert of_sessions(restore(mirror, apply=False)).impossible == 5
    lose_all_rows()
    assert of_sessions(restore(mirror, apply=True)).restored == 2
    assert Session.objects.get(pk=session.pk).campaign_id == session.campaign_id
