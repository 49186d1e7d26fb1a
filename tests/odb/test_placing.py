"""A file under the name that follows from its bytes."""

from pathlib import Path

import pytest

from objstore.blobs.local import LocalBlobs
from objstore.odb import placing
from objstore.odb.placing import put_in_place
from tests.odb.stores import noise

DATA = noise(1, 2500)


@pytest.mark.parametrize(
    "there", [None, DATA, b"", DATA[:-1], DATA + b"x", DATA[:-1] + b"x", b"x" + DATA[1:]], ids=lambda data: data and str(len(data))
)
def test_whatever_has_the_name_it_holds_the_whole_afterwards(tmp_path: Path, there: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "_BLOCK", 1000)
    blobs = LocalBlobs(tmp_path)
    if there is not None:
        blobs.create("index/1", there)
    file = blobs.scratch / "file.tmp"
    file.write_bytes(DATA)
    put_in_place(blobs, "index/1", file)
    assert blobs.read("index/1") == DATA
    assert not file.exists()
