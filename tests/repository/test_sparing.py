"""What a draft has found in the store stays until the draft is logged or given up, and the index stays closed all the while."""

import gc
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore import Artifact, ConflictError, Repository
from objstore.graph.gaps import gaps
from objstore.odb import pack, recipe
from objstore.odb.pack import PackClass
from objstore.repository.project import Project


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with objstore.open(tmp_path / "repo", create=True) as repository:
        yield repository


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the recipe of a small file has parts, and those have parts."""
    monkeypatch.setattr(recipe, "MAX_ROWS", 4)
    monkeypatch.setattr(recipe, "MAX_PART_ROWS", 3)


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def read(artifact: Artifact, folder: Path) -> dict[str, bytes]:
    artifact.download(folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_closed(repo: Repository) -> None:
    with Project(repo.path) as project:
        assert list(gaps(project.database, project.scratch)) == []


def deleted(repo: Repository, *names: str) -> None:
    for name in names:
        repo.artifact(name).delete(delete_aliases=True)


def draft_lines(repo: Repository) -> list[str]:
    return [line for path in (repo.path / "local/drafts").iterdir() for line in path.read_text().splitlines()]


CONTENTS = {
    "one chunk": {"f": os.urandom(10)},
    "some chunks": {"f": os.urandom(1_000_000)},
    "many small files": {f"{n % 7}/{n}": b"content %d" % n for n in range(600)},
    "empty files": {f"{n}": b"" for n in range(600)},
    "all": {"big": os.urandom(400_000), "small": b"small", "empty": b"", "also": b"small"},
}


@pytest.mark.parametrize("content", list(CONTENTS))
def test_what_a_draft_found_outlives_every_gc(repo: Repository, tmp_path: Path, content: str, small_parts: None) -> None:
    files = CONTENTS[content]
    folder = written(tmp_path / "source", files)
    repo.add(folder, "first")
    draft = repo.new_artifact("second", "dataset")
    for name in files:
        draft.add_file(folder / name, name)
    assert draft.digest == repo.artifact("first").digest  # so that its nodes are looked for too
    deleted(repo, "first:v0")
    for number in range(3):
        repo.add(written(tmp_path / f"other{number}", {"other": os.urandom(50_000)}), "other")
        deleted(repo, f"other:v{number}")
        repo.gc()
        assert_closed(repo)
    repo.log(draft)
    assert read(draft, tmp_path / "out") == files
    assert repo.fsck().problems == []
    deleted(repo, "second:v0")
    repo.gc()
    assert [path for path in (repo.path / "packs").rglob("*") if path.is_file()] == []


def test_what_a_draft_found_is_freed_once_the_draft_is_gone(repo: Repository, tmp_path: Path) -> None:
    folder = written(tmp_path / "source", {"f": os.urandom(1_000_000)})
    repo.add(folder, "first")
    draft = repo.new_artifact("second", "dataset")
    draft.add_file(folder / "f")
    deleted(repo, "first:v0")
    assert (repo.gc(dry_run=True).bytes, repo.gc().bytes) == (0, 0)
    del draft
    gc.collect()
    assert repo.gc().bytes > 1_000_000


def test_what_no_draft_has_found_is_freed_while_there_are_drafts(repo: Repository, tmp_path: Path) -> None:
    found = written(tmp_path / "found", {"f": os.urandom(1_000_000)})
    repo.add(found, "found")
    repo.add(written(tmp_path / "lost", {"f": os.urandom(1_000_000)}), "lost")
    draft = repo.new_artifact("data", "dataset")
    draft.add_file(found / "f")
    deleted(repo, "found:v0", "lost:v0")
    assert 1_000_000 < repo.gc().bytes < 1_100_000
    assert_closed(repo)
    repo.log(draft)
    assert read(draft, tmp_path / "out") == {"f": (found / "f").read_bytes()}


def test_a_draft_may_have_found_only_a_part_of_a_file(repo: Repository, tmp_path: Path, small_parts: None) -> None:
    data = os.urandom(1_500_000)
    repo.add(written(tmp_path / "source", {"f": data}), "first")
    longer = written(tmp_path / "longer", {"g": data + b"and more"})
    draft = repo.new_artifact("second", "dataset")
    draft.add_file(longer / "g")
    deleted(repo, "first:v0")
    for _ in range(2):
        repo.gc()
        assert_closed(repo)
    repo.log(draft)
    assert read(draft, tmp_path / "out") == {"g": data + b"and more"}
    assert repo.fsck().problems == []


def test_what_an_edited_folder_has_kept_stays(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the edited file is read; the others aren't looked up, since the folder as a whole was taken in before."""
    monkeypatch.setattr("objstore.repository.project.file_clock", lambda _: 2**62)  # long after the files were written
    files = {f"{n}": os.urandom(3000) for n in range(1000)}
    folder = written(tmp_path / "source", files)
    repo.add(folder, "first")
    (folder / "5").write_bytes(b"edited")
    draft = repo.new_artifact("second", "dataset")
    draft.add_dir(folder)
    draft.add_dir(folder, "again")
    assert not any(line.startswith("uses") for line in draft_lines(repo))
    deleted(repo, "first:v0")
    for _ in range(2):
        repo.gc()
        assert_closed(repo)
    repo.log(draft)
    edited = {**files, "5": b"edited"}
    assert read(draft, tmp_path / "out") == {**edited, **{f"again/{name}": data for name, data in edited.items()}}


