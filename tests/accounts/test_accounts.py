"""Signing up, logging in, and what happens to who guesses passwords."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from config.accounts.forms import MAX_ACCOUNTS
from config.accounts.models import FREE_ATTEMPTS, LONGEST_DELAY, LoginAttempts, delay
from sessions_app.models import Session
from tests.conftest import Make

LOGIN = "/accounts/login/"
WRONG = "wrong"
GOOD = "correct horse battery"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that a test moves."""

    class Clock:
        now: datetime = timezone.now()

        def forward(self, seconds: float) -> None:
            self.now += timedelta(seconds=seconds)

    clock = Clock()
    monkeypatch.setattr("config.accounts.models.timezone.now", lambda: clock.now)
    return clock


def attempt(client: Client, name: str = "gm", password: str = WRONG, **headers: str) -> Any:
    return client.post(LOGIN, {"username": name, "password": password}, headers=headers or None)


def ask_for_a_link(client: Client, email: str = "gm@example.org", **headers: str) -> Any:
    return client.post("/accounts/password/reset/", {"email": email}, headers=headers or None)


def waits(answer: Any) -> bool:
    return answer.status_code == 200 and "Please wait" in answer.content.decode()


def exhaust(client: Client, name: str = "gm") -> None:
    for _ in range(FREE_ATTEMPTS):
        assert not waits(attempt(client, name))


@pytest.mark.django_db
def test_signing_up_logs_in(client: Client) -> None:
    data = {"username": "new", "email": "", "password1": GOOD, "password2": GOOD}
    assert client.post("/accounts/signup/", data)["Location"] == "/"
    assert "Welcome, new" in client.get("/").content.decode()
    assert client.get("/accounts/signup/")["Location"] == "/"


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", ""), ("username", "a\x00"), ("username", "GM"), ("username", "a b"),
     ("email", "no"), ("email", "a\x00@b.c"), ("password2", "other"), ("password2", "\x00")],
)  # fmt: skip
def test_a_wrong_entry_is_explained(client: Client, owner: User, field: str, value: str) -> None:
    data = {"username": "new", "email": "", "password1": GOOD, "password2": GOOD, field: value}
    answer = client.post("/accounts/signup/", data)
    assert answer.context["form"].errors.keys() == {field}
    assert User.objects.count() == 1


def test_logging_in_and_out(client: Client, owner: User) -> None:
    assert attempt(client, password="gm")["Location"] == "/"
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert client.get("/")["Location"].startswith(LOGIN)


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_door_leads_to_no_other_site(client: Client, owner: User, away: str) -> None:
    answer = client.post(f"{LOGIN}?next={away}", {"username": "gm", "password": "gm", "next": away})
    assert answer["Location"] == "/"


def test_changing_the_password(client: Client, owner: User) -> None:
    client.force_login(owner)
    data = {"old_password": "gm", "new_password1": GOOD, "new_password2": GOOD}
    assert client.post("/accounts/password/", data)["Location"] == "/"
    owner.refresh_from_db()
    assert owner.check_password(GOOD)


def test_resetting_the_password(client: Client, make_user: Make) -> None:
    user = make_user("gm", email="gm@example.org")
    client.post("/accounts/password/reset/", {"email": "gm@example.org"})
    (message,) = mail.outbox
    link = re.search(r"http://testserver(/\S+)", str(message.body))
    assert link is not None
    path = client.get(link[1])["Location"]
    data = {"new_password1": GOOD, "new_password2": GOOD}
    assert client.post(path, data)["Location"] == LOGIN
    user.refresh_from_db()
    assert user.check_password(GOOD)
    assert "no longer works" in client.get(link[1]).content.decode()


def test_a_reset_does_not_tell_who_has_an_account(client: Client, make_user: Make) -> None:
    make_user("gm", email="gm@example.org")
    pages = [
        client.post("/accounts/password/reset/", {"email": email}, follow=True).content
        for email in ("gm@example.org", "nobody@example.org")
    ]
    without_token = [re.sub(rb'name="csrf[^>]*>', b"", page) for page in pages]
    assert without_token[0] == without_token[1]


