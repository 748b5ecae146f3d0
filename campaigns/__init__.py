"""Campaigns: their model, form, pages, admin and DynamoDB item."""
