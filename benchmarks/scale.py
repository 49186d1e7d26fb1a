"""How much work a run of the benchmarks is."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of every input."""

    name: str
    big_file: int  # bytes
    edits: int
    many_files: int
    many_folders: int
    entries: int  # of a manifest
    tiny_files: int
    tiny_folders: int
    starts: int

    @property
    def model(self) -> int:
        """Bytes of a file of tensors."""
        return self.big_file * 2

    @property
    def artifacts(self) -> int:
        """How many small ones a run logs."""
        return max(20, self.many_files // 100)

    @property
    def runs(self) -> int:
        """How many a long history has."""
        return max(200, self.many_files // 10)

    @property
    def rows(self) -> int:
        """Of a table."""
        return 5 * self.entries

    @property
    def is_full(self) -> bool:
        return self == FULL

    def space(self, repeats: int, tiny: bool) -> int:
        """Bytes of disk that a whole run needs at most; nothing is deleted before the end."""
        big = self.big_file * (2 + 4 * repeats)
        many = self.many_files * 8192 * (1 + 3 * repeats)
        million = self.tiny_files * 4096 * 2 + self.tiny_files * 512 if tiny else 0
        return big + many + million + self.entries * 200

    def remote_space(self, repeats: int) -> int:
        """The same for the benchmarks of remotes, with what the server keeps."""
        big = self.big_file * (5 + 4 * repeats)
        many = self.many_files * 8192 * (5 + 4 * repeats)
        return big + many

    def sdk_space(self, repeats: int) -> int:
        """The same for those of scripts."""
        mixed = (self.big_file // 4 + self.many_files // 10 * 8192) * (3 + 4 * repeats)
        shards = self.big_file // 2 * (1 + 4 * repeats)
        runs = self.runs * 3 * 4096 * (4 + repeats)
        return mixed + shards + runs

    def diff_space(self) -> int:
        """The same for those of diffs."""
        return self.entries * 300 + 4 * 4 * 60 * self.rows + 5 * self.model


FULL = Scale("full", 1024 * MIB, 100, 100_000, 100, 1_000_000, 1_000_000, 1_000, 20)
TOY = Scale("toy", 16 * MIB, 100, 1_000, 100, 10_000, 5_000, 50, 5)


def parse_scale(text: str) -> Scale:
    """`full`, `toy`, or a number: that fraction of full, as in `0.1`. ValueError when it is none of these."""
    if text == "full":
        return FULL
    if text == "toy":
        return TOY
    fraction = float(text)
    if not 0 < fraction <= 1:
        raise ValueError(f"{text} is not above 0 and up to 1")
    return Scale(
        name=text,
        big_file=max(MIB, int(FULL.big_file * fraction)),
        edits=FULL.edits,
        many_files=max(100, int(FULL.many_files * fraction)),
        many_folders=FULL.many_folders,
        entries=max(1_000, int(FULL.entries * fraction)),
        tiny_files=max(1_000, int(FULL.tiny_files * fraction)),
        tiny_folders=max(10, int(FULL.tiny_folders * fraction)),
        starts=FULL.starts,
    )
