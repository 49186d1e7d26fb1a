"""Files to add, and what comes back."""

from pathlib import Path

import objstore


def tree(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Makes a folder with these files; a path ending in `/` makes an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        file = folder / path
        if path.endswith("/"):
            file.mkdir(parents=True)
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def content(folder: Path | str) -> dict[str, str]:
    """Every file below a folder, and what is in it."""
    top = Path(folder)
    return {path.relative_to(top).as_posix(): path.read_text() for path in sorted(top.rglob("*")) if path.is_file()}


def draft(name: str = "data", files: dict[str, str] | None = None) -> objstore.Artifact:
    """A draft with these files."""
    artifact = objstore.Artifact(name, type="dataset")
    for path, text in (files or {}).items():
        with artifact.new_file(path) as file:
            file.write(text)
    return artifact


def paths(artifact: objstore.Artifact) -> list[str]:
    return list(artifact.manifest.entries)
