"""A table as a LaTeX float (booktabs) over both columns of a page, and a float as a document."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from benchmark.report.text_table import Line, Text, TextTable

SPECIAL = str.maketrans(
    {c: rf"\{c}" for c in "&%$#_{}"}
    | {
        "±": r"$\pm$",
        "·": r"$\cdot$",
        "≤": r"$\le$",
        "α": r"$\alpha$",
        "β": r"$\beta$",
        "∞": r"$\infty$",
        "<": r"$<$",
        ">": r"$>$",
        "|": r"$|$",
        "−": r"$-$",
        "×": r"$\times$",
        "→": r"$\rightarrow$",
        "↓": r"$\downarrow$",
        "↑": r"$\uparrow$",
        "½": r"$\frac{1}{2}$",
        "—": "---",
        "–": "--",
        "…": r"\dots{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "\N{NO-BREAK SPACE}": "~",
    }
)
MARKS = {"": "%s", "bold": r"\textbf{%s}", "underlined": r"\underline{%s}"}
POWER = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)e([+-])0*(\d+)(?!\w)")
"""A number as Python writes it with a power of ten."""
MINUS = re.compile(r"(?<![\w.)-])-(?=\d)")
"""A minus sign; a hyphen follows a letter, a digit or another hyphen."""
INTERVAL = re.compile(r"(\[[+−\d][^\[\] ]*,) (?=[^\[\] ]*\])")
"""An interval's first limit; the second stays in its line."""
PACKAGES = r"% needs \usepackage{array,booktabs,graphicx}"
# A table wider or, with room for its caption, taller than the page is made to fit, and no other is touched.
FLOAT_HEAD = (
    r"\begin{table*}",
    r"\centering",
    r"\small\setlength{\tabcolsep}{4pt}%",
    r"\resizebox*{!}{\ifdim\totalheight>0.85\textheight 0.85\textheight\else\totalheight\fi}{%",
    r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
)
FLOAT_TAIL = r"\end{tabular}}}"
PART_ROWS = 48
"""About as many rows of small print, with a caption, fill a page."""
PORTRAIT_ROWS = 40
"""A table of more rows is set on an upright page, where it needs less shrinking."""
PAGE_CHARACTERS = 110
"""About as many stand in a line of both columns."""
LONG_TEXT = 24
BROKEN = r">{\raggedright\arraybackslash}p{42mm}"
"""A column whose texts are broken: all longer than `LONG_TEXT` in a table of more than `PAGE_CHARACTERS`."""
NAME_WIDTH = "36mm"
"""A longer first label is broken beside its rows."""


def latex(table: TextTable) -> str:
    """The table as a float, rules between runs of equal labels; notes are comments.

    More than `PART_ROWS` rows are set as several floats of one number, parted between runs of equal first labels, so that print
    stays legible.
    """
    columns = _columns(table)
    first, *others = [_float(part, columns) for part in _parts(table)]
    caption = escape(f"{table.title}. {table.caption}" if table.caption else table.title)
    lines = [*first, rf"\caption{{{caption}}}", rf"\label{{{label(table.title)}}}", r"\end{table*}"]
    for part in others:
        lines += [part[0], r"\addtocounter{table}{-1}", *part[1:]]
        lines += [rf"\caption{{{escape(table.title)} (continued)}}", r"\end{table*}"]
    return "\n".join([PACKAGES, *lines, *(f"% {note}" for note in table.notes)]) + "\n"


def _parts(table: TextTable) -> Iterator[TextTable]:
    """The table in pieces of at most `PART_ROWS` rows, of which a run of equal first labels is never parted."""
    part: list[Line] = []
    for _, run in groupby(table.lines, key=lambda line: line.labels[:1] or id(line)):
        block = list(run)
        if part and len(part) + len(block) > PART_ROWS:
            yield replace(table, lines=tuple(part))
            part = []
        part += block
    yield replace(table, lines=tuple(part))


def _float(table: TextTable, columns: str) -> list[str]:
    """The lines of a float up to its caption."""
    head = (*table.label_header, *table.header)
    return [
        *FLOAT_HEAD,
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(map(escape, head)) + r" \\",
        *([] if table.label_header else [r"\midrule"]),
        *_lines(table),
        r"\bottomrule",
        FLOAT_TAIL,
    ]


def _columns(table: TextTable) -> str:
    """The columns' types: as wide as their texts, and in a table wider than the page long texts in lines of their own."""
    rows = [(*line.labels, *(text.text for text in line.texts)) for line in table.lines]
    widths = [max(map(len, texts)) for texts in zip((*table.label_header, *table.header), *rows, strict=True)]
    is_wide = sum(widths) > PAGE_CHARACTERS and not table.label_header
    return "".join(BROKEN if is_wide and width > LONG_TEXT else "l" for width in widths)


def _lines(table: TextTable) -> Iterator[str]:
    heights = Counter(line.labels[:1] for line in table.lines)
    count = len(table.label_header) + len(table.header)
    for line, labels, same in table.steps():
        shown = list(map(escape, labels))
        if labels and same == 0:
            yield r"\midrule"
            if heights[line.labels[:1]] > 2:
                shown[0] = rf"\smash{{\parbox[t]{{{NAME_WIDTH}}}{{\raggedright {shown[0]}}}}}"
        elif any(labels):
            yield rf"\cmidrule(l){{{same + 1}-{count}}}"
        yield " & ".join([*shown, *_texts(line)]) + r" \\"


def _texts(line: Line) -> list[str]:
    name, *rest = map(_text, line.texts)
    return [rf"\textit{{{name}}}" if line.kind == "control" else name, *rest]


def _text(text: Text) -> str:
    groups = rf"\textsuperscript{{{escape(text.groups)}}}" if text.groups else ""
    # The caption says what stands in parentheses, and a page is narrow.
    beside = rf" {{\scriptsize ({escape(text.published)})}}" if text.published else ""
    return MARKS[text.mark] % escape(text.text) + groups + beside


def document(fragment: str, comments: Sequence[str] = ()) -> str:
    """A LaTeX float as a document that `pdflatex` takes as it is, after comments such as where its numbers come from."""
    page = "a4paper,margin=15mm" if fragment.count(r"\\") > PORTRAIT_ROWS else "a4paper,landscape,margin=15mm"
    lines = [
        *(f"% {comment}" for comment in comments),
        r"\documentclass{article}",
        rf"\usepackage[{page}]{{geometry}}",
        r"\usepackage{array,booktabs,graphicx}",
        r"\pagestyle{empty}",
        r"\begin{document}",
        fragment.rstrip(),
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text that LaTeX sets as it reads."""
    # Powers are commands and are put in last; no text holds the characters that stand for them until then.
    text = POWER.sub(lambda found: f"{found[1]}\1{found[2].strip('+')}{found[3]}\2", MINUS.sub("−", text))
    text = INTERVAL.sub("\\1\N{NO-BREAK SPACE}", text)
    # Two hyphens would be set as a dash, and an option is typed with two.
    text = text.replace("--", "-\0-").translate(SPECIAL).replace("\0", "{}")
    return re.sub("\1(-?)(\\d+)\2", r"$\\times 10^{\1\2}$", text)


def label(title: str) -> str:
    """The name under which a paper refers to the table: `tab:` and the letters and digits of its title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "tab:" + "-".join(re.findall(r"[a-z0-9]+", plain))
