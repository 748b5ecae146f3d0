"""The game master and the campaign that somebody names on a command line."""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from campaigns.models import Campaign
from config.web.validators import validate_text
from sessions_app.importing.errors import ImportRefused
from sessions_app.importing.file_names import printable


def find_owner(username: str) -> User:
    """Return the game master. Raises ``ImportRefused`` if no user has this name."""
    try:
        validate_text(username)
        return User.objects.get(username=username)
    except (ValidationError, User.DoesNotExist):
        raise ImportRefused(f"There is no user {printable(username)}.") from None


def get_or_create_campaign(owner: User, name: str) -> tuple[Campaign, bool]:
    """Return the owner's campaign of this name, and whether it was created.

    Raises ``ImportRefused`` if the name is invalid, or if several campaigns have it.
    """
    campaign = Campaign(owner=owner, name=name.strip())
    try:
        validate_text(campaign.name)
        campaign.full_clean()
    except ValidationError as error:
        # Django's messages name the rule, and do not quote the name.
        raise ImportRefused(f"The campaign's name is invalid: {' '.join(error.messages)}") from None
    existing = list(Campaign.objects.filter(owner=owner, name=campaign.name)[:2])
    if len(existing) > 1:
        raise ImportRefused(
            "This user has more than one campaign with that name: rename all but one of them."
        )
    if existing:
        return existing[0], False
    campaign.save()
    return campaign, True
