"""Blocks: the parts of an edition besides its stories, such as the weather.

`rows.py` is the table of blocks, `data.py` defines the content of their files, `printing.py` prints them, and
`questions.py` reads polls, quizzes and feedback.
"""
