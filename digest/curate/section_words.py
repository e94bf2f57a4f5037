"""What names a section: the categories and URL slugs of Hindi news sites, and words of headlines. Data only.

Names are compared folded, with '-', '_', '&' and spaces as one. Sections are those of `rules.SECTIONS`; names
of another newsletter's sections come from its sources' configuration.
"""

from __future__ import annotations

from digest.hindi.tables import words
from digest.hindi.tokens import stems

NAMES: dict[str, tuple[str, ...]] = {
    "देश": words(
        "national india india-news indian desh bharat nation country states state rajya breaking-news crime apradh",
        "uttar-pradesh bihar delhi delhi-ncr madhya-pradesh rajasthan haryana punjab jharkhand uttarakhand",
        "himachal-pradesh chhattisgarh maharashtra gujarat west-bengal jammu-kashmir mumbai metro city",
        "देश भारत राष्ट्रीय राज्य अपराध क्राइम उत्तर-प्रदेश बिहार दिल्ली राजस्थान मध्य-प्रदेश शहर",
    ),
    "दुनिया": words(
        "world international duniya videsh antarrashtriya pakistan china america us south-asia southasia global",
        "दुनिया विदेश अंतरराष्ट्रीय अंतर्राष्ट्रीय विश्व पाकिस्तान अमेरिका",
    ),
    "राजनीति": words("politics political rajniti election elections chunav राजनीति चुनाव सियासत"),
    "व्यापार": words(
        "business vyapar karobar biz economy market markets share-bazar money utility finance personal-finance",
        "व्यापार कारोबार बिजनेस अर्थव्यवस्था बाजार शेयर-बाजार पैसा आर्थिक",
    ),
    "विज्ञान": words(
        "science vigyan tech technology technology-news gadgets mobile auto automobile space environment climate",
        "sci-tech विज्ञान तकनीक टेक टेक्नोलॉजी गैजेट ऑटो पर्यावरण अंतरिक्ष विज्ञान-तकनीक",
    ),
    "खेल": words(
        "sports sport khel cricket ipl football hockey tennis kabaddi olympics badminton",
        "खेल क्रिकेट फुटबॉल हॉकी आईपीएल ओलंपिक",
    ),
    "मनोरंजन": words(
        "entertainment manoranjan bollywood tv ott movies movie cinema hollywood television film music",
        "मनोरंजन बॉलीवुड फिल्म सिनेमा टीवी संगीत",
    ),
    "स्वास्थ्य": words(
        "health health-news health-news-hindi lifestyle fitness sehat swasthya wellness",
        "स्वास्थ्य सेहत हेल्थ लाइफस्टाइल जीवनशैली",
    ),
    "शिक्षा": words(
        "education career education-career shiksha jobs naukri results exam exams school college",
        "शिक्षा करियर नौकरी परीक्षा रोजगार एजुकेशन",
    ),
}

_HEADLINES: dict[str, str] = {
    # No row for देश and राजनीति: headlines don't tell those two apart (measured F1 .3).
    "दुनिया": "अमेरिका चीन पाकिस्तान रूस यूक्रेन इजरायल ईरान जापान ब्रिटेन फ्रांस जर्मनी नेपाल श्रीलंका बांग्लादेश "
    "संयुक्त राष्ट्र ट्रंप पुतिन बाइडेन गाजा हमास वाशिंगटन बीजिंग लंदन तालिबान अफगानिस्तान व्हाइट हाउस नाटो",
    "व्यापार": "शेयर सेंसेक्स निफ्टी रुपये डॉलर महंगाई जीडीपी आरबीआई रेपो ब्याज निवेश निवेशक मुनाफा कारोबार "
    "जीएसटी टैक्स निर्यात आयात बाजार आईपीओ म्यूचुअल फंड सेबी अर्थव्यवस्था कंपनी तिमाही",
    "विज्ञान": "वैज्ञानिक वैज्ञानिकों इसरो नासा अंतरिक्ष चंद्रयान उपग्रह सैटेलाइट रॉकेट शोध अध्ययन स्मार्टफोन "
    "मोबाइल एप गूगल एआई फीचर लॉन्च दूरबीन ग्रह प्रजाति जीवाश्म खोज रोबोट तकनीक व्हाट्सएप",
    "खेल": "मैच क्रिकेट टीम विकेट रन गेंदबाज बल्लेबाज कप्तान टेस्ट वनडे टी20 आईपीएल विश्वकप फाइनल सेमीफाइनल गोल "
    "खिलाड़ी पदक स्वर्ण रजत कांस्य ओलंपिक हॉकी फुटबॉल टेनिस बैडमिंटन कोहली रोहित धोनी बीसीसीआई पारी शतक कोच",
    "मनोरंजन": "फिल्म अभिनेता अभिनेत्री बॉलीवुड गाना ट्रेलर सीरियल शो बॉक्स ऑफिस सलमान शाहरुख आमिर निर्देशक "
    "सिनेमा रिलीज टीजर एक्टर एक्ट्रेस ओटीटी वेब सीरीज नेटफ्लिक्स गायक",
    "स्वास्थ्य": "सेहत डायबिटीज मधुमेह कैंसर वजन डाइट विटामिन त्वचा बाल इम्यूनिटी योग बीमारी लक्षण टीका वैक्सीन डेंगू "
    "मलेरिया हृदय ब्लड प्रेशर नींद डॉक्टर संक्रमण मरीज इलाज दवा फायदे",
    "शिक्षा": "परीक्षा रिजल्ट छात्र छात्रों बोर्ड सीबीएसई नीट जेईई यूपीएससी भर्ती आवेदन दाखिला एडमिशन विश्वविद्यालय स्कूल "
    "कॉलेज शिक्षक पाठ्यक्रम एडमिट कार्ड कटऑफ काउंसलिंग यूजीसी छात्रवृत्ति",
}

LEXICON: dict[str, frozenset[str]] = {name: frozenset(stems(row)) for name, row in _HEADLINES.items()}
"""Section → stems of headline words; only for where nothing else speaks, and only with a margin."""
