"""Choose the stories of an edition: group articles by event, rank the groups, and summarise them.

Pure functions over the types of `digest.models`, without network, store or settings. Start at `compose`.
"""
