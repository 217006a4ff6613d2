"""Renderers of the results frame: tables in Markdown, LaTeX and CSV."""
