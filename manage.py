#!/usr/bin/env python
"""Django's command line, with configuration errors said in one sentence."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> None:
    """Run one command; exit 2 where the configuration or the database makes that impossible."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.conf import settings

        settings.INSTALLED_APPS  # noqa: B018 - loads the settings now: a wrong value is reported here
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(fail(f"Configuration: {error}"))
    except OperationalError as error:
        # The driver's message may quote data and name hosts; its class says enough.
        sys.exit(
            fail(
                f"The database does not answer ({type(error.__cause__ or error).__name__}). "
                "Check DATABASE_URL and that PostgreSQL runs."
            )
        )


def fail(sentence: str) -> int:
    """Print what went wrong and return the exit code of 'could not work at all'."""
    sys.stderr.write(sentence + "\n")
    return 2


if __name__ == "__main__":
    main()
