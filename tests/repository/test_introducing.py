"""What is made known, and refused, leaves what was known before as it was."""

from pathlib import Path

import pytest

from objstore.blobs.address import Address
from objstore.errors import ConflictError, InvalidInputError
from objstore.repository import cloning, remotes
from objstore.repository.cloning import make_clone
from objstore.repository.introducing import introduce
from objstore.repository.project import Project
from objstore.repository.remotes import Remote
from objstore.repository.settings import Settings
from tests.repository.sharing import Sharing, log, send


def test_other_options_are_taken_only_after_a_look_at_the_place(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, {"a": b"one"})
    send(mine)
    sharing.remove("upstream")
    Project.create_at(sharing.upstream).close()
    with pytest.raises(ConflictError, match="another project"):
        introduce(mine, "origin", Address.parse(str(sharing.upstream)), {"anon": True})
    assert remotes.find(mine.remotes_file).options == {}


@pytest.mark.parametrize("is_there", [True, False])
def test_a_clone_that_can_t_be_made_leaves_nothing(sharing: Sharing, is_there: bool) -> None:
    mine = sharing.new("mine")
    log(mine, {"a": b"one"})
    send(mine)
    folder = sharing.place / "clone"
    if is_there:
        folder.mkdir()
    with pytest.raises(InvalidInputError, match="storage option"):
        make_clone(Address.parse(str(sharing.upstream)), folder, {"key": None})
    assert _content(folder) == ([] if is_there else None)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_clone_that_comes_second_leaves_the_first_alone(sharing: Sharing, monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    mine = sharing.new("mine")
    log(mine, {"a": b"one"})
    send(mine)
    folder = sharing.place / "clone"
    if is_there:
        folder.mkdir()
    look, first = cloning.settings_at, []

    def slowly(remote: Remote) -> Settings:
        found = look(remote)
        monkeypatch.setattr(cloning, "settings_at", look)
        first.append(make_clone(remote.address, folder, {}))
        return found

    monkeypatch.setattr(cloning, "settings_at", slowly)
    with pytest.raises(ConflictError, match="is a repository already"):
        make_clone(Address.parse(str(sharing.upstream)), folder, {})
    first[0].close()
    with Project.find(folder) as clone:
        assert clone.has_upstream


def _content(folder: Path) -> list[Path] | None:
    return list(folder.iterdir()) if folder.exists() else None
