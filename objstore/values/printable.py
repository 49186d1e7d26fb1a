"""Text from others' files, made fit to be shown."""

import re

# What a terminal would obey, what could pose as another line, or would turn round what follows it on its own, is shown as \xNN.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with whatever isn't for a terminal made visible."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode(), text)
