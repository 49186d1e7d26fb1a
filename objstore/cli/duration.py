"""Lengths of time as people write them."""

import re
from typing import Any

import click

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Duration(click.ParamType[float]):
    """`24h`, `90m`, `7d`, `0`: seconds as a number."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])|0", value.strip())
        if found is None:
            self.fail(f"{value!r} isn't a length of time; write 90m, 24h, 7d or 0", param, ctx)
        return float(found[1]) * _UNITS[found[2]] if found[1] else 0.0
