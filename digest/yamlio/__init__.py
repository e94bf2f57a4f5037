"""Read YAML with line numbers, and edit it as text so that comments and order stay."""