def test_a_chunk_stays_that_the_index_has_come_to_list_in_another_pack(repo: Repository, tmp_path: Path) -> None:
    shared = written(tmp_path / "shared", {"f": os.urandom(40_000)})
    first, second = repo.new_artifact("first", "dataset"), repo.new_artifact("second", "dataset")
    for number, draft in enumerate((first, second)):
        draft.add_file(shared / "f")
        draft.add_file(written(tmp_path / "own", {f"{number}": os.urandom(1000)}) / f"{number}")
    repo.log(first)
    finder = repo.new_artifact("third", "dataset")
    finder.add_file(shared / "f")
    repo.log(second)  # its pack has the chunk too
    deleted(repo, "first:v0")
    repo.gc()
    deleted(repo, "second:v0")
    repo.gc()
    repo.log(finder)
    assert read(finder, tmp_path / "out") == {"f": (shared / "f").read_bytes()}


def test_what_a_draft_builds_on_stays_from_its_first_change_on(repo: Repository, tmp_path: Path) -> None:
    repo.add(written(tmp_path / "source", {"a": os.urandom(100), "b": b"2"}), "first")
    draft = repo.artifact("first").new_draft()
    draft.remove("b")
    deleted(repo, "first:v0")
    repo.gc()
    repo.log(draft)
    assert read(draft, tmp_path / "out") == {"a": (tmp_path / "source/a").read_bytes()}


def test_a_draft_of_a_version_that_gc_has_freed_is_refused(repo: Repository, tmp_path: Path) -> None:
    repo.add(written(tmp_path / "source", {"a": b"1", "b": b"2"}), "first")
    drafts = [repo.artifact("first").new_draft() for _ in range(2)]
    deleted(repo, "first:v0")
    repo.gc()
    with pytest.raises(ConflictError, match="make the draft anew"):
        drafts[0].remove("b")
    with pytest.raises(ConflictError, match="make the draft anew"):
        repo.log(drafts[1])


def test_each_pack_is_named_once_however_many_files_are_found_in_it(repo: Repository, tmp_path: Path) -> None:
    files = {f"{n}": b"%d" % n * 10 for n in range(300)} | {"big": os.urandom(500_000)}
    folder = written(tmp_path / "source", files)
    repo.add(folder, "first")
    draft = repo.new_artifact("second", "dataset")
    for _ in range(2):
        for name in files:
            draft.add_file(folder / name)
    draft.add_file(written(tmp_path / "new", {"new": b"never seen"}) / "new")
    with Project(repo.path) as project:
        trailers = {pack: project.database.read_trailer(pack) for pack in project.cache.pack_ids()}
    assert draft_lines(repo) == [f"uses {pack}" for pack, trailer in trailers.items() if trailer.pack_class is PackClass.DATA]


