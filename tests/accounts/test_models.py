"""The counters of attempts."""

from __future__ import annotations

import threading

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.accounts.models import Attempts
from config.accounts.throttling import FREE_ATTEMPTS, LONGEST_DELAY, Limit, delay
from tests.accounts.conftest import Clock
from tests.support.accounts import try_to_log_in

HOUR = 3600


def test_delays_double_up_to_a_limit() -> None:
    delays = [delay(failures) for failures in range(10_000)]
    assert delays[:10] == [0, 0, 0, 0, 0, 5, 10, 20, 40, 80]
    assert delays == sorted(delays)
    assert max(delays) == LONGEST_DELAY


def test_a_counter_holds_no_user_name_and_is_deleted_after_a_day(
    client: Client, owner: User, clock: Clock
) -> None:
    try_to_log_in(client, "secret-name")
    keys = {attempts.key for attempts in Attempts.objects.all()}
    assert len(keys) == 3
    assert all("secret" not in key and len(key) == 64 for key in keys)
    clock.forward(24 * HOUR + 1)
    try_to_log_in(client)
    assert Attempts.objects.filter(key__in=keys).count() == 1  # that of the address


def test_an_attempt_is_refused_while_one_of_its_counters_waits(db: None, clock: Clock) -> None:
    busy, other = Limit("busy"), Limit("other")
    for _ in range(FREE_ATTEMPTS):
        assert Attempts.objects.admit([busy]) == 0
    assert Attempts.objects.admit([busy, other]) == 5
    assert not Attempts.objects.filter(key="other").exists()
    clock.forward(5)
    assert Attempts.objects.admit([busy, other]) == 0


def test_a_counter_that_is_never_idle_for_a_day_comes_to_rest(db: None, clock: Clock) -> None:
    """Such as that of an address where some people fail to log in every few hours."""
    for _ in range(50):
        assert Attempts.objects.admit([Limit("address")]) == 0
        clock.forward(HOUR)
    for _ in range(FREE_ATTEMPTS):
        assert Attempts.objects.admit([Limit("address")]) == 0


def test_the_success_of_one_forgets_of_a_shared_counter_only_itself(db: None, clock: Clock) -> None:
    limits = [Limit("own"), Limit("shared", shared=True)]
    for _ in range(3):
        Attempts.objects.admit(limits)
    Attempts.objects.succeed(limits)
    assert list(Attempts.objects.values_list("key", "count")) == [("shared", 2)]


def test_attempts_that_are_made_at_once_all_count(transactional_db: None) -> None:
    waits = []

    def attempt() -> None:
        waits.append(Attempts.objects.admit([Limit("account"), Limit("address", 20)]))
        connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(3 * FREE_ATTEMPTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert waits.count(0) == FREE_ATTEMPTS


def test_counters_are_locked_in_one_order(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        Attempts.objects.admit([Limit("key-2"), Limit("key-1")])
    (insert,) = (query["sql"] for query in queries if query["sql"].startswith("INSERT"))
    assert insert.index("key-1") < insert.index("key-2")
