"""The words of datelines: places, agencies and bureaus. Only those listed here, or next to one, count as places."""

from __future__ import annotations

from collections.abc import Iterator

from digest.hindi.text import fold, table_rows, words


def _folded(*rows: str) -> Iterator[str]:
    """The folded words of the rows. `_` in a word means a space."""
    return (fold(word.replace("_", " ")) for word in words(*rows))


# Folded names of places.
PLACES = frozenset(_folded(*table_rows("digest.collect.cleaning", "places.txt")))

# Folded names of agencies and of newspapers' own desks.
AGENCIES = frozenset(
    _folded(
        "लाइव_हिन्दुस्तान स्टेट_ब्यूरो राज्य_ब्यूरो राष्ट्रीय_ब्यूरो पत्रिका_ब्यूरो अमर_उजाला_ब्यूरो जागरण_संवाददाता",
        "जागरण_ब्यूरो वरिष्ठ_संवाददाता विशेष_संवाददाता मुख्य_संवाददाता कार्यालय_संवाददाता हिन्दुस्तान_संवाददाता",
        "हिन्दुस्तान_टीम हिन्दुस्तान_ब्यूरो संवाद_सहयोगी संवाद_सूत्र संवाद_न्यूज_एजेंसी निज_संवाददाता नगर_संवाददाता",
        "डिजिटल_डेस्क ऑनलाइन_डेस्क वेब_डेस्क न्यूज_डेस्क बिजनेस_डेस्क स्पोर्ट्स_डेस्क जागरण_संवाद_केंद्र",
        "हिन्दुस्तान_प्रतिनिधि हिंदुस्तान_संवाददाता हिंदुस्तान_टीम अमर_उजाला_टीम भास्कर_टीम पत्रिका_टीम",
        "पत्रिका_न्यूज_नेटवर्क डीबी_स्टार निज_प्रतिनिधि नगर_प्रतिनिधि विशेष_प्रतिनिधि एक_संवाददाता ग्रामीण_संवाददाता",
        "एजेंसियां आईएएनएस पीटीआई_भाषा जेएनएन एजेंसी एजेंसियाँ भाषा वार्ता यूनीवार्ता पीटीआई एएनआई यूएनआई रॉयटर्स रायटर",
        "एएफपी एपी ब्यूरो संवाददाता संवाद जासं जाब्यू हिस हिन्दुस्थान डेस्क प्रेट्र रॉयटर डीपीए सिन्हुआ शिन्हुआ स्पूतनिक",
        "एएफ़पी यूएनआइ विस नससे नईदुनिया हरिभूमि पत्रिका जागरण भास्कर एनएनएस एनएनआई आईएएनएस-वीएनएस प्रे.ट्र. जा.सं.",
        "सं.सू. कासं निसं संसू संस राब्यू वसं विसं मुसं नप्र निप्र ani pti ians reuters afp ap uni bhasha varta agency",
        "agencies dpa xinhua jnn hs पीटीआई-भाषा यूनिवार्ता एसोसिएटेड_प्रेस हिन्दुस्थान_समाचार हिंदुस्तान_समाचार",
        "भास्कर_न्यूज भास्कर_संवाददाता दैनिक_भास्कर नवभारत_टाइम्स अमर_उजाला अमर_उजाला_नेटवर्क न्यूज_नेटवर्क जागरण_टीम",
        "जागरण_न्यूज_नेटवर्क टीम_डिजिटल सिटी_रिपोर्टर स्टाफ_रिपोर्टर क्राइम_रिपोर्टर चीफ_रिपोर्टर हमारे_संवाददाता",
        "हमारे_प्रतिनिधि",
    )
)

# Places whose names also end people's names, or are words. After two other words they are not places.
ALSO_NAMES = frozenset(
    _folded(
        "पुरी सागर गया मंडी पाली धार आरा कोटा ऊना गुना दुर्ग बस्ती मऊ एटा रोम सलेम",
    )
)

