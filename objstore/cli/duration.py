"""Lengths of time as people write them."""

import re
from datetime import timedelta

import click

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(text: str) -> float:
    """`24h`, `90m`, `7d` or `0` in seconds; click.BadParameter for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])|0", text.strip())
    if found is None:
        raise click.BadParameter(f"{text!r} isn't a length of time; write 90m, 24h, 7d or 0")
    return float(found[1]) * _UNITS[found[2]] if found[1] else 0.0


def lifetime(text: str) -> int | None:
    """A ttl as the log has it: whole seconds, None for `never`, 0 for `default`; click.BadParameter for anything else."""
    if text in ("never", "default"):
        return None if text == "never" else 0
    try:
        span = timedelta(seconds=seconds(text))
    except click.BadParameter as error:
        raise click.BadParameter(f"{text!r} isn't a length of time; write 90m, 24h, 7d, never or default") from error
    except OverflowError:
        raise click.BadParameter(f"{text} is longer than any calendar; write never") from None
    if not span:
        raise click.BadParameter("a version lives longer than nothing; to delete it, `objstore rm`")
    whole, rest = divmod(span, timedelta(seconds=1))
    return whole + bool(rest)


def shown(ttl: int | None) -> str:
    """A ttl as people write it: `7d`, `90m`, `never`."""
    if ttl is None:
        return "never"
    unit = next(unit for unit in ("d", "h", "m", "s") if ttl % _UNITS[unit] == 0)
    return f"{ttl // _UNITS[unit]}{unit}"
