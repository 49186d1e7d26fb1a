"""What CSV and JSON Lines have in common, and what each of them is made of."""
