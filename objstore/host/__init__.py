"""The machine: durable files, locks, the clock, progress. Nothing here knows what is stored."""
