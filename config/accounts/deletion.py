"""Deletes an account with all that it has. It knows of other apps by their foreign keys only."""

from django.contrib.auth.models import User
from django.db import models, transaction


class LastAdministrator(Exception):
    """The account is the only one that may administrate everything."""


def what_goes(user: User) -> list[tuple[int, str]]:
    """Return how many rows of each kind go with the account, such as ``(3, "campaigns")``."""
    counts = []
    for relation in User._meta.related_objects:
        if relation.on_delete is models.CASCADE:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: user})
            if count := rows.count():
                meta = relation.related_model._meta
                name = meta.verbose_name if count == 1 else meta.verbose_name_plural
                counts.append((count, str(name)))
    return counts


@transaction.atomic
def delete_account(user: User) -> None:
    """Delete the account and all that belongs to it. Raises ``LastAdministrator``.

    Of the rows that refer to it, Django reads no more than their keys. The lock keeps another tab
    from adding one meanwhile.
    """
    everything = models.Q(is_superuser=True, is_active=True)
    # Two administrators who delete their accounts at once wait for each other here.
    locked = User.objects.select_for_update().filter(everything | models.Q(pk=user.pk))
    others = [other for other in locked.order_by("pk") if other.pk != user.pk]
    if user.is_superuser and not others:
        raise LastAdministrator
    user.delete()
