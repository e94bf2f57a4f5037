"""`python -m digest.cli`: the same as `digest`."""

from digest.cli import main

main()
