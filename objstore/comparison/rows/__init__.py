"""What differs between two tables, row by row.

What a format presents is in `pair`, what comes out in `diff` (with `columns`, `changes`, `values`, `export`), and `compare` goes from
one to the other: `differing` looks for rows that the other table hasn't (`alignment`, `side`, `pool`, `multiset`), `keys` and `partners`
say which of them belong together, `pairing` brings those side by side, and `likeness` finds columns with another name. Values are compared
by `types`, `conversion`, `equality` and `hashing` (`layouts`); rows are kept in files (`scratch`, `rowsfile`, `places`, `chosen`).
"""
