"""The worked examples of objstore/spec/*.md, so that the tests check the documents themselves."""

import re
from importlib.resources import files


def example(document: str, name: str) -> str:
    """The text of the fenced block of `document` (`manifest.md`) whose info string is `hex example=NAME` (or `text`, `json`, `toml`)."""
    text = (files("objstore") / "spec" / document).read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```(?:hex|text|json|toml) example={re.escape(name)}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    if len(found) != 1:
        raise LookupError(f"{document} has {len(found)} examples called {name}")
    return found[0]


def example_bytes(document: str, name: str) -> bytes:
    """The bytes that a `hex` example shows; white space in it is for the eye only."""
    return bytes.fromhex(example(document, name))
