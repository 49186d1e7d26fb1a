"""Several processes work on one project at once."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.pool import Pool
from pathlib import Path

import pytest

from objstore.errors import ConflictError
from objstore.repository.project import Project
from tests.odb.stores import noise
from tests.repository.stores import add_folder, check_out, content_of, files_of, write_files

WRITERS, ROUNDS = 3, 4


@pytest.fixture(scope="module")
def processes() -> Iterator[Pool]:
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:
        yield pool


def adding(place: Path, writer: int) -> list[tuple[str, int]]:
    """Adds several contents, its own and shared ones; their roots and numbers."""
    _wait(place)
    added = []
    with Project(place / "project") as project:
        for attempt in range(ROUNDS):
            files = {"own": noise(writer * 100 + attempt, 150_000), "shared": noise(attempt, 60_000), f"dir{writer}/x": b"x"}
            source = write_files(place / f"source{writer}-{attempt}", files)
            version = add_folder(project, source).version
            assert content_of(project, version.root) == files
            added.append((version.root.hex(), version.number))
    return added


def adding_same(place: Path, writer: int) -> list[tuple[str, int]]:
    _wait(place)
    with Project(place / "project") as project:
        version = add_folder(project, place / "source").version
        return [(version.root.hex(), version.number)]


def reading(place: Path, writer: int) -> int:
    """Opens the project and reads all of it, over and over, while the others write."""
    _wait(place)
    seen = 0
    while seen < (WRITERS - 1) * ROUNDS:
        with Project(place / "project") as project:
            collection = project.state.find_collection("data")
            versions = list(collection.live()) if collection else []
            for version in versions[seen:]:
                content_of(project, version.root)
            seen = len(versions)
    return seen


def opening_without_a_cache(place: Path, writer: int) -> int:
    _wait(place)
    with Project(place / "project") as project:
        if writer == 0:
            project.forget_cache()
        return len(content_of(project, next(iter(project.state.collection("data").live())).root))


def _wait(place: Path) -> None:
    while not (place / "start").exists():
        pass


def _versions(project: Project) -> list[str]:
    return [version.root.hex() for version in project.state.collection("data").live()]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    Project.create_at(tmp_path / "project").close()
    return tmp_path


def test_two_processes_that_add_to_one_collection_both_get_their_versions(place: Path, processes: Pool) -> None:
    running = processes.starmap_async(adding, [(place, writer) for writer in range(WRITERS)], chunksize=1)
    (place / "start").touch()
    added = sorted((pair for pairs in running.get(timeout=60) for pair in pairs), key=lambda pair: pair[1])
    with Project(place / "project") as project:
        assert _versions(project) == [root for root, _ in added]
        assert [number for _, number in added] == list(range(WRITERS * ROUNDS))
        for version in project.state.collection("data").live():
            assert len(content_of(project, version.root)) == 3
        project.forget_cache()
        for version in project.state.collection("data").live():
            assert len(content_of(project, version.root)) == 3


def test_processes_that_add_the_same_make_one_version(place: Path, processes: Pool) -> None:
    write_files(place / "source", {"a": noise(1, 300_000), "b": b"x"})
    running = processes.starmap_async(adding_same, [(place, writer) for writer in range(WRITERS)], chunksize=1)
    (place / "start").touch()
    found = {tuple(pairs) for pairs in running.get(timeout=60)}
    with Project(place / "project") as project:
        assert found == {((root, number),) for number, root in enumerate(_versions(project))}
        assert len(found) == 1


def test_a_reader_never_misses_what_it_has_seen_in_the_log(place: Path, processes: Pool) -> None:
    jobs = [processes.apply_async(adding, (place, writer)) for writer in range(WRITERS - 1)]
    reader = processes.apply_async(reading, (place, WRITERS - 1))
    (place / "start").touch()
    for job in jobs:
        job.get(timeout=60)
    assert reader.get(timeout=60) == (WRITERS - 1) * ROUNDS


def test_forgetting_the_cache_does_not_disturb_others(place: Path, processes: Pool) -> None:
    with Project(place / "project") as project:
        add_folder(project, write_files(place / "source", {"a": noise(1, 300_000), "b": b"x"}))
    for attempt in range(5):
        (place / "start").unlink(missing_ok=True)
        running = processes.starmap_async(opening_without_a_cache, [(place, writer) for writer in range(WRITERS)], chunksize=1)
        (place / "start").touch()
        assert running.get(timeout=60) == [2] * WRITERS, attempt


# -- the same, step by step in one process -----------------------------------------------------------------------------


def test_a_project_that_was_open_before_sees_what_another_has_logged(place: Path) -> None:
    with Project(place / "project") as first, Project(place / "project") as second:
        logged = add_folder(second, write_files(place / "source", {"a": b"1"}))
        first.refresh()
        assert content_of(first, logged.version.root) == {"a": b"1"}
        other = add_folder(first, write_files(place / "other", {"a": b"2"}))
        assert other.version.number == 1


def test_a_project_that_is_behind_does_not_empty_the_index_of_others(place: Path) -> None:
    """One process has read the log, then another adds and puts its segment into the cache that both share."""
    with Project(place / "project") as behind, Project(place / "project") as other:
        add_folder(behind, write_files(place / "source", {"a": b"1"}))
        old = list(behind.state.segments)
        logged = add_folder(other, write_files(place / "second", {"a": b"2"}))
        behind.database.load(old)
        assert content_of(other, logged.version.root) == {"a": b"2"}


def test_a_draft_of_a_living_process_is_left_alone(place: Path) -> None:
    with Project(place / "project") as first, Project(place / "project") as second, first.writing():
        draft = first.open_draft()
        add_folder(second, write_files(place / "source", {"a": b"1"}))
        assert len(list(first.drafts.iterdir())) == 1
        draft.close()


def test_a_type_that_another_process_has_chosen_is_a_clear_error(place: Path) -> None:
    from objstore.errors import InvalidInputError
    from objstore.host.progress import Silent
    from objstore.repository.adding import add
    from objstore.repository.logging import Labels
    from objstore.worktree.ignore import Patterns

    source = write_files(place / "source", {"a": b"1"})
    with Project(place / "project") as first, Project(place / "project") as second:
        add(first, [source], Labels("data", "model"), Patterns(), Silent())
        with pytest.raises(InvalidInputError, match="has type model"):
            add(second, [source], Labels("data", "dataset"), Patterns(), Silent())


def test_a_project_cannot_be_made_twice(place: Path) -> None:
    with pytest.raises(ConflictError):
        Project.create_at(place / "project")


def test_a_checkout_while_another_adds_is_whole(place: Path) -> None:
    with Project(place / "project") as first, Project(place / "project") as second:
        logged = add_folder(first, write_files(place / "source", {"a": b"1"}))
        add_folder(second, write_files(place / "source", {"a": b"22"}))
        check_out(first, logged.version.root, place / "target")
        assert files_of(place / "target") == {"a": b"1"}
