"""The public API is short, pinned, and costs nothing to import."""

import inspect
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import objstore
from objstore import Api, Artifact, InvalidInputError, PartitionedTable, Repository, Run, Table

NAMES = [
    "Api",
    "Artifact",
    "ArtifactFinalizedError",
    "ArtifactNotLoggedError",
    "ArtifactTTL",
    "ConflictError",
    "CorruptionError",
    "EntryNotFoundError",
    "FolderDiffersError",
    "InvalidInputError",
    "InvalidTypeError",
    "MissingReferenceWarning",
    "NotFoundError",
    "ObjstoreError",
    "PartitionedTable",
    "PathCollisionWarning",
    "ReferenceChangedError",
    "ReferenceMissingError",
    "RemoteError",
    "Repository",
    "Run",
    "Settings",
    "SourceFileError",
    "SourceMissingError",
    "StorageError",
    "Table",
    "UnsupportedFormatError",
    "__version__",
    "alert",
    "clone",
    "define_metric",
    "diff",
    "finish",
    "finish_artifact",
    "init",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_model",
    "login",
    "open",
    "setup",
    "teardown",
    "unwatch",
    "upsert_artifact",
    "use_artifact",
    "use_model",
    "watch",
]

ARTIFACT = {
    "__init__": "(self, name, type, description, metadata, incremental, use_as)",
    "add": "(self, obj, name, overwrite)",
    "add_dir": "(self, local_path, name, skip_cache, policy, merge, *, include, exclude)",
    "add_file": "(self, local_path, name, is_tmp, skip_cache, policy, overwrite)",
    "add_reference": "(self, uri, name, checksum, max_objects)",
    "blame": "(self, path)",
    "checkout": "(self, root)",
    "delete": "(self, delete_aliases)",
    "diff": "(self, other)",
    "download": "(self, root, allow_missing_references, skip_cache, path_prefix, multipart)",
    "file": "(self, root)",
    "files": "(self, names, per_page)",
    "get": "(self, name)",
    "get_entry": "(self, name)",
    "is_draft": "(self)",
    "get_path": "(self, name)",
    "link": "(self, target_path, aliases)",
    "logged_by": "(self)",
    "new_draft": "(self)",
    "new_file": "(self, name, mode, encoding)",
    "remove": "(self, item)",
    "restore": "(self)",
    "save": "(self, project, settings)",
    "used_by": "(self)",
    "verify": "(self, root)",
    "wait": "(self, timeout)",
}

PROPERTIES = [
    "aliases",
    "collection",
    "created_at",
    "description",
    "digest",
    "entity",
    "file_count",
    "id",
    "manifest",
    "metadata",
    "name",
    "project",
    "qualified_name",
    "size",
    "source_name",
    "source_version",
    "state",
    "tags",
    "ttl",
    "type",
    "version",
]

REPOSITORY = {
    "add_remote": "(self, name, url, *, storage_options)",
    "fetch": "(self)",
    "prune": "(self, *, dry_run)",
    "verify_upstream": "(self)",
    "mirror": "(self, name, *, dry_run)",
    "pull": "(self, names, *, path, ours)",
    "push": "(self, names, *, dry_run)",
    "add": "(self, paths, name, type, *, aliases, tags, description, metadata, include, exclude)",
    "artifact": "(self, name)",
    "artifacts": "(self, name)",
    "close": "(self)",
    "collections": "(self)",
    "diff": "(self, a, b)",
    "expire": "(self, *, trust_clock, dry_run)",
    "prune_versions": "(self, name, *, keep_last, keep_aliased, dry_run)",
    "fsck": "(self, *, remote, repair)",
    "gc": "(self, *, remote, min_age, dry_run)",
    "log": "(self, artifact, *, aliases, tags)",
    "new_artifact": "(self, name, type, description, metadata, incremental)",
}

TABLE = {
    "__init__": "(self, columns, data, rows, dataframe, dtype, optional, allow_mixed_types, log_mode)",
    "add_column": "(self, name, data, optional)",
    "add_computed_columns": "(self, fn)",
    "add_data": "(self, data)",
    "add_row": "(self, row)",
    "get_column": "(self, name, convert_to)",
    "get_dataframe": "(self)",
    "iterrows": "(self)",
}

PARTITIONED_TABLE = {"__init__": "(self, parts_path)", "get_dataframe": "(self)", "iterrows": "(self)"}


RUN = {
    "alert": "(self, args, kwargs)",
    "define_metric": "(self, args, kwargs)",
    "unwatch": "(self, args, kwargs)",
    "watch": "(self, args, kwargs)",
    "finish": "(self, exit_code, quiet)",
    "finish_artifact": "(self, artifact_or_path, name, type, aliases, distributed_id)",
    "get_url": "(self)",
    "link_artifact": "(self, artifact, target_path, aliases)",
    "link_model": "(self, path, registered_model_name, name, aliases)",
    "log": "(self, data, step, commit)",
    "log_artifact": "(self, artifact_or_path, name, type, aliases, tags)",
    "log_code": "(self, root, name, include_fn, exclude_fn)",
    "log_model": "(self, path, name, aliases)",
    "logged_artifacts": "(self)",
    "project_name": "(self)",
    "upsert_artifact": "(self, artifact_or_path, name, type, aliases, distributed_id)",
    "use_artifact": "(self, artifact_or_name, type, aliases, use_as)",
    "use_model": "(self, name)",
    "used_artifacts": "(self)",
}