# Last words of the names of desks: `जागरण डिजिटल डेस्क`, `कार्यालय संवाददाता`.
BUREAUS = frozenset(
    _folded(
        "ब्यूरो संवाददाता संवादाता डेस्क एजेंसी एजेंसियां रिपोर्टर नेटवर्क प्रतिनिधि desk bureau",
    )
)

# Desks of several words. They sign a report even without punctuation before its first sentence.
SIGNATURES = frozenset(name for name in AGENCIES if " " in name)

# Desks that are bylines alone. An `एजेंसी` or `ब्यूरो` with a word before it may be the police's.
OWN_DESKS = frozenset(
    _folded(
        "डेस्क संवाददाता रिपोर्टर प्रतिनिधि desk",
    )
)

# Agencies whose names are also words: alone before a colon they may be part of the sentence.
WORDS_TOO = frozenset(
    _folded(
        "भाषा वार्ता संवाद डेस्क टीम पत्रिका विस हिस ap hs संवाददाता जागरण",
    )
)


# Days of a month that newspapers write as words.
NUMBER_WORDS = frozenset(
    _folded(
        "एक दो तीन चार पांच छह सात आठ नौ दस",
    )
)

# Endings of places' names. No common word before a colon has one.
PLACE_ENDINGS = tuple(
    _folded(
        "पुर नगर गढ़ गंज पुरम पट्टनम पल्ली पेट खेड़ा खेड़ी पाड़ा वाड़ा गुड़ी टाउन सिटी बर्ग लैंड हाट कोट घाट गांव गाँव",
        "पुरा डीह टोला ाबाद",
    )
)

# What follows a name that is used as a place.
LOCATIVES = tuple(
    _folded(
        "में जिले जिला शहर स्थित के_पास पुलिस के_रहने से_सटे थाना पहुंच",
    )
)

# Words that may be alone before a full stop or colon but name no place.
NO_PLACES = frozenset(
    _folded(
        "नहीं हां जी सावधान बधाई शाबाश अलविदा नमस्ते नमस्कार धन्यवाद आमीन खबरदार मौन सन्नाटा अफसोस वाह बस अच्छा ठीक चुप",
        "सच झूठ मौत जीत हार डर भय युद्ध शांति प्रेम प्यार बारिश बाढ़ आग धुआं अंधेरा सुबह शाम रात दोपहर आज कल सवाल जवाब",
        "प्रश्न उत्तर नोट फोटो वीडियो अपडेट लाइव ब्रेकिंग सूचना अपील चेतावनी मांग आरोप दावा वादा फैसला निष्कर्ष परिणाम",
        "नतीजा कारण असर विशेष टिप्पणी संपादकीय विचार राय कोरोना कोविड कोविड-19 सरकार सेना पुलिस प्रशासन अदालत कोर्ट",
        "विपक्ष कांग्रेस भाजपा मंत्री प्रधानमंत्री मुख्यमंत्री राष्ट्रपति निगम विभाग देश दुनिया राज्य जिला गांव शहर नगर",
        "क्रिकेट हॉकी फुटबॉल टेनिस मोदी शाह राहुल योगी केजरीवाल ममता नीतीश लालू अखिलेश मायावती भारत पहला दूसरा तीसरा पहली",
        "दूसरी तीसरी एक दो तीन मैच जिंदाबाद मुर्दाबाद आबाद खेल मौसम बजट शिक्षा स्वास्थ्य परीक्षा चुनाव घोटाला हादसा",
        "दुर्घटना हत्या लूट गिरफ्तार विवाद आंदोलन प्रदर्शन मुंडे सार विस्तार समाप्त कहानी किस्सा खबर समाचार राशिफल मेष",
        "वृषभ मिथुन कर्क सिंह कन्या तुला वृश्चिक धनु मकर कुंभ मीन उपाय लाभ फायदे नुकसान विधि सामग्री योग्यता आयु वेतन पद",
        "शुल्क तिथि डॉ डॉक्टर श्री श्रीमती प्रो मो पं स्व",
    )
)
