"""What pages call the boxes round an article: in classes and ids, in headings, in lines that ask for something.

Tables and their look-up only; pagefurniture and pageedges act on them. A name is general when three unrelated sites
use it; what one site needs is a row of pagequirks.
"""

from __future__ import annotations

import re

from digest.hindi.text import fold

NAMED = re.compile(
    r"(?:^|[\s_-])(?:related(?:[_-]?(?:posts?|news|stor(?:y|ies)|articles?|topics?))?|relative[_-]?news"
    r"|recommend(?:ed|ations?)?|trending|trend[_-]?box|also[_-]?read|also[_-]?rd|read[_-]?(?:also|more|next)"
    r"|most[_-]?(?:read|popular)|popular[_-]?posts?|top[_-]?(?:news|stories)|latest[_-]?news|more[_-]?(?:news|stor(?:y|ies))"
    r"|web[_-]?stor(?:y|ies)|sidebar|rhs|comments?|cmt|disqus|newsletter|sign[_-]?up|subscribe|subscription|sharing"
    r"|share|social|sharedaddy|addtoany|follow[_-]?us|whatsapp|telegram|taboola|outbrain|cookies?|consent|gdpr"
    r"|breadcrumbs?|brdcrmb|about[_-]?(?:the[_-]?)?author|author[_-]?(?:bio|box|card|profile|info|details?|descr(?:iption)?)"
    r"|byline|(?:post|entry|article)[_-]?meta|advert(?:isement)?s?|ads?|adsbygoogle|sponsored|promo|paywall|print-only"
    r"|faqs?|quick[_-]?read|high[_-]?lights?|key[_-]?(?:points|takeaways)|toc|ez-toc-container|english[_-]?summary"
    r"|support[_-]?(?:us|box)|donat(?:e|ion)s?|disclaimer|tags|keywords|podcast[_-]?promo|inline[_-]?promo"
    r"|twitter-tweet|instagram-media|fb-post|embed(?:ded|code)?)(?=$|[\s_-])"
)
"""Classes and ids in lower case, `relatedNews` as `related-news`, of what is no text of the article."""

STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:summar(?:y|ies)|summery|smry|synopsis|standfirst|excerpt|sub[_-]?title|sub[_-]?head(?:line)?|dek|descp)"
    r"(?=$|[\s_-])"
)
"""The sentence under the headline: it is the article's excerpt, and the body says it again."""

CAPTION = re.compile(r"(?:^|[\s_-])(?:img|image|photo|pic)?[_-]?(?:caption(?:[_-]text)?|cptn|credit)(?=$|[\s_-])")

LONGEST_LABEL = 45
"""Characters; no label of a box is longer."""

_NAMES = (
    "यह भी पढ़ें | ये भी पढ़ें | इसे भी पढ़ें | इन्हें भी पढ़ें | यह भी देखें | ये भी देखें | "
    "और पढ़ें | और देखें | संबंधित | संबंधित खबरें | सम्बंधित ख़बरें | संबंधित खबर | संबंधित समाचार | "
    "संबंधित पोस्ट | संबंधित लेख | संबंधित विषय | अन्य खबरें | अन्य समाचार | खबरें और भी हैं | "
    "बड़ी खबरें | ताजा खबरें | और खबरें | टॉप स्टोरी | टॉप स्टोरीज | टॉप हेडलाइंस | ट्रेंडिंग | "
    "ट्रेंडिंग न्यूज | ट्रेंडिंग खबरें | रेकमेंडेड खबरें | सबसे ज्यादा पढ़े गए | वेब स्टोरीज | "
    "वेब स्टोरी | फोटो गैलरी | लाइव टीवी | पॉडकास्ट | लोकप्रिय | लोकप्रिय खबरें | हाइलाइट्स | "
    "विषय सूची | लेखक के बारे में | टिप्पणियां | अपनी राय दें | विज्ञापन | हमें फॉलो करें | शेयर करें | "
    "खबरें फटाफट | टैग्स | टैग | अगली खबर | पिछली खबर | अक्सर पूछे जाने वाले सवाल | આ પણ વાંચો | "
    "આ ન્યૂઝ પણ વાંચો | আরও পড়ুন | আরো পড়ুন | also read | read also | read more | must read | "
    "related | related news | related story | related stories | related articles | related posts | "
    "related topics | you may like | you may also like | recommended | recommended for you | "
    "recommended stories | more stories | more from this section | top news | top stories | "
    "top headlines | latest news | latest stories | trending | trending now | trending news | "
    "trending articles | trending photos | most read | most popular | popular posts | recent posts | "
    "web stories | photos | videos | about the author | about author | show quick read | quick read | "
    "highlights | key highlights | key takeaways | frequently asked questions | faq | faqs | "
    "english summary | tags | comments | leave a comment | advertisement | table of contents | "
    "follow us | follow us on | share this | share this article | newsletter | live tv"
)
_LABELS = frozenset("".join(fold(name).split()) for name in _NAMES.split(" | "))

_CALL = re.compile(
    "|".join(
        fold(pattern)
        for pattern in (
            r"(?:ऐप|एप|app).{0,40}डाउनलोड (?:करें|करिए|कीजिए)",
            r"डाउनलोड (?:करें|करिए|कीजिए).{0,60}(?:ऐप|एप|apps?)(?![a-z])",
            r"(?:व्हाट्सएप|व्हाट्सऐप|whatsapp|टेलीग्राम|telegram).{0,30}(?:चैनल|ग्रुप|channel|group)",
            r"(?:फेसबुक|facebook|ट्विटर|twitter|इंस्टाग्राम|यूट्यूब|youtube|google news).{0,80}(?:फॉलो|लाइक|सब्सक्राइब|जुड़)",
            r"(?:खबरें|समाचार|अपडेट).{0,60}(?:जुड़े रहें|बने रहें|बने रहिए)",
            r"click to read more|get latest .{0,60}news|stay updated with us",
            r"(?:सिंडीकेट|सिंडिकेट) फीड|syndicated feed",
            r"(?:ओर से|द्वारा) प्रकाशित$|^web title ?:",
            r"पसंदीदा (?:स्रोत|सोर्स)|preferred source",
            r"(?:डिस्क्लेमर|अस्वीकरण|disclaimer) ?[:-]",
            r"^(?:first )?(?:published|posted) (?:by|on|at)? ?[:-]",
        )
    )
)
LONGEST_CALL = 320
"""Characters; what is longer tells something beside."""


def is_label(text: str) -> bool:
    """Whether a whole line is what stands over a box of the page."""
    return 0 < len(text) <= LONGEST_LABEL and "".join(fold(text).split()).strip(":-–—.…»>|*") in _LABELS


def is_call(text: str) -> bool:
    """Whether a paragraph asks the reader to follow, install or subscribe, or says where the text came from."""
    return len(text) <= LONGEST_CALL and _CALL.search(fold(text)) is not None
