"""Lengths of time as people write them."""

import re

import click

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(text: str) -> float:
    """`24h`, `90m`, `7d` or `0` in seconds; click.BadParameter for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])|0", text.strip())
    if found is None:
        raise click.BadParameter(f"{text!r} isn't a length of time; write 90m, 24h, 7d or 0")
    return float(found[1]) * _UNITS[found[2]] if found[1] else 0.0
