"""The forms: what they refuse, and how they throttle guesses and mail."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from config.accounts.forms import MAX_ACCOUNTS
from config.accounts.passwords import RULES
from config.accounts.throttling import FREE_ATTEMPTS
from tests.accounts.conftest import Clock
from tests.support.accounts import (
    NEW_PASSWORD,
    must_wait,
    request_reset_link,
    try_to_log_in,
    use_up_free_attempts,
)
from tests.support.factories import make_user


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", ""), ("username", "a\x00"), ("username", "GM"), ("username", "a b"),
     ("email", "no"), ("email", "a\x00@b.c"), ("password2", "other"), ("password2", "\x00")],
)  # fmt: skip
def test_signing_up_with_a_wrong_value_shows_an_error_at_its_field(
    client: Client, owner: User, field: str, value: str
) -> None:
    data = {"username": "new", "email": "", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    response = client.post("/accounts/signup/", data | {field: value})
    assert response.context["form"].errors.keys() == {field}
    assert User.objects.count() == 1


def test_after_free_attempts_even_the_right_password_must_wait(
    client: Client, owner: User, clock: Clock
) -> None:
    use_up_free_attempts(client)
    assert must_wait(try_to_log_in(client, password="gm"))
    clock.forward(5.1)
    assert try_to_log_in(client, password="gm").status_code == 302


def test_attempts_while_waiting_do_not_extend_the_wait(
    client: Client, owner: User, clock: Clock
) -> None:
    use_up_free_attempts(client)
    for _ in range(50):
        assert must_wait(try_to_log_in(client))
        clock.forward(0.1)
    clock.forward(0.2)
    assert try_to_log_in(client, password="gm").status_code == 302


def test_requests_for_links_are_throttled_by_mailbox(
    client: Client, db: None, clock: Clock
) -> None:
    """Whatever address they come from, and however the mail address is spelled."""
    make_user("gm", email="gm@example.org")
    make_user("other", email="other@example.org")
    spellings = ["gm@example.org", "GM@example.org", " gm@EXAMPLE.org", "Gm@Example.Org"]
    for number in range(50):
        request_reset_link(
            Client(REMOTE_ADDR=f"192.0.2.{number}"),
            spellings[number % 4],
            **{"X-Forwarded-For": f"10.0.0.{number}"},
        )
    assert len(mail.outbox) == FREE_ATTEMPTS
    assert must_wait(request_reset_link(client))
    assert request_reset_link(client, "other@example.org").status_code == 302
    # The requests that were refused did not extend the wait.
    clock.forward(5.1)
    assert request_reset_link(client).status_code == 302
    assert len(mail.outbox) == FREE_ATTEMPTS + 2


def test_of_many_accounts_with_one_address_only_the_oldest_get_links(
    client: Client, db: None
) -> None:
    for number in range(MAX_ACCOUNTS + 2):
        make_user(f"gm{number}", email="gm@example.org")
    request_reset_link(client)
    greetings = [str(message.body).splitlines()[0] for message in mail.outbox]
    assert greetings == [f"Hello gm{number}," for number in range(MAX_ACCOUNTS)]


def test_waiting_for_a_link_does_not_reveal_whether_an_account_exists(
    client: Client, db: None, clock: Clock
) -> None:
    make_user("gm", email="a@example.org")
    pages = []
    for email in ("a@example.org", "b@example.org"):
        for _ in range(FREE_ATTEMPTS):
            assert request_reset_link(client, email).status_code == 302
        response = request_reset_link(client, email)
        assert must_wait(response)
        pages.append(re.sub(rb'name="csrf[^>]*>|[ab]@example', b"", response.content))
    assert pages[0] == pages[1]


def test_log_in_attempts_and_requests_for_links_are_counted_separately(
    client: Client, db: None
) -> None:
    make_user("gm@example.org", email="gm@example.org")
    use_up_free_attempts(client, "gm@example.org")
    assert must_wait(try_to_log_in(client, "gm@example.org"))
    assert request_reset_link(client).status_code == 302


@pytest.mark.parametrize(
    ("password", "problems"),
    [
        ("12345", [RULES[0], RULES[1], RULES[2]]),
        ("password", [RULES[2]]),
        ("newcomer1", [RULES[3]]),
    ],
)
def test_what_is_wrong_with_a_password_is_said_in_the_words_of_the_rules(
    client: Client, owner: User, password: str, problems: list[str]
) -> None:
    data = {"username": "newcomer", "password1": password, "password2": password}
    signing_up = client.post("/accounts/signup/", data).context["form"]
    assert sorted(signing_up.errors["password1"]) == sorted(problems)
    assert signing_up["password1"].help_text == " ".join(RULES)
    owner.username = "newcomer"
    owner.save()
    client.force_login(owner)
    data = {"old_password": "wrong", "new_password1": password, "new_password2": password}
    changing = client.post("/accounts/password/", data).context["form"]
    assert sorted(changing.errors["new_password1"]) == sorted(problems)
    assert changing.errors["old_password"] == ["This is not your password."]
    assert changing["new_password1"].help_text == " ".join(RULES)
    assert changing["new_password2"].help_text == ""


def test_two_different_passwords_are_told_in_plain_words(client: Client, db: None) -> None:
    data = {"username": "new", "password1": NEW_PASSWORD, "password2": "other"}
    form = client.post("/accounts/signup/", data).context["form"]
    assert form.errors["password2"] == ["The two passwords differ."]
