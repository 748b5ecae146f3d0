"""Whose guesses count together: those from one address, or those of a browser known from before.

A browser that logged in once keeps a signed cookie, and its attempts are counted for itself. So
nobody else can keep a person waiting, even where a proxy makes all visitors look like one.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import get_random_string, salted_hmac

COOKIE = "device"
YEAR = 365 * 24 * 3600
PURPOSE = "config.accounts.device"


def attempts_key(request: HttpRequest, username: str) -> str:
    """Return the key under which attempts are counted.

    The address is that of the connection: a header such as X-Forwarded-For says what its sender
    likes.
    """
    account = username.strip().casefold()
    device = _known_device(request, account)
    source = f"device {device}" if device else f"address {request.META.get('REMOTE_ADDR', '')}"
    return salted_hmac(PURPOSE, f"{account}\n{source}", algorithm="sha256").hexdigest()


def mail_key(email: str) -> str:
    """Return the key under which the links sent to one mailbox are counted, whoever asks for them.

    Not by visitor: behind a proxy all are one, and somebody could keep everybody waiting.
    """
    return salted_hmac(PURPOSE, f"{email.casefold()}\nmail", algorithm="sha256").hexdigest()


def remember_device(response: HttpResponseBase, username: str) -> None:
    """Leave the cookie in a browser that has just logged in."""
    account = salted_hmac(PURPOSE, username.strip().casefold(), algorithm="sha256").hexdigest()
    response.set_cookie(
        COOKIE,
        signing.dumps([account, get_random_string(22)], salt=PURPOSE),
        max_age=YEAR,
        path=settings.LOGIN_URL,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_device(request: HttpRequest, account: str) -> str | None:
    try:
        owner, device = signing.loads(request.COOKIES.get(COOKIE, ""), salt=PURPOSE, max_age=YEAR)
    except signing.BadSignature:
        return None
    expected = salted_hmac(PURPOSE, account, algorithm="sha256").hexdigest()
    return str(device) if owner == expected else None
