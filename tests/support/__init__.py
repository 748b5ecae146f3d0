"""What several folders of tests share: factories, stand-ins for AWS, tampering, test data."""
