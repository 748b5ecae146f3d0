"""A replica that lags behind is never asked: not for rows, not for the ledger."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.commands import run
from tests.support.factories import make_session


class ReadsFromReplica:
    """A router that sends reads to a database that is not there."""

    def db_for_read(self, model: type[Any], **hints: Any) -> str:
        return "replica"


def test_everything_is_read_from_the_primary(
    mirror: Stores, owner: User, settings: Settings
) -> None:
    make_session(owner, transcript_text="MATT: hello", notes="n" * 60_000)
    settings.DATABASE_ROUTERS = [ReadsFromReplica()]
    assert worker.drain().complete
    for command in (["mirror_sync", "--all"], ["mirror_check"], ["mirror_check", "--history"]):
        code, printed = run(*command)
        assert code == (1 if "--history" in command else 0), printed
    assert run("mirror_restore", "--dry-run")[0] == 0
