"""Roots: folders and bucket prefixes that hold projects, each as `entity/project` below it."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from objstore.blobs.address import Address
from objstore.blobs.opening import open_blobs
from objstore.blobs.remote import RemoteBlobs
from objstore.errors import ConflictError, NotFoundError
from objstore.repository.founding import make_project
from objstore.repository.places import check_project, projects_in
from objstore.repository.project import Project
from objstore.repository.settings import NAME


@dataclass(frozen=True)
class Root:
    """A place that holds projects. `options`: fsspec's storage options, for one that isn't a folder."""

    address: Address
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project) -> "Root | None":
        """The root of a project; None for one at the very top of a bucket."""
        if project.bucket is None:
            return cls(Address("file", str(project.folder.parent.parent)))
        above = project.bucket.address.path.split("/")[:-2]
        return cls(Address(project.bucket.address.protocol, "/".join(above)), project.bucket.options) if any(above) else None

    def names(self, most: int | None = None) -> list[str]:
        """The projects there are, ascending. Cost: in a bucket one request, one for each entity, and one for each project.

        `most`: in a bucket, looks only at so many entities, and at so many projects of each, since it may be no root at all.
        """
        folder = self.address.folder
        if folder is not None:
            return projects_in(folder)
        with TemporaryDirectory(prefix="objstore-") as scratch, contextlib.closing(self._blobs(Path(scratch))) as blobs:
            below = [f"{entity}/{name}" for entity in blobs.folders("")[:most] for name in blobs.folders(entity)[:most]]
            return sorted(name for name in below if blobs.has(f"{name}/{NAME}"))

    def open(self, name: str) -> Project:
        """The project `entity/project`. NotFoundError lists what there is instead."""
        found = self._find(name)
        if found is None:
            others = ", ".join(self.names()[:10]) or "none"
            raise NotFoundError(f"there is no project {name} in {self.address}; it has {others}")
        return found

    def open_or_make(self, name: str) -> Project:
        """The same, made if it isn't there."""
        while True:
            found = self._find(name)
            if found is not None:
                return found
            with contextlib.suppress(ConflictError):  # somebody was faster
                self._make(self.place(name))

    def _find(self, name: str) -> Project | None:
        """The project right there: for a folder, none that is above it."""
        place = self.place(name)
        if place.folder is not None:
            return Project(place.folder) if (place.folder / NAME).is_file() else None
        with contextlib.suppress(NotFoundError):
            return Project.at(place, self.options)
        return None

    def _make(self, place: Address) -> None:
        if place.folder is not None:
            make_project(place.folder)
            return
        from objstore.repository.bucket import make_in_bucket

        make_in_bucket(place, self.options)

    def place(self, name: str) -> Address:
        """Where a project of that name is, or would be. InvalidInputError for what can't be a name."""
        return Address(self.address.protocol, f"{self.address.path.rstrip('/')}/{check_project(name)}")

    def _blobs(self, scratch: Path) -> RemoteBlobs:
        blobs = open_blobs(self.address, scratch, self.options)
        assert isinstance(blobs, RemoteBlobs)
        return blobs
