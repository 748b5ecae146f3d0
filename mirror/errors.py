"""The failures of the mirror, sorted by what is to be done about them.

A failure carries the class and the code of an error, never its text: boto's messages and
PostgreSQL's quote the data.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from django.db import InterfaceError, OperationalError, ProgrammingError

# The database's trouble, or a deploy's (its schema is not the code's): never a row's.
DATABASE_TROUBLE = (InterfaceError, OperationalError, ProgrammingError)

MAX_UNEXPLAINED_ATTEMPTS = 3
LONGEST_DELAY = timedelta(minutes=5)
DEPLOY_DELAY = timedelta(seconds=10)
OUTAGE_DELAY = timedelta(minutes=1)  # at most: the end of the outage makes the row due
# The error classes of calls that the breaker did not let through.
OUT_OF_REACH = "OutOfReach"
PARTITION_BUSY = "PartitionBusy"
SCHEMA_MISMATCH = "SchemaMismatch"  # of a row whose table is not what the code expects
REMOTE_AHEAD = "RemoteAhead"  # its code is a revision, which says nothing about the cause


class Kind(Enum):
    """What a failure is about, and so what follows from it."""

    UNREACHABLE = "the store: nothing works until it is back, so all processes stop asking"
    BUSY = "the moment: try again a little later"
    REFUSED = "the row: park it, so that no other row waits for it"
    UNEXPLAINED = "unknown: try again a few times, then park it"


@dataclass(frozen=True)
class Failure:
    """One failed attempt."""

    kind: Kind
    error_class: str
    code: str = ""
    store: str = ""
    operation: str = ""  # of AWS, if AWS answered
    seconds: float = 0  # how long it was waited for, if the budget ended the wait
    field: str = ""  # of the row, if one is at fault

    @property
    def reason(self) -> str:
        """What went wrong, in a word, or with how long it was waited for."""
        wait = f": no answer within {self.seconds:.1f} s" if self.seconds else ""
        return (self.code or self.error_class) + wait

    @property
    def is_of_row(self) -> bool:
        """Whether it was an attempt at the row, and counts as one."""
        return self.error_class not in {OUT_OF_REACH, SCHEMA_MISMATCH}

    def retry_after(self, attempts: int, *, chance: float | None = None) -> timedelta | None:
        """Return how long to wait after the ``attempts``-th failed attempt; None to give up.

        Doubles from one second to five minutes, less a random part of up to a half, so that
        what failed together does not come back together. ``chance`` (0 to 1) stands for the
        random part.
        """
        if self.kind is Kind.REFUSED:
            return None
        if self.error_class == OUT_OF_REACH:
            return OUTAGE_DELAY
        if self.error_class == SCHEMA_MISMATCH:
            return DEPLOY_DELAY
        if self.kind is Kind.UNEXPLAINED and attempts >= MAX_UNEXPLAINED_ATTEMPTS:
            return None
        delay = min(timedelta(seconds=2 ** min(attempts - 1, 20)), LONGEST_DELAY)
        chance = random.random() if chance is None else chance  # noqa: S311 - jitter is no secret
        return delay * (1 - chance / 2)


class Unmirrorable(ValueError):
    """DynamoDB cannot hold this row, however often it is tried.

    ``code`` is a word for the reason, free of data; ``field`` is the one at fault, if it is one.
    """

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field

    def __str__(self) -> str:
        return f"{self.code} in {self.field}" if self.field else self.code


class UnreadableRow(Exception):
    """A row cannot be read, as Python cannot hold a value of it, or not be rendered.

    ``error_class`` is what it raised; ``field`` the one at fault, if that is known.
    """

    def __init__(self, error_class: str, field: str = "") -> None:
        super().__init__(error_class, field)
        self.error_class = error_class
        self.field = field

    def __str__(self) -> str:
        return f"{self.error_class} in {self.field}" if self.field else self.error_class


class StoreError(Exception):
    """A call to a store failed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)  # all that is needed to pass it to another process
        self.failure = failure

    def __str__(self) -> str:
        return f"{self.failure.store}: {self.failure.reason}"


class Superseded(Exception):
    """A conditional write was refused: the table holds ``remote_revision``, and not ours.

    ``own`` says that this is another content of the very revision, and known to the ledger: other
    code has rendered the row before.
    """

    def __init__(self, remote_revision: int, *, own: bool = False) -> None:
        super().__init__(str(remote_revision))
        self.remote_revision = remote_revision
        self.own = own


class SchemaMismatch(Exception):
    """The table of a model is not what the code expects: a deploy is under way."""


class ClaimLost(Exception):
    """The claim is lost, or the row was changed: the attempt ends and removes nothing."""
