"""What all pages of the site share. Knows nothing of campaigns, sessions or the mirror."""
