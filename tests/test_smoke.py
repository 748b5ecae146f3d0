import pytest
from campaigns.models import Campaign
from sessions_app.models import Session
from mirror import drain, parity
from mirror.models import LedgerEntry


def test_smoke(mirror, transactional_db, owner, settings):
    c = Campaign.objects.create(owner=owner, name="A", description="d")
    s = Session.objects.create(
        owner=owner,
        campaign=c,
        name="S",
        transcript_text="MATT: hi",
        metrics={"a": [1, 2.5, None, {}]},
    )
    print(list(LedgerEntry.objects.values()))
    d = drain.sync()
    print(d)
    print(list(LedgerEntry.objects.values()))
    r = parity.check(mirror)
    print(r)
    assert r.parity_percent == 100
    s.campaign = None
    s.save()
    c.delete()
    print(drain.sync(), parity.check(mirror))
    print(mirror.items.client.scan(TableName="test-mirror")["Items"])
    s.delete()
    print(drain.sync(), parity.check(mirror))
    print(list(mirror.objects.list("")))
