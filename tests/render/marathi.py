"""An invented Marathi newsroom: its catalogue and one day's articles."""

from __future__ import annotations

CATALOGUE = """\
msgid ""
msgstr ""
"Language: mr\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "%(first)s and %(second)s"
msgstr "%(first)s आणि %(second)s"

msgid "%(names)s and %(num)s other"
msgid_plural "%(names)s and %(num)s others"
msgstr[0] "%(names)s आणि %(num)s अन्य"
msgstr[1] "%(names)s आणि %(num)s अन्य"

msgid "%(num)s minute read"
msgid_plural "%(num)s minutes read"
msgstr[0] "%(num)s मिनिट"
msgstr[1] "%(num)s मिनिटांत वाचा"

msgid "%(num)s source"
msgid_plural "%(num)s sources"
msgstr[0] "%(num)s स्रोत"
msgstr[1] "%(num)s स्रोत"

msgid "You may like this edition of %(name)s:"
msgstr "‘%(name)s’चा हा अंक तुम्हाला आवडेल:"

msgid "%(num)s story"
msgid_plural "%(num)s stories"
msgstr[0] "%(num)s बातमी"
msgstr[1] "%(num)s बातम्या"

msgid "The papers give different numbers of dead: %(tolls)s."
msgstr "मृतांची संख्या वृत्तपत्रांत वेगवेगळी: %(tolls)s."

msgid "(Source: %(name)s)"
msgstr "(स्रोत: %(name)s)"

msgid "Approve"
msgstr "मंजूर करा"

msgid "Hold"
msgstr "थांबवा"

msgid "Open the desk"
msgstr "डेस्क उघडा"

msgid "Correction"
msgstr "दुरुस्ती"

msgid "Weather"
msgstr "हवामान"

msgid "Market prices"
msgstr "बाजारभाव"

msgid "Mandi prices"
msgstr "मंडईचे भाव"

msgid "Advertisement"
msgstr "जाहिरात"

msgid "Horoscope"
msgstr "राशिभविष्य"

msgid "Panchang"
msgstr "आजचे पंचांग"

msgid "Thought for the day"
msgstr "आजचा विचार"

msgid "Quiz"
msgstr "प्रश्नमंजुषा"

msgid "A question for you"
msgstr "एक प्रश्न"

msgid "Your opinion"
msgstr "तुमचे मत"

msgid "Follow us"
msgstr "आमच्याशी जोडा"

msgid "How did you like this edition?"
msgstr "आजचा अंक कसा वाटला?"

msgid "Good"
msgstr "छान"

msgid "Not so good"
msgstr "ठीक नाही"

msgid "Learn more"
msgstr "अधिक माहिती"

msgid "Corrected story"
msgstr "दुरुस्त बातमी"

msgid "Change preferences"
msgstr "आवडी बदला"

msgid "Did somebody forward this to you?"
msgstr "हा अंक तुम्हाला कोणी पाठवला?"

msgid "Editor"
msgstr "संपादक"

msgid "Email it to a friend"
msgstr "मित्राला ईमेल करा"

msgid "Full story"
msgstr "संपूर्ण बातमी"

msgid "Hello,"
msgstr "नमस्कार,"

msgid "Issue"
msgstr "अंक"

msgid "Pass this edition on"
msgstr "हा अंक पुढे पाठवा"

msgid "Read the full story"
msgstr "संपूर्ण बातमी वाचा"

msgid "Send on WhatsApp"
msgstr "WhatsApp वर पाठवा"

msgid "Subscribe"
msgstr "सदस्य व्हा"

msgid "This edition in the browser"
msgstr "हा अंक ब्राउझरमध्ये"

msgid "Today's headlines"
msgstr "आजच्या ठळक बातम्या"

msgid "From the editor"
msgstr "संपादकांकडून"

msgid "In brief"
msgstr "थोडक्यात"

msgid "Issue %(number)s"
msgstr "अंक %(number)s"

msgid "News of the last %(hours)s hours"
msgstr "गेल्या %(hours)s तासांच्या बातम्या"

msgid "Pause for two weeks"
msgstr "दोन आठवडे थांबवा"

msgid "Read in browser"
msgstr "ब्राउझरमध्ये वाचा"

msgid "Nation"
msgstr "देश"

msgid "World"
msgstr "जग"

msgid "Politics"
msgstr "राजकारण"

msgid "Privacy"
msgstr "गोपनीयता"

msgid "Business"
msgstr "व्यापार"

msgid "Science"
msgstr "विज्ञान"

msgid "Sport"
msgstr "क्रीडा"

msgid "Entertainment"
msgstr "मनोरंजन"

msgid "Health"
msgstr "आरोग्य"

msgid "Daily columns"
msgstr "दैनंदिन सदरे"

msgid "Education"
msgstr "शिक्षण"

msgid "Something to tell us? Just reply to this email."
msgstr "काही सांगायचे असल्यास याच ईमेलला उत्तर द्या."

msgid "Test"
msgstr "चाचणी"

msgid "That is all for now. Have a good day."
msgstr "आजसाठी एवढेच. तुमचा दिवस चांगला जावो."

msgid "This email was sent to %(email)s because this address is on the list of %(name)s."
msgstr "तुम्ही ‘%(name)s’चे सदस्य आहात म्हणून हा ईमेल %(email)s या पत्त्यावर पाठवला."

msgid "This is a test email: only the addresses named for it got it."
msgstr "हे चाचणीचे पत्र आहे: ते फक्त निवडलेल्या पत्त्यांवर गेले."

msgid "Breaking news"
msgstr "ताजी बातमी"

msgid "Breaking news: %(headline)s"
msgstr "ताजी बातमी: %(headline)s"

msgid "More in the next edition."
msgstr "अधिक माहिती पुढील अंकात."

msgid "Today's news in brief"
msgstr "आजच्या निवडक बातम्या, थोडक्यात"

msgid "Top story"
msgstr "मोठी बातमी"

msgid "Written by a machine"
msgstr "यंत्राने लिहिले"

msgid "What is marked “Written by a machine” was checked against the papers, sentence by sentence."
msgstr "जिथे “यंत्राने लिहिले” असे आहे, तेथील प्रत्येक वाक्य वृत्तपत्रांशी पडताळले आहे."

msgid "Unsubscribe"
msgstr "सदस्यत्व सोडा"

msgid "update"
msgstr "अद्ययावत"
"""

