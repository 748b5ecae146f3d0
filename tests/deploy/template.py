"""Reads ``deploy/aws.yaml``."""

from __future__ import annotations

import functools
from typing import Any

from cfnlint.decode import cfn_yaml

from tests.support.paths import PROJECT

TEMPLATE = PROJECT / "deploy" / "aws.yaml"


@functools.cache
def resources() -> dict[str, Any]:
    """Return the resources, with functions such as !Ref as ``{"Ref": …}``."""
    loaded: dict[str, Any] = cfn_yaml.load(str(TEMPLATE))["Resources"]
    return loaded


def properties(name: str) -> dict[str, Any]:
    """Return the properties of a resource."""
    found: dict[str, Any] = resources()[name]["Properties"]
    return found


def rights_of(*policies: str) -> set[str]:
    """Return the rights to the stores that these policies give."""
    rights: set[str] = set()
    for policy in policies:
        for statement in properties(policy)["PolicyDocument"]["Statement"]:
            if "Fn::If" not in statement:  # those to a key of KMS
                assert statement["Effect"] == "Allow"
                actions = statement["Action"]
                rights |= {actions} if isinstance(actions, str) else set(actions)
    return rights
