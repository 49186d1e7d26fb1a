"""Real servers for the tests, on loopback, and a proxy that breaks what passes through it."""
