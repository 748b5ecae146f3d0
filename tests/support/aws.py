"""Sets the addresses at which the clients look for DynamoDB and S3 during a test."""

from __future__ import annotations

import os

import pytest

from mirror.stores import clients

NOWHERE = "http://127.0.0.1:9"  # an address where nothing listens


def point_clients_at(dynamodb: str, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all new clients, in this process and its children, use these addresses."""
    monkeypatch.setitem(os.environ, "AWS_ENDPOINT_URL_DYNAMODB", dynamodb)
    monkeypatch.setitem(os.environ, "AWS_ENDPOINT_URL_S3", s3)
    clients.reset_clients()


def cut_off(store: str, aws_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one store, "DynamoDB" or "S3", unreachable. The other one is at ``aws_address``."""
    dynamodb, s3 = (NOWHERE if name == store else aws_address for name in ("DynamoDB", "S3"))
    point_clients_at(dynamodb, s3, monkeypatch)
