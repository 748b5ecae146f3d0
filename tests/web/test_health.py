"""The health check for load balancers."""

from __future__ import annotations

from django.db import OperationalError, connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings


def test_healthz_answers_reads_only(client: Client, db: None) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405


def test_healthz_is_answered_by_address_over_http_with_one_query(
    client: Client, db: None, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.ALLOWED_HOSTS = ["tabletop.example.org"]
    settings.SECURE_SSL_REDIRECT = True
    with django_assert_num_queries(1):
        assert client.get("/healthz", headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_healthz_is_unavailable_without_the_database(client: Client, db: None) -> None:
    def fail(*_: object) -> None:
        raise OperationalError

    with connection.execute_wrapper(fail):
        assert client.get("/healthz").status_code == 503
