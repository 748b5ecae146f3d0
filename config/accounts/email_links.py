"""The links by which people confirm that an e-mail address is theirs.

A link carries the address, so nothing is stored until it is confirmed. It works until the address
or the password of the account changes, and for as long as a link that resets a password.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from config.accounts import mail

PURPOSE = "config.accounts.email"


def send_link(request: HttpRequest, user: User, email: str) -> None:
    """Send a link to an address, for its user to confirm it."""
    token = signing.dumps([user.pk, email, _fingerprint(user)], salt=PURPOSE)
    link = request.build_absolute_uri(reverse("email-confirm", args=[token]))
    mail.send("Confirm your email address", "email_confirm.txt", user, email, link=link)


def read_token(token: str) -> tuple[User, str] | None:
    """Return the user and the address of a link; ``None`` if it no longer works."""
    try:
        pk, email, fingerprint = signing.loads(
            token, salt=PURPOSE, max_age=settings.PASSWORD_RESET_TIMEOUT
        )
    except signing.BadSignature:
        return None
    user = User.objects.select_for_update().filter(pk=pk, is_active=True).first()
    if user is None or not constant_time_compare(fingerprint, _fingerprint(user)):
        return None
    return user, email


def set_email(user: User, email: str) -> None:
    """Give the account another address, or none, and tell the former one."""
    former = user.email
    user.email = email
    user.save(update_fields=["email"])
    if former:
        mail.send("Your email address was changed", "email_changed.txt", user, former)


def _fingerprint(user: User) -> str:
    state = f"{user.password}\n{user.email}"
    return salted_hmac(PURPOSE, state, algorithm="sha256").hexdigest()
