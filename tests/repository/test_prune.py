"""Dropping local data that the upstream holds."""

import pytest

from objstore.errors import InvalidInputError, NotFoundError, RemoteError
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.repository.checking import check
from objstore.repository.localgc import collect
from objstore.repository.project import Project
from objstore.repository.pruning import prune
from objstore.values.digest import plain
from objstore.values.key import chunk_key
from tests.odb.stores import noise
from tests.repository.sharing import Sharing, assert_sound, bring, change, contents, log, send
from tests.repository.stores import add_folder, content_of, write_files

ONE, TWO = {"a": noise(1, 90_000), "b": noise(2, 9000)}, {"a": noise(1, 90_000), "c": noise(3, 9000)}


def pruned(project: Project) -> int:
    return prune(project, Silent()).bytes


def has(project: Project, data: bytes) -> bool:
    """Whether a small file's content is held here."""
    return chunk_key(plain(data)) in project.database.alone


def test_what_was_pushed_is_dropped_and_read_from_the_upstream(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    root = log(mine, ONE).root
    send(mine)
    assert pruned(mine) > 90_000
    assert not has(mine, ONE["b"])
    assert content_of(mine, root) == ONE
    assert_sound(mine)
    assert bring(mine).bytes > 90_000
    assert has(mine, ONE["b"])
    sharing.remove("upstream")
    assert content_of(mine, root) == ONE


def test_a_dry_run_says_what_pruning_frees_and_frees_nothing(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    assert prune(mine, Silent(), dry_run=True).bytes > 90_000
    assert has(mine, ONE["b"])


def test_what_is_not_pushed_stays(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    later = log(mine, TWO).root
    pruned(mine)
    assert has(mine, TWO["c"]) and not has(mine, ONE["b"])
    sharing.upstream.rename(sharing.place / "gone")
    assert content_of(mine, later) == TWO  # also what it shares with the version that was pushed


def test_what_a_deleted_version_that_was_never_pushed_needs_stays_until_gc(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    log(mine, TWO)
    change(mine, lambda state: delete_version(state, "data", "v1", delete_aliases=True))
    pruned(mine)
    assert has(mine, TWO["c"])


def test_a_deleted_version_that_was_never_pushed_and_that_gc_has_freed_is_no_obstacle(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    log(mine, TWO)
    change(mine, lambda state: delete_version(state, "data", "v1", delete_aliases=True))
    collect(mine, Silent())
    later = log(mine, {"d": noise(4, 9000)}).root
    assert pruned(mine) > 90_000
    assert content_of(mine, later) == {"d": noise(4, 9000)}
    assert_sound(mine)


def test_what_the_upstream_has_lost_stays(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    root = log(mine, ONE).root
    send(mine)
    place = mine.upstream.database.locate([chunk_key(plain(ONE["b"]))]) if mine.upstream else {}
    (pack,) = {location.pack for location in place.values()}
    (sharing.upstream / "packs" / pack[:2] / pack).unlink()
    pruned(mine)
    assert has(mine, ONE["b"])
    assert content_of(mine, root) == ONE


def test_a_pack_that_is_cut_short_upstream_does_not_count(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    for pack in (sharing.upstream / "packs").rglob("?" * 64):
        pack.write_bytes(pack.read_bytes()[:-1])
    assert pruned(mine) == 0
    assert has(mine, ONE["b"])


def test_without_an_upstream_or_before_the_first_push_nothing_is_dropped(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    with pytest.raises(NotFoundError, match="no project"):
        pruned(mine)
    (sharing.place / "alone").mkdir()
    with Project.create(sharing.place / "alone") as alone, pytest.raises(NotFoundError, match="no remote"):
        prune(alone, Silent())
    assert has(mine, ONE["b"])


def test_gc_after_pruning_loses_nothing(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    pruned(mine)
    log(mine, TWO)
    before = contents(mine)
    collect(mine, Silent())
    assert contents(mine) == before
    assert_sound(mine)
    send(mine)
    assert sharing.check_upstream() == before


def test_adding_files_that_have_not_changed_since_stores_none_of_them_again(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    source = write_files(sharing.place / "source", ONE)
    for _ in range(2):  # the first time they are too new to be known again
        add_folder(mine, source)
    send(mine)
    pruned(mine)
    write_files(source, {"new": b"small"})
    root = add_folder(mine, source).version.root
    assert not has(mine, ONE["b"])
    assert content_of(mine, root) == {**ONE, "new": b"small"}


def test_who_builds_on_what_was_removed_upstream_is_told_how_to_make_it_whole(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    source = write_files(sharing.place / "source", ONE)
    for _ in range(2):  # the first time they are too new to be known again
        add_folder(mine, source)
    send(mine)
    theirs = sharing.clone("theirs")
    pruned(mine)
    write_files(source, {"new": b"small"})
    added = add_folder(mine, source)
    change(theirs, lambda state: delete_version(state, added.collection, "v0", delete_aliases=True))
    send(theirs)
    with sharing.upstream_project() as upstream:
        collect(upstream, Silent())
    for dry_run in (True, False):
        with pytest.raises(NotFoundError, match=f"{added.collection}:v1 can't be pushed.*fsck --repair.*objstore rm {added.collection}:v1"):
            send(mine, dry_run=dry_run)
    check(mine.folder, Silent(), repair=True)
    mine = sharing.open("mine")
    assert not add_folder(mine, source).is_new
    assert_sound(mine)
    send(mine)
    assert sharing.check_upstream() == {added.version.root: {**ONE, "new": b"small"}}


def test_a_bucket_that_cannot_be_reached_is_told(sharing: Sharing, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)

    def fail(*_: object) -> None:
        raise RemoteError("no network")

    assert mine.upstream is not None
    monkeypatch.setattr(mine.upstream.blobs, "read", fail)
    with pytest.raises(RemoteError):
        pruned(mine)
    assert has(mine, ONE["b"])


def test_a_project_in_a_folder_of_its_own_is_no_clone(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    with sharing.upstream_project() as upstream, pytest.raises((InvalidInputError, NotFoundError)):
        prune(upstream, Silent())
