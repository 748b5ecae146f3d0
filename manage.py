#!/usr/bin/env python
"""Django's command line. It reports a wrong configuration in one sentence."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> None:
    """Run a command; exit with 2 if the configuration is wrong or the database does not answer."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.conf import settings

        settings.INSTALLED_APPS  # noqa: B018 - loads the settings here, so that errors are caught
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(fail(f"Configuration: {error}"))
    except OperationalError as error:
        # The driver's message may quote data and host names, so only its class is printed.
        sys.exit(
            fail(
                f"The database does not answer ({type(error.__cause__ or error).__name__}). "
                "Check DATABASE_URL and that PostgreSQL runs."
            )
        )


def fail(sentence: str) -> int:
    """Print what went wrong and return the exit code for commands that could not run."""
    sys.stderr.write(sentence + "\n")
    return 2


if __name__ == "__main__":
    main()
