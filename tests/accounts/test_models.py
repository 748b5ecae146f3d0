"""The counters of attempts."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from config.accounts.models import LoginAttempts
from config.accounts.throttling import LONGEST_DELAY, delay
from tests.accounts.conftest import Clock
from tests.support.accounts import try_to_log_in


def test_delays_double_up_to_a_limit() -> None:
    delays = [delay(failures) for failures in range(10_000)]
    assert delays[:10] == [0, 0, 0, 0, 0, 5, 10, 20, 40, 80]
    assert delays == sorted(delays)
    assert max(delays) == LONGEST_DELAY


def test_a_counter_holds_no_user_name_and_is_deleted_after_a_day(
    client: Client, owner: User, clock: Clock
) -> None:
    try_to_log_in(client, "secret-name")
    (attempts,) = LoginAttempts.objects.all()
    assert "secret" not in attempts.key
    assert len(attempts.key) == 64
    clock.forward(24 * 3600 + 1)
    try_to_log_in(client)
    assert LoginAttempts.objects.count() == 1
