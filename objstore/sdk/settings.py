"""Settings as scripts for W&B give them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


class Settings(SimpleNamespace):
    """Takes any keyword. `init` heeds `code_dir`, the folder whose Python files are logged, and `mode`; the rest does nothing."""


def setting(settings: "Settings | Mapping[str, Any] | None", name: str) -> Any:
    """What is set under a name; None if nothing is."""
    given = settings if isinstance(settings, Mapping) else vars(settings) if settings is not None else {}
    return given.get(name)
