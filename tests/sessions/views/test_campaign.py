from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign
from tests.support.factories import make_sessions


def test_many_sessions_are_divided_into_pages(gm: Client, owner: User, campaign: Campaign) -> None:
    make_sessions(owner, 25, campaign)
    path = f"/campaigns/{campaign.pk}/"
    assert len(gm.get(path).context["page"]) == 20
    assert len(gm.get(f"{path}?page=2").context["page"]) == 5
    for invalid in ("0", "99", "x", "-1", "%00"):
        assert gm.get(f"{path}?page={invalid}").status_code == 200
