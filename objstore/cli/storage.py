"""Storage options on the command line."""

import json
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from objstore.blobs.address import Address
from objstore.errors import InvalidInputError

F = TypeVar("F", bound=Callable[..., Any])

storage_options: Callable[[F], F] = click.option(
    "-o",
    "--option",
    "options",
    metavar="KEY=VALUE",
    multiple=True,
    help="A storage option of fsspec, such as endpoint_url=URL, profile=NAME or anon=true; may be repeated.",
)


def shown(address: Address) -> str:
    """An address as messages name it: a folder from the current one, where that is shorter."""
    return address.url if address.folder is None else min(address.url, os.path.relpath(address.url), key=len)


def parsed_options(words: Sequence[str]) -> dict[str, Any]:
    """`endpoint_url=URL`, `anon=true`, `client_kwargs.region_name=NAME` as a dictionary; values are JSON where they look like it."""
    options: dict[str, Any] = {}
    for number, word in enumerate(words, 1):
        key, equals, text = word.partition("=")
        if not key or not equals:  # not shown: it may be secret
            raise InvalidInputError(f"a storage option is written KEY=VALUE; option {number} has no {'value' if key else 'key'}")
        *above, last = key.split(".")
        table = options
        for part in above:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise InvalidInputError(f"the storage option {part} is given both as a value and with parts")
        table[last] = _value(text)
    return options


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if value is None else value
