"""What the mirror's commands share: exit codes, and one sentence for what stopped them."""

import os
import sqlite3
import sys
from typing import Any, Literal

from django.core.management.base import BaseCommand, SystemCheckError
from django.db import Error as DatabaseError
from django.db import connection
from psycopg import Error as DriverError
from psycopg import OperationalError
from psycopg.errors import UndefinedColumn, UndefinedTable

from mirror.conf import setting
from mirror.errors import Failure, StoreError
from mirror.processes import ProcessDied
from mirror.stores.aws_errors import STALE_CREDENTIALS
from mirror.stores.clients import background_clients
from mirror.stores.provision import no_bucket, no_table
from mirror.stores.rights import missing_right

COULD_NOT_WORK = 2

REFUSED_CREDENTIALS = (
    "AWS does not accept the credentials. Correct AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
    "AWS_SESSION_TOKEN, AWS_PROFILE or the role, or the clock of this machine."
)
# What helps if boto3 makes no client, or none that can ask.
NO_CLIENT = {
    "NoCredentialsError": (
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this machine a "
        "role."
    ),
    "InvalidRegionError": (
        'A region is written like "eu-central-1". Correct MIRROR["REGION"], or AWS_REGION in the '
        "environment."
    ),
    "ValueError": (
        "Its address must begin with http:// or https://. Correct AWS_ENDPOINT_URL…, the "
        "endpoint_url in STORAGES, or the one in AWS's own configuration file."
    ),
}

# What an address does that gives no answer.
NO_ANSWER = {
    "EndpointConnectionError": "Nothing answers at {}.",
    "SSLError": (
        "{} does not answer in TLS, or its certificate is not trusted. Is it http://? Correct "
        "AWS_ENDPOINT_URL…, or see AWS_CA_BUNDLE."
    ),
}


def sentence(failure: Failure) -> str:
    """Say what is the matter with a store, and what would help."""
    right = missing_right(failure)
    help_ = f"{failure.operation} needs the right {right}." if right else _help(failure)
    return f"{failure.store} cannot be reached or used: {failure.reason}. {help_}".rstrip()


def _help(failure: Failure) -> str:
    """Say what to look at, and what to type; empty if the reason says enough."""
    if failure.reason == "ResourceNotFoundException":
        return no_table()
    if failure.reason == "NoSuchBucket":
        return no_bucket(background_clients())
    if failure.reason in STALE_CREDENTIALS:
        return REFUSED_CREDENTIALS
    if failure.reason in NO_CLIENT:
        return NO_CLIENT[failure.reason]
    if failure.reason in NO_ANSWER:
        return NO_ANSWER[failure.reason].format(background_clients().address(failure.store))
    return f"{failure.operation} failed." if failure.operation else ""


def database_sentence(error: BaseException) -> str:
    """Say what is the matter with PostgreSQL, without its own words, which may quote data."""
    what = f"The database does not answer as it should ({type(error).__name__})."
    if isinstance(error, UndefinedTable | UndefinedColumn):
        return f"{what} A table or a column is missing: run manage.py migrate."
    if isinstance(error, OperationalError):
        host, port = (connection.settings_dict[name] for name in ("HOST", "PORT"))
        place = f"{host}:{port or 5432}" if host else f"the local socket, port {port or 5432}"
        return f"{what} Check DATABASES in the settings: it is looked for at {place}."
    return f"{what} Check DATABASES in the settings, and that the migrations ran."


class MirrorCommand(BaseCommand):
    """Runs ``run()`` and exits with the code that it returns, or 2 if it could not work at all."""

    # Most of these commands run every day: what is no matter of mirroring is for `check` to say.
    requires_system_checks: tuple[str, ...] | Literal["__all__"] = ("mirror",)

    def check(self, *args: Any, **options: Any) -> None:
        """Run the system checks. What they refuse stops the command: it could not work."""
        try:
            super().check(*args, **options)
        except SystemCheckError as refused:
            refused.returncode = COULD_NOT_WORK
            raise

    def handle(self, *args: Any, **options: Any) -> None:
        """Call ``run``, and print a sentence for each error that it may raise."""
        try:
            code = self.run(**options) if setting("ENABLED") else self.switched_off(**options)
            self.stdout.flush()
        except BrokenPipeError:
            # Whoever reads it, such as `head`, has enough. Python would complain when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = COULD_NOT_WORK
        except StoreError as error:
            self.stderr.write(sentence(error.failure))
            code = COULD_NOT_WORK
        # Not migrated, lost, or a value that cannot be read; from where Django translates nothing,
        # the driver's own.
        except (DatabaseError, DriverError) as error:
            self.stderr.write(database_sentence(error.__cause__ or error))
            code = COULD_NOT_WORK
        except (OSError, sqlite3.Error) as error:  # the temporary files of a check or a restore
            kind = type(error).__name__
            self.stderr.write(f"A file cannot be read or written ({kind}). Is the disk full?")
            code = COULD_NOT_WORK
        except ProcessDied as death:
            self.stderr.write(f"A process of this command ended early ({death}). Run it again.")
            code = COULD_NOT_WORK
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What is not done stays pending.")
            code = COULD_NOT_WORK
        if code:
            sys.exit(code)

    def run(self, **options: Any) -> int:
        """Do the command's work and return its exit code."""
        raise TypeError(f"{type(self).__name__} must define run().")

    def switched_off(self, **options: Any) -> int:
        """Say that the mirror is switched off, and return the exit code."""
        self.stderr.write('The mirror is switched off: MIRROR["ENABLED"] is False.')
        return COULD_NOT_WORK

    @property
    def quiet(self) -> bool:
        """Whether no terminal shows the output, so that there should be no progress bar."""
        return not sys.stderr.isatty()
