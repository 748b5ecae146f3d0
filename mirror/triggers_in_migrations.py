"""Lets ``makemigrations`` write down that triggers need the mirror's functions.

Without that, a project's migration may create the triggers before the mirror's migrations have
created what they call, and whatever changes a row in between would fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.commands import makemigrations, migrate
from django.db.migrations.autodetector import MigrationAutodetector, OperationDependency
from django.db.migrations.operations.base import Operation
from pgtrigger.migrations import AddTrigger

from mirror.capture import PREFIX

LEDGER = OperationDependency("mirror", "ledgerentry", None, OperationDependency.Type.CREATE)


class DependsOnTheMirror(MigrationAutodetector):
    """Adds a dependency on the mirror's last migration to each that creates a trigger of its."""

    def add_operation(
        self,
        app_label: str,
        operation: Operation,
        dependencies: Iterable[Any] | None = None,
        beginning: bool = False,  # noqa: FBT001, FBT002 - Django's own signature
    ) -> None:
        if isinstance(operation, AddTrigger) and str(operation.trigger.name).startswith(PREFIX):
            dependencies = [*(dependencies or ()), LEDGER]
        super().add_operation(app_label, operation, dependencies, beginning)


def extend_makemigrations() -> None:
    """Use the class above, and what others have made of Django's, as ``pgtrigger`` does."""
    modules: tuple[Any, ...] = (makemigrations, migrate)  # Django wants the same one in both
    present = modules[0].MigrationAutodetector
    if issubclass(present, DependsOnTheMirror):  # the apps are loaded a second time
        return
    detector = type("MigrationAutodetector", (DependsOnTheMirror, present), {})
    for module in modules:
        module.MigrationAutodetector = module.Command.autodetector = detector
