"""Which address a visitor comes from. X-Forwarded-For is believed of trusted proxies alone."""

import functools
import logging
from ipaddress import IPv6Address, ip_network

from django.conf import settings
from django.http import HttpRequest

from config.proxies import is_trusted, parse_address

logger = logging.getLogger(__name__)


def client_address(request: HttpRequest) -> str:
    """Return the visitor's address, or of an IPv6 address its /64: one visitor has all of that.

    Each proxy appends the address that called it. So the last address that is not a trusted
    proxy's is the visitor's; whatever stands before it, the visitor may have made up.
    """
    address = parse_address(request.META.get("REMOTE_ADDR", ""))
    forwarded = [hop for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop]
    if forwarded and not settings.TRUSTED_PROXIES:
        _tell_of_unnamed_proxy()
    while forwarded and is_trusted(address):
        hop = parse_address(forwarded.pop())
        if hop is None:
            break
        address = hop
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


@functools.cache  # once for each process
def _tell_of_unnamed_proxy() -> None:
    logger.warning(
        "A request came with X-Forwarded-For, and TRUSTED_PROXIES is not set. If a proxy stands "
        "before this server, name it there: until then all its visitors count as one address."
    )
