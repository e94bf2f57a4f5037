"""Judges of a letter: sizes, accessibility, clients, spam rules, shaping, pixels. Development only; see README.md."""
