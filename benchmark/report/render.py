"""A table as Markdown and as LaTeX (booktabs)."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.report.table import Block, Entry, Row, Table

ARROWS = {True: ("↑", r"$\uparrow$"), False: ("↓", r"$\downarrow$"), None: ("", "")}
LATEX_SPECIAL = str.maketrans(
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
    }
)


SIZES = {
    "large": r"Large ($>$40M)", "medium": "Medium", "small": r"Small ($<$6M)", "other": "Other", "control": "Controls",
}  # fmt: skip
"""The paper's classes of parameters, largest first, then everything else, controls last."""
# A table wider or, with room for its caption, taller than the page is made to fit, and no other is touched.
FLOAT_HEAD = (
    r"% needs \usepackage{booktabs,graphicx}",
    r"\begin{table}",
    r"\centering",
    r"\resizebox*{!}{\ifdim\totalheight>0.85\textheight 0.85\textheight\else\totalheight\fi}{%",
    r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
)
FLOAT_TAIL = r"\end{tabular}}}"
PORTRAIT_ROWS = 40
"""A table of more rows is set on an upright page, where it needs less shrinking."""
NAME_WIDTH = "36mm"
"""A longer name of a score is broken beside the rows of its block."""


def in_order(block: Block) -> list[Row]:
    """The rows by size class, in their order within each."""
    return sorted(block.rows, key=lambda row: list(SIZES).index(row.size_class))


def number(value: float, decimals: int) -> str:
    """A value with a fixed number of decimals."""
    return f"{value:.{decimals}f}"


def measured(entry: Entry, decimals: int) -> str:
    """Mean ± half-width, or the status where there is no value."""
    if entry.mean is None:
        return entry.status
    if entry.half_width is None:
        return number(entry.mean, decimals)
    return f"{number(entry.mean, decimals)} ± {number(entry.half_width, decimals)}"


def published(entry: Entry, decimals: int) -> str:
    """The published value and the verdict, in parentheses; empty where nothing was published."""
    if entry.published is None:
        return ""
    value = f"published {number(entry.published.value, 3 if decimals > 3 else decimals)}"
    return f"({value}: {entry.verdict})" if entry.verdict else f"({value})"


def markdown(table: Table) -> str:
    """The table as GitHub Markdown, with caption, floors and the reasons of what failed."""
    lines = [f"**{table.title}**" if table.title else "", ""]
    lines.append("| score | generator | " + " | ".join(table.column_titles) + " |")
    lines.append("|---|---|" + "---|" * len(table.column_titles))
    for block in table.blocks:
        name = f"{block.info.title} {ARROWS[block.info.higher_is_better][0]}".strip()
        for row in in_order(block):
            cells = [_markdown_entry(entry, block.info.decimals) for entry in row.entries]
            title = f"*{row.title}*" if row.size_class == "control" else row.title
            lines.append(f"| {name} | {title} | " + " | ".join(cells) + " |")
            name = ""
        if floors(block):
            lines.append("| | floor | " + " | ".join(floors(block)) + " |")
    lines += ["", table.caption]
    lines += [f"- {note}" for note in (*reasons(table), *table.notes)]
    return "\n".join(lines) + "\n"


def _markdown_entry(entry: Entry, decimals: int) -> str:
    text = measured(entry, decimals)
    text = {"best": f"**{text}**", "second": f"<u>{text}</u>", "": text}[entry.mark]
    return f"{text} {published(entry, decimals)}".strip()


def floors(block: Block) -> list[str]:
    """What a perfect generator scores, one text a column; empty where nobody knows."""
    if all(floor is None for floor in block.floors):
        return []
    return [number(floor, block.info.decimals) if floor is not None else "" for floor in block.floors]


def reasons(table: Table) -> list[str]:
    """One line for each distinct reason why a value is missing."""
    found: dict[str, list[str]] = {}
    for block in table.blocks:
        for row in block.rows:
            for title, entry in zip(table.column_titles, row.entries, strict=True):
                if entry.mean is None and entry.reason:
                    settings = found.setdefault(f"{entry.status}: {entry.reason}", [])
                    if f"{row.title} on {title}" not in settings:
                        settings.append(f"{row.title} on {title}")
    return [f"{', '.join(settings)} — {reason}" for reason, settings in found.items()]


def latex(table: Table) -> str:
    """The table as a LaTeX float as the paper sets it: scores, size classes and generators down, data sets across."""
    count = 3 + len(table.column_titles)
    lines = [
        *FLOAT_HEAD,
        rf"\begin{{tabular}}{{lll{'c' * len(table.column_titles)}}}",
        r"\toprule",
        "Metric & Model size & Method & " + " & ".join(escape(title) for title in table.column_titles) + r" \\",
    ]
    for block in table.blocks:
        lines.append(r"\midrule")
        name = f"{escape(block.info.title)} {ARROWS[block.info.higher_is_better][1]}".strip()
        if len(block.rows) > 2:
            name = rf"\smash{{\parbox[t]{{{NAME_WIDTH}}}{{\raggedright {name}}}}}"
        before = None
        for row in in_order(block):
            if before is not None and before != row.size_class:
                lines.append(rf"\cmidrule(l){{2-{count}}}")
            size = "" if before == row.size_class else SIZES[row.size_class]
            cells = [_latex_entry(entry, block.info.decimals) for entry in row.entries]
            title = rf"\textit{{{escape(row.title)}}}" if row.size_class == "control" else escape(row.title)
            lines.append(" & ".join([name, size, title, *cells]) + r" \\")
            name, before = "", row.size_class
        if floors(block):
            lines.append(" & ".join(["", "", "floor", *floors(block)]) + r" \\")
    lines += [r"\bottomrule", FLOAT_TAIL, rf"\caption{{{escape(f'{table.title}. {table.caption}')}}}"]
    lines += [r"\end{table}"]
    lines += [f"% {note}" for note in (*reasons(table), *table.notes)]
    return "\n".join(lines) + "\n"


def _latex_entry(entry: Entry, decimals: int) -> str:
    text = escape(measured(entry, decimals))
    text = {"best": rf"\textbf{{{text}}}", "second": rf"\underline{{{text}}}", "": text}[entry.mark]
    beside = published(entry, decimals).replace("published ", "")
    return text + (rf" {{\scriptsize {escape(beside)}}}" if beside else "")


def document(fragment: str, comments: Sequence[str] = ()) -> str:
    """A LaTeX float as a document that `pdflatex` takes as it is, after comments such as where its numbers come from."""
    page = "a4paper,margin=15mm" if fragment.count(r"\\") > PORTRAIT_ROWS else "a4paper,landscape,margin=15mm"
    lines = [
        *(f"% {comment}" for comment in comments),
        r"\documentclass{article}",
        rf"\usepackage[{page}]{{geometry}}",
        r"\usepackage{booktabs,graphicx}",
        r"\pagestyle{empty}",
        r"\begin{document}",
        fragment.rstrip(),
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text that LaTeX sets as it reads."""
    # Two hyphens would be set as a dash, and an option is typed with two.
    return text.replace("--", "-\0-").translate(LATEX_SPECIAL).replace("\0", "{}")
