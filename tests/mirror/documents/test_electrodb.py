"""The real ElectroDB client reads the items that the mirror writes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from mirror.stores.clients import Stores
from tests.support.factories import make_campaign, make_session
from tests.support.paths import PROJECT
from tests.support.stored import assert_equal_after_sync

HERE = Path(__file__).parent / "electrodb"
INSTALLED = PROJECT / ".local" / "electrodb"


@pytest.fixture(scope="session")
def reader() -> Path:
    """The path of read.mjs, copied to where ElectroDB is installed."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("Node.js and npm are not installed")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    lock = INSTALLED / "package-lock.json"
    if not lock.exists() or lock.read_text() != (HERE / "package-lock.json").read_text():
        shutil.copy(HERE / "package.json", INSTALLED)
        shutil.copy(HERE / "package-lock.json", INSTALLED / "wanted.json")
        (INSTALLED / "wanted.json").replace(lock)
        npm = ["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(INSTALLED)]
        done = subprocess.run(npm, capture_output=True, text=True, timeout=100, check=False)
        if done.returncode:
            lock.unlink()
            pytest.skip("npm could not install ElectroDB")
    shutil.copy(HERE / "read.mjs", INSTALLED)
    return INSTALLED / "read.mjs"


def read(script: Path, *arguments: object) -> dict[str, Any]:
    """Run the script and return the JSON that it prints."""
    done = subprocess.run(
        [shutil.which("node") or "node", str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_electrodb_reads_what_the_mirror_writes(mirror: Stores, owner: User, reader: Path) -> None:
    campaign = make_campaign(owner, "Le château 🐉", description="d")
    filed = make_session(
        owner,
        campaign,
        "filed",
        metrics={"totalDuration": 5400.25, "speakers": [{"words": 6000}, None]},
        transcript_text="MATT: Hi",
    )
    unfiled = make_session(owner, name="unfiled", player_recap="You won.")
    moved = make_session(owner, campaign, "moved")
    deleted = make_session(owner, campaign, "deleted")
    assert_equal_after_sync(mirror)
    deleted_id = deleted.pk
    deleted.delete()
    moved.campaign = None
    moved.save()
    assert_equal_after_sync(mirror)

    seen = read(reader, mirror.items.table, owner.pk, campaign.pk, filed.pk, deleted_id)

    assert [c["name"] for c in seen["campaigns"]] == ["Le château 🐉"]
    assert [s["name"] for s in seen["sessionsOfCampaign"]] == ["filed"]
    assert {s["name"] for s in seen["sessionsOfUser"]} == {"filed", "unfiled", "moved"}
    found, tombstone = seen["sessionsById"]
    assert found["metrics"] == filed.metrics
    assert found["transcriptStorageKey"].startswith(f"transcripts/{filed.pk}/")
    assert found["createdAt"].endswith("Z")
    assert "notes" not in found
    assert tombstone is None
    recap = next(s for s in seen["sessionsOfUser"] if s["id"] == str(unfiled.pk))
    assert recap["playerRecap"] == "You won."
