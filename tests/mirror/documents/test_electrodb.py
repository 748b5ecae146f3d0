"""The table as its readers see it: through the real ElectroDB client."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import Campaign
from mirror.stores.clients import Stores
from sessions_app.models import Session
from tests.support.paths import PROJECT
from tests.support.stored import assert_equal_after_sync

HERE = Path(__file__).parent / "electrodb"
INSTALLED = PROJECT / ".local" / "electrodb"


@pytest.fixture(scope="session")
def reader() -> Path:
    """The script beside its installed packages."""
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
    campaign = Campaign.objects.create(owner=owner, name="Le château 🐉", description="d")
    filed = Session.objects.create(
        owner=owner,
        campaign=campaign,
        name="filed",
        metrics={"totalDuration": 5400.25, "speakers": [{"words": 6000}, None]},
        transcript_text="MATT: Hi",
    )
    unfiled = Session.objects.create(owner=owner, name="unfiled", player_recap="You won.")
    moved = Session.objects.create(owner=owner, campaign=campaign, name="moved")
    gone = Session.objects.create(owner=owner, campaign=campaign, name="gone")
    assert_equal_after_sync(mirror)
    gone_id = gone.pk
    gone.delete()
    moved.campaign = None
    moved.save()
    assert_equal_after_sync(mirror)

    seen = read(reader, mirror.items.table, owner.pk, campaign.pk, filed.pk, gone_id)

    assert [c["name"] for c in seen["campaigns"]] == ["Le château 🐉"]
    assert [s["name"] for s in seen["sessionsOfCampaign"]] == ["filed"]
    assert {s["name"] for s in seen["sessionsOfUser"]} == {"filed", "unfiled", "moved"}
    found, buried = seen["sessionsById"]
    assert found["metrics"] == filed.metrics
    assert found["transcriptStorageKey"].startswith(f"transcripts/{filed.pk}/")
    assert found["createdAt"].endswith("Z")
    assert "notes" not in found
    assert buried is None
    recap = next(s for s in seen["sessionsOfUser"] if s["id"] == str(unfiled.pk))
    assert recap["playerRecap"] == "You won."
