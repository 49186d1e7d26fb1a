"""What differs between two texts, line by line."""
