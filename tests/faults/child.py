"""A process that forks short-lived workers: what they do is killed or frozen by real signals.

Started once by ``children.py``; a fork costs a few milliseconds where a new process and its
imports cost two seconds. One JSON object a line says what is wanted, and what came of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import django


def act(command: dict[str, Any]) -> None:
    """Do, in the fork, what the command says."""
    from django.conf import settings
    from django.db import transaction

    from mirror.models import ledger
    from mirror.sync import worker
    from sessions_app.models import Session
    from tests.faults.mutants import broken
    from tests.faults.points import before

    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = command["address"]
    os.environ["AWS_ENDPOINT_URL_S3"] = command["address"]
    if "lease" in command:
        ledger.LEASE = timedelta(seconds=command["lease"])

    def save(**fields: Any) -> None:
        session = Session.objects.get(pk=command["session"])
        for name, value in fields.items():
            setattr(session, name, value)
        session.save()

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def save_and_die() -> None:
        with transaction.atomic():
            save(name="never committed")
            die()

    def save_inline() -> None:
        settings.MIRROR["DISPATCH"] = "inline"
        save(name="saved", transcript_text="MATT: new")

    actions: dict[str, Callable[[], object]] = {
        "drain": worker.mirror_due,
        "sync": worker.drain,
        "save and die before the commit": save_and_die,
        "save inline": save_inline,
    }
    number = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}.get(command.get("signal", ""))
    with ExitStack() as stack:
        if command["broken"]:
            stack.enter_context(broken(command["broken"]))
        if number:
            end = partial(os.kill, os.getpid(), number)
            stack.enter_context(before(command["point"], end, nth=command.get("nth", 1)))
        actions[command["action"]]()


def fork(command: dict[str, Any]) -> int:
    """Start a fork and return its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        act(command)
    except BaseException:  # noqa: BLE001 - a fork must not return into the parent's loop
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main() -> None:
    """Serve commands until standard input ends."""
    django.setup()
    import mirror.sync.worker  # noqa: F401 - so that the forks need not import it

    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], os.WUNTRACED)
            stopped = os.WIFSTOPPED(status)
            code = None if stopped else os.waitstatus_to_exitcode(status)
            answer = {"stopped": stopped, "code": code}
        else:
            answer = {"pid": fork(command)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
