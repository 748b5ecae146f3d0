"""Which log-in attempts are counted together: those of one IP address, or of one known browser.

A browser that has logged in once keeps a signed cookie, and its attempts are counted separately.
So nobody else can make its user wait, even if a proxy gives all visitors the same address.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import get_random_string, salted_hmac

COOKIE = "device"
YEAR = 365 * 24 * 3600
PURPOSE = "config.accounts.device"


def attempts_key(request: HttpRequest, username: str) -> str:
    """Return the key under which attempts to log in are counted.

    The address is that of the connection, because anybody can forge a header such as
    X-Forwarded-For.
    """
    account = username.strip().casefold()
    device = _known_device(request, account)
    source = f"device {device}" if device else f"address {request.META.get('REMOTE_ADDR', '')}"
    return _hash(f"{account}\n{source}")


def mail_key(email: str) -> str:
    """Return the key under which the links sent to one mailbox are counted.

    They are not counted by visitor: behind a proxy, one visitor could make all others wait.
    """
    return _hash(f"{email.casefold()}\nmail")


def remember_device(response: HttpResponseBase, username: str) -> None:
    """Set the cookie in a browser that has just logged in."""
    account = _hash(username.strip().casefold())
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
    return str(device) if owner == _hash(account) else None


def _hash(text: str) -> str:
    return salted_hmac(PURPOSE, text, algorithm="sha256").hexdigest()
