"""Which log-in attempts are counted together."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.accounts.throttling import FREE_ATTEMPTS
from tests.support.accounts import must_wait, try_to_log_in, use_up_free_attempts
from tests.support.factories import make_user


def test_a_known_browser_need_not_wait_for_the_attempts_of_others(
    client: Client, owner: User
) -> None:
    """Behind a proxy all visitors have one address; a cookie tells the owner from others."""
    assert try_to_log_in(client, password="gm").status_code == 302
    client.post("/accounts/logout/")
    stranger = Client()
    use_up_free_attempts(stranger)
    assert must_wait(try_to_log_in(stranger))
    assert try_to_log_in(client, password="gm").status_code == 302


def test_the_cookie_of_another_account_and_a_forged_one_do_not_count(
    client: Client, db: None
) -> None:
    make_user("gm")
    make_user("other")
    try_to_log_in(client, "other", "other")
    client.post("/accounts/logout/")
    use_up_free_attempts(client)
    forger = Client()
    forger.cookies["device"] = "forged"
    assert must_wait(try_to_log_in(forger))
    assert must_wait(try_to_log_in(client))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"])
def test_a_forged_header_does_not_change_the_address(
    client: Client, owner: User, header: str
) -> None:
    for number in range(FREE_ATTEMPTS):
        try_to_log_in(client, **{header: f"10.0.0.{number}"})
    assert must_wait(try_to_log_in(client, **{header: "10.9.9.9"}))


def test_another_address_and_another_account_need_not_wait(client: Client, db: None) -> None:
    make_user("gm")
    make_user("other")
    use_up_free_attempts(client)
    assert try_to_log_in(client, "other", "other").status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert try_to_log_in(elsewhere, password="gm").status_code == 302


def test_all_spellings_of_a_user_name_count_together(client: Client, owner: User) -> None:
    for name in ("gm", "GM", " gm", "gm ", "Gm"):
        try_to_log_in(client, name)
    assert must_wait(try_to_log_in(client))
