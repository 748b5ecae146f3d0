"""The commands name triggers that the database does not run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from mirror.stores.clients import Stores
from tests.support.commands import run


def set_triggers(verb: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE campaigns_campaign {verb} TRIGGER USER")


@pytest.fixture
def disabled(mirror: Stores) -> Iterator[None]:
    """The database does not run the triggers of campaigns."""
    set_triggers("DISABLE")
    yield
    set_triggers("ENABLE")


@pytest.mark.usefixtures("disabled")
def test_the_commands_name_disabled_triggers() -> None:
    for command in (["mirror_setup"], ["mirror_setup", "--check"]):
        code, printed = run(*command)
        assert (code, "campaigns.campaign: the database does not run" in printed) == (1, True)
        assert "pgtrigger enable" in printed
        assert "Everything is as it should be." not in printed
    code, printed = run("mirror_check")
    assert (code, "campaigns.campaign: the database does not run" in printed) == (0, True)
