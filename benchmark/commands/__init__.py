"""The commands, a file for each family: they read options, call what does the work, and print what it returns."""
