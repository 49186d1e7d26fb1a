"""A project that is in a bucket, opened there."""

import errno
import os
from datetime import timedelta
from pathlib import Path

import fsspec
import pytest

import objstore
from objstore import ConflictError, InvalidInputError, NotFoundError
from objstore.host import clock
from tests.servers.bucket import Bucket
from tests.servers.proxy import Proxy


@pytest.fixture(params=["s3", "gcs"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    found: Bucket = request.getfixturevalue(request.param)
    return found


def test_the_whole_api_works_on_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    url = f"{bucket.place()}/team/vision"
    with pytest.raises(NotFoundError, match="no objstore project"):
        objstore.open(url, storage_options=bucket.options)
    with objstore.open(url, create=True, storage_options=bucket.options) as repo:
        assert (repo.name, repo.url) == ("team/vision", url)
        with pytest.raises(InvalidInputError, match="bucket"):
            _ = repo.path
        (tmp_path / "images").mkdir()
        (tmp_path / "images/cat.png").write_bytes(b"meow" * 50_000)
        first = repo.add(tmp_path / "images", aliases=["prod"])
        draft = first.new_draft()
        with draft.new_file("notes.txt") as file:
            file.write("taken in May")
        second = repo.log(draft)
        assert [item.path for item in first.diff(second).added] == ["notes.txt"]
    with objstore.open(url, storage_options=bucket.options) as again:
        found = again.artifact("images:prod")
        assert Path(found.download(tmp_path / "got")).joinpath("cat.png").read_bytes() == b"meow" * 50_000
        assert [artifact.version for artifact in again.artifacts("images")] == ["v1", "v0"]
        assert again.fsck().is_sound
        again.artifact("images:v1").delete(delete_aliases=True)
        assert [artifact.version for artifact in again.artifacts("images")] == ["v0"]
        assert again.gc().restorable == ["images:v1"]
        assert again.gc(min_age=timedelta(0)).purged == ["images:v1"]
        assert again.fsck().is_sound
        assert Path(again.artifact("images:v0").download(tmp_path / "anew")).joinpath("cat.png").stat().st_size == 200_000


def test_versions_expire_and_are_pruned_in_a_bucket(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with objstore.open(bucket.place(), create=True, storage_options=bucket.options) as repo:
        for content in ("a", "b", "c"):
            (tmp_path / "file").write_text(content)
            repo.add(tmp_path / "file", name="data")
        assert repo.prune_versions("data", keep_last=2).deleted == ("data:v0",)
        repo.default_ttl = timedelta(days=1)
        monkeypatch.setattr("objstore.repository.gcplan.clock", lambda _: (clock.now() + timedelta(days=2)).timestamp())
        assert [version.name for version in repo.expire(dry_run=True).versions] == ["data:v1", "data:v2"]
        (found,) = (artifact for artifact in repo.artifacts("data") if artifact.version == "v1")
        found.ttl = None
        found.save()
        planned, freed = repo.gc(min_age=timedelta(0), dry_run=True), repo.gc(min_age=timedelta(0))
        assert planned.expired == freed.expired == ["data:v2"]
        assert planned.purged == freed.purged == ["data:v0", "data:v2"]
        assert [artifact.version for artifact in repo.artifacts("data")] == ["v1"]
        assert repo.fsck().is_sound


@pytest.mark.parametrize("age", [timedelta(days=1), timedelta(0)])
def test_a_draft_in_a_bucket_is_logged_after_a_gc_or_refused(
    s3: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: timedelta
) -> None:
    (tmp_path / "file").write_bytes(b"shared" * 20_000)
    with objstore.open(s3.place(), create=True, storage_options=s3.options) as repo:
        repo.add(tmp_path / "file", name="gone")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
        draft = objstore.Artifact("new", type="dataset")
        draft.add_file(str(tmp_path / "file"))
        with draft.new_file("own") as file:
            file.write("own")
        with objstore.open(repo.url, storage_options=s3.options) as other:
            other.artifact("gone").delete(delete_aliases=True)
            (tmp_path / "passing").write_text("passing")
            other.add(tmp_path / "passing", name="passing")
            other.artifact("passing").delete(delete_aliases=True)
            other.gc(min_age=age)
            if age:
                assert Path(repo.log(draft).download(tmp_path / "got")).joinpath("file").read_bytes() == b"shared" * 20_000
            else:
                with pytest.raises(ConflictError, match="add it all again"):
                    repo.log(draft)
            assert other.fsck().is_sound


def test_gc_in_the_upstream(s3: Bucket, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content" * 20_000)
    with objstore.open(tmp_path / "repo", create=True) as repo:
        repo.add_remote("origin", s3.place(), storage_options=s3.options)
        repo.add(tmp_path / "file", name="gone")
        repo.push()
        repo.artifact("gone").delete(delete_aliases=True)
        repo.push()
        assert repo.gc(remote="origin", dry_run=True).restorable == ["gone:v0"]
        assert repo.gc(remote="origin", min_age=timedelta(0)).deleted == 2
        assert repo.fsck(remote="origin").packs == 0


def test_two_who_write_to_a_bucket_see_each_other(s3: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = s3.place()
    with objstore.open(url, create=True, storage_options=s3.options) as one:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
        with objstore.open(url, storage_options=s3.options) as two:
            for number, repo in enumerate([one, two, one, two]):
                (tmp_path / "file").write_text(f"text {number}")
                assert repo.add(tmp_path / "file", name="notes").version == f"v{number}"
            assert [artifact.version for artifact in one.artifacts("notes")] == ["v3", "v2", "v1", "v0"]


def test_a_bucket_is_cloned_and_pushed_to(bucket: Bucket, tmp_path: Path) -> None:
    url = bucket.place()
    with objstore.open(url, create=True, storage_options=bucket.options) as repo:
        (tmp_path / "file").write_text("one")
        repo.add(tmp_path / "file", name="notes")
        with objstore.clone(url, tmp_path / "clone", storage_options=bucket.options) as clone:
            (tmp_path / "file").write_text("two")
            clone.add(tmp_path / "file", name="notes")
            assert [str(version) for version in clone.push().versions] == ["notes:v1"]
            clone.add_remote("backup", tmp_path / "backup")
            assert clone.mirror("backup").entries == 2
            found = clone.verify_upstream()
            assert (found.broken, found.lost) == ([], [])
        assert repo.artifact("notes:v1").get_entry("file").size == 3


def test_a_bucket_follows_nobody(s3: Bucket, tmp_path: Path) -> None:
    with objstore.open(s3.place(), create=True, storage_options=s3.options) as repo:
        with pytest.raises(InvalidInputError, match="follows nobody"):
            repo.add_remote("origin", tmp_path / "elsewhere")
        with pytest.raises(InvalidInputError, match="is the shared project itself"):
            repo.push()


def emptied(s3: Bucket, tmp_path: Path, url: str) -> None:
    blobs = s3.open(tmp_path / "scratch", url)
    for name, _ in list(blobs.list("")):
        blobs.delete(name)
    blobs.close()


def test_nothing_is_written_to_a_bucket_that_was_emptied(s3: Bucket, tmp_path: Path) -> None:
    url = s3.place()
    (tmp_path / "file").write_text("one")
    with objstore.open(url, create=True, storage_options=s3.options) as repo:
        repo.add(tmp_path / "file", name="notes")
    emptied(s3, tmp_path, url)
    with objstore.open(url, storage_options=s3.options) as stale:
        (tmp_path / "file").write_text("two")
        with pytest.raises(NotFoundError, match="no objstore project"):
            stale.add(tmp_path / "file", name="notes")
    with pytest.raises(NotFoundError, match="no objstore project"):
        objstore.open(url, storage_options=s3.options)


@pytest.mark.parametrize("count", [1, 5])
def test_old_knowledge_of_a_bucket_is_not_mixed_with_what_was_put_there_anew(
    s3: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    url = s3.place()
    (tmp_path / "file").write_text("one")
    with objstore.open(url, create=True, storage_options=s3.options) as repo:
        repo.add(tmp_path / "file", name="notes")
        repo.add(tmp_path / "file", name="more")
    emptied(s3, tmp_path, url)
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
        with objstore.open(url, create=True, storage_options=s3.options) as other:
            for number in range(count):
                (tmp_path / "file").write_text(f"text {number}")
                other.add(tmp_path / "file", name="others")
    with pytest.raises(objstore.ConflictError, match="anew"), objstore.open(url, storage_options=s3.options) as stale:
        stale.add(tmp_path / "file", name="notes")
    with objstore.open(url, storage_options=s3.options) as fresh:
        assert [item.name for item in fresh.collections()] == ["others"]
        assert fresh.add(tmp_path / "file", name="others").version == f"v{count - 1}"


def test_reading_a_part_of_a_large_file_takes_few_requests(s3: Bucket, s3_proxy: Proxy, tmp_path: Path) -> None:
    url = s3.place()
    data = bytes(range(256)) * 40_000
    (tmp_path / "large").write_bytes(data)
    with objstore.open(url, create=True, storage_options=s3.options) as repo:
        repo.add(tmp_path / "large", name="large")
    options = s3_proxy.bucket.options

    def read(at: int) -> int:
        """How many requests it takes to read 1 MiB."""
        s3_proxy.requests.clear()
        fs = fsspec.filesystem("objstore", repo=url, skip_instance_cache=True, target_options=options)
        with fs.open("large:v0/large") as file:
            file.seek(at)
            assert file.read(1 << 20) == data[at : at + (1 << 20)]
        return len(s3_proxy.requests)

    assert read(5_000_000) <= 9
    assert read(2_000_000) <= 2


def test_what_a_bucket_has_by_now_is_looked_up_where_a_name_may_have_moved(s3: Bucket, s3_proxy: Proxy, tmp_path: Path) -> None:
    url = s3.place()
    with objstore.open(url, create=True, storage_options=s3.options) as repo:
        for text in ("one", "two", "three"):
            (tmp_path / "file").write_text(text)
            repo.add(tmp_path / "file", name="notes")
            fs = fsspec.filesystem("objstore", repo=url, skip_instance_cache=True, target_options=s3_proxy.bucket.options)
            assert fs.cat("notes/file") == text.encode()
    s3_proxy.requests.clear()
    fs = fsspec.filesystem("objstore", repo=url, skip_instance_cache=True, target_options=s3_proxy.bucket.options)
    assert fs.cat("notes:v0/file") == b"one"
    assert not [request for request in s3_proxy.requests if "/log/" in request.path]


def test_a_bucket_is_read_also_where_nothing_can_be_kept(s3: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = s3.place()
    (tmp_path / "file").write_text("one")
    with objstore.open(url, create=True, storage_options=s3.options) as repo:
        repo.add(tmp_path / "file", name="notes")
    cache = tmp_path / "read-only"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    make = os.mkdir

    def refuse(path: str | Path, *args: object, **kwargs: object) -> None:
        if Path(path).is_relative_to(cache):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        make(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "mkdir", refuse)
    with objstore.open(url, storage_options=s3.options) as again:
        assert Path(again.artifact("notes").download(tmp_path / "got")).joinpath("file").read_text() == "one"


def test_an_age_is_a_timedelta_and_only_for_what_is_shared(tmp_path: Path) -> None:
    with objstore.open(tmp_path, create=True) as repo:
        for wrong in (0, "7d", True, []):
            with pytest.raises(TypeError, match="timedelta"):
                repo.gc(remote="origin", min_age=wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="less than nothing"):
            repo.gc(remote="origin", min_age=timedelta(days=-1))
        with pytest.raises(ValueError, match="name it with remote="):
            repo.gc(min_age=timedelta(0))
