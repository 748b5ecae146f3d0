"""Mail is sent beside the request, and a mail that fails tells the log no address."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as outgoing
from django.test import Client
from pytest_django.fixtures import Settings

from config.accounts import mail
from config.accounts.forms import ResetForm
from tests.support.accounts import request_reset_link
from tests.support.factories import make_user

SECONDS = 20  # that a test waits at most


def wait_for_all() -> None:
    """Wait until no mail waits."""
    for _ in range(mail.MAX_WAITING):
        assert mail._places.acquire(timeout=SECONDS)
    for _ in range(mail.MAX_WAITING):
        mail._places.release()


@pytest.fixture
def mail_later() -> Iterator[None]:
    """Mail is sent by threads, as it is outside of tests."""
    yield
    wait_for_all()


@pytest.mark.parametrize("email", ["gm@example.org", "nobody@example.org"])
def test_a_request_neither_looks_for_the_account_nor_waits_for_the_mail_server(
    client: Client,
    transactional_db: None,
    mail_later: None,
    monkeypatch: pytest.MonkeyPatch,
    email: str,
) -> None:
    """So its answer takes the same time, whether or not there is such an account."""
    make_user("gm", email="gm@example.org")
    answered, looked_for = threading.Event(), ResetForm.get_users

    def wait_and_look(form: ResetForm, email: str) -> list[User]:
        assert answered.wait(SECONDS)
        return looked_for(form, email)

    monkeypatch.setattr(ResetForm, "get_users", wait_and_look)
    assert request_reset_link(client, email).status_code == 302
    assert outgoing.outbox == []
    answered.set()
    wait_for_all()
    assert len(outgoing.outbox) == (email == "gm@example.org")


def test_a_mail_that_fails_is_logged_without_its_address(
    db: None, mail_later: None, settings: Settings, reported: Callable[[], str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nothing listens there
    user = make_user("somebody")
    mail.send("Hello", "email_changed.txt", user, "canary@example.org")
    wait_for_all()
    assert "A mail could not be sent" in reported()
    assert "canary" not in reported()
    assert "somebody" not in reported()


def test_only_so_many_mails_wait(
    mail_later: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    go, sent = threading.Event(), []

    def job() -> Any:
        assert go.wait(SECONDS)
        sent.append(1)

    for _ in range(mail.MAX_WAITING + 3):
        mail.later(job)
    go.set()
    wait_for_all()
    assert len(sent) == mail.MAX_WAITING
    assert caplog.text.count("one is dropped") == 3


def test_without_a_mail_server_mail_goes_where_the_log_goes(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make run` discards standard output, and prints the log."""
    settings.EMAIL_BACKEND = "config.accounts.console.EmailBackend"
    outgoing.send_mail("Your new password", "the link", None, ["gm@example.org"])
    printed = capsys.readouterr()
    assert "the link" in printed.err
    assert printed.out == ""
