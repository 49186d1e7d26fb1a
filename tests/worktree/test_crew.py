"""Helper processes: they do the work, say what went wrong, and are not missed when they die."""

import os
import signal
from pathlib import Path

import pytest

from objstore.errors import ConflictError, SourceFileError
from objstore.odb.record import encode
from objstore.values.digest import plain
from objstore.values.key import chunk_key
from objstore.worktree import tasks
from objstore.worktree.crew import FILES_WORTHWHILE, Crew, crew_for
from objstore.worktree.listing import UNKNOWN, facts_of
from objstore.worktree.tasks import FilesRead, FilesWritten, FileToWrite, ReadTask, Stretch, WriteTask


def reading(paths: list[Path]) -> ReadTask:
    return ReadTask([(os.fsencode(path), facts_of(path.stat())) for path in paths])


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{size}.bin" for size in (0, 1, 5000, 100_000)]
    for path in paths:
        path.write_bytes(os.urandom(int(path.stem)))
    return paths


def test_a_member_answers_as_this_process_would(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = tasks.run(reading(files))
    with Crew(1) as crew:
        monkeypatch.setattr(tasks, "run", lambda _: pytest.fail("the member has died"))
        answer = crew.run(reading(files))
    assert isinstance(answer, FilesRead)
    assert answer == expected
    assert [file.digest for file in answer.files] == [plain(path.read_bytes()) for path in files]


def test_a_member_writes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"written elsewhere"
    payload = encode(chunk_key(plain(content)), content)
    record = payload.frame + bytes(payload.data)
    (tmp_path / "pack").write_bytes(b"before" + record)
    file = FileToWrite(b"a/b/", b"name", 0o666, bytes(plain(content)), 2, len(record))
    stretch = Stretch(str(tmp_path / "pack"), 4, 2 + len(record), [file])
    with Crew(1) as crew:
        monkeypatch.setattr(tasks, "run", lambda _: pytest.fail("the member has died"))
        answer = crew.run(WriteTask(str(tmp_path / "out"), False, [stretch]))
    written = tmp_path / "out/a/b/name"
    assert isinstance(answer, FilesWritten)
    assert (written.read_bytes(), answer.facts) == (content, [facts_of(written.stat())])


def test_a_member_replaces_only_the_file_that_it_is_told_to(tmp_path: Path) -> None:
    content = b"written elsewhere"
    payload = encode(chunk_key(plain(content)), content)
    record = payload.frame + bytes(payload.data)
    (tmp_path / "pack").write_bytes(record)
    (tmp_path / "name").write_bytes(b"edited")
    for instead_of in (UNKNOWN, facts_of((tmp_path / "pack").stat())):
        file = FileToWrite(b"", b"name", 0o666, bytes(plain(content)), 0, len(record), instead_of)
        with Crew(1) as crew, pytest.raises(ConflictError, match="name was changed by somebody"):
            crew.run(WriteTask(str(tmp_path), False, [Stretch(str(tmp_path / "pack"), 0, len(record), [file])]))
        assert (tmp_path / "name").read_bytes() == b"edited"


def test_an_error_in_a_member_is_raised_here(files: list[Path]) -> None:
    task = reading(files)
    files[2].unlink()
    with Crew(1) as crew, pytest.raises(SourceFileError, match="can't be read"):
        crew.run(task)


def test_when_a_member_dies_its_work_is_done_here(files: list[Path]) -> None:
    with Crew(1) as crew:
        crew.run(reading(files))
        os.kill(crew._members[0].pid, signal.SIGKILL)
        assert crew.run(reading(files)) == tasks.run(reading(files))


def test_members_end_with_the_crew() -> None:
    with Crew(2) as crew:
        members = list(crew._members)
    assert [member.poll() for member in members] == [0, 0]


def test_a_crew_is_for_many_small_files_only() -> None:
    with crew_for(FILES_WORTHWHILE - 1, 0) as few, crew_for(FILES_WORTHWHILE, FILES_WORTHWHILE << 20) as large:
        assert few is None and large is None
    with crew_for(FILES_WORTHWHILE, 0) as crew:
        assert crew is not None
