"""``mirror_sync``: its options, and what it says if AWS is out of reach."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from mirror.stores.clients import Stores
from tests.support.factories import make_campaign
from tests.support.manage import database_url, manage


def test_a_store_out_of_reach_is_named_and_ends_with_exit_code_2(
    mirror: Stores, owner: User
) -> None:
    make_campaign(owner)
    done = manage(
        "mirror_sync",
        DATABASE_URL=database_url(),
        AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:9",
    )
    assert done.returncode == 2
    assert "Out of reach: DynamoDB." in done.stderr
    assert "1 pending" in done.stdout


@pytest.mark.parametrize("rate", ["0", "-1", "fast", "inf", "nan"])
def test_a_rate_must_be_a_positive_number(db: None, rate: str) -> None:
    with pytest.raises(CommandError, match="above 0"):
        call_command("mirror_sync", f"--rate={rate}")