def test_a_mail_server_that_fails_is_our_problem(
    client: Client, make_user: Make, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    make_user("gm", email="gm@example.org")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    answer = ask_for_a_link(client)
    assert answer["Location"] == LOGIN
    assert "If an account has this address" in client.get(LOGIN).content.decode()
    assert "Failed to send password reset email" in caplog.text


def test_nobody_is_flooded_with_mail(client: Client, make_user: Make, clock: Any) -> None:
    """Whoever asks, from wherever, however the address is spelled."""
    make_user("gm", email="gm@example.org")
    make_user("other", email="other@example.org")
    spellings = ["gm@example.org", "GM@example.org", " gm@EXAMPLE.org", "Gm@Example.Org"]
    for number in range(50):
        ask_for_a_link(
            Client(REMOTE_ADDR=f"192.0.2.{number}"),
            spellings[number % 4],
            **{"X-Forwarded-For": f"10.0.0.{number}"},
        )
    assert len(mail.outbox) == FREE_ATTEMPTS
    assert waits(ask_for_a_link(client))
    assert ask_for_a_link(client, "other@example.org").status_code == 302
    # Not for good: what was refused made the wait no longer.
    clock.forward(5.1)
    assert ask_for_a_link(client).status_code == 302
    assert len(mail.outbox) == FREE_ATTEMPTS + 2


def test_many_accounts_of_one_address_do_not_flood_it(client: Client, make_user: Make) -> None:
    for number in range(MAX_ACCOUNTS + 2):
        make_user(f"gm{number}", email="gm@example.org")
    ask_for_a_link(client)
    greeted = [str(message.body).splitlines()[0] for message in mail.outbox]
    assert greeted == [f"Hello gm{number}," for number in range(MAX_ACCOUNTS)]


def test_waiting_for_a_link_does_not_tell_who_has_an_account(
    client: Client, make_user: Make, clock: Any
) -> None:
    make_user("gm", email="a@example.org")
    pages = []
    for email in ("a@example.org", "b@example.org"):
        for _ in range(FREE_ATTEMPTS):
            assert ask_for_a_link(client, email).status_code == 302
        answer = ask_for_a_link(client, email)
        assert waits(answer)
        pages.append(re.sub(rb'name="csrf[^>]*>|[ab]@example', b"", answer.content))
    assert pages[0] == pages[1]


def test_guessing_and_asking_for_links_are_counted_apart(client: Client, make_user: Make) -> None:
    make_user("gm@example.org", email="gm@example.org")
    exhaust(client, "gm@example.org")
    assert waits(attempt(client, "gm@example.org"))
    assert ask_for_a_link(client).status_code == 302


def test_delays_grow_and_have_an_end() -> None:
    delays = [delay(failures) for failures in range(10_000)]
    assert delays[:10] == [0, 0, 0, 0, 0, 5, 10, 20, 40, 80]
    assert delays == sorted(delays)
    assert max(delays) == LONGEST_DELAY


def test_guessing_is_slowed_down_even_with_the_right_word(
    client: Client, owner: User, clock: Any
) -> None:
    exhaust(client)
    assert waits(attempt(client, password="gm"))
    clock.forward(5.1)
    assert attempt(client, password="gm").status_code == 302


def test_nobody_is_locked_out_for_good(client: Client, owner: User, clock: Any) -> None:
    """Asking again while waiting does not make the wait longer."""
    exhaust(client)
    for _ in range(50):
        assert waits(attempt(client))
        clock.forward(0.1)
    clock.forward(0.2)
    assert attempt(client, password="gm").status_code == 302


def test_a_known_browser_is_not_kept_waiting_by_others(client: Client, owner: User) -> None:
    """Behind a proxy all visitors come from one address; a cookie tells the owner from others."""
    assert attempt(client, password="gm").status_code == 302
    client.post("/accounts/logout/")
    stranger = Client()
    exhaust(stranger)
    assert waits(attempt(stranger))
    assert attempt(client, password="gm").status_code == 302


def test_a_cookie_of_one_account_helps_with_no_other(client: Client, make_user: Make) -> None:
    make_user("gm")
    make_user("other")
    attempt(client, "other", "other")
    client.post("/accounts/logout/")
    exhaust(client)
    forged = Client()
    forged.cookies["device"] = "forged"
    assert waits(attempt(forged))
    assert waits(attempt(client))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"])
def test_a_forged_header_fools_nobody(client: Client, owner: User, header: str) -> None:
    for number in range(FREE_ATTEMPTS):
        attempt(client, **{header: f"10.0.0.{number}"})
    assert waits(attempt(client, **{header: "10.9.9.9"}))


def test_another_address_and_another_account_are_not_slowed_down(
    client: Client, make_user: Make
) -> None:
    make_user("gm")
    make_user("other")
    exhaust(client)
    assert attempt(client, "other", "other").status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert attempt(elsewhere, password="gm").status_code == 302


def test_the_spelling_of_a_name_makes_no_other_account(client: Client, owner: User) -> None:
    for name in ("gm", "GM", " gm", "gm ", "Gm"):
        attempt(client, name)
    assert waits(attempt(client))


def test_the_door_of_the_admin_is_the_same_one(client: Client, db: None) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(LOGIN)
    assert "next=%2Fadmin%2F" in answer.redirect_chain[-1][0]


def test_what_is_kept_of_attempts_names_nobody_and_goes_away(
    client: Client, owner: User, clock: Any
) -> None:
    attempt(client, "secret-name")
    (kept,) = LoginAttempts.objects.all()
    assert "secret" not in kept.key
    assert len(kept.key) == 64
    clock.forward(24 * 3600 + 1)
    attempt(client)
    assert LoginAttempts.objects.count() == 1


def test_logging_out_leaves_nothing_behind(client: Client, owner: User) -> None:
    client.force_login(owner)
    answer = client.post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"cache"'


def test_who_is_logged_out_already_may_log_out(client: Client, db: None) -> None:
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert not get_messages(client.get(LOGIN).wsgi_request)


def test_what_a_login_hides_is_kept_by_no_cache(client: Client, owner: User) -> None:
    session = Session.objects.create(owner=owner, name="Evening")
    client.force_login(owner)
    for path in ("/", "/nowhere/", f"/sessions/{session.pk}/export/?as=md"):
        assert client.get(path)["Cache-Control"] == "private, no-cache"
    assert "no-store" in client.get("/accounts/login/")["Cache-Control"]  # the view's own


def test_a_log_in_on_the_way_to_a_button_ends_on_a_page(client: Client, owner: User) -> None:
    session = Session.objects.create(owner=owner, name="Evening")
    path = client.post(f"/sessions/{session.pk}/share/")["Location"]
    data = {"username": "gm", "password": "gm", "next": f"/sessions/{session.pk}/share/"}
    answer = client.post(path, data, follow=True)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "To your campaigns" in answer.content.decode()
