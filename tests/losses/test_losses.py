"""Each claim of the table in ``docs/why.md`` is made to happen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mirror.stores import clients
from tests.faults.proxy import Proxy
from tests.losses.losses import LOSSES, Loss
from tests.losses.play import play, table
from tests.losses.ways import WAYS
from tests.support.aws import point_clients_at
from tests.support.paths import PROJECT


@pytest.fixture(scope="module")
def proxy(moto_address: str) -> Iterator[Proxy]:
    """The proxy in front of moto, where all clients look for AWS."""
    proxy = Proxy(moto_address)
    with pytest.MonkeyPatch.context() as monkeypatch:
        point_clients_at(proxy.address, proxy.address, monkeypatch)
        yield proxy
    clients.reset_clients()
    proxy.stop()


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.happen.__name__)
def test_each_way_keeps_and_loses_what_the_page_says(loss: Loss, proxy: Proxy) -> None:
    assert tuple(play(loss, way, proxy) for way in WAYS) == loss.claims


def test_the_page_has_the_table() -> None:
    page = (PROJECT / "docs" / "why.md").read_text()
    assert table([loss.claims for loss in LOSSES]) in page
