"""Read and write the subscriber lists of other tools."""
