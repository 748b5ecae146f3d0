"""Which address a visitor comes from, with and without proxies."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from config.accounts import addresses
from config.accounts.addresses import client_address

PROXY, OTHER_PROXY, VISITOR = "10.0.0.1", "10.0.0.2", "203.0.113.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (VISITOR, None, VISITOR),
        (PROXY, None, PROXY),
        (PROXY, VISITOR, VISITOR),
        (PROXY, f"198.51.100.1, {VISITOR}", VISITOR),  # the first is made up
        (PROXY, f"198.51.100.1, {VISITOR}, {OTHER_PROXY}", VISITOR),
        (PROXY, f"10.9.9.9,{VISITOR}", VISITOR),
        (PROXY, OTHER_PROXY, OTHER_PROXY),  # a visitor inside the network
        (PROXY, f"{VISITOR}:4711", VISITOR),
        (PROXY, "nonsense", PROXY),
        (PROXY, f"{VISITOR}, nonsense", PROXY),
        (PROXY, " , ", PROXY),
        (VISITOR, "198.51.100.1", VISITOR),  # not a proxy
        ("", VISITOR, VISITOR),  # a Unix socket
        (PROXY, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (PROXY, "[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"),
        (f"::ffff:{PROXY}", f"::ffff:{VISITOR}", VISITOR),
    ],
)
def test_x_forwarded_for_is_believed_of_trusted_proxies_alone(
    settings: Settings, peer: str, forwarded: str | None, address: str
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
    assert client_address(request) == address


def test_a_proxy_that_is_not_named_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    addresses._tell_of_unnamed_proxy.cache_clear()
    request = RequestFactory().get("/", headers={"X-Forwarded-For": VISITOR})
    assert {client_address(request) for _ in range(3)} == {"127.0.0.1"}
    assert caplog.text.count("TRUSTED_PROXIES is not set") == 1
    assert VISITOR not in caplog.text
