"""A check that somebody asked for on the pages, as the worker's process carries it out."""

from __future__ import annotations

import os
import time
from uuid import UUID

from django.db import transaction

from mirror.errors import StoreError
from mirror.models import CheckRequest
from mirror.verify import history
from mirror.verify.check import check_in_processes, count_rows
from mirror.verify.report import Report, Scope

TOLD = 1.0  # seconds between two reports of progress


class RequestLost(Exception):
    """The worker that started this check is gone, or another has taken it over."""


def carry_out(token: UUID) -> Report:
    """Check what was asked for under ``token``, save the check, and link it.

    Raises ``RequestLost``, and what ``check`` raises. In one process, so that the other cores are
    free for the mirroring.
    """
    held = CheckRequest.objects.held(token)
    request = held.first()
    if request is None:
        raise RequestLost
    held.update(total=2 * count_rows())  # with their items
    try:
        report = check_in_processes(1, Scope(deep=request.deep), _Progress(token))
    except StoreError as error:
        failure = error.failure
        held.fail(f"{failure.store} does not answer ({failure.reason}).")
        raise
    with transaction.atomic():
        if not held.finish(history.record(report)):
            raise RequestLost
    return report


class _Progress:
    """Tells how much is compared, and stops the check once nobody waits for it."""

    def __init__(self, token: UUID) -> None:
        self._held = CheckRequest.objects.held(token)
        self._worker = os.getppid()
        self._compared = 0
        self._next = 0.0

    def __call__(self, compared: int) -> None:
        self._compared += compared
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + TOLD
        told = self._held.update(compared=self._compared)
        if not told or os.getppid() != self._worker:
            raise RequestLost
