"""Reads environment variables: one function for each kind of value, each with a clear error.

Only ``config.settings`` calls these functions. For a wrong value they raise
``ImproperlyConfigured`` with one sentence that names the variable and the values that it takes. The
sentence does not repeat a value that may hold a secret.
"""

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NamedTuple

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
Network = IPv4Network | IPv6Network
EXAMPLE_SECRET_KEYS = frozenset({"change-me", "changeme", "secret", "example", "your-secret-key"})
# Each may be in a file instead, which the variable with _FILE names.
SECRETS = frozenset({"DATABASE_URL", "EMAIL_URL", "METRICS_TOKEN", "SECRET_KEY", "SENTRY_DSN"})


def text(name: str, default: str = "") -> str:
    """Return the variable without surrounding space; ``default`` if it is unset or empty."""
    value = os.environ.get(name, "").strip()
    path = os.environ.get(f"{name}_FILE", "").strip() if name in SECRETS else ""
    if value and path:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: set one of them.")
    return value or (_content(f"{name}_FILE", path) if path else default)


def _content(name: str, path: str) -> str:
    """Return the secret in the file at ``path``, which the variable ``name`` names."""
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        kind = type(error).__name__
        raise ImproperlyConfigured(f"{name} names a file that cannot be read ({kind}).") from None
    if not content:
        raise ImproperlyConfigured(f"{name} names a file that is empty.")
    return content


def boolean(name: str, *, default: bool) -> bool:
    """Return a switch. Any word that means neither yes nor no is an error."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} takes 1 or 0 (true or false), not {value!r}.")


def choice(name: str, options: tuple[str, ...], *, default: str) -> str:
    """Return one of ``options``."""
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name} takes {' or '.join(options)}, not {value!r}.")
    return value


def words(name: str) -> list[str]:
    """Return a comma-separated list; it is empty if the variable is unset."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def seconds(name: str, *, default: int) -> int:
    """Return a whole number of seconds, 0 or more."""
    value = text(name, str(default))
    if not (value.isascii() and value.isdecimal()):
        raise ImproperlyConfigured(f"{name} takes a whole number of seconds, not {value!r}.")
    return int(value)


def networks(name: str) -> list[Network]:
    """Return a comma-separated list of IP addresses and networks.

    A network of all addresses is an error: whoever is trusted can say anything.
    """
    found = []
    for word in words(name):
        try:
            network = ip_network(word)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} takes IP addresses and networks with commas between, "
                f"such as 10.0.0.0/8, not {word!r}."
            ) from None
        if network.prefixlen == 0:
            raise ImproperlyConfigured(f"{name} must not name all addresses, as {word!r} does.")
        found.append(network)
    return found


def required(name: str, meaning: str, pattern: str, *, default: str = "") -> str:
    """Return a value that must be set and match ``pattern``; the error states its ``meaning``."""
    value = text(name, default)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: it names {meaning}.")
    return optional(name, meaning, pattern, default=default)


def optional(name: str, meaning: str, pattern: str, *, default: str = "") -> str:
    """Return a value that must match ``pattern`` if it is set."""
    value = text(name, default)
    if value and not re.fullmatch(pattern, value):
        raise ImproperlyConfigured(f"{name} is not {meaning}: {value!r} is not a valid name.")
    return value


def token(name: str) -> str:
    """Return a secret of 20 characters or more that can stand in a header, or an empty text."""
    value = text(name)
    if value and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{20,}", value):
        raise ImproperlyConfigured(
            f"{name} takes 20 random characters or more: letters, digits and any of . _ ~ + / = -"
        )
    return value


def secret_key(*, debug: bool) -> str:
    """Return ``SECRET_KEY``. Unless ``debug`` is set, a missing or an example key is an error."""
    value = text("SECRET_KEY")
    if debug:
        return value or "django-insecure-for-development-only"
    example = value.lower() in EXAMPLE_SECRET_KEYS or value.startswith("django-insecure-")
    if not value or example:
        problem = "an example key" if value else "not set"
        raise ImproperlyConfigured(
            f"SECRET_KEY is {problem}. Set a random one of 50 characters or more "
            "(or DEBUG=1 on a development machine)."
        )
    return value


def database_url(name: str) -> dict[str, Any]:
    """Return Django's settings for a PostgreSQL URL; anything else is an error."""
    url = text(name)
    form = f"{name} takes postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    if not re.match(r"^(postgres|postgresql|pgsql)://", url):
        raise ImproperlyConfigured(f"{form}; the value that is set is not a PostgreSQL address.")
    rest = url.partition("://")[2]
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    # A password with one of these characters would be read as a host, a port or a path.
    if rest.count("@") > 1 or rest.count("@") > authority.count("@") or "#" in rest:
        raise ImproperlyConfigured(
            f"{form}. Percent-encode special characters of the password, such as @ as %40, "
            "/ as %2F, ? as %3F and # as %23."
        )
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, UnicodeError):
        raise ImproperlyConfigured(f"{form}; the value that is set cannot be read.") from None
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"{form}; the value that is set names no database.")
    return config


class Mail(NamedTuple):
    """How mail is sent: Django's ``EMAIL_*`` settings. By default it goes to standard error."""

    backend: str = "config.accounts.console.EmailBackend"
    host: str = "localhost"
    port: int = MAIL_PORTS["smtp"]
    user: str | None = ""
    password: str | None = ""
    use_tls: bool = False
    use_ssl: bool = False


def email_url(name: str) -> Mail:
    """Return the mail server that a URL names; an unset variable means standard error."""
    url = text(name)
    if not url:
        return Mail()
    form = f"{name} takes smtp+tls://USER:PASSWORD@HOST:PORT (or smtp+ssl:// or smtp://)"
    scheme, _, rest = url.partition("://")
    if scheme not in MAIL_PORTS:
        raise ImproperlyConfigured(f"{form}; the value that is set is not a mail server's address.")
    try:
        if re.search("[/?#]", rest.removesuffix("/")):  # in a password that is not encoded
            raise ValueError  # noqa: TRY301 - handled like any URL that cannot be parsed
        config: dict[str, Any] = environ.Env.email_url_config(url)
    except (ValueError, UnicodeError):
        raise ImproperlyConfigured(f"{form}; the value that is set cannot be read.") from None
    if not config["EMAIL_HOST"]:
        raise ImproperlyConfigured(f"{form}; the value that is set names no host.")
    return Mail(
        backend=config["EMAIL_BACKEND"],
        host=config["EMAIL_HOST"],
        port=config["EMAIL_PORT"] or MAIL_PORTS[scheme],
        user=config["EMAIL_HOST_USER"],
        password=config["EMAIL_HOST_PASSWORD"],
        use_tls=scheme == "smtp+tls",
        use_ssl=scheme == "smtp+ssl",
    )
