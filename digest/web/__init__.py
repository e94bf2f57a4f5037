"""What is served over HTTP. Holds no rule of the domain."""
