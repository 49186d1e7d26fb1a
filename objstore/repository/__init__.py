"""One project, opened: the layers put together. No algorithm, no format, no loop over data lives here."""
