"""The Python API, with W&B Artifacts' vocabulary. Thin: it keeps what a user has said until a repository is asked to log it."""
