"""`python -m tests.chaos.hurried COMMAND …`: the digest command, which waits seconds instead of a minute. It changes
the time limits for the store and for calls to the provider from outside, so that the product needs no hooks.
"""

from __future__ import annotations

import sys
from functools import partial

from digest import pipeline
from digest.deliver import outage

# Seconds, for a store during a send, from SIGTERM on, and for an outage after it.
PATIENCE, ENDING, ENDED = 6.0, 3.0, 2.0
# Seconds that calls to the provider get after SIGTERM.
GRACE = 2.0

if __name__ == "__main__":
    outage._PATIENCE, outage._PATIENCE_ENDING, outage._PATIENCE_ENDED = PATIENCE, ENDING, ENDED
    pipeline.abort_after_grace = partial(pipeline.abort_after_grace, grace=GRACE)  # type: ignore[attr-defined]
    from digest.cli import main

    sys.argv[0] = "digest"
    main()
