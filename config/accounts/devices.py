"""The cookie by which a browser is known that has logged in to an account before.

Its attempts are counted apart from those of strangers, so nobody else can make the account's user
wait. All known browsers of an account are counted together, so a new cookie brings no new guesses.
A new password makes all cookies worthless.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

COOKIE = "device"
YEAR = 365 * 24 * 3600
PURPOSE = "config.accounts.known-device"


def remember_device(response: HttpResponseBase, user: User) -> None:
    """Set the cookie in a browser whose visitor has just proved to be the user."""
    response.set_cookie(
        COOKIE,
        signing.dumps([user.pk, _fingerprint(user)], salt=PURPOSE),
        max_age=YEAR,
        path=settings.LOGIN_URL,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_known_device(request: HttpRequest, account: str) -> bool:
    """Whether the browser has logged in to the account, by its case-folded name, before."""
    try:
        pk, fingerprint = signing.loads(request.COOKIES.get(COOKIE, ""), salt=PURPOSE, max_age=YEAR)
    except signing.BadSignature:
        return False
    user = User.objects.filter(pk=pk).first()
    return (
        user is not None
        and user.get_username().casefold() == account
        and constant_time_compare(fingerprint, _fingerprint(user))
    )


def _fingerprint(user: User) -> str:
    """Return a hash that changes with the password."""
    return salted_hmac(PURPOSE, user.get_session_auth_hash(), algorithm="sha256").hexdigest()
