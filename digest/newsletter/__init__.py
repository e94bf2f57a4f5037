"""A newsletter folder as a whole: checked without the network, and opened again when its settings change."""
