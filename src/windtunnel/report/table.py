"""Aligned columns of plain text that keep within a width; ids in them are never cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from windtunnel.report.wrap import wrap

GAP = "  "
NARROWEST = 12
"""Columns that the last cell has at least, if it is aligned to the left."""


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: frozenset[int] = frozenset({0}),
    width: int = 80,
) -> list[str]:
    """Lines with *header* above *rows*; rows are indented by two.

    What is too wide breaks the line and not the word: a long first cell stands on a line of its own
    above the others, a long last cell (if it is aligned to the left) goes on below them.

    Args:
        header: one cell for each column.
        rows: cells, as many as the header has.
        left: numbers of the columns that are aligned to the left; the others to the right.
        width: columns of the terminal.
    """
    indented = [[GAP + row[0], *row[1:]] for row in rows]
    sizes = [max(cell_len(row[i]) for row in [header, *indented]) for i in range(len(header))]
    last = len(sizes) - 1
    inner = sum(sizes[1:last]) + len(GAP) * last
    if last and last in left:
        room = width - inner - min(sizes[0], width // 3)
        sizes[last] = min(sizes[last], max(NARROWEST, room))
    if last:
        inner += sizes[last]
    sizes[0] = min(sizes[0], max(cell_len(header[0]), width - inner))
    lines = [_line(header, sizes, left)]
    for row in indented:
        lines += _lines(row, sizes, left, width)
    return lines


def _lines(
    row: Sequence[str], sizes: Sequence[int], left: frozenset[int], width: int
) -> Iterator[str]:
    first, *others = row
    if cell_len(first) > sizes[0]:
        yield first
        first = ""
    below: list[str] = []
    if others and len(row) - 1 in left and cell_len(others[-1]) > sizes[-1]:
        begin = sum(sizes[:-1]) + len(GAP) * len(others)
        fitting, *rest = wrap(others[-1], width=sizes[-1])
        if cell_len(fitting) > sizes[-1]:  # a long word: below, as far to the left as it must be
            fitting, rest = "", [fitting, *rest]
        others[-1] = fitting
        below = [" " * max(0, min(begin, width - cell_len(one))) + one for one in rest]
    yield _line([first, *others], sizes, left)
    yield from below


def _line(row: Sequence[str], sizes: Sequence[int], left: frozenset[int]) -> str:
    padded = [
        set_cell_size(cell, max(size, cell_len(cell)))
        if i in left
        else " " * (size - cell_len(cell)) + cell
        for i, (cell, size) in enumerate(zip(row, sizes, strict=True))
    ]
    return GAP.join(padded).rstrip()
