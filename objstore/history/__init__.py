"""What a project remembers: its logs, what they add up to, and what may be appended to them."""
