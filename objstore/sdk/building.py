"""Content taken into an artifact."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from objstore.errors import ArtifactFinalizedError, InvalidInputError
from objstore.manifest.entry import Entry
from objstore.sdk import adding, referring
from objstore.sdk.arguments import StrPath
from objstore.sdk.content import DraftContent
from objstore.sdk.entry import ArtifactEntry
from objstore.sdk.holding import Holding
from objstore.sdk.tables import storing
from objstore.values.paths import canonical
from objstore.worktree.ignore import Patterns


class Building(Holding):
    """Content: taken in until the artifact is logged, read-only afterwards.

    Paths inside an artifact are made
    canonical (`./x//y` is `x/y`); absolute ones, `..` and what names nothing are ValueError. Paths that differ at all, if only by
    letter case, are two; `repo.log` warns of those that some disks can't hold both. Every method that changes something raises
    ArtifactFinalizedError after logging, and changes all or nothing. What was begun before a fork is the parent's: in the child, every
    method that looks at the content, changes or logs it is a ValueError.
    """

    # -- adding --------------------------------------------------------------------------------------------------------

    def add_file(
        self,
        local_path: StrPath,
        name: str | None = None,
        is_tmp: bool = False,
        skip_cache: bool = False,
        policy: str | None = None,
        overwrite: bool = False,
    ) -> ArtifactEntry:
        """Adds a file under its base name, or as `name`. The content is captured now.

        ValueError when it isn't a regular file, when the path has other content (unless `overwrite`), or when it would be both a file and a
        folder. `is_tmp`, `skip_cache` and `policy` are taken for compatibility and do nothing.
        """
        local = Path(local_path)
        path = canonical(local.name if name is None else os.fspath(name))
        entry = adding.add_file(self._changing(), local, path.encode(), overwrite=overwrite)
        return self._shown(path, entry)

    def add_dir(
        self,
        local_path: StrPath,
        name: str | None = None,
        skip_cache: bool = False,
        policy: str | None = None,
        merge: bool = False,
        *,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
    ) -> None:
        """Adds all files below a folder, at the top or below `name`; hidden ones too, links followed, empty folders dropped.

        `.objstoreignore` files and the patterns `include` and `exclude` (both of gitignore's syntax) choose. A dangling link, a cycle, a
        socket, or a path that is there with other content (unless `merge`, which replaces it) is a ValueError before anything is added.
        `skip_cache` and `policy` do nothing.
        """
        prefix = "" if name is None else canonical(os.fspath(name))
        patterns = Patterns.of(include, exclude)
        adding.add_folder(self._changing(), Path(local_path), prefix.encode(), patterns, replace=merge)

    @contextlib.contextmanager
    def new_file(self, name: str, mode: str = "x", encoding: str | None = None) -> Iterator[IO[Any]]:
        """A file to write in a `with` block, added at its end; nothing is added if the block raises.

        Mode `x` refuses a path that is there (ValueError), `w` replaces it; with `b` the file takes bytes.
        """
        path = canonical(name)
        adding.check_writing_mode(mode)
        content = self._changing()
        content.check_free(path.encode())
        if "x" in mode and content.get(path.encode()) is not None:
            raise InvalidInputError(f"{path} is there already; mode 'w' replaces it")
        with adding.scratch_folder(content) as folder:
            local = folder / path.rpartition("/")[2][-60:]  # libraries go by its suffix; no disk takes a name of more than 255 bytes
            with adding.writing(local, mode, encoding) as file:
                yield file
            adding.add_file(self._changing(), local, path.encode(), overwrite="w" in mode)

    def add(self, obj: object, name: str, overwrite: bool = False) -> ArtifactEntry:
        """Adds a table, to be had again by `get(name)`; the entry of the file that it is kept in, `<name>.table.parquet`.

        A Table, a PartitionedTable, a DataFrame of pandas or polars, a pyarrow.Table, or anything with `__arrow_c_stream__`; TypeError for
        others, and for values that can't be kept. ValueError when the name has other content (unless `overwrite`).
        """
        return self._shown(*storing.add(self._changing(), obj, os.fspath(name), overwrite=overwrite))

    def add_reference(
        self, uri: str, name: str | None = None, checksum: bool = True, max_objects: int | None = referring.MOST
    ) -> Sequence[ArtifactEntry]:
        """Refers to data that stays where it is: `file://`, `http(s)://`, `s3://`, `gs://`, or what fsspec knows; the new entries.

        One object, under its base name or `name`; or all objects below the address, at the top or below `name`. Each is recorded as it is
        now: size, ETag, version, for files the BLAKE3. `checksum=False`: one entry that is the URI alone, and nobody is asked.
        FileNotFoundError when nothing is there; ValueError when there are more than `max_objects`, for a path that is there already as
        something else, for an address that can't be used or has credentials in it; RemoteError when a server can't be asked.
        """
        found = referring.refer(self._changing(), uri, name, checksum=checksum, most=max_objects)
        return [self._shown(path, entry) for path, entry in found]

    def __setitem__(self, name: str, obj: object) -> None:
        self.add(obj, name)

    def remove(self, item: "StrPath | ArtifactEntry") -> None:
        """Takes out a file, or a folder with all in it. FileNotFoundError when there is neither."""
        path = item.path if isinstance(item, ArtifactEntry) else canonical(os.fspath(item))
        self._changing().remove(path.encode())

    # -- inside --------------------------------------------------------------------------------------------------------

    def _changing(self) -> DraftContent:
        self._check_changeable()
        content = self._bound()
        content.begin()
        return content

    def _check_changeable(self) -> None:
        """ArtifactFinalizedError for what was logged, or is being logged."""
        if self._logged is not None:
            raise ArtifactFinalizedError(
                f"{self._logged.name} has been logged, so its content can't change; make a draft of it with new_draft()"
            )
        if self._is_handed_over:
            raise ArtifactFinalizedError(f"{self._draft_name} is being logged, so its content can't change; wait(), then use new_draft()")
        if self._part is not None:
            raise ArtifactFinalizedError(f"{self._draft_name} has been added to a common version; add more with another Artifact")

    def _shown(self, path: str, entry: Entry) -> ArtifactEntry:
        return ArtifactEntry(path, entry, self._download_entry)
