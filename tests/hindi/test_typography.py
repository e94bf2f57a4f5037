"""Typesetting of headlines and summaries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.hindi.typography import typeset
from tests.support.tables import each_row


@each_row(
    ("text", "printed"),
    [
        ("रमा ने कहा , नहर टूटी ।", "रमा ने कहा, नहर टूटी।"),
        ("नहर  टूटी,खेत डूबे", "नहर टूटी, खेत डूबे"),
        ("रमा ने कहा, 'नहर टूटी'", "रमा ने कहा, ‘नहर टूटी’"),
        ('गांव में “मेला" लगा', "गांव में “मेला” लगा"),
        ("गांव में “मेला’ लगा", "गांव में “मेला” लगा"),
        ("मेला” सोमवार को लगा", "मेला सोमवार को लगा"),
        ("‘‘बड़ी घटना’’ बताया", "“बड़ी घटना” बताया"),
        ("' नीली पतंग ' शीर्षक", "‘नीली पतंग’ शीर्षक"),
        ("फिल्म‘पतंग’जारी", "फिल्म ‘पतंग’ जारी"),
        ("समिति(रामगंज) ने", "समिति (रामगंज) ने"),
        ("समिति ( रामगंज ) ने", "समिति (रामगंज) ने"),
        ("समिति (रामगंज)ने", "समिति (रामगंज) ने"),
        ("कमला:नहर में पानी", "कमला: नहर में पानी"),
        ("नहर टूटी,12 लोग, २५,००० रुपये और १०:३०", "नहर टूटी, 12 लोग, २५,००० रुपये और १०:३०"),
        ("नि:शुल्क यात्रा: नि: शुल्क नहीं", "निःशुल्क यात्रा: नि: शुल्क नहीं"),
        ("पुल खुला।। लोग आए", "पुल खुला। लोग आए"),
        ("15लोग 10वीं में 2जी फोन लाए", "15 लोग 10वीं में 2जी फोन लाए"),
        ("पुल\u200d खुला\u200b", "पुल खुला"),
        ("क्‍या don't 1,200 10:30 7.5 'सच' है", "क्‍या don’t 1,200 10:30 7.5 ‘सच’ है"),
    ],
)
def test_marks_and_spaces(text: str, printed: str) -> None:
    assert typeset(text) == printed


@each_row(
    ("text", "printed"),
    [
        ("नंवबर में मुबंई का प्रर्दशन", "नवंबर में मुंबई का प्रदर्शन"),
        ("सार्वजिनक जगह पर न्यूतनम तापमान", "सार्वजनिक जगह पर न्यूनतम तापमान"),
        ("सैनिको और मरीजो की संखया", "सैनिकों और मरीजों की संख्या"),
        ("रविवार को को मेला लगा", "रविवार को मेला लगा"),
        ("लोग आ रहे है। मेला लग गया हैं।", "लोग आ रहे हैं। मेला लग गया है।"),
        ("लोग दहश्ात में", "लोग दहशत में"),
        # Words that only look like another one.
        ("बंगाल का बंगला, खेलो, खेलों, जांच की की मांग", "बंगाल का बंगला, खेलो, खेलों, जांच की की मांग"),
    ],
)
def test_typing_errors(text: str, printed: str) -> None:
    assert typeset(text) == printed


@given(st.text(alphabet=st.sampled_from("कमला ,।;:'\"‘’“”()[]12a.?!-…\u200d"), max_size=40))
def test_it_changes_nothing_twice_and_keeps_the_words(text: str) -> None:
    printed = typeset(text)
    assert typeset(printed) == printed
    assert [c for c in printed if c.isalnum()] == [c for c in text if c.isalnum()]
