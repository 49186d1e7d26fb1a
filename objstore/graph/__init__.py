"""All objects as one graph: what each leads to, whatever its kind."""
