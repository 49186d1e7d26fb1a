"""Where a project's files are kept: a small protocol and the places that fulfil it."""
