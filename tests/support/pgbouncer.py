"""pgbouncer, the usual connection pooler, in front of the PostgreSQL of the tests."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from tests.faults.emulators import free_port, running_server


def program() -> str | None:
    """Return the path of pgbouncer; None if it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def pooled_connections(folder: Path) -> Iterator[None]:
    """Send all connections of Django through a pooler that lends one for each transaction.

    No two transactions meet the same one: it is closed after each. ``folder`` is for the pooler's
    configuration.
    """
    port = free_port()
    settings = connection.settings_dict
    own = {name: settings[name] for name in ("HOST", "PORT", "OPTIONS")}
    options = {name: value for name, value in settings["OPTIONS"].items() if name != "host"}
    command = _command(folder, port)
    connection.close()
    with running_server(command, port):
        settings.update(HOST="127.0.0.1", PORT=port, OPTIONS=options)
        try:
            yield
        finally:
            connection.close()
            settings.update(own)


def _command(folder: Path, port: int) -> list[str]:
    """Write the configuration, and return the command that runs pgbouncer with it."""
    settings = connection.settings_dict
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('unix_socket_directories'), current_user")
        sockets, user = cursor.fetchone()
    server = {
        "host": settings["OPTIONS"].get("host") or settings["HOST"] or sockets.split(",")[0],
        "port": settings["PORT"] or 5432,
        "user": user,
        "password": settings["PASSWORD"],
    }
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        f"""
[databases]
* = {" ".join(f"{name}={_quoted(value)}" for name, value in server.items() if value)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
server_lifetime = 0
default_pool_size = 12
"""
    )
    command = [str(program()), str(configuration)]
    if os.geteuid():
        return command
    return [*command, "--user", _user_for(server["host"])]  # it refuses to run as root


def _quoted(value: object) -> str:
    text = str(value).replace("'", "''")
    return f"'{text}'"


def _user_for(host: str) -> str:
    """Return a user who may use the socket of PostgreSQL, if ``host`` is its folder."""
    owner = Path(host).stat().st_uid if host.startswith("/") else 0
    return pwd.getpwuid(owner).pw_name if owner else "nobody"
