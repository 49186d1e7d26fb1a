"""What differs between two versions, or a version and a folder."""
