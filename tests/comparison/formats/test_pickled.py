"""Pickles."""

import pickle
from pathlib import Path

import pytest

from objstore.comparison.formats.pickled import HANDLER
from objstore.errors import UnreadableFileError
from tests.comparison.contents import InMemory
from tests.comparison.formats.trap import Trap


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_never_opened(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps(Trap(tmp_path / "sprung"), protocol)
    content = InMemory(data, "model.pt")
    with pytest.raises(UnreadableFileError, match=r"model.pt can't be compared: it is a pickle, which can run code.*safetensors"):
        HANDLER.pair(content, content)
    assert not (tmp_path / "sprung").exists() and content.read_bytes == 0
    pickle.loads(data)
    assert (tmp_path / "sprung").exists()  # so the trap works


@pytest.mark.parametrize("protocol", [4, 5])
def test_pickles_are_recognised(protocol: int) -> None:
    assert pickle.dumps({"weights": [1.0]}, protocol).startswith(HANDLER.magic)
