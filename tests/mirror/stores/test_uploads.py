"""An upload is one request and one answer."""

from __future__ import annotations

from typing import Any

from mirror.stores.clients import Stores


def test_an_upload_does_not_ask_first_whether_it_may_go_on(mirror: Stores) -> None:
    sent: list[Any] = []
    events = mirror.objects.storage.client.meta.events
    events.register("before-send.s3.PutObject", lambda request, **_: sent.append(request))
    mirror.objects.put("transcripts/1/1-0.json", b"{}")
    (request,) = sent
    assert "Expect" not in request.headers
