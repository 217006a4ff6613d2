"""The tests; a package, because the library baycomp installs another one of this name."""
