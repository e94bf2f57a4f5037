"""Fetch documents safely and politely: address checks, limits, robots.txt, decompression."""
