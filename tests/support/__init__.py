"""What several tests share: factories, stand-ins for AWS, tampering, and real transcripts."""
