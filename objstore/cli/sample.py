"""The demo's dataset: the same bytes on every machine."""

import random
from collections.abc import Iterator
from pathlib import Path

_STATIONS = 300
_DAYS = 60
_READINGS = 320_000
_CORRECTED = range(20_000, 120_000, 20_000)


def make(folder: Path) -> None:
    """Weather that never was: a table of readings, some 12 MB, and a small table for each station."""
    stations = folder / "stations"
    stations.mkdir(parents=True)
    for number in range(_STATIONS):
        _write(stations / f"{number:03}.csv", ["day,low,high,rain", *_days(number)])
    _write(folder / "readings.csv", ["time,station,temperature,humidity,wind,pressure", *_readings()])


def edit(folder: Path) -> None:
    """What the demo changes: five readings corrected, a station added with forty readings, one renamed."""
    readings = folder / "readings.csv"
    lines = readings.read_text().splitlines()
    for at in _CORRECTED:
        lines[at] = lines[at].rpartition(",")[0] + ",1013.2"
    middle = len(lines) // 2
    lines[middle:middle] = [_at(line, _STATIONS) for line in lines[middle : middle + 40 * _STATIONS : _STATIONS]]
    _write(readings, lines)
    _write(folder / "stations" / f"{_STATIONS:03}.csv", ["day,low,high,rain", *_days(_STATIONS)])
    (folder / "stations" / "007.csv").rename(folder / "stations" / "bergen.csv")


def _at(reading: str, station: int) -> str:
    """The same reading as if it were another station's."""
    time, _, values = reading.split(",", 2)
    return f"{time},{station:03},{values}"


def _days(station: int) -> Iterator[str]:
    dice = random.Random(station)
    for day in range(_DAYS):
        low = dice.gauss(8, 4)
        yield f"{day},{low:.1f},{low + dice.uniform(2, 12):.1f},{max(0.0, dice.gauss(0, 5)):.1f}"


def _readings() -> Iterator[str]:
    dice = random.Random(0)
    for at in range(_READINGS):
        minute, station = divmod(at, _STATIONS)
        temperature, humidity, wind, pressure = dice.gauss(12, 6), dice.uniform(30, 100), dice.expovariate(0.2), dice.gauss(1013, 9)
        yield f"{minute // 60:04}:{minute % 60:02},{station:03},{temperature:.3f},{humidity:.2f},{wind:.3f},{pressure:.2f}"


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", newline="\n")
