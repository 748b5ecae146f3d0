"""What the middleware adds to all responses, and how it redirects to the log-in."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from tests.support.factories import make_session


def test_private_pages_are_kept_out_of_caches(gm: Client, owner: User) -> None:
    session = make_session(owner)
    for path in ("/", "/nowhere/", f"/sessions/{session.pk}/export/?as=md"):
        assert gm.get(path)["Cache-Control"] == "private, no-cache"


def test_a_view_may_set_a_cache_header_of_its_own(gm: Client) -> None:
    assert "no-store" in gm.get("/accounts/login/")["Cache-Control"]


def test_a_log_in_that_a_post_led_to_ends_on_a_page(client: Client, owner: User) -> None:
    path = f"/sessions/{make_session(owner).pk}/share/"
    log_in_path = client.post(path)["Location"]
    data = {"username": "gm", "password": "gm", "next": path}
    response = client.post(log_in_path, data, follow=True)
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "To your campaigns" in response.content.decode()
