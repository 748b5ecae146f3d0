"""Guesses are slowed by account, by address and by both, and nobody is locked out."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from config.accounts.limits import FREE_TOGETHER
from config.accounts.throttling import FREE_ATTEMPTS, LONGEST_DELAY
from tests.accounts.conftest import Clock
from tests.support.accounts import (
    NEW_PASSWORD,
    SIGN_UP,
    change_password,
    must_wait,
    request_reset_link,
    sign_up,
    try_to_log_in,
    use_up_free_attempts,
)
from tests.support.factories import make_user

many_requests = pytest.mark.no_cover  # other tests cover the code


def refused(responses: list[Any]) -> int:
    return sum(must_wait(response) for response in responses)


@many_requests
def test_guesses_at_many_accounts_from_one_address_are_slowed(
    client: Client, db: None, clock: Clock
) -> None:
    guesses = [try_to_log_in(client, f"user{number % 40}") for number in range(120)]
    assert refused(guesses) == 120 - FREE_TOGETHER


@many_requests
def test_guesses_at_one_account_from_many_addresses_are_slowed(owner: User, clock: Clock) -> None:
    guesses = [try_to_log_in(Client(REMOTE_ADDR=f"192.0.2.{number}")) for number in range(120)]
    assert refused(guesses) == 120 - FREE_TOGETHER


@many_requests
def test_every_wait_ends(client: Client, owner: User, clock: Clock) -> None:
    """Even for the user of an account that somebody attacks all the time, from everywhere."""
    for number in range(60):
        try_to_log_in(Client(REMOTE_ADDR=f"192.0.2.{number}"))
        clock.forward(300)
    clock.forward(LONGEST_DELAY)
    assert try_to_log_in(client, password="gm").status_code == 302


@many_requests
def test_a_known_browser_does_not_wait_because_of_its_address_or_of_others(
    client: Client, owner: User, clock: Clock
) -> None:
    try_to_log_in(client, password="gm")
    for number in range(2 * FREE_TOGETHER):
        try_to_log_in(Client(), f"user{number}")
        try_to_log_in(Client(REMOTE_ADDR=f"192.0.2.{number}"))
    assert must_wait(try_to_log_in(Client(), password="gm"))
    assert try_to_log_in(client, password="gm").status_code == 302


def test_the_guesses_of_all_known_browsers_of_an_account_count_together(
    owner: User, clock: Clock
) -> None:
    """Or whoever once knew the password would get new guesses with each cookie."""
    browsers = [Client() for _ in range(4)]
    for browser in browsers:
        assert try_to_log_in(browser, password="gm").status_code == 302
    guesses = [try_to_log_in(browser) for browser in browsers for _ in range(FREE_ATTEMPTS)]
    assert refused(guesses) == 3 * FREE_ATTEMPTS


def test_a_new_password_makes_the_cookies_of_the_old_one_worthless(
    client: Client, owner: User, clock: Clock
) -> None:
    """The browser that changes it is known again."""
    thief = Client()
    for browser in (client, thief):
        try_to_log_in(browser, password="gm")
    change_password(client, "gm")
    client.post("/accounts/logout/")
    use_up_free_attempts(Client())
    assert must_wait(try_to_log_in(thief))  # counted as any stranger at this address
    assert try_to_log_in(client, password=NEW_PASSWORD).status_code == 302


def test_signing_up_is_slowed_by_address(client: Client, owner: User, clock: Clock) -> None:
    tries = [sign_up(client, "gm") for _ in range(FREE_TOGETHER)]
    assert refused(tries) == 0
    waiting = sign_up(client, "gm")
    assert must_wait(waiting)
    assert "already exists" not in waiting.content.decode()
    assert 'value="gm"' in waiting.content.decode()  # what was typed is kept
    assert sign_up(Client(REMOTE_ADDR="192.0.2.7"), "other").status_code == 302
    clock.forward(5)
    assert sign_up(client, "new").status_code == 302


def test_guesses_at_the_old_password_are_slowed(gm: Client, owner: User, clock: Clock) -> None:
    guesses = [change_password(gm, "wrong") for _ in range(FREE_ATTEMPTS + 1)]
    assert refused(guesses) == 1
    assert must_wait(change_password(gm, "gm"))
    clock.forward(5)
    assert change_password(gm, "gm").status_code == 302


@pytest.mark.parametrize("path", ["/accounts/email/", "/accounts/delete/"])
def test_guesses_at_a_password_that_confirms_are_slowed(
    gm: Client, owner: User, clock: Clock, path: str
) -> None:
    guesses = [gm.post(path, {"password": "wrong"}) for _ in range(FREE_ATTEMPTS + 1)]
    assert refused(guesses) == 1
    assert must_wait(gm.post(path, {"password": "gm"}))


def test_links_to_many_mailboxes_are_slowed_by_address(
    client: Client, db: None, clock: Clock
) -> None:
    tries = [request_reset_link(client, f"user{number}@example.org") for number in range(60)]
    assert refused(tries) == 60 - FREE_TOGETHER


def test_behind_a_trusted_proxy_each_visitor_is_counted_alone(
    settings: Settings, db: None, clock: Clock
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    for number in range(2 * FREE_TOGETHER):
        try_to_log_in(Client(), f"user{number}", **{"X-Forwarded-For": "203.0.113.9"})
    assert must_wait(try_to_log_in(Client(), "x", **{"X-Forwarded-For": "203.0.113.9"}))
    forged = {"X-Forwarded-For": "203.0.113.8, 203.0.113.9"}
    assert must_wait(try_to_log_in(Client(), "x", **forged))
    make_user("gm")
    other = {"X-Forwarded-For": "203.0.113.9, 203.0.113.8"}
    assert try_to_log_in(Client(), password="gm", **other).status_code == 302


@pytest.mark.parametrize("path", ["/accounts/login/", SIGN_UP])
def test_the_sentence_says_how_long_to_wait(
    client: Client, db: None, clock: Clock, path: str
) -> None:
    data = {"username": "gm", "password": "x", "password1": "x", "password2": "x"}
    for _ in range(FREE_TOGETHER):
        client.post(path, data)
    assert "Too many attempts. Wait 5 seconds." in client.post(path, data).content.decode()
