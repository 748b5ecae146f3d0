"""Runs the mirror's tests in an environment for each row, and prints a table (`make matrix`).

With arguments, only the rows that have all of them: `python -m tests.matrix 3.13 6.1`. What
`PYTEST_ADDOPTS` says, pytest does, too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.adoption import bare
from tests.matrix import environments, postgres
from tests.support.paths import PROJECT

# Its own tests, and those of another project that installs its wheel.
TESTS = ("tests/mirror", "tests/adoption")
# What newer releases deprecate is an error in the mirror, and not in the site or in a test.
WARNINGS = (
    "error",
    "ignore::DeprecationWarning",
    "ignore::PendingDeprecationWarning",
    "error::DeprecationWarning:mirror[.]",
    "error::PendingDeprecationWarning:mirror[.]",
)
PYTEST = (
    *("-m", "pytest", *TESTS, "-q", "--tb=short", "-p", "no:cacheprovider"),
    *("-n", "auto", "--dist", "loadfile", "-o", "timeout=300"),
    *("-o", "filterwarnings=" + "\n".join(WARNINGS)),
)


class Row(NamedTuple):
    """One combination: versions, and which releases of all other packages."""

    python: str
    django: str
    postgresql: str
    others: str = "newest"


ROWS = (
    Row("3.11", "5.2", "15", "oldest"),
    Row("3.11", "5.2", "16"),
    Row("3.12", "5.2", "17"),
    Row("3.13", "5.2", "18"),
    Row("3.12", "6.0", "15"),
    Row("3.13", "6.0", "17"),
    Row("3.12", "6.1", "16"),
    Row("3.13", "6.1", "18"),
)


def main(*chosen: str) -> int:
    """Run the rows, print the table, and return how many failed."""
    rows = [row for row in ROWS if set(chosen) <= set(row)]
    results = []
    with TemporaryDirectory(prefix="matrix-") as folder:
        wheel = bare.build(Path(folder))
        for row in rows:
            say("", " ".join(row))
            results.append(result(row, wheel))
    say("", "| Python | Django | PostgreSQL | other packages | result |", "| --- " * 5 + "|")
    for row, (text, _) in zip(rows, results, strict=True):
        say(f"| {' | '.join(row)} | {text} |")
    return sum(not passed for _, passed in results)


def result(row: Row, wheel: Path) -> tuple[str, bool]:
    """Return the last line of pytest, or why it did not run; and whether all tests passed."""
    with TemporaryDirectory(prefix="matrix-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else
        try:
            python = environments.install(
                wheel.parent / f"{row.python}-{row.others}",
                *(wheel, row.python, row.django),
                oldest=row.others == "oldest",
            )
            with postgres.server(row.postgresql, folder) as address:
                return pytest(python, address)
        except (environments.NotToBeHad, subprocess.CalledProcessError) as error:
            return f"not run: {error}", False


def pytest(python: Path, database: str) -> tuple[str, bool]:
    """Run the tests; show what they print, and return its last line and whether all passed."""
    environment = os.environ | {"DATABASE_URL": database}
    with subprocess.Popen(
        [python, *PYTEST], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        last = ""
        for line in running.stdout or ():
            say(line.rstrip("\n"))
            last = line.strip() or last
    return last, running.returncode == 0


def say(*lines: str) -> None:
    """Print these lines at once: a row takes minutes."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
