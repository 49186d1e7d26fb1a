"""What versions refer to and don't hold: finding it at its address, and fetching it."""
