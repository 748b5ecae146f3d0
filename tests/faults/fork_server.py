"""A process that forks short-lived child processes, which real signals kill or freeze.

``child_processes.py`` starts it once, since a fork takes a few milliseconds, while a new process
with its imports takes two seconds. It reads one command a line from standard input, as JSON, and
answers each with one line of JSON.
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

LONGEST = 60  # seconds that a child lives: one that a broken engine keeps busy fails its test


def act(command: dict[str, Any]) -> None:
    """Do what the command says. Runs in the forked child."""
    from django.conf import settings
    from django.db import transaction

    from mirror.models import claims
    from mirror.sync import worker
    from sessions_app.models import Session
    from tests.faults.mutants import apply_mutant
    from tests.faults.protocol_steps import before_step

    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = command["address"]
    os.environ["AWS_ENDPOINT_URL_S3"] = command["address"]
    if "lease" in command:
        claims.LEASE = timedelta(seconds=command["lease"])

    def save(**fields: Any) -> None:
        session = Session.objects.get(pk=command["session"])
        for name, value in fields.items():
            setattr(session, name, value)
        session.save()

    def save_and_die() -> None:
        with transaction.atomic():
            save(name="never committed")
            os.kill(os.getpid(), signal.SIGKILL)

    def save_inline() -> None:
        settings.MIRROR["DISPATCH"] = "inline"
        save(name="saved", transcript_text="MATT: new")

    actions: dict[str, Callable[[], object]] = {
        "mirror due rows": worker.mirror_due,
        "drain": worker.drain,
        "save and die before the commit": save_and_die,
        "save inline": save_inline,
    }
    number = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}.get(command.get("signal", ""))
    with ExitStack() as stack:
        if command["mutant"]:
            stack.enter_context(apply_mutant(command["mutant"]))
        if number:
            send_signal = partial(os.kill, os.getpid(), number)
            nth = command.get("nth", 1)
            stack.enter_context(before_step(command["step"], send_signal, nth=nth))
        actions[command["action"]]()


def fork(command: dict[str, Any]) -> int:
    """Fork a child that carries out the command; return its process id."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(LONGEST)
    try:
        act(command)
    except BaseException:  # noqa: BLE001 - a child must not return into the parent's loop
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main() -> None:
    """Serve commands until standard input ends."""
    django.setup()
    import mirror.sync.worker  # noqa: F401 - so that the children need not import it

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
