"""Lines that belong to a page and not to its report, as rows of (pattern, example). The example is the row's test.

clean.py matches each pattern with a whole line, in lower case and without nukta. A pattern must match nothing that a
report says, as a line that is dropped by mistake is lost. Sources: research on 985 EDNIL articles, Bhaskar and Jagran
pages, WordPress sites; common forms of other Hindi sites.
"""

from __future__ import annotations

INTERFACE: tuple[tuple[str, str], ...] = (
    (r"date\s+(?:updated|published|modified)\s*:?.{0,40}", "Date Updated"),
    (
        r"(?:last\s+)?(?:updated|published|modified)(?:\s+(?:on|at|date))?\s*:.{0,60}",
        "Updated: Nov 23, 2026 10:20",
    ),
    (r"फ[ॉाो]लो\s+करें\s*:?", "फॉलो करें:"),
    (r"हमें\s+फ[ॉाो]लो\s+करें\s*:?.{0,40}", "हमें फॉलो करें:"),
    (r"follow\s+us(?:\s+on)?\s*:?.{0,60}", "Follow us on:"),
    (r"(?:शेयर|साझा)\s+करें\s*:?", "शेयर करें"),
    (r"share(?:\s+(?:this|on|via)\b.{0,40})?\s*:?", "Share"),
    (r"खबर\s+सुनें", "ख़बर सुनें"),
    (r"विस्तार", "विस्तार"),
    (r"सार", "सार"),
    (r"(?:यह|ये|इसे|इन्हें)\s+भी\s+(?:पढ़ें|पढ़े|देखें|जानें)(?:\s*[:–—|-].*)?", "यह भी पढ़ें: दूसरी ख़बर का शीर्षक"),
    (r"(?:also|must|further)\s+(?:read|watch|see)\s*(?:[:–—|-].*)?", "Also Read: some other story"),
    (r"read\s+(?:more|also|full\s+(?:story|article))\s*(?:[:–—|-].*|\.\.\.|…|»|>)?", "Read more..."),
    (
        r"[(\[]?(?:पढ़ें|पढ़े|पढें|पढ़िए|देखें|देखिए|वीडियो|video|watch|फोटो\s+गैलरी|तस्वीरें)\s*[:–—|-].{0,200}",
        "पढ़ें: दूसरी ख़बर का शीर्षक",
    ),
    (r"\[@.{0,160}", "[@ दूसरी ख़बर का शीर्षक"),
    (r"(?:और|पूरी\s+खबर|आगे|विस्तार\s+से)\s+पढ़ें\s*(?:\.\.\.|…|»|>|:)?", "और पढ़ें…"),
    (r"(?:फोटो|photo|image|तस्वीर)\s*(?:credit|courtesy|सोर्स|source|साभार)?\s*:.{0,60}", "फोटो: एजेंसी"),
    (r"disclaimer\s*:?.*", "Disclaimer: the views are the author's"),
    (r"advertisement|विज्ञापन|ads?\s+by\s+.{1,30}", "Advertisement"),
    (r"समाप्त", "समाप्त"),
    (r"(?:\d{1,2}:)?\d{1,2}:\d{2}\s*play\s+video|play\s+video", "0:39 Play video"),
    (r"via\s+[A-Za-z].{0,40}", "via NBT Hindi"),
    (r"(?:comments?|टिप्पणी|टिप्पणियां)\s*(?:\(\d+\)|:)?", "Comments (3)"),
    (r"subscribe(?:\s+(?:now|to)\b.{0,60})?", "Subscribe now"),
    (r"सब्सक्राइब\s+करें", "सब्सक्राइब करें"),
    (
        r".{0,60}(?:whatsapp|व्हाट्सएप|telegram|टेलीग्राम)\s*(?:चैनल|ग्रुप|channel|group).{0,40}"
        r"(?:उपलब्ध|जुड़ें|फ[ॉाो]लो|join|follow).{0,160}",
        "हमारा समाचार अब whatsapp चैनल पर भी उपलब्ध है। आज ही फॉलो करें",
    ),
    (r"(?:tags?|टैग्?स?|topics?)\s*:.{0,200}", "Tags: पटना, बिहार"),
    (
        r"\(?बीबीसी\s+हिन्?ं?दी\s+के\s+(?:एंड्रॉएड|एंड्रॉइड)\s+ऐप.*",
        "(बीबीसी हिन्दी के एंड्रॉएड ऐप के लिए आप यहां क्लिक कर सकते हैं.)",
    ),
    (
        r".{0,80}(?:फेसबुक|ट्विटर|व्हाट्सएप).{0,80}फ[ॉाो]लो\s+(?:भी\s+)?कर(?:ें|\s+सकते\s+हैं).{0,3}",
        "आप हमें फेसबुक और ट्विटर पर फ़ॉलो भी कर सकते हैं.",
    ),
    (r"[|•*\-–—_=~.·\s]+", "* * *"),
    (
        r"(?:written|edited|reported|posted|published|curated|compiled|produced|translated)(?:\s+by)?\s*[:|–-].{0,80}",
        "Edited By: रमा देवी",
    ),
    (r"(?:edited|reported|written|posted|published|curated)\s+by\s.{1,80}", "Reported by रमा देवी, गांव"),
    (r"(?:by|author|लेखक|रिपोर्ट|रिपोर्टर|संपादन|प्रस्तुति|इनपुट|input)\s*[:|–-]\s*.{1,40}", "लेखक: रमा देवी"),
    (r"by\s+[A-Z][A-Za-z.]{1,20}(?:\s+[A-Z][A-Za-z.]{0,20}){0,3}", "By Rama Devi"),
    (r"oi-\S{2,40}(?:\s\S{1,20}){0,2}", "oi-rama devi"),
    (
        r"(?:(?:first\s+)?(?:published|updated)\s+)?(?:(?:sun|mon|tue|wed|thu|fri|sat)[a-z]{0,6},?\s+)?\d{1,2}\s+"
        r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6},?\s+\d{4}.{0,30}",
        "Updated Mon, 23 Nov 2026 10:20 AM IST",
    ),
    (r"(?:अपडेटेड|अपडेट|प्रकाशित|पब्लिश्ड|पब्लिश)\s*:.{0,60}", "अपडेटेड: 23 नवंबर 2026, सुबह 10:20"),
    (
        r"(?:स्टोरी\s+)?(?:हाइलाइट्?स|हाईलाइट्?स)\s*:?|(?:story\s+|news\s+)?highlights?\s*:?|key\s+(?:points|takeaways)\s*:?",
        "स्टोरी हाइलाइट्स",
    ),
    (r"(?:मुख्य|खास|अहम)\s+बातें\s*:?|एक\s+नजर\s+में\s*:?|संक्षेप\s+में\s*:?", "मुख्य बातें:"),
    (
        r"(?:quick\s+read|(?:ai|एआई)[\s-]*(?:generated\s+)?(?:summary|सारांश).{0,80}|summary\s+is\s+ai.{0,120}|summary)",
        "AI-generated summary, reviewed by the newsroom",
    ),
    (
        r"(?:https?://|www\.|pic\.twitter\.com/)\S+(?:\s*(?:https?://|pic\.twitter\.com/)\S+)*",
        "pic.twitter.com/AbC12dEf",
    ),
    (r"[—–-]\s*.{1,60}\(@[A-Za-z0-9_]{2,20}\).{0,40}", "— गांव समाचार (@gaon_news) November 23, 2026"),
    (r"(?:a\s+post\s+shared\s+by|view\s+this\s+post\s+on)\s.{1,100}", "View this post on Instagram"),
    (r"इस\s+पोस्ट\s+को\s+(?:इंस्टाग्राम|फेसबुक|एक्स|ट्विटर)\s+पर\s+देखें.{0,40}", "इस पोस्ट को इंस्टाग्राम पर देखें"),
    (r"@?[a-z0-9][a-z0-9._+-]{0,60}@[a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,20}){1,3}\s*:?", "gaon@paper.example"),
    (
        r"(?:get|download|install|join|subscribe|follow|click)\s[a-z0-9 ,.'’&/()!:|-]{0,100}"
        r"(?:news|app|updates?|channel|group|newsletter|whatsapp|telegram|here)[a-z0-9 ,.'’&/()!:|-]{0,40}",
        "Get the latest news of the village, download our app.",
    ),
    (
        r"(?:trending|related|recommended|popular|more|must\s+read|top|latest|आपके\s+लिए|संबंधित|ट्रेंडिंग|लोकप्रिय|लेटेस्ट|बड़ी|अन्य|और)\s+"
        r"(?:now|news|stories|story|articles?|videos?|topics?|posts?|खबरें|खबर|न्यूज|वीडियो|लेख|टॉपिक|समाचार)\s*:?",
        "संबंधित ख़बरें",
    ),
    (
        r"(?:you\s+may\s+(?:also\s+)?like|you\s+might\s+(?:also\s+)?like|recommended(?:\s+for\s+you)?|sponsored.{0,40})",
        "You may also like",
    ),
    (
        r"\(?(?:(?:फाइल|सांकेतिक|प्रतीकात्मक)\s+(?:फोटो|तस्वीर|चित्र|इमेज)|(?:फोटो|photo|image|pic|तस्वीर|चित्र)\s*[-–:(].{1,60}"
        r"|(?:file|representational?|representative)\s+(?:photo|image|pic))\)?\s*[।.]?",
        "फ़ोटो- रमा देवी",
    ),
    (
        r"(?:getty\s+images?|shutterstock|istock|unsplash|freepik|pixabay|social\s+media|instagram|twitter)(?:\s*[/|].{0,40})?",
        "Getty Images",
    ),
    (
        r"(?:\d+\s+)?(?:comments?|leave\s+a\s+(?:reply|comment)|post\s+a\s+comment|be\s+the\s+first\s+to\s+comment"
        r"|log\s?in\s+to\s+comment|कमेंट\s+(?:करें|लिखें)|अपनी\s+राय\s+दें|प्रतिक्रिया\s+दें)\s*[.!…]*",
        "Leave a Reply",
    ),
    (
        r"(?:loading|please\s+wait|लोड\s+हो\s+रहा\s+है)\s*(?:\.\.\.|…)?|(?:text|font)\s+size\s*:?.{0,20}|a[-+]\s*a\s*a\+",
        "Loading…",
    ),
    (r"(?:listen\s+to\s+(?:this\s+)?(?:article|story)|इस\s+(?:खबर|लेख)\s+को\s+सुनें).{0,30}", "इस ख़बर को सुनें"),
    (r".{0,40}(?:google|गूगल)\s+(?:news|न्यूज)\s+पर\s+(?:फ[ॉाो]लो|जुड़ें|पढ़ें).{0,60}", "हमें गूगल न्यूज़ पर फ़ॉलो करें"),
    (
        r".{0,100}(?:हमारे|हमसे|हमें|our)\s.{0,40}(?:व्हाट्सऐप|वॉट्सऐप|वाट्सएप|व्हाट्सएप|whatsapp|telegram|टेलीग्राम).{0,60}"
        r"(?:जुड़ें|जुड़ने\s+के\s+लिए|(?:ज्वाइन|जॉइन|क्लिक|सब्सक्राइब)\s+करें|join|subscribe).{0,60}",
        "हमारे व्हाट्सएप ग्रुप से जुड़ें",
    ),
    (
        r".{0,200}(?:ऐप|एप|app)\s+(?:को\s+)?(?:डाउनलोड|download|इंस्टॉल)\s*(?:करें|करिए|कीजिए|now).{0,40}",
        "ताज़ा भाव के लिए हमारा ऐप डाउनलोड करें",
    ),
    (
        r".{0,160}(?:से\s+जुड़ी|की|ताजा|लेटेस्ट|हिंदी)\s+(?:ताजा\s+|बड़ी\s+|अन्य\s+|और\s+|लेटेस्ट\s+)?(?:खबरें|खबरों|न्यूज|समाचार)\s.{0,120}"
        r"(?:पढ़ें|क्लिक\s+करें|देखें|जुड़े\s+रहें|जुड़ें|बने\s+रहें|बने\s+रहिए|फ[ॉाो]लो\s+करें|लॉग\s?[इऑ]न\s+करें)[ ।.!]{0,3}",
        "गांव से जुड़ी ताज़ा ख़बरें पाने के लिए हमारे साथ बने रहें।",
    ),
    (
        r"[(\[]?\s*(?:यह|इस)\s+(?:खबर|स्टोरी|लेख|कहानी|समाचार|रिपोर्ट)\s.{0,160}"
        r"(?:संपादित\s+नहीं|सिंडिकेट|सिंडीकेट|ऑटो|स्वत|टीम\s+ने\s+एडिट\s+नहीं|एडिट\s+नहीं).{0,120}",
        "(इस ख़बर को हमारी टीम ने संपादित नहीं किया है, यह एजेंसी से ली गई है।)",
    ),
    (
        r"[(\[]?\s*this\s+(?:story|article|report)\s.{0,120}(?:not\s+been\s+edited|auto|syndicat|appeared|published).{0,160}",
        "(This story has not been edited by our staff.)",
    ),
    (
        r"[(\[]?\s*(?:(?:एजेंसी|भाषा|पीटीआई|आईएएनएस|एएनआई|वार्ता|pti|ani|ians)\s+)?(?:इनपुट|input)\s*"
        r"(?:[:–-]?\s*(?:एजेंसी|भाषा|पीटीआई|आईएएनएस|एएनआई|pti|ani|ians).{0,40}|के\s+साथ)\s*[)\]।.]*",
        "(भाषा इनपुट के साथ)",
    ),
    (r"[-–—]{1,2}\s?(?:आईएएनएस|एएनआई|पीटीआई|भाषा|ians|ani|pti)(?:\s*[/,]?\s*\S{1,12}){0,3}", "--आईएएनएस रमा/सुरेश"),
    (
        r"भाषा(?!\s+(?:का|की|के|पर|में|को|से|और|ने|विवाद|नीति)\s)(?:\s+[^\s।,.]{2,15}){1,3}",
        "भाषा रमा सुरेश",
    ),
    (r"(?:copyright|©|कॉपीराइट).{0,120}|.{0,80}all\s+rights\s+reserved.{0,40}", "© 2026 गांव समाचार"),
    (r"(?:hindi|हिंदी)\s+(?:news|न्यूज|समाचार|खबर)(?:\s*[/|>»].{0,200})?", "Hindi News / गांव / मेला"),
    (r"(?:home|होम|मुखपृष्ठ)(?:\s*[/|>»›]\s*[^/|>»›]{1,80}){1,6}", "होम / गांव / मेला"),
    (r"(?:नोट|note|स्रोत|source|साभार|सौजन्य)\s*[:–-]\s*.{0,60}", "स्रोत: विभाग"),
)
