"""Databases for the bench: migrated once, then copied, so that no row finds another's leavings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection

from tests.support.manage import database_url

TEMPLATE = "bench_template"


def make_template() -> None:
    """Make the migrated database, anew."""
    _execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
    _execute(f"CREATE DATABASE {TEMPLATE}")
    with _used(TEMPLATE):
        call_command("migrate", verbosity=0)


@contextmanager
def fresh(name: str = "bench", *, template: str = TEMPLATE) -> Iterator[None]:
    """Use a copy of ``template``, in this process and in those that it starts, then drop it."""
    connection.close()
    _execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    _execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        with _used(name):
            yield
    finally:
        _execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def _used(name: str) -> Iterator[None]:
    before, url = connection.settings_dict["NAME"], os.environ["DATABASE_URL"]
    connection.close()
    connection.settings_dict["NAME"] = name
    os.environ["DATABASE_URL"] = database_url()
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        os.environ["DATABASE_URL"] = url


def _execute(sql: str) -> None:
    """Run a statement on the server: none about databases may run in a transaction."""
    parameters = connection.get_connection_params()
    allowed = ("host", "port", "user", "password")
    parameters = {name: parameters[name] for name in allowed if parameters.get(name)}
    with psycopg.connect(**parameters, dbname="postgres", autocommit=True) as server:
        server.execute(sql.encode())


def execute(sql: str, *params: str | int) -> None:
    """Run a statement on the database in use."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@contextmanager
def triggers_off(table: str) -> Iterator[None]:
    """Switch the mirror's triggers of a table off, as if there were no mirror."""
    names = [
        name
        for (name,) in query(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass"
            " AND tgname LIKE 'pgtrigger\\_mirror\\_%%'",
            table,
        )
    ]
    if not names:
        raise LookupError(f"{table} has no triggers of the mirror")
    _switch(table, names, "DISABLE")
    try:
        yield
    finally:
        _switch(table, names, "ENABLE")


def _switch(table: str, names: list[str], action: str) -> None:
    for name in names:
        execute(f'ALTER TABLE {table} {action} TRIGGER "{name}"')


def query(sql: str, *params: str | int) -> list[tuple[Any, ...]]:
    """Return the rows of a statement on the database in use."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
