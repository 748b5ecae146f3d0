"""Play sessions: their models, pages, transcripts, search, exports, admin and DynamoDB items."""
