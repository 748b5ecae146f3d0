"""The environment of a running `make run`, shared with commands in a second terminal."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import environ

ENVIRONMENT_FILE = "run.env"
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
LOOPBACK = ("127.0.0.1", "localhost")


def read(folder: Path) -> None:
    """Load the variables of a running ``make run``. Variables that are set already stay."""
    path = folder / ENVIRONMENT_FILE
    if path.is_file():
        environ.Env.read_env(path)


def write(folder: Path, values: dict[str, str]) -> None:
    """Write the variables to the file that ``read`` reads."""
    lines = [f"{name}={value}\n" for name, value in values.items()]
    _write_private(folder / ENVIRONMENT_FILE, "".join(lines))


def remove(folder: Path) -> None:
    """Remove the file, because ``make run`` has ended."""
    (folder / ENVIRONMENT_FILE).unlink(missing_ok=True)


def prepare(folder: Path, aws: str) -> dict[str, str]:
    """Set the variables that are not set yet; ``aws`` is the address of DynamoDB and S3.

    Returns the variables for a second terminal. They do not include the user's AWS credentials,
    which must not be written to disk: the stand-in accepts any.
    """
    no_proxy = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    values = {
        "DEBUG": "1",
        "SECRET_KEY": _secret_key(folder / "secret_key"),
        "DYNAMODB_TABLE_NAME": "tabletop",
        "AWS_S3_BUCKET_NAME": "tabletop-transcripts",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_DYNAMODB": aws,
        "AWS_ENDPOINT_URL_S3": aws,
        "MIRROR_DISPATCH": "worker",
    }
    chosen = {name: os.environ.get(name, "").strip() or value for name, value in values.items()}
    chosen["no_proxy"] = ",".join(filter(None, (no_proxy, *LOOPBACK)))
    os.environ.update(chosen, PYTHONUNBUFFERED="1")
    return chosen | {name: values[name] for name in CREDENTIALS}


def _secret_key(path: Path) -> str:
    """Return the key of this folder. It is made only once, so that logins survive a restart."""
    with suppress(FileNotFoundError):
        if key := path.read_text().strip():
            return key
    key = secrets.token_urlsafe(50)
    _write_private(path, key)
    return key


def _write_private(path: Path, content: str) -> None:
    """Write a file that only its owner can read. Nobody ever sees it half-written."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(content)
    draft.replace(path)
