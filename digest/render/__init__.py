"""The render stage: an edition and a variant become a letter (subject, HTML part, text part).

Must not import another stage, know a reader, or send anything.
"""
