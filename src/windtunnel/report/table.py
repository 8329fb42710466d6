"""Aligned columns of plain text that keep within a width."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

GAP = "  "


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: frozenset[int] = frozenset({0}),
    width: int = 80,
) -> list[str]:
    """Lines with *header* above *rows*; rows are indented by two.

    The first column gives way when the line would be wider than *width*: its longest cells are cut
    in the middle, where ids of one repository differ least. The last column is never padded.

    Args:
        header: one cell for each column.
        rows: cells, as many as the header has.
        left: numbers of the columns that are aligned to the left; the others to the right.
        width: columns of the terminal.
    """
    indented = [[GAP + row[0], *row[1:]] for row in rows]
    sizes = [max(cell_len(row[i]) for row in [header, *indented]) for i in range(len(header))]
    others = sum(sizes[1:]) + len(GAP) * (len(sizes) - 1)
    sizes[0] = min(sizes[0], max(20, width - others))
    return [_line(row, sizes, left) for row in [header, *indented]]


def _line(row: Sequence[str], sizes: Sequence[int], left: frozenset[int]) -> str:
    cells = [shorten(row[0], sizes[0]), *row[1:]]
    padded = [
        set_cell_size(cell, size) if i in left else " " * (size - cell_len(cell)) + cell
        for i, (cell, size) in enumerate(zip(cells, sizes, strict=True))
    ]
    return GAP.join(padded).rstrip()


def shorten(text: str, width: int) -> str:
    """The text, its middle replaced by ``..`` if it is wider than *width*."""
    if cell_len(text) <= width:
        return text
    tail = (width - 2) // 2
    return text[: width - 2 - tail] + ".." + text[-tail:]
