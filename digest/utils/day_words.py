"""Words that people write for days, for messages that suggest the right one."""

from __future__ import annotations

_DAYS = {
    "mon": ("monday", "सोमवार", "somvar"),
    "tue": ("tuesday", "tues", "मंगलवार", "mangalvar"),
    "wed": ("wednesday", "बुधवार", "budhvar"),
    "thu": ("thursday", "thur", "thurs", "गुरुवार", "बृहस्पतिवार", "guruvar"),
    "fri": ("friday", "शुक्रवार", "shukravar"),
    "sat": ("saturday", "शनिवार", "shanivar"),
    "sun": ("sunday", "रविवार", "इतवार", "ravivar"),
}
DAY_OF_WORD = {word: day for day, words in _DAYS.items() for word in (day, *words)}
DAILY_WORDS = ("everyday", "every day", "all", "day")
WEEKDAYS_WORDS = ("weekday", "workdays", "mon-fri", "business days")
