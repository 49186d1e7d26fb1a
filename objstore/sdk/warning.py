"""Warnings as Python gives them: through `warnings`, at the caller's line."""

import sys
import warnings

_PACKAGE = __name__.partition(".")[0] + "."


def warn(warning: UserWarning) -> None:
    """Warns at the line that called into objstore, however deep in it we are; raises what the program has made an error."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, stacklevel=level)
