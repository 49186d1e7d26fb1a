"""One module per command, each with its `command`; imported only when it is run."""
