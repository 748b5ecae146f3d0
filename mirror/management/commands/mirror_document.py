"""``manage.py mirror_document``: draft an app's ``documents.py``."""

from argparse import ArgumentParser
from itertools import groupby
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from mirror.management.drafts import draft


class Command(BaseCommand):
    help = (
        "Print a documents.py for these models, to be changed as you like: an attribute for each "
        "field, keys, and a comment where you must decide."
    )
    requires_system_checks = []  # they would say that there is no document yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", nargs="+", help="such as songs.Song")
        parser.add_argument(
            "--write", action="store_true", help="write it into the app, unless there is one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = sorted({*map(_model, options["model"])}, key=_app_label)
        for label, group in groupby(chosen, key=_app_label):
            text = draft(sorted(group, key=lambda model: model.__name__))
            if options["write"]:
                self.stdout.write(f"{_write(apps.get_app_config(label), text)} is written.")
            else:
                self.stdout.write(text)


def _app_label(model: type[models.Model]) -> str:
    return model._meta.app_label


def _model(label: str) -> type[models.Model]:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        raise CommandError(f"There is no model {label}.") from None
    if model._meta.pk not in model._meta.concrete_fields:
        raise CommandError(f"The primary key of {label} is composite: it cannot be mirrored.")
    return model


def _write(app: AppConfig, text: str) -> Path:
    path = Path(app.path) / "documents.py"
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        raise CommandError(f"{path} exists. Without --write, the draft is printed.") from None
    return path
