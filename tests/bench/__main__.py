"""Measure, print the table, and write it as JSON: ``make bench``, or ``python -m tests.bench``."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

from tests.bench import environment
from tests.bench.sizes import FULL, QUICK, TINY, Sizes
from tests.bench.table import Row, as_json, lines

PARTS = (
    *("saves", "writers", "backfill", "check", "ledger", "memory", "pages", "search"),
    "archives",
)


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--json", type=Path, default=environment.FOLDER / "bench.json", help="where to write it"
    )
    parser.add_argument("--tiny", action="store_true", help="only see whether everything works")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no parts: {', '.join(sorted(unknown))}")
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    sizes = TINY if options.tiny else QUICK if quick else FULL
    environment.prepare()
    django.setup()
    started = time.monotonic()
    about: dict[str, Any] = {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sizes": "tiny" if options.tiny else "quick" if quick else "full",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    rows, failures = measure(options.parts or list(PARTS), sizes)
    about["seconds"] = round(time.monotonic() - started)
    about["load"] = [round(load, 1) for load in os.getloadavg()]
    sys.stdout.write("\n" + "\n".join(lines(rows)) + "\n\n")
    sys.stdout.write("{seconds} seconds; load {load} on {cores} cores.\n".format(**about))
    write(options.json, rows, about)
    sys.exit("\n".join(failures) or 0)


def measure(parts: list[str], sizes: Sizes) -> tuple[list[Row], list[str]]:
    """Measure some parts, and show each row as soon as it is known; return what failed, too."""
    from tests.bench.databases import make_template
    from tests.bench.processes import Failed

    make_template()
    rows, failures = [], []
    for name in parts:
        started = time.monotonic()
        try:
            for row in importlib.import_module(f"tests.bench.parts.{name}").measure(sizes):
                sys.stderr.write("  ".join(filter(None, row.cells())) + "\n")
                rows.append(row)
        except Failed as failure:
            failures.append(f"{name} failed: {failure}")
        sys.stderr.write(f"({name}: {time.monotonic() - started:.0f} s)\n")
    return rows, failures


def write(path: Path, rows: list[Row], about: dict[str, Any]) -> None:
    """Write the JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_json(rows, about), encoding="utf-8")
    sys.stdout.write(f"Written to {path}.\n")


if __name__ == "__main__":
    main()
