"""Diffs of versions whose content is in a bucket: what is fetched."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy
import pyarrow
import pyarrow.parquet
import pytest

import objstore
from objstore.sdk.difference import Diff
from objstore.sdk.repository import Repository
from tests.servers.bucket import Bucket
from tests.servers.proxy import Proxy

ROWS = 200_000


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders of some 20 MB each, in small pieces, which differ a little in each file."""
    dice = numpy.random.default_rng(5)
    values = dice.normal(size=(ROWS, 4))
    folders = []
    for turn in range(2):
        folder = tmp_path_factory.mktemp("version") / "data"
        folder.mkdir()
        values[123_456, :turn] = 1.5
        table = pyarrow.table({"id": numpy.arange(ROWS), **{f"x{at}": values[:, at] for at in range(4)}})
        pyarrow.parquet.write_table(table, folder / "table.parquet", row_group_size=10_000, compression="none", use_dictionary=False)
        lines = (json.dumps({"id": at, "x": repr(float(values[at, 0]))}) + "\n" for at in range(ROWS))
        (folder / "lines.jsonl").write_text("".join(lines))
        numpy.savez(folder / "arrays.npz", **{f"a{at}": values[at * 10_000 : (at + 1) * 10_000] for at in range(20)})
        folders.append(folder)
    return folders


@pytest.fixture(scope="module")
def upstream(versions: list[Path], s3: Bucket) -> str:
    url = f"{s3.place()}/team/data"
    with objstore.open(url, create=True, storage_options=s3.options) as repo:
        for folder in versions:
            repo.add(folder)
    return url


@pytest.fixture
def clone(upstream: str, s3_proxy: Proxy, tmp_path: Path) -> Repository:
    """One that has no data."""
    return objstore.clone(upstream, tmp_path / "clone", data=False, storage_options=s3_proxy.bucket.options)


def fetched(proxy: Proxy, work: Callable[[], object]) -> int:
    proxy.reset()
    work()
    return sum(request.received for request in proxy.requests)


def compared(repo: Repository) -> Diff:
    return repo.diff("data:v0", "data:v1")


def test_which_files_differ_takes_no_data(clone: Repository, s3_proxy: Proxy) -> None:
    assert fetched(s3_proxy, lambda: compared(clone).folders()) < 1_000_000


@pytest.mark.parametrize("path", ["table.parquet", "lines.jsonl"])
def test_of_a_table_only_the_parts_that_differ_are_fetched(clone: Repository, s3_proxy: Proxy, path: str, versions: list[Path]) -> None:
    found = compared(clone)

    def work() -> None:
        assert found.rows(path).modified == 1

    assert fetched(s3_proxy, work) < (versions[1] / path).stat().st_size * 0.5


def test_of_tensors_only_those_that_differ_are_fetched(clone: Repository, s3_proxy: Proxy, versions: list[Path]) -> None:
    found = compared(clone)

    def work() -> None:
        assert len(found.tensors("arrays.npz").modified) == 1

    assert fetched(s3_proxy, work) < (versions[1] / "arrays.npz").stat().st_size * 0.5


def test_what_is_here_isn_t_fetched_again(clone: Repository, s3_proxy: Proxy, versions: list[Path]) -> None:
    clone.pull("data:v0")

    def work() -> None:
        assert clone.diff("data:v0", "data:v1::origin").rows("table.parquet").modified == 1

    work()  # opens the project there, too
    assert fetched(s3_proxy, work) < (versions[1] / "table.parquet").stat().st_size * 0.1
