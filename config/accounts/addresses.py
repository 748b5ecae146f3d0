"""Which address a visitor comes from. X-Forwarded-For is believed of trusted proxies alone."""

import functools
import logging
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

logger = logging.getLogger(__name__)
Address = IPv4Address | IPv6Address


def client_address(request: HttpRequest) -> str:
    """Return the visitor's address, or of an IPv6 address its /64: one visitor has all of that.

    Each proxy appends the address that called it. So the last address that is not a trusted
    proxy's is the visitor's; whatever stands before it, the visitor may have made up.
    """
    address = _parse(request.META.get("REMOTE_ADDR", ""))
    forwarded = [hop for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop]
    if forwarded and not settings.TRUSTED_PROXIES:
        _tell_of_unnamed_proxy()
    while forwarded and _is_trusted(address):
        hop = _parse(forwarded.pop())
        if hop is None:
            break
        address = hop
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _is_trusted(address: Address | None) -> bool:
    if address is None:  # a Unix socket, where only a proxy on this machine can call
        return bool(settings.TRUSTED_PROXIES)
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _parse(text: str) -> Address | None:
    """Read an address as proxies write it: some add a port, or a zone to IPv6."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@functools.cache  # once for each process
def _tell_of_unnamed_proxy() -> None:
    logger.warning(
        "A request came with X-Forwarded-For, and TRUSTED_PROXIES is not set. If a proxy stands "
        "before this server, name it there: until then all its visitors count as one address."
    )
