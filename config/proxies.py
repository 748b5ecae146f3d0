"""Who is a trusted proxy: what it says of a request is believed, and what visitors say is not."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings

Address = IPv4Address | IPv6Address


def is_trusted(address: Address | None) -> bool:
    """Whether this is the address of a trusted proxy; None for that of a Unix socket."""
    if address is None:  # only a proxy on this machine can call there
        return bool(settings.TRUSTED_PROXIES)
    return any(address in network for network in settings.TRUSTED_PROXIES)


def parse_address(text: str) -> Address | None:
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
