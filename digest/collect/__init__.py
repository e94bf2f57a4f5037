"""Collecting: from sources (feeds, files, folders) to cleaned articles. Ranks and stores nothing itself."""
