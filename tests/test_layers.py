"""What import contracts can't see: who talks to the outside world, and what start-up loads."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore

PACKAGE = Path(objstore.__file__).parent
BELOW_CLI = [
    path.relative_to(PACKAGE).as_posix()
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in ("cli", "__main__.py")
    and path.relative_to(PACKAGE).as_posix() not in ("sdk/surroundings.py", "sdk/termination.py")  # what `cli` is to commands, to scripts
]

FOR_CLI_ONLY = {"print", "input", "exit", "quit", "SystemExit"}
FOR_CLI_ONLY_OF = {
    "os": {"environ", "environb", "getenv", "putenv", "_exit"},
    "sys": {"argv", "exit", "stdin", "stdout", "stderr"},
}

SLOW_TO_IMPORT = {"asyncio", "fsspec", "pyarrow", "rich"}


def outside_world(source: str) -> Iterator[str]:
    """Every use of the environment, the terminal or the exit in a module's source, with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, lineno=line) if name in FOR_CLI_ONLY:
                yield f"line {line}: {name}"
            case ast.Attribute(value=ast.Name(id=module), attr=name, lineno=line) if name in FOR_CLI_ONLY_OF.get(module, ()):
                yield f"line {line}: {module}.{name}"
            case ast.ImportFrom(module=str(module), names=names, lineno=line):
                yield from (f"line {line}: {module}.{name.name}" for name in names if name.name in FOR_CLI_ONLY_OF.get(module, ()))


@pytest.mark.parametrize("module", BELOW_CLI)
def test_only_cli_reads_the_environment_prints_or_exits(module: str) -> None:
    assert list(outside_world((PACKAGE / module).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "print(1)",
        "raise SystemExit",
        "import os\nos.environ['A']",
        "from os import getenv",
        "import sys\nsys.exit(1)",
        "sys.stderr.write('')",
    ],
)
def test_a_use_of_the_outside_world_is_seen(source: str) -> None:
    assert len(list(outside_world(source))) == 1


@pytest.mark.parametrize("module", ["objstore", "objstore.cli.main"])
def test_start_up_loads_nothing_slow(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({SLOW_TO_IMPORT!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []
