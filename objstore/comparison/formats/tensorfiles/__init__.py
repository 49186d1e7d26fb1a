"""What NumPy's files are made of."""
