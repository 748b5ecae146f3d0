"""Checks of the demo data, so that the pages of the mirror have something to show.

Somebody changes an item by hand, as in the AWS console; a check finds it, and a repair mends it.
``make run`` starts this in a process of its own, with stand-ins for AWS.
"""

from __future__ import annotations

import os
from contextlib import suppress

import boto3
import django
from django.core.management import call_command


def main() -> None:
    """Mirror everything, change an item, check, and repair."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    _run("mirror_sync")
    _change_an_item()
    _run("mirror_check")
    _run("mirror_check", "--repair")


def _run(*command: str) -> None:
    with suppress(SystemExit):  # a difference is expected
        call_command(*command)


def _change_an_item() -> None:
    """Change the summary of a session behind the mirror's back."""
    table = boto3.resource("dynamodb", region_name=os.environ["AWS_REGION"]).Table(
        os.environ["DYNAMODB_TABLE_NAME"]
    )
    found = table.scan(
        FilterExpression="attribute_exists(summary) AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":prefix": "sess#"},
    )
    for item in found["Items"][:1]:
        table.update_item(
            Key={"pk": item["pk"], "sk": item["sk"]},
            UpdateExpression="SET summary = :text",
            ExpressionAttributeValues={":text": "Changed by hand, in the console."},
        )


if __name__ == "__main__":
    main()
