"""Text processing for Hindi: repair, tokens, sentences, clusters, dates, numbers, language.

Pure functions; the only I/O reads the word lists next to the modules. The word class and word boundary of `re` are
wrong for Devanagari (vowel signs are not word characters), so every pattern here spells out its class.
"""
