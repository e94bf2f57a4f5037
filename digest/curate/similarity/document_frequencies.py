"""How common stems are in Hindi news: a measured table, and a hand-written list of the most ordinary words.

The table covers small corpora that are too small to count stems themselves. It is `commonness.txt`, made by
`python -m evaluation.commonness`, and holds shares of documents, no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from digest.hindi.tokens import stems

# The share of a stem that is not in the table: it occurred in fewer than four of some 600 articles.
UNSEEN_SHARE = 0.0015


@lru_cache(maxsize=1)
def document_shares() -> Mapping[str, float]:
    """Return the share of articles (0..1) that contain each of the 2,200 most common stems."""
    text = resources.files("digest.curate.similarity").joinpath("commonness.txt").read_text(encoding="utf-8")
    found: dict[str, float] = {}
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            share, *listed = line.split(" ")
            found.update(dict.fromkeys(listed, float(share) / 1000))
    return found


# Written by hand from the vocabulary of news, not counted in anybody's texts.
_WORDS = """
सरकार राज्य केंद्र देश जिला शहर गांव इलाका क्षेत्र मंत्री मुख्यमंत्री प्रधानमंत्री
अधिकारी विभाग प्रशासन पुलिस थाना टीम दल लोग लोगों व्यक्ति महिला युवक बच्चे परिवार घर समय
दिन सप्ताह महीना साल वर्ष घंटे आज कल सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार
रविवार सुबह शाम रात दोपहर पहली पहला दूसरा तीसरा नई नया बड़ा बड़ी बड़े अच्छा पूरा मामला
घटना बात काम जानकारी खबर रिपोर्ट सूत्र बयान आरोप जांच कार्रवाई फैसला आदेश नियम कानून
योजना परियोजना कार्यक्रम बैठक सभा अभियान तैयारी शुरू जारी बंद खत्म लागू पेश मांग विरोध
समर्थन सवाल जवाब चर्चा घोषणा ऐलान दावा कोशिश मदद सुरक्षा व्यवस्था स्थिति हालत असर नुकसान
फायदा लाख करोड़ हजार सौ रुपए प्रतिशत संख्या आंकड़ा बार जगह स्थान सड़क पानी बिजली अस्पताल
डॉक्टर इलाज स्कूल कॉलेज छात्र भारत दिल्ली उत्तर प्रदेश मध्य पार्टी नेता अध्यक्ष प्रमुख
सदस्य कंपनी बाजार बैंक खिलाड़ी मैच टीम जीत हार मौत घायल हादसा हमला गिरफ्तार दर्ज शामिल
मौजूद आयोजित संबंध विशेष मुख्य सामने नीचे ऊपर आगे पीछे हाथ नाम पद अलग दो तीन चार पांच 10
20 भारतीय राष्ट्रीय संवाददाता एजेंसी ब्यूरो फोटो वीडियो सोशल मीडिया न्यूज कहना मानना
चलना पहुंचना मिलना निकलना दिखना रखना बनना बनाना लेकर मिला मिली मिले पहुंचे पहुंचा निकली
चल चला चली बना बनी बने रखा रखी मान माना देखा देखने सुना बोले पूछा किसी कार्य दिसंबर
जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर स्तर आम जनता नागरिक
संस्थान संगठन अंतरराष्ट्रीय
"""

# Words that occur in the news of any day; folded stems.
COMMON_STEMS = frozenset(stems(_WORDS))
