"""What the SDK's objects are in a notebook."""

from pathlib import Path

import pytest

import objstore
from objstore import Api
from objstore.comparison.files.diff import FileDiff, Present
from objstore.manifest.entry import Entry, EntryKind
from objstore.sdk.content import DraftContent
from objstore.values.digest import plain
from tests.sdk.runs import artifact, logged

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def run(here: Path) -> objstore.Run:
    with objstore.init(project="pets", job_type="train", group="g", tags=["best"], notes=HOSTILE, config={"lr": 0.1, HOSTILE: 1}) as begun:
        begun.log({"loss": 0.25})
        yield begun


def test_a_version_shows_what_is_known_of_it(run: objstore.Run) -> None:
    made = logged(run, "cats", {"a.txt": "12345"}, description=HOSTILE, metadata={"camera": HOSTILE})
    shown = made._repr_html_()
    for said in ("cats:v0 (dataset)", ">latest<", ">5 B<", made.created_at, made.digest, "&lt;script&gt;"):
        assert said in shown
    assert "<script" not in shown


def test_a_draft_is_shown_without_being_looked_through(run: objstore.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = artifact("cats", {"a.txt": "1"}, description="of May")
    for method in ("root", "totals"):
        monkeypatch.setattr(DraftContent, method, None)
    assert "cats (dataset, draft)" in draft._repr_html_()
    assert "of May" in draft._repr_html_()
    assert "(model, draft)" in objstore.Artifact("m", "model")._repr_html_()


def test_versions_are_a_list_that_is_shown_as_a_table(run: objstore.Run) -> None:
    for number in range(25):
        logged(run, "cats", {"a.txt": str(number)}, description=HOSTILE)
    for versions in (
        Api().artifacts("dataset", "cats"),
        Api().artifact_collection("dataset", "cats").artifacts(),
        run.logged_artifacts(),
        Api().run(run.id).logged_artifacts(),
    ):
        assert isinstance(versions, list) and len(versions) == 25
        shown = versions._repr_html_()
        assert shown.count("<tr>") == 21
        assert "25 versions, of which the first 20 are shown" in shown
        assert f"{versions[0].name}<" in shown and f"{versions[24].name}<" not in shown
        assert "<script" not in shown


def test_what_blame_finds_is_a_list_that_is_shown_as_a_table(run: objstore.Run) -> None:
    logged(run, "cats", {"a.txt": "1", "b.txt": "1"})
    found = logged(run, "cats", {"a.txt": "1", "b.txt": "2"}).blame()
    assert isinstance(found, list) and [item.path for item in found] == ["a.txt", "b.txt"]
    shown = found._repr_html_()
    for said in (">cats:v0<", ">added<", ">cats:v1<", ">modified<", f">{run.id}<", ">b.txt<", "2 files"):
        assert said in shown


def test_versions_of_a_repository_are_shown_as_well(repo: objstore.Repository) -> None:
    repo.log(artifact("cats"))
    shown = repo.artifacts("cats")._repr_html_()
    assert "cats:v0<" in shown and "1 version<" in shown


def test_a_run_shows_what_it_was_told_and_what_came_out(run: objstore.Run) -> None:
    run.finish()
    for shown in (run._repr_html_(), Api().run(run.id)._repr_html_()):
        for said in (run.name, run.id, "finished", "train", "best", "config.lr", ">0.1<", "summary.loss", ">0.25<", "&lt;script&gt;"):
            assert said in shown
        assert "<script" not in shown


def test_runs_are_shown_as_a_table_for_which_only_those_are_read(run: objstore.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made = logged(run, "cats")
    run.finish()
    for number in range(24):
        with objstore.init(project="pets", id=f"user-{number}") as user:
            user.use_artifact("cats:latest")
    users = made.used_by()
    assert isinstance(users, list)
    assert "24 runs, of which the first 20 are shown" in users._repr_html_()
    runs = Api().runs("pets", order="-created_at")
    shown = runs._repr_html_()
    assert "25 runs, of which the first 20 are shown" in shown
    assert shown.count("<tr>") == 21


def test_a_diff_shows_the_first_files_and_how_many_more() -> None:
    def present(path: str) -> Present:
        return Present(path, Entry(EntryKind.FILE, plain(path.encode()), 2048))

    found = FileDiff(added=[present(HOSTILE)], removed=[present("x")] * 1_000_000)
    shown = found._repr_html_()
    assert "1 added, 1,000,000 removed; 999,981 more than are shown" in shown
    assert shown.count("<tr>") == 21 and len(shown) < 5000
    assert "&lt;script&gt;" in shown and "<script" not in shown
    assert "2.0 KiB" in shown
    assert "no differences" in FileDiff()._repr_html_()


def test_a_diff_of_versions_names_all_that_can_differ(run: objstore.Run) -> None:
    old = logged(run, "cats", {"a": "1", "b": "2", "moved": "a long text that is somewhere else later", "gone": "4"})
    new = logged(run, "cats", {"a": "1", "b": "22", "moved/here": "a long text that is somewhere else later", "new": "5"})
    shown = old.diff(new)._repr_html_()
    for said in (">added<", ">removed<", ">modified<", ">1 B → 2 B<", ">renamed<", ">moved → moved/here<"):
        assert said in shown
