"""Each request has an id: in the answer, and in every line of the log about it."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from campaigns.models import Campaign
from config.logs import PrivateFormatter, request_id
from mirror.stores.clients import Stores
from tests.support.aws import NOWHERE, point_clients_at

PROXY = "10.0.0.1"
GIVEN = "3f2a.B-7_x"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, in the text format of the site."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(PrivateFormatter("%(levelname)s %(name)s%(request_id)s %(message)s"))
    logger = logging.getLogger()
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("peer", "given", "taken"),
    [
        (PROXY, GIVEN, True),
        ("203.0.113.7", GIVEN, False),  # a visitor
        (PROXY, "", False),
        (PROXY, "a b", False),
        (PROXY, 'a"\x1b[31m', False),
        (PROXY, "a" * 65, False),
    ],
)
def test_a_sane_id_of_a_trusted_proxy_is_taken_and_any_other_made_anew(
    client: Client, settings: Settings, peer: str, given: str, taken: bool
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    answer = client.get("/healthz", headers={"X-Request-ID": given}, REMOTE_ADDR=peer)
    known = answer["X-Request-ID"]
    assert (known == given) is taken
    assert taken or re.fullmatch("[0-9a-f]{32}", known)


def test_lines_about_a_request_have_its_id_and_later_lines_have_none(
    client: Client, db: None, log: io.StringIO
) -> None:
    known = [client.get("/nowhere/")["X-Request-ID"] for _ in range(2)]
    logging.getLogger("mirror").warning("later")
    assert known[0] != known[1]
    assert log.getvalue().splitlines() == [
        *(f"WARNING django.request [{this}] Not Found: /nowhere/" for this in known),
        "WARNING mirror later",
    ]
    assert request_id.get() == ""


def test_lines_of_the_mirror_about_a_request_have_its_id(
    mirror: Stores,
    inline: None,
    gm: Client,
    owner: User,
    log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    answer = gm.post("/campaigns/new/", {"name": "PRIVATE-CANARY"})
    assert Campaign.objects.exists()
    assert f"ERROR mirror [{answer['X-Request-ID']}] DynamoDB is out of reach" in log.getvalue()
    assert "PRIVATE-CANARY" not in log.getvalue()
