"""The policies of ``deploy/aws.yaml`` give what the commands and pages call, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient
from django.contrib.auth.models import User
from django.test import Client

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores, background_clients
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.rights import right_for
from mirror.stores.s3 import S3
from mirror.sync import worker
from mirror.verify.steps import RUNBOOK
from sessions_app.models import Session
from tests.deploy.template import properties, rights_of
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_session
from tests.support.stored import assert_equal, item_of
from tests.support.tampering import (
    change_object,
    delete_item,
    delete_object,
    put_copy_of_item,
    put_object_without_row,
    put_orphaned_object,
)


@contextmanager
def called() -> Iterator[set[str]]:
    """Note the rights that every call to AWS needs, whoever makes it."""
    rights: set[str] = set()
    make_call = BaseClient._make_api_call  # type: ignore[attr-defined] # the stubs hide it

    def note(client: Any, operation: str, params: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        rights.add(right_for(S3 if service == "s3" else DYNAMODB, operation))
        return make_call(client, operation, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", note)
        yield rights


def make_rows(owner: User) -> list[Session]:
    """Save rows of every kind: with a transcript, with a text that moves to S3, and without."""
    campaign = make_campaign(owner)
    return [
        make_session(owner, campaign, transcript_text=TRANSCRIPT),
        make_session(owner, campaign, notes="n" * 60_000, transcript_text=TRANSCRIPT),
        make_session(owner),
    ]


def change_rows(sessions: list[Session]) -> None:
    """Change each in the way that takes the most calls."""
    sessions[0].transcript_text = "another"
    sessions[0].campaign = None  # and so another key
    sessions[0].save()
    sessions[1].delete()  # with both objects


def test_the_worker_calls_what_its_policy_gives(mirror: Stores, owner: User) -> None:
    with called() as rights:
        sessions = make_rows(owner)
        assert run("mirror_sync")[0] == 0
        change_rows(sessions)
        assert run("mirror_sync")[0] == 0
        assert run("mirror_sync", "--all")[0] == 0
    assert_equal(mirror)
    assert rights == rights_of("WorkerPolicy")


def test_the_web_server_calls_what_its_policy_gives(
    mirror: Stores, owner: User, admin_client: Client, gm: Client, inline: None
) -> None:
    with called() as rights:
        form = {"name": "One", "transcript_text": TRANSCRIPT, "notes": "n" * 60_000}
        gm.post("/sessions/new/", form)
        session = make_rows(owner)[0]
        gm.post(f"/sessions/{session.pk}/delete/")
        worker.drain()
        session = make_session(owner, transcript_text=TRANSCRIPT)
        page = f"/admin/mirror/compare/sessions_app.session/{session.pk}/"
        assert admin_client.get("/admin/mirror/").status_code == 200
        assert admin_client.get(page).status_code == 200
        assert admin_client.post(f"{page}now/").status_code == 302
        assert admin_client.get(f"/admin/mirror/search/?owner={owner}&q=evening").status_code == 200
    assert rights == rights_of("WebPolicy")


def test_checks_and_restores_call_what_their_policy_gives(mirror: Stores, owner: User) -> None:
    sessions = make_rows(owner)
    worker.drain()
    with called() as rights:
        assert run("mirror_setup", "--check")[0] == 0
        assert run("mirror_check")[0] == 0
        assert run("mirror_check", "--deep")[0] == 0
        assert run("mirror_check", "--sample", "50")[0] == 0
        sessions[0].delete()
        LedgerEntry.objects.all().delete()  # as if PostgreSQL had lost the row
        assert run("mirror_restore", "--dry-run")[0] == 1
        assert run("mirror_restore", "--apply")[0] == 0
    assert rights == rights_of("CheckPolicy")


def test_a_repair_calls_what_the_policies_of_worker_and_check_give(
    mirror: Stores, owner: User
) -> None:
    sessions = make_rows(owner)
    worker.drain()
    with called() as rights:
        for tamper in (delete_object, change_object, put_copy_of_item, put_orphaned_object):
            tamper(mirror, item_of(mirror, sessions[0].pk))
            rights.clear()
            run("mirror_check", "--repair", "--delete-orphans")
            assert rights <= rights_of("WorkerPolicy", "CheckPolicy")
    with called() as rights:
        put_object_without_row(mirror, {})
        delete_item(mirror, item_of(mirror, sessions[1].pk))
        rights.clear()
        run("mirror_check", "--repair", "--delete-orphans", "--deep")
    assert rights <= rights_of("WorkerPolicy", "CheckPolicy")
    assert "dynamodb:PutItem" in rights


def test_setup_calls_what_the_policies_of_setup_and_check_give(
    aws_address: str, transactional_db: None
) -> None:
    with called() as rights:
        assert run("mirror_setup")[0] == 0
    assert rights_of("SetupPolicy") <= rights <= rights_of("SetupPolicy", "CheckPolicy")


def test_a_probe_calls_what_the_policies_of_web_and_check_give(mirror: Stores) -> None:
    with called() as rights:
        assert run("mirror_setup", "--probe")[0] == 0
    assert rights <= rights_of("WebPolicy", "CheckPolicy")
    assert rights_of("WorkerPolicy", "WebPolicy") <= rights


def test_a_bucket_with_a_key_of_its_own_is_checked_with_the_same_rights(
    mirror: Stores, owner: User
) -> None:
    client = background_clients().objects.storage.client
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    client.put_bucket_encryption(
        Bucket=mirror.objects.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    make_rows(owner)
    worker.drain()
    with called() as rights:
        assert run("mirror_check")[0] == 0
        assert run("mirror_setup", "--check")[0] == 0
    assert rights <= rights_of("CheckPolicy")


# How the runbook writes what the template calls a resource.
ARNS = {
    str({"Fn::GetAtt": ["Table", "Arn"]}): "arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE",
    str(
        {"Fn::Sub": "${Table.Arn}/index/gsi1"}
    ): "arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/index/gsi1",
    str({"Fn::GetAtt": ["Bucket", "Arn"]}): "arn:aws:s3:::BUCKET",
    str({"Fn::Sub": "${Bucket.Arn}/*"}): "arn:aws:s3:::BUCKET/*",
}


@pytest.mark.parametrize("name", ["Web", "Worker", "Check", "Setup"])
def test_the_runbook_has_the_policies_for_those_who_lack_the_template(name: str) -> None:
    section = RUNBOOK.read_text().partition(f"\n### The policy {name}\n\n```json\n")[2]
    shown = json.loads(section.partition("```")[0])
    document = properties(f"{name}Policy")["PolicyDocument"]
    statements = [
        {**statement, "Resource": arns_of(statement["Resource"])}
        for statement in document["Statement"]
        if "Fn::If" not in statement
    ]
    assert shown == {"Version": document["Version"], "Statement": statements}


def arns_of(resource: Any) -> Any:
    if isinstance(resource, list):
        return [ARNS[str(one)] for one in resource]
    return ARNS[str(resource)]


@pytest.mark.parametrize("name", ["Web", "Worker", "Check"])
def test_the_runbook_names_the_rights_to_a_key_of_ones_own(name: str) -> None:
    (sentence,) = re.findall(r"^If a KMS key of yours .*$", RUNBOOK.read_text(), re.MULTILINE)
    said = re.search(rf"{name} (?:needs )?((?:`kms:\w+`(?: and )?)+)", sentence)
    statement = properties(f"{name}Policy")["PolicyDocument"]["Statement"][-1]["Fn::If"][1]
    actions = statement["Action"]
    expected = [actions] if isinstance(actions, str) else actions
    assert said
    assert re.findall(r"`(kms:\w+)`", said[1]) == expected