API = {
    "__init__": "(self, overrides, timeout, api_key, *, root)",
    "artifact": "(self, name, type)",
    "artifact_collection": "(self, type_name, name)",
    "artifact_collection_exists": "(self, name, type)",
    "artifact_collections": "(self, project_name, type_name, per_page)",
    "artifact_exists": "(self, name, type)",
    "artifact_type": "(self, type_name, project)",
    "artifact_types": "(self, project)",
    "artifact_versions": "(self, type_name, name, per_page, tags)",
    "artifacts": "(self, type_name, name, per_page, tags)",
    "project": "(self, name, entity)",
    "projects": "(self, entity)",
    "run": "(self, path)",
    "runs": "(self, path, filters, order, per_page)",
    "sweep": "(self, path)",
}


def shape(function: object) -> str:
    parameters, star = [], False
    for parameter in inspect.signature(function).parameters.values():  # type: ignore[arg-type]
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            parameters.append("*")
            star = True
        parameters.append(parameter.name)
    return f"({', '.join(parameters)})"


def public(kind: type) -> dict[str, str]:
    return {name: shape(value) for name in dir(kind) if not name.startswith("_") and callable(value := getattr(kind, name))}


def test_the_package_exports_exactly_these_names() -> None:
    assert sorted(objstore.__all__) == sorted(NAMES)
    assert all(getattr(objstore, name) is not None for name in NAMES)


def test_artifacts_have_exactly_these_methods_and_properties() -> None:
    assert {"__init__": shape(Artifact.__init__), **public(Artifact)} == ARTIFACT
    found = [name for name in dir(Artifact) if isinstance(getattr(Artifact, name), property) and not name.startswith("_")]
    assert found == sorted(PROPERTIES)


def test_repositories_have_exactly_these_methods() -> None:
    assert public(Repository) == REPOSITORY


def test_runs_and_the_api_have_exactly_these_methods() -> None:
    assert public(Run) == RUN
    assert {"__init__": shape(Api.__init__), **public(Api)} == API


def test_tables_have_exactly_these_methods() -> None:
    assert {"__init__": shape(Table.__init__), **public(Table)} == TABLE
    assert {"__init__": shape(PartitionedTable.__init__), **public(PartitionedTable)} == PARTITIONED_TABLE


def test_every_public_method_says_what_it_promises_or_is_plain_from_its_name() -> None:
    silent = {"file_count", "is_draft", "close", "type", "description", "id", "name", "project", "entity", "group", "job_type"}
    silent |= {"sweep_id", "tags", "notes", "path"}
    for kind in (Api, Artifact, PartitionedTable, Repository, Run, Table):
        for name in dir(kind):
            if not name.startswith("_") and name not in silent:
                assert getattr(kind, name).__doc__, name


def test_importing_objstore_loads_none_of_the_machinery() -> None:
    code = "import sys, objstore; print(*[n for n in sys.modules if n.startswith('objstore.') or n in ('lmdb', 'zstandard', 'blake3')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["objstore.errors"]


def test_diff_is_the_function_whatever_has_been_imported() -> None:
    code = "import objstore; import objstore.comparison.files; from objstore.sdk.difference import diff; assert objstore.diff is diff"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_module_has_the_name_of_something_public() -> None:
    """Importing it would put it in the other's place."""
    assert not {module.name for module in pkgutil.iter_modules(objstore.__path__)} & set(objstore.__all__)


def test_a_name_that_objstore_has_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        objstore.nothing  # noqa: B018


def test_it_says_what_to_do_instead_of_what_only_wandb_has() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Image'.*files of an artifact"):
        objstore.Image  # noqa: B018


def test_without_a_run_what_belongs_to_one_is_listed_but_not_there() -> None:
    assert {"config", "run", "summary", "init"} < set(dir(objstore))
    assert not hasattr(objstore, "summary")
    assert objstore.run is None
    with pytest.raises(InvalidInputError, match="no run is active"):
        objstore.log_model("model.bin")
    assert str(inspect.signature(objstore.log_model)) == str(inspect.signature(Run.log_model)).replace("self, ", "")


def test_ids_for_runs_can_be_had_where_scripts_look_for_them() -> None:
    assert objstore.util.generate_id() != objstore.util.generate_id()


def test_the_version_is_that_of_the_package() -> None:
    project = Path(objstore.__file__).parent.parent / "pyproject.toml"
    if project.exists():
        assert tomllib.loads(project.read_text())["project"]["version"] == objstore.__version__
