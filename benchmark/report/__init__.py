"""What a reader sees of results: the frame, tables in each format, statistics, and the state of a store."""
