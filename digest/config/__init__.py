"""Settings by area, loaded from digest.yaml and the environment, with errors by line."""
