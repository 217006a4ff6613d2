"""One self-contained page about a suite: its content as plain structures, its charts, its pictures, its template."""
