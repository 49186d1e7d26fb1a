"""Runs over a network that fails in the middle of logging: it is told, nothing is lost, and it can be logged again."""

from pathlib import Path

import pytest

import objstore
from objstore import Api, RemoteError
from objstore.blobs.retrying import Retrying
from tests.sdk.runs import artifact, contents, names
from tests.servers.bucket import Bucket
from tests.servers.proxy import Fault, Proxy


@pytest.fixture
def root(s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> str:
    """A root in a bucket, behind a proxy, of which little patience is taken."""
    for name, value in s3_proxy.bucket.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("objstore.blobs.opening.Retrying", lambda: Retrying(tries=2, first_wait=0.01, longest_wait=0.01))
    return s3_proxy.bucket.place()


def fails(proxy: Proxy, folder: str, kind: str = "busy") -> None:
    """From now on whatever is put below a folder of the project."""
    proxy.faults.append(Fault(kind, lambda method, path: method == "PUT" and f"/{folder}/" in path, times=1000))  # type: ignore[arg-type]


@pytest.mark.parametrize("where", ["packs", "index", "log/main"])
def test_a_draft_that_could_not_be_sent_is_sent_when_it_is_logged_again(where: str, root: str, s3_proxy: Proxy) -> None:
    with objstore.init(root=root, id="r") as run:
        draft = artifact(files={"a.txt": "a" * 1000})
        fails(s3_proxy, where)
        run.log_artifact(draft)
        with pytest.raises(RemoteError, match="SlowDown"):
            draft.wait()
        assert draft.is_draft() and not Api(root=root).artifact_exists("data")
        s3_proxy.reset()
        assert run.log_artifact(draft).wait().version == "v0"
    assert contents(Api(root=root).artifact("data")) == {"a.txt": "a" * 1000}
    assert names(Api(root=root).run("r").logged_artifacts()) == ["data:v0"]
    with objstore.open(f"{root}/default/uncategorized") as repo:
        assert repo.fsck().is_sound


def test_a_log_entry_whose_answer_is_lost_is_one_version(root: str, s3_proxy: Proxy) -> None:
    with objstore.init(root=root) as run:
        s3_proxy.faults.append(Fault("lost", lambda method, path: method == "PUT" and "/log/main/" in path, times=1))
        draft = run.log_artifact(artifact()).wait()
        assert draft.version == "v0"
    assert names(Api(root=root).artifacts("dataset", "data")) == ["data:v0"]


def test_several_that_wait_fail_together_and_are_told_at_the_end(root: str, s3_proxy: Proxy) -> None:
    run = objstore.init(root=root, id="r")
    drafts = [artifact(f"data-{number}") for number in range(3)]
    fails(s3_proxy, "packs")
    with run._session.alone():
        for draft in drafts:
            run.log_artifact(draft)
    with pytest.raises(RemoteError, match="SlowDown"):
        run.finish()
    s3_proxy.reset()
    with objstore.init(root=root, id="r", resume="must") as run:
        for draft in drafts:
            run.log_artifact(draft)
    assert len(Api(root=root).run("r").logged_artifacts()) == 3


def test_what_a_run_says_of_itself_is_recorded_once_the_network_is_back(root: str, s3_proxy: Proxy, here: Path, s3: Bucket) -> None:
    run = objstore.init(root=root, id="r")
    run.log_artifact(artifact()).wait()
    fails(s3_proxy, "log/runs")
    run.use_artifact("data:latest")
    with pytest.raises(RemoteError, match="SlowDown"):
        run.finish()
    s3_proxy.reset()
    run.finish()
    found = Api(root=root).run("r")
    assert found.state == "finished" and names(found.used_artifacts()) == ["data:v0"]
