"""The health check for load balancers."""

from __future__ import annotations

from django.db import OperationalError, connection
from django.test import Client


def test_healthz_answers_reads_only(client: Client, db: None) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405


def test_healthz_is_unavailable_without_the_database(client: Client, db: None) -> None:
    def fail(*_: object) -> None:
        raise OperationalError

    with connection.execute_wrapper(fail):
        assert client.get("/healthz").status_code == 503
