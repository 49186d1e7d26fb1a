"""objstore/spec/diff.md against what `objstore diff --json` prints."""

import random
import re
import subprocess
from importlib.resources import files
from typing import Any

import numpy
import pytest

from objstore.repository import comparing
from tests.cli.conftest import Cli

DOCUMENT = (files("objstore") / "spec" / "diff.md").read_text(encoding="utf-8")
NOISE = random.Random(4).randbytes(500_000)


def documented() -> dict[str, set[str]]:
    """The fields that the table of each section has in its first column."""
    sections = re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)[1:]
    rows = {section.splitlines()[0]: re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for section in sections}
    named = {title: {name for row in found for name in re.findall(r"`(\w+)`", row.split(" | ")[0])} for title, found in rows.items()}
    return {title: names for title, names in named.items() if names}


def seen(sections: dict[str, set[str]], found: Any) -> None:
    """Adds the fields that an output has to those of the sections that tell of them."""

    def add(section: str, *items: dict[str, Any]) -> None:
        for item in items:
            assert not sections.get(section) or section == "Sides" or sections[section] == item.keys()
            sections[section] = sections.get(section, set()) | item.keys()

    add("Sides", found)
    add("Added and removed files", *found["added"], *found["removed"])
    add("Altered files", *found["modified"], *found["mode_changed"], *found["type_changed"])
    add("Renamed files", *found["renamed"])
    add("Totals", *found["totals"].values())
    add("Not looked at", *filter(None, [found["not_looked_at"]]))
    if "stat" in found:
        add("Stat", found["stat"])
        add("Bytes of files", *found["stat"]["files"])
        add("Folders", *found["stat"]["folders"], {**found["stat"]["total"], "path": ""})
        add("Transfer", *filter(None, [found["stat"]["transfer"]]))
    if found["facts"] is not None:
        add("Facts", found["facts"])
        for value in found["facts"]["metadata"]:
            sections["Values of metadata"] = sections.get("Values of metadata", set()) | value.keys()
    for table in found.get("rows", ()):
        if table["why"] is None:
            add("Tables", table)
            add("Columns", table["columns"])
            for change in table["changes"]:
                sections["Rows that differ"] = sections.get("Rows that differ", set()) | change.keys()
    for tensors in found.get("tensors", ()):
        if tensors["why"] is None:
            add("Files of tensors", tensors)
            add("Altered tensors", *tensors["modified"], *tensors["type_changed"])
            add("Figures", *(each["figures"] for each in tensors["modified"]))
    for text in found.get("text", ()):
        add("Text", text)
        add("Hunks", *text["hunks"])


def git(cli: Cli, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *words], cwd=cli.folder, check=True, capture_output=True)


@pytest.fixture
def data(cli: Cli) -> Cli:
    """`data:v0` and `data:v1`, which differ in each way that files of a folder can."""
    for path, content in {"gone": "1", "text": "a\n", "old.bin": NOISE, "tool": "tool", "same": "same"}.items():
        cli.write(f"data/{path}", content)
    (cli.folder / "data/t.csv").write_text("id,a\n1,x\n2,b\n4,c\n")
    numpy.save(cli.folder / "data/n.npy", numpy.array([1.0, 2.0]))
    cli("add", "data", "--meta", "epochs=1")
    for path in ("gone", "old.bin", "same"):
        (cli.folder / "data" / path).unlink()
    for path, content in {"new": "2", "text": "b\n", "new.bin": NOISE + b"more", "moved": "same"}.items():
        cli.write(f"data/{path}", content)
    (cli.folder / "data/tool").chmod(0o755)
    (cli.folder / "data/t.csv").write_text("id,a\n1,x\n2,y\n5,c\n")
    numpy.save(cli.folder / "data/n.npy", numpy.array([1.0, 3.0]))
    cli("add", "data", "--meta", "epochs=2")
    return cli


def test_the_document_names_the_fields_that_are_printed(data: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    sections: dict[str, set[str]] = {}
    for view in ("--stat", "--text", "--rows", "--tensors"):
        seen(sections, data.json("diff", "data:v0", "data:v1", view, code=1))
    data.write("data/text", "c\n")
    (pins,) = data.json("diff", "--text", code=1)
    sections["Pins"] = {"path", "old", "new", "why"}
    assert pins.keys() == sections["Pins"] | sections["Sides"] - {"stat", "rows", "tensors"} and pins["facts"] is None
    monkeypatch.setattr(comparing, "MOST_FILES", 1)
    seen(sections, data.json("diff", "data:v0", "data:v1", code=1))
    assert sections == documented()


def test_a_pin_that_can_t_be_compared_has_no_lists(data: Cli) -> None:
    pin = data.folder / "data.objstore"
    git(data, "init")
    git(data, "add", "data.objstore")
    git(data, "commit", "-m", "one")
    pin.write_text("nonsense")
    (found,) = data.json("diff", "--git", "HEAD", code=1)
    assert found.keys() == documented()["Pins"] and found["why"]


def test_each_list_has_its_row_of_totals_and_of_a_folder_s_files(data: Cli) -> None:
    found = data.json("diff", "data:v0", "data:v1", "--stat", code=1)
    lists = {name for name, value in found.items() if isinstance(value, list)}
    assert lists == found["totals"].keys() == found["stat"]["total"]["files"].keys()
    assert lists <= documented()["Sides"]
