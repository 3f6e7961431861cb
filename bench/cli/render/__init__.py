"""What prints."""
