"""From articles to an edition's stories: which tell the same event, what matters, where each stands.

Pure functions over the shapes of `digest.models`; no network, no store, no settings. `compose` is the way in.
"""
