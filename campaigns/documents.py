"""What a campaign looks like in DynamoDB."""

from campaigns.models import Campaign
from mirror.documents import Document, KeyPrefix, TextAttribute, TimeAttribute, register


@register(Campaign, entity="campaign", long_texts=["description"])
class CampaignDocument(Document):
    """ElectroDB's entity ``campaign``. Its partition is that of its owner."""

    id = TextAttribute()
    owner_id = TextAttribute("userId")
    name = TextAttribute()
    description = TextAttribute()
    language = TextAttribute()
    share_token = TextAttribute("shareToken")
    created_at = TimeAttribute("createdAt")
    updated_at = TimeAttribute("updatedAt")

    search_fields = ("name", "description")

    @classmethod
    def keys(cls, instance: Campaign) -> dict[str, str]:
        """Return the primary key."""
        return {"pk": f"user#{instance.owner_id}", "sk": f"camp#{instance.pk}"}

    @classmethod
    def owner_keys(cls, owner_id: int) -> KeyPrefix:
        """Return the key prefix of an owner's campaigns."""
        return KeyPrefix(f"user#{owner_id}", "camp#")
