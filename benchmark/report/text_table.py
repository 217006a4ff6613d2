"""The one form of a printed table: texts with their marks, which every report makes and every renderer reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Mark = Literal["", "bold", "underlined"]


@dataclass(frozen=True)
class Text:
    """What stands in one place of a table.

    Attributes:
        text: The text, as it reads.
        mark: How it stands out.
        groups: The letters of its significance groups, a superscript.
        published: The published value and the verdict on it, beside the text in parentheses.
    """

    text: str
    mark: Mark = ""
    groups: str = ""
    published: str = ""

    @property
    def parenthesis(self) -> str:
        """The published value in parentheses; empty where there is none."""
        return f"(published {self.published})" if self.published else ""


@dataclass(frozen=True)
class Line:
    """One row: its labels, such as score and size class, which a run of rows shares, and its texts, the first its name."""

    texts: tuple[Text, ...]
    labels: tuple[str, ...] = ()
    kind: Literal["", "control", "floor"] = ""


@dataclass(frozen=True)
class TextTable:
    """A table as it is printed.

    Attributes:
        title: Its heading.
        header: A head for each text of a row.
        lines: The rows.
        label_header: A head for each label of a row; Markdown, which is read on screens of few columns, has the first alone.
        caption: The paragraph below it.
        notes: What else a reader must know, one item each.
        lines_of_text: How it reads where it is neither drawn nor Markdown: the lines of a list.
    """

    title: str
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    label_header: tuple[str, ...] = ()
    caption: str = ""
    notes: tuple[str, ...] = ()
    lines_of_text: str = ""

    def steps(self) -> Iterator[tuple[Line, tuple[str, ...], int]]:
        """The rows, each with its labels as printed and the index of the first that differs from the row above.

        Labels before that index are blank, because the rows above show them.
        """
        above: tuple[str, ...] = ()
        for line in self.lines:
            same = 0
            while same < len(above) and line.labels[same] == above[same]:
                same += 1
            yield line, ("",) * same + line.labels[same:], same
            above = line.labels


def text_lines(rows: Iterable[Iterable[str | Text]]) -> tuple[Line, ...]:
    """Rows without labels; a bare text has no mark."""
    return tuple(Line(tuple(text if isinstance(text, Text) else Text(text) for text in row)) for row in rows)
