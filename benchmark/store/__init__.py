"""What is known of a cell: records, status, provenance and history on disk."""
