"""Imports files from disk, for the command."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Campaign
from sessions_app.importing.errors import ImportRefused
from sessions_app.importing.file_names import printable
from sessions_app.importing.outcomes import ImportResult
from sessions_app.importing.storing import import_file


@transaction.atomic
def import_paths(
    owner: User, paths: Iterable[str], campaign: Campaign | None, tell: Callable[[], object]
) -> ImportResult:
    """Import files from disk, all or none. Whoever may read them is trusted.

    ``tell`` is called after each session.

    Raises ``ImportRefused`` with the problem of the first bad file, and the number of others.
    """
    result = ImportResult()
    problems = []
    for path in paths:
        try:
            with _open(path) as file:
                result.add(import_file(owner, file, path, campaign, trusted=True, tell=tell))
        except ImportRefused as error:
            problems.append(str(error))
    if problems:
        others = f" {len(problems) - 1} more cannot be imported." if problems[1:] else ""
        raise ImportRefused(problems[0] + others)
    return result


@contextmanager
def _open(path: str) -> Iterator[IO[bytes]]:
    """Open a file. Raises ``ImportRefused`` if that fails, or if it cannot be read."""
    name = printable(path)
    try:
        with Path(path).open("rb") as file:
            yield file
    except FileNotFoundError:
        raise ImportRefused(f"{name} does not exist.") from None
    except IsADirectoryError:
        raise ImportRefused(f"{name} is a folder: name the files in it.") from None
    except PermissionError:
        raise ImportRefused(f"{name} may not be read: its permissions forbid it.") from None
    except OSError as error:
        raise ImportRefused(f"{name} cannot be read ({error.strerror}).") from None
