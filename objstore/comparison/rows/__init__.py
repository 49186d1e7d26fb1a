"""What differs between two tables, row by row."""
