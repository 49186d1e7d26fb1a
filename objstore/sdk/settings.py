"""Settings as scripts for W&B give them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


class Settings(SimpleNamespace):
    """Takes any keyword. `init` heeds `code_dir`, the folder whose Python files are logged; the rest does nothing."""


def code_folder(settings: "Settings | Mapping[str, Any] | None") -> str | None:
    """The folder whose programs are to be logged, where one is set."""
    given = settings if isinstance(settings, Mapping) else vars(settings) if settings is not None else {}
    return given.get("code_dir")