# File name in the drop folder to its text.
ARTICLES = {
    "metro": """---
title: शहरात नवी मेट्रो मार्गिका आजपासून सुरू झाली आहे
date: 2026-11-23T05:30+05:30
section: राज्य
---
पहिली गाडी सकाळी पाच वाजता सुटली आणि ती प्रवाशांनी भरलेली होती. जुन्या शहरातून विद्यापीठाकडे जाण्यासाठी आता चाळीस मिनिटे कमी लागणार
आहेत. महापौरांनी पहिल्या गाडीतून प्रवास केला.
""",
    "library": """---
title: दोन हजार गावांची ग्रंथालये एका अ‍ॅपमध्ये आली आहेत
date: 2026-11-23T04:30+05:30
section: राज्य
---
वाचकांना घरी बसून पुस्तक शोधता येणार आहे. या योजनेत सव्वा लाख पुस्तकांची नोंद झाली असून ती मोफत वाचता येतील, असे ग्रंथपालांनी सांगितले.
""",
    "park": """---
title: नदीच्या काठी पाच हजार झाडे लावण्यात आली आहेत
date: 2026-11-23T03:30+05:30
section: राज्य
---
झाडांची काळजी शाळेतील मुले घेणार आहेत. प्रत्येक झाडावर ते लावणाऱ्याचे नाव लिहिले आहे आणि पाण्यासाठी टाकी बसवली आहे.
""",
    "final": """---
title: जिल्हा स्पर्धेच्या अंतिम सामन्यात शेवटच्या चेंडूवर विजय मिळाला
date: 2026-11-23T02:30+05:30
category: sports
---
यजमान संघाला सहा चेंडूंत अकरा धावा हव्या होत्या. कर्णधाराने नाबाद चौसष्ट धावा केल्या आणि संघ जिंकला. प्रेक्षकांनी मैदान भरले होते.
""",
}
