"""Actors: real threads with a database connection each, which stop before every boundary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from django.db import connection

from tests.exploration import clock
from tests.exploration.cloud import WRITES

Operation = tuple[str, Callable[[], object]]

_here = threading.local()


class Kind(Enum):
    """What an actor is about to do at its stop."""

    BEGIN = "the next operation"
    READ = "a statement that reads"
    ASK = "a call that reads"
    WRITE = "a statement that writes, or a commit"
    CALL = "a call to a store"
    SLEEP = "trying again"


class Crash(BaseException):
    """The end of a process: no ``except Exception`` catches it; its transaction is rolled back."""


class Actor(threading.Thread):
    """A thread that does one step at a time, when told to."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(name=name, daemon=True)
        self.number = number
        self.may_go, self.arrived = threading.Lock(), threading.Lock()
        self.may_go.acquire()
        self.arrived.acquire()
        self.pid = 0
        self.begin(())

    def begin(self, operations: Sequence[Operation], position: int = 0, claims: int = 0) -> None:
        """Make ready for a run, or for the rest of one; ``go`` starts it."""
        self.operations = operations
        self.position = position  # of the operation that comes next or is under way
        self.claims = claims  # made so far
        self.ended = position == len(operations)  # nothing left to do, or crashed
        self.blocked = False  # by a lock in PostgreSQL, when the scheduler looked last
        self.kind, self.label = Kind.BEGIN, ""
        self.order = ""  # what the scheduler wants of this step
        self.fresh = True  # has done nothing yet
        self.more = 0  # steps after it, without asking again
        self.history = 0  # a hash of all that this operation has done and seen; see the search
        self.patient = False  # its wait for a lock has a limit
        self.impatient = False  # it no longer lets others go first
        self.in_transaction = False
        self.wrote = False  # since the scheduler looked last
        self.began = 0.0  # the time when the operation began
        self.error: BaseException | None = None

    def go(self, order: str = "", *, steps: int = 1) -> None:
        """Let the thread make so many steps: until its next stop, or until a lock holds it."""
        self.order, self.more = order, steps - 1
        self.may_go.release()

    @property
    def ready(self) -> bool:
        """Whether it waits for the scheduler."""
        return not (self.ended or self.blocked)

    @property
    def midway(self) -> bool:
        """Whether it is in the middle of an operation."""
        return self.blocked or (not self.ended and self.kind is not Kind.BEGIN)

    def run(self) -> None:
        """Do what ``begin`` says, time and again."""
        _here.actor = self
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(clock.USE)
        self.pid = connection.connection.info.backend_pid
        connection.execute_wrappers.append(self._before_statement)
        database: Any = connection
        commit = database._commit

        def commit_when_told() -> None:
            try:
                self.stop(Kind.WRITE, "COMMIT")
            except BaseException:
                database._rollback()
                raise
            commit()
            self.wrote = True

        database._commit = commit_when_told
        self.arrived.release()
        while True:
            self.may_go.acquire()
            if self.order == "quit":
                break
            self._run_operations()
            self.ended, self.kind = True, Kind.BEGIN
            self.in_transaction = False
            self.arrived.release()
        connection.close()

    def _run_operations(self) -> None:
        try:
            self._obey()
            while True:
                self.patient = self.impatient = False
                self.fresh = True
                self.operations[self.position][1]()
                self.position += 1
                if self.position == len(self.operations):
                    break
                self.stop(Kind.BEGIN, "")
        except Crash:
            self.position = len(self.operations)
        except BaseException as error:  # noqa: BLE001 - reported by the scheduler
            self.error = error

    def stop(self, kind: Kind, label: str) -> str:
        """Wait until the scheduler lets this thread go on; return its order."""
        if self.fresh and kind is not Kind.BEGIN:
            self.fresh = False  # nothing was done before the first boundary: it is no boundary
            return ""
        if self.more:
            self.more -= 1
            return ""
        self.kind, self.label = kind, label
        self.in_transaction = connection.in_atomic_block
        self.arrived.release()
        self.may_go.acquire()
        return self._obey()

    def _obey(self) -> str:
        if self.order == "crash":
            raise Crash
        return self.order

    def _before_statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        words = " ".join(sql.split()[:2]).upper()
        if words.startswith("SELECT"):
            if 'FROM "mirror_outage"' not in sql:
                self.stop(Kind.READ, sql)
            return execute(sql, params, many, context)
        if not words.startswith(("INSERT", "UPDATE", "DELETE", "WITH")):
            self.patient |= "lock_timeout" in sql
            return execute(sql, params, many, context)
        self.stop(Kind.WRITE, sql)
        result = execute(sql, params, many, context)
        self.wrote = True
        return result


def here() -> Actor | None:
    """The actor whose thread asks; None in any other thread."""
    return getattr(_here, "actor", None)


def before_call(operation: str) -> str:
    """Stop the actor that is about to call a store, if it is one."""
    actor = here()
    if actor is None:
        return ""
    return actor.stop(Kind.CALL if operation in WRITES else Kind.ASK, operation)


def before_sleep(seconds: float) -> None:
    """Let other actors go first."""
    actor = here()
    if actor is not None and not actor.impatient:
        actor.stop(Kind.SLEEP, "sleep")
        actor.impatient = True
