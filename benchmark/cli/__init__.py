"""The command line: a file a family of commands. The only place that prints or exits."""
