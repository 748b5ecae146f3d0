"""The page "Your account", and changing the e-mail address."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django.fixtures import Settings

from config.accounts.throttling import FREE_ATTEMPTS
from tests.accounts.conftest import Clock
from tests.support.accounts import change_password, must_wait, request_reset_link, sign_up

CHANGE_EMAIL = "/accounts/email/"
NEW = "new@example.org"


def link_in(message: EmailMessage) -> str:
    """Return the path of the link in a mail."""
    match = re.search(r"http://testserver(/\S+)", str(message.body))
    assert match is not None
    return match[1]


def ask_for(client: Client, email: str) -> str:
    """Ask for another address; return the path of the link that is sent there."""
    response = client.post(CHANGE_EMAIL, {"email": email, "password": "gm"})
    assert response["Location"] == "/accounts/"
    assert mail.outbox[-1].to == [email]
    return link_in(mail.outbox[-1])


def email_of(user: User) -> str:
    user.refresh_from_db()
    return user.email


def test_the_page_links_to_everything_about_the_account(gm: Client) -> None:
    page = gm.get("/accounts/").content.decode()
    for link in (CHANGE_EMAIL, "/accounts/password/", "/accounts/delete/", "/export/"):
        assert f'href="{link}"' in page


def test_an_address_counts_once_it_is_confirmed_and_the_old_one_is_told(
    gm: Client, owner: User
) -> None:
    owner.email = "old@example.org"
    owner.save()
    link = ask_for(gm, NEW)
    assert email_of(owner) == "old@example.org"
    page = Client().get(link)  # wherever the mail is read
    assert NEW in page.content.decode()
    assert email_of(owner) == "old@example.org"  # programs that open all links change nothing
    assert Client().post(link).status_code == 302
    assert email_of(owner) == NEW
    notice = mail.outbox[-1]
    assert notice.to == ["old@example.org"]
    assert NEW not in str(notice.body)
    assert "no longer works" in Client().get(link).content.decode()


def test_an_address_that_is_not_confirmed_gets_no_link_to_a_new_password(
    gm: Client, owner: User
) -> None:
    """The address may be mistyped, and a stranger's."""
    ask_for(gm, NEW)
    sign_up(Client(), "typo", NEW)
    mail.outbox.clear()
    request_reset_link(Client(), NEW)
    assert mail.outbox == []


def test_an_address_is_removed_at_once(gm: Client, owner: User) -> None:
    owner.email = "old@example.org"
    owner.save()
    gm.post(CHANGE_EMAIL, {"email": "", "password": "gm"})
    assert email_of(owner) == ""
    assert [message.to for message in mail.outbox] == [["old@example.org"]]


@pytest.mark.parametrize("email", ["no", "a\x00@b.c", "a" * 250 + "@example.org"])
def test_an_invalid_address_is_shown_again_with_an_error(gm: Client, email: str) -> None:
    response = gm.post(CHANGE_EMAIL, {"email": email, "password": "gm"})
    assert response.context["form"].errors.keys() == {"email"}
    assert response.context["form"]["email"].value() == email
    assert mail.outbox == []


def test_a_wrong_password_changes_nothing(gm: Client) -> None:
    response = gm.post(CHANGE_EMAIL, {"email": NEW, "password": "wrong"})
    assert response.context["form"].errors.keys() == {"password"}
    assert b"wrong" not in response.content
    assert NEW in response.content.decode()
    assert mail.outbox == []


def test_a_mailbox_cannot_be_flooded(gm: Client, clock: Clock) -> None:
    for _ in range(FREE_ATTEMPTS):
        ask_for(gm, NEW)
    assert must_wait(gm.post(CHANGE_EMAIL, {"email": NEW, "password": "gm"}))
    mail.outbox.clear()
    response = sign_up(Client(), "new", NEW)
    assert response.status_code == 302
    assert mail.outbox == []


def test_signing_up_sends_a_link_to_confirm_the_address(client: Client, db: None) -> None:
    sign_up(client, "new", NEW)
    assert "An email is on its way" in client.get("/").content.decode()
    user = User.objects.get()
    assert user.email == ""
    client.post(link_in(mail.outbox[-1]))
    assert email_of(user) == NEW


@pytest.mark.parametrize("change", ["password", "other address", "inactive", "too old"])
def test_a_link_stops_working(gm: Client, owner: User, settings: Settings, change: str) -> None:
    link = ask_for(gm, NEW)
    if change == "password":
        change_password(gm, "gm")
    if change == "other address":
        gm.post(ask_for(gm, "other@example.org"))
    if change == "inactive":
        User.objects.update(is_active=False)
    if change == "too old":
        settings.PASSWORD_RESET_TIMEOUT = -1
    before = email_of(owner)
    assert "no longer works" in Client().post(link).content.decode()
    assert email_of(owner) == before


def test_the_rules_for_passwords_have_one_wording(client: Client, owner: User) -> None:
    owner.email = NEW
    owner.save()
    request_reset_link(client, NEW)
    pages = [client.get("/accounts/signup/"), client.get(link_in(mail.outbox[-1]), follow=True)]
    client.force_login(owner)
    pages.append(client.get("/accounts/password/"))
    rules = [
        re.findall(r'helptext">([^<]*at least[^<]*)<', page.content.decode()) for page in pages
    ]
    assert rules[0] == rules[1] == rules[2] != []


@pytest.mark.parametrize("is_open", [True, False])
def test_a_closed_sign_up_says_so_and_nothing_links_to_it(
    client: Client, db: None, settings: Settings, is_open: bool
) -> None:
    settings.SIGNUP_OPEN = is_open
    status = 200 if is_open else 403
    page = client.get("/accounts/signup/")
    assert page.status_code == status
    assert ("Sign-up is closed" in page.content.decode()) != is_open
    assert sign_up(client).status_code == (302 if is_open else 403)
    assert User.objects.exists() == is_open
    client.logout()
    for address in ("/accounts/login/", "/nowhere/", "/accounts/password/reset/"):
        assert ("/accounts/signup/" in client.get(address).content.decode()) == is_open
