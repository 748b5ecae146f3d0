"""``manage.py demo_data``: creates accounts and campaigns for trying things out."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from sessions_app import demo
from sessions_app.models import Session

GAME_MASTER = "gm"
STAFF = "staff"


class Command(BaseCommand):
    """Creates the demo data that is missing, and prints how to log in."""

    help = (
        "Create a game master with three campaigns and an administrator, for trying things out. "
        "Repeating it changes nothing. Needs DEBUG, since everybody knows the passwords."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the data. Raises ``CommandError`` without DEBUG."""
        if not settings.DEBUG:
            raise CommandError(
                "demo_data creates accounts with passwords that everybody knows, "
                "so it runs only if DEBUG is on."
            )
        game_master = demo.create_game_master(GAME_MASTER)
        if game_master is None:
            self.stdout.write("The demo data is there already; nothing was changed.")
        else:
            sessions = Session.objects.filter(owner=game_master).count()
            campaigns = game_master.campaigns.count()
            self.stdout.write(f"Created {campaigns} campaigns with {sessions} sessions.")
        demo.create_staff(STAFF)
        self.stdout.write(f"Game master: {self.login(GAME_MASTER)}")
        self.stdout.write(f"Staff: {self.login(STAFF)} (admin)")

    def login(self, username: str) -> str:
        """Return ``user / password``, or say that the password was changed."""
        unchanged = User.objects.get(username=username).check_password(username)
        return f"{username} / {username if unchanged else '(its password was changed)'}"
