"""Local servers, databases and process control for tests and benchmarks."""
