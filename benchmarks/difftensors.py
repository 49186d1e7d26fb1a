"""What is measured of tensors, each in a process of its own: making the files, storing them, and the ways to compare them.

All ways say how many tensors have changed, and the sum of the shares of their elements that have.
"""

import json
import struct
import sys
from pathlib import Path

_SIDE = 1448  # of a square tensor of 8 MiB


def make(old: str, new: str, size: str) -> None:
    """Tensors of random numbers; in the new file, every twentieth has other values in every second row."""
    import numpy as np

    rows = _SIDE if int(size) >= 1024**3 else 200
    count = int(size) // (rows * _SIDE * 4)
    header = {
        f"layer.{number:04}.weight": {
            "dtype": "F32",
            "shape": [rows, _SIDE],
            "data_offsets": [number * rows * _SIDE * 4, (number + 1) * rows * _SIDE * 4],
        }
        for number in range(count)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    dice = np.random.default_rng(1)
    for path in (old, new):
        Path(path).parent.mkdir(parents=True)
    with open(old, "xb") as before, open(new, "xb") as after:
        for file in (before, after):
            file.write(struct.pack("<Q", len(text)) + text)
        for number in range(count):
            tensor = dice.standard_normal((rows, _SIDE), "f4")
            before.write(tensor)
            if number % 20 == 0:
                tensor[::2] *= np.float32(1.01)
            after.write(tensor)


def store(repository: str, *folders: str) -> None:
    import objstore

    with objstore.open(repository, create=True) as repo:
        for folder in folders:
            artifact = repo.new_artifact("model", "model")
            artifact.add_dir(folder)
            repo.log(artifact)


def versions(repository: str) -> None:
    with _opened(repository) as project:
        _compare(*_stored(project, "v0", "v1"))


def version_and_file(repository: str, new: str) -> None:
    from objstore.comparison.content import OnDisk

    with _opened(repository) as project:
        old, _ = _stored(project, "v0", "v1")
        _compare(old, OnDisk(new, Path(new)))


def files(old: str, new: str) -> None:
    from objstore.comparison.content import OnDisk

    _compare(OnDisk(old, Path(old)), OnDisk(new, Path(new)))


def whole(old: str, new: str) -> None:
    """The reference: the same figures with NumPy, from files that are loaded as a whole."""
    import numpy as np
    from safetensors.numpy import load_file

    before, after = load_file(old), load_file(new)
    shares = []
    for name, tensor in before.items():
        changed = tensor != after[name]
        if not changed.any():
            continue
        a, b = tensor.astype("f8").ravel(), after[name].astype("f8").ravel()
        apart = b - a
        norms = np.linalg.norm(apart), np.linalg.norm(a), np.linalg.norm(b)
        figures = np.abs(apart).max(), np.abs(apart).mean(), norms[0] / norms[1], a @ b / norms[1] / norms[2]
        assert np.isfinite(figures).all()
        shares.append(changed.sum() / changed.size)
    _say(shares)


def _opened(repository: str):
    from objstore.repository.project import open_project

    return open_project(Path(repository))


def _stored(project, *names: str):
    from objstore.comparison.content import Stored
    from objstore.comparison.files.diff import diff
    from objstore.manifest.sides import Side

    sides = [Side(project.database, project.state.version("model", name).root) for name in names]
    (altered,) = diff(*sides).modified
    return [Stored(altered.path, project.database, entry.digest, entry.size) for entry in (altered.old, altered.new)]


def _compare(old, new) -> None:
    from objstore.comparison.formats import safetensors
    from objstore.comparison.tensors.compare import compare_tensors

    _say([change.figures.share for change in compare_tensors(safetensors.pair(old, new)).modified])


def _say(shares) -> None:
    print(f"{len(shares)} changed, shares {sum(shares):.6f}")


WAYS = {"make": make, "store": store, "versions": versions, "version-and-file": version_and_file, "files": files, "whole": whole}

if __name__ == "__main__":
    WAYS[sys.argv[1]](*sys.argv[2:])
