"""Moving a project's objects and history between two places."""
