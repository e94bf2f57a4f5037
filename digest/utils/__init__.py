"""Small helpers without knowledge of the domain: files, clock, garbage collector."""
