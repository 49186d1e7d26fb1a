"""fsck with `repair` throws the cache away; whoever uses it in the same process goes on, with what is stored now."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import objstore
from objstore import Artifact, Repository
from objstore.host.progress import Silent
from objstore.odb import pack
from objstore.odb.cache import Cache
from objstore.odb.pack import pack_name
from objstore.repository.checking import check
from objstore.repository.project import Project
from objstore.values.digest import plain
from objstore.values.key import chunk_key
from tests.sdk.files import content, draft, tree

FILES = {f"{n}": f"content {n}" for n in range(300)}

Repair = Callable[[Repository], object]


def _by_itself(repo: Repository) -> None:
    assert repo.fsck(repair=True).is_sound


def _by_another(repo: Repository) -> None:
    with objstore.open(repo.path) as other:
        assert other.fsck(repair=True).is_sound


def _by_nobody_in_particular(repo: Repository) -> None:
    assert check(repo.path, Silent(), repair=True).is_sound


@pytest.fixture(params=[_by_itself, _by_another, _by_nobody_in_particular])
def repair(request: pytest.FixtureRequest) -> Repair:
    found: Repair = request.param
    return found


def begun(repo: Repository, tmp_path: Path) -> Artifact:
    """A draft with something new and something found."""
    repo.log(draft("first", FILES))
    artifact = repo.new_artifact("second", "dataset")
    artifact.add_dir(tree(tmp_path / "d", dict(FILES)), "d")
    artifact.add_file(tree(tmp_path, {"new": os.urandom(200_000)}) / "new")
    return artifact


def test_a_draft_goes_on(repo: Repository, tmp_path: Path, repair: Repair) -> None:
    artifact = begun(repo, tmp_path)
    digest = artifact.digest
    repair(repo)
    assert (artifact.digest, artifact.file_count) == (digest, 301)
    artifact.add_file(tree(tmp_path, {"late": os.urandom(200_000)}) / "late")
    artifact.add_dir(tmp_path / "d", "again")
    repair(repo)
    repo.log(artifact)
    assert artifact.file_count == 602
    artifact.verify(artifact.download())
    assert repo.fsck().problems == []


def test_what_is_being_read_is_read_to_its_end(repo: Repository, tmp_path: Path, repair: Repair) -> None:
    artifact = begun(repo, tmp_path)
    logged = repo.artifact("first")
    reading = [iter(artifact.manifest.entries), iter(logged.manifest.entries)]
    read = [[next(paths)] for paths in reading]
    repair(repo)
    for found, paths in zip(read, reading, strict=True):
        found.extend(paths)
    assert [len(found) for found in read] == [301, 300]
    assert content(logged.download(tmp_path / "out")) == FILES


def test_readers_in_threads_notice_nothing(repo: Repository, tmp_path: Path, repair: Repair) -> None:
    big = os.urandom(2_000_000)
    large, small = repo.add(tree(tmp_path / "big", {"big": big}), "big"), repo.log(draft("first", FILES))
    done = threading.Event()
    failures: list[BaseException] = []

    def read(number: int) -> None:
        try:
            while not done.is_set():
                assert len(list(small.manifest.entries)) == 300
                shutil.rmtree(large.download(tmp_path / f"out{number}"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            repair(repo)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_draft_stores_anew_what_was_found_damaged(repo: Repository, tmp_path: Path, repair: Repair) -> None:
    data = os.urandom(300_000)
    source = tree(tmp_path / "source", {"f": data})
    first = repo.add(source, "first")
    artifact = repo.new_artifact("second", "dataset")
    artifact.add_file(source / "f")
    with Project(repo.path) as project:
        places = [place for key, place in project.cache.locate_from(b"\1")]
        damaged = project.folder / pack_name(places[0].pack)
    damaged.write_bytes(bytes(byte ^ (at == places[0].offset + 20) for at, byte in enumerate(damaged.read_bytes())))
    with pytest.raises(AssertionError):
        repair(repo)
    artifact.add_file(source / "f", overwrite=True)
    repo.log(artifact)
    for whole in (first, artifact):
        assert (Path(whole.download(tmp_path / whole.name)) / "f").read_bytes() == data
    assert repo.fsck().is_sound


def test_what_a_wrong_cache_says_ends_for_everybody(repo: Repository, tmp_path: Path, repair: Repair) -> None:
    """As after somebody has copied one store's cache into another's folder."""
    artifact = begun(repo, tmp_path)
    with Project(repo.path) as project:
        place = next(found for _, found in project.cache._tables.rows_from("index", b"\1"))
        project.cache._tables.put("index", [(chunk_key(plain(b"not there")), place)])
    repair(repo)
    artifact.add_file(tree(tmp_path, {"f": "not there"}) / "f")
    repo.log(artifact)
    artifact.verify(artifact.download())


def test_an_index_made_anew_takes_nothing_from_a_draft(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lists the draft's finished packs too, which no version needs yet."""
    monkeypatch.setattr(pack, "TARGET_SIZE", 300_000)
    artifact = begun(repo, tmp_path)
    artifact.add_file(tree(tmp_path, {"big": os.urandom(3_000_000)}) / "big")
    for _ in range(2):
        for segment in (repo.path / "index").iterdir():
            segment.unlink()
        assert repo.fsck(repair=True).is_sound
        repo.log(draft("gone", {"x": os.urandom(10).hex()}))
        repo.artifact("gone").delete(delete_aliases=True)
        repo.gc()
        if artifact.is_draft():
            repo.log(artifact)
        artifact.verify(artifact.download())
    assert repo.fsck().problems == []


def test_the_new_cache_is_filled_before_anybody_looks_into_it(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.log(draft("first", FILES))
    seen = []
    real = Cache.go_over_to

    def watched(old: Cache, fresh: Cache) -> None:
        seen.append((old.segments, fresh.segments))
        real(old, fresh)

    monkeypatch.setattr(Cache, "go_over_to", watched)
    assert repo.fsck(repair=True).is_sound
    ((before, after),) = seen
    assert len(before) == 1 and before == after
