"""A table as Markdown and as LaTeX (booktabs)."""

from __future__ import annotations

from benchmark.report.table import Block, Entry, Table

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
        "~": r"\textasciitilde{}",
    }
)


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
        name = f"{block.sheet.title} {ARROWS[block.sheet.higher_is_better][0]}".strip()
        for row in sorted(block.rows, key=lambda row: row.size_class == "control"):
            cells = [_markdown_entry(entry, block.sheet.decimals) for entry in row.entries]
            title = f"*{row.title}*" if row.size_class == "control" else row.title
            lines.append(f"| {name} | {title} | " + " | ".join(cells) + " |")
            name = ""
        lines.append("| | floor | " + " | ".join(_floors(block)) + " |")
    lines += ["", table.caption]
    lines += [f"- {note}" for note in (*_reasons(table), *table.notes)]
    return "\n".join(lines) + "\n"


def _markdown_entry(entry: Entry, decimals: int) -> str:
    text = measured(entry, decimals)
    text = {"best": f"**{text}**", "second": f"<u>{text}</u>", "": text}[entry.mark]
    return f"{text} {published(entry, decimals)}".strip()


def _floors(block: Block) -> list[str]:
    return [number(floor, block.sheet.decimals) if floor is not None else "" for floor in block.floors]


def _reasons(table: Table) -> list[str]:
    """One line for each distinct reason why a value is missing."""
    found: dict[str, list[str]] = {}
    for block in table.blocks:
        for row in block.rows:
            for title, entry in zip(table.column_titles, row.entries, strict=True):
                if entry.mean is None and entry.reason:
                    places = found.setdefault(f"{entry.status}: {entry.reason}", [])
                    if f"{row.title} on {title}" not in places:
                        places.append(f"{row.title} on {title}")
    return [f"{', '.join(places)} — {reason}" for reason, places in found.items()]


def latex(table: Table) -> str:
    """The table as a LaTeX float that compiles with booktabs as is."""
    columns = "ll" + "c" * len(table.column_titles)
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        "Score & Generator & " + " & ".join(_escape(title) for title in table.column_titles) + r" \\",
    ]
    for block in table.blocks:
        lines.append(r"\midrule")
        name = f"{_escape(block.sheet.title)} {ARROWS[block.sheet.higher_is_better][1]}".strip()
        for row in sorted(block.rows, key=lambda row: row.size_class == "control"):
            cells = [_latex_entry(entry, block.sheet.decimals) for entry in row.entries]
            title = rf"\textit{{{_escape(row.title)}}}" if row.size_class == "control" else _escape(row.title)
            lines.append(f"{name} & {title} & " + " & ".join(cells) + r" \\")
            name = ""
        lines.append(" & floor & " + " & ".join(_floors(block)) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}", rf"\caption{{{_escape(f'{table.title}. {table.caption}')}}}"]
    lines += [r"\end{table}"]
    lines += [f"% {note}" for note in (*_reasons(table), *table.notes)]
    return "\n".join(lines) + "\n"


def _latex_entry(entry: Entry, decimals: int) -> str:
    text = _escape(measured(entry, decimals))
    text = {"best": rf"\textbf{{{text}}}", "second": rf"\underline{{{text}}}", "": text}[entry.mark]
    return f"{text} {_escape(published(entry, decimals))}".strip()


def _escape(text: str) -> str:
    return text.replace("\\", r"\textbackslash ").translate(LATEX_SPECIAL)
