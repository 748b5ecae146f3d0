"""``manage.py mirror_document``: draft an app's ``documents.py``."""

import re
from argparse import ArgumentParser
from itertools import groupby
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from mirror.management.drafts import draft
from mirror.management.joining import join


class Command(BaseCommand):
    help = (
        "Print a documents.py for these models, to be changed as you like: an attribute for each "
        "field, keys, and a comment where you must decide."
    )
    requires_system_checks = []  # they would say that there is no document yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", nargs="+", help="such as songs.Song")
        parser.add_argument(
            "--write",
            action="store_true",
            help="write it into the app's documents.py, or add it to the one there is",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = sorted({*map(_model, options["model"])}, key=_app_label)
        for label, group in groupby(chosen, key=_app_label):
            text = draft(sorted(group, key=lambda model: model.__name__))
            if options["write"]:
                self.stdout.write(_write(apps.get_app_config(label), text))
            else:
                self.stdout.write(text)


def _app_label(model: type[models.Model]) -> str:
    return model._meta.app_label


def _model(label: str) -> type[models.Model]:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        raise CommandError(f"There is no model {label}. {_advice(label)}") from None
    if model._meta.pk not in model._meta.concrete_fields:
        raise CommandError(f"The primary key of {label} is composite: it cannot be mirrored.")
    return model


def _advice(label: str) -> str:
    """Say what to type instead of a label of no model."""
    app, dot, name = label.partition(".")
    if not dot or "." in name:
        return "Write app.Model, such as songs.Song."
    if app not in apps.app_configs:
        return f'Add "{app}" to INSTALLED_APPS.'
    names = sorted(model.__name__ for model in apps.get_app_config(app).get_models())
    return f"The app {app} has {', '.join(names) or 'no models'}."


def _write(app: AppConfig, text: str) -> str:
    """Write the module, or add to it; say which."""
    path = Path(app.path) / "documents.py"
    try:
        present = path.read_text()
    except FileNotFoundError:
        path.write_text(text)
        return f"{path} is written."
    try:
        path.write_text(join(present, text))
    except SyntaxError:
        raise CommandError(f"{path} is no Python that can be read. Correct it first.") from None
    except ValueError as error:
        raise CommandError(
            f"In {path}, {error} exists. Without --write, the draft is printed."
        ) from None
    names = ", ".join(re.findall(r"^class (\w+)Document\(", text, re.MULTILINE))
    return f"{names} is added to {path}."