def test_a_command_writes_down_nothing_that_it_finds(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the lock from beginning to end."""
    monkeypatch.setattr("objstore.odb.draftfile.DraftFile.use", lambda *_: pytest.fail("wrote down what it found"))
    repo.add(written(tmp_path / "a", {"f": b"1", "g": b"2"}), "data")
    repo.add(written(tmp_path / "b", {"f": b"1", "g": b"3"}), "data")


def test_a_draft_whose_content_is_gone_all_the_same_is_refused(repo: Repository, tmp_path: Path) -> None:
    """As when another program has collected, that doesn't know what the draft's file says."""
    folder = written(tmp_path / "source", {"f": os.urandom(1_000_000)})
    repo.add(folder, "first")
    draft = repo.new_artifact("second", "dataset")
    draft.add_file(folder / "f")
    for path in (repo.path / "local/drafts").iterdir():
        path.write_text("")
    deleted(repo, "first:v0")
    repo.gc()
    with pytest.raises(ConflictError, match="gc has freed"):
        repo.log(draft)
    again = repo.new_artifact("second", "dataset")
    again.add_file(folder / "f")
    repo.log(again)
    assert read(again, tmp_path / "out") == {"f": (folder / "f").read_bytes()}


class Life:
    """Versions, drafts and gc in any order, beside a dict that says what each should hold."""

    def __init__(self, repo: Repository, folder: Path, seed: int) -> None:
        self.repo = repo
        self.folder = folder
        self.random = random.Random(seed)
        blocks = [self.random.randbytes(90_000) for _ in range(5)]
        small = [b"", *(b"small %d" % number for number in range(6))]
        self.contents = [*small, *(b"".join(self.random.choices(blocks, k=self.random.randint(1, 5))) for _ in range(8))]
        self.drafts: list[tuple[Artifact, dict[str, bytes]]] = []
        self.versions: dict[str, dict[str, bytes]] = {}
        self.count = 0

    def step(self) -> None:
        act = self.random.choice(
            [self.begin, self.add_file, self.add_file, self.add_file, self.add_dir, self.log, self.forget, self.delete]
        )
        if self.drafts or act in (self.begin, self.delete):
            act()
        if self.random.random() < 0.3:
            self.repo.gc()
            assert_closed(self.repo)

    def begin(self) -> None:
        if len(self.drafts) == 3:
            return
        filled = [name for name, holds in self.versions.items() if holds]
        if filled and self.random.random() < 0.4:
            name = self.random.choice(filled)
            draft, holds = self.repo.artifact(name).new_draft(), dict(self.versions[name])
            draft.remove(holds.popitem()[0])
            self.drafts.append((draft, holds))
        else:
            self.drafts.append((self.repo.new_artifact("data", "dataset"), {}))

    def _some(self) -> dict[str, bytes]:
        return {f"{self.random.randrange(400)}": self.random.choice(self.contents) for _ in range(self.random.randint(1, 60))}

    def add_file(self) -> None:
        draft, holds = self.random.choice(self.drafts)
        for name, data in list(self._some().items())[:4]:
            draft.add_file(written(self.folder / "one", {name: data}) / name, overwrite=True)
            holds[name] = data

    def add_dir(self) -> None:
        draft, holds = self.random.choice(self.drafts)
        source = self.folder / f"source{self.random.randrange(2)}"
        written(source, self._some())
        draft.add_dir(source, merge=True)
        holds.update({path.name: path.read_bytes() for path in source.iterdir()})

    def log(self) -> None:
        draft, holds = self.drafts.pop(self.random.randrange(len(self.drafts)))
        name = self.repo.log(draft).name
        assert name is not None
        self.versions[name] = holds

    def forget(self) -> None:
        self.drafts.pop(self.random.randrange(len(self.drafts)))

    def delete(self) -> None:
        if self.versions:
            name = self.random.choice(list(self.versions))
            self.versions.pop(name)
            deleted(self.repo, name)

    def end(self) -> None:
        while self.drafts:
            self.log()
        for name, holds in self.versions.items():
            self.count += 1
            assert read(self.repo.artifact(name), self.folder / f"out{self.count}") == holds
        assert self.repo.fsck().problems == []
        deleted(self.repo, *self.versions)
        self.repo.gc()
        assert [path for path in (self.repo.path / "packs").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("seed", range(12))
def test_whatever_comes_when_drafts_and_versions_stay_whole(
    repo: Repository, tmp_path: Path, seed: int, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "TARGET_SIZE", 300_000)
    life = Life(repo, tmp_path / "life", seed)
    for _ in range(40):
        life.step()
    life.end()
