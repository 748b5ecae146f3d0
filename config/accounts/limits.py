"""Which attempts are counted together: by account, by address, and by both.

=================== ================================== ==========================================
attempt             free attempts                      counted for
=================== ================================== ==========================================
log-in              5, 20 and 20                       account and address, account, address
log-in, known       5                                  all known browsers of the account
password confirmed  5                                  the same: whoever confirms is logged in
sign-up             20                                 address
mail asked for      5 and 20                           mailbox, address
=================== ================================== ==========================================
"""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from config.accounts.addresses import client_address
from config.accounts.devices import is_known_device
from config.accounts.models import Attempts
from config.accounts.throttling import Limit, in_words

FREE_TOGETHER = 20  # of all visitors with one address, or of all strangers at one account


def of_log_in(request: HttpRequest, username: str) -> list[Limit]:
    """Return the limits of an attempt to log in."""
    account = username.strip().casefold()
    if is_known_device(request, account):
        return [_of_known_devices(account)]
    address = client_address(request)
    return [
        Limit(_key("account and address", account, address)),
        Limit(_key("account", account), FREE_TOGETHER),
        Limit(_key("address", address), FREE_TOGETHER, shared=True),
    ]


def of_password(user: User) -> list[Limit]:
    """Return the limits of confirming something with the password, while logged in."""
    return [_of_known_devices(user.get_username().casefold())]


def of_sign_up(request: HttpRequest) -> list[Limit]:
    """Return the limits of an attempt to create an account."""
    return [Limit(_key("sign-up", client_address(request)), FREE_TOGETHER, shared=True)]


def of_mail(request: HttpRequest, email: str) -> list[Limit]:
    """Return the limits of having a link sent to a mailbox."""
    return [
        Limit(_key("mailbox", email.casefold())),
        Limit(_key("mail", client_address(request)), FREE_TOGETHER, shared=True),
    ]


def refuse_too_many(limits: list[Limit]) -> None:
    """Count an attempt. Raises ``ValidationError`` if it comes too early."""
    if seconds := Attempts.objects.admit(limits):
        raise ValidationError(f"Too many attempts. Wait {in_words(seconds)}.", code="wait")


def _of_known_devices(account: str) -> Limit:
    return Limit(_key("known devices", account))


def _key(*parts: str) -> str:
    return salted_hmac("config.accounts.limits", "\n".join(parts), algorithm="sha256").hexdigest()
