"""What is particular to Hindi: hygiene, tokens, sentences, clusters, dates, numbers, language, reading time.

Stands under all stages and imports none of them, no settings and no store. Functions from text to text or
numbers; no I/O apart from reading the word lists shipped beside the modules.

Standard `re`'s word class and word boundary are wrong for Devanagari (vowel signs are no word characters), so
every pattern in here spells out its class.
"""
