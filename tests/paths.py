"""Where things are, for tests. Holds paths only; a test that needs shared data skips when it is missing."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The repository's root."""

SHARED_DATA = ROOT / "../shared/data"
"""Real feeds and articles outside the repository; may be missing."""
