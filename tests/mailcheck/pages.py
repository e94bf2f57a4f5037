"""Two emails for the checks: one without defects, and one with a defect for each check."""

from __future__ import annotations

STACK = "font-family:'Noto Sans Devanagari',sans-serif;line-height:1.7"
GOOD = f"""<!DOCTYPE html>
<html lang="hi" dir="ltr"><head><meta charset="utf-8"><title>सुबह की ख़बरें</title>
<meta name="viewport" content="width=device-width,initial-scale=1"></head>
<body style="margin:0;background-color:#ffffff;color:#222222">
<div lang="hi" dir="ltr" style="{STACK}">
<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]-->
<table role="presentation" width="100%"><tr><td>
<h1 style="font-size:28px;line-height:1.8">क्षेत्र में र्कीं और टट्टू</h1>
<p>पहली ट्रेन सुबह पाँच बजे चली।</p>
<img src="https://img.example.com/1.jpg" alt="नई मेट्रो ट्रेन" width="300" height="200"
 style="color:#222222;background-color:#eeeeee;max-width:100%">
</td></tr></table>
<!--[if mso]></td></tr></table><![endif]-->
</div>
</body></html>
"""

LINKS = " ".join(f'<a href="https://example.com/{number}">शहर की नई मेट्रो लाइन पर आज से सफ़र</a>' for number in range(12))
BAD = f"""<html lang="hi"><head><meta charset="utf-8"><title>ख़बर</title><style>p{{position:sticky}}</style></head>
<body style="color:#222222">
<!--[if mso]><table role="presentation"><tr><td><![endif]-->
<table><tr><td><table><tr><td><table><tr><td><table width="900"><tr><td>
<h1 style="font-size:28px;line-height:1">क्षेत्र में र्कीं और टट्टू</h1>
<p style="color:#dddddd;background-color:#ffffff">फीका</p>
<p>टूटी ि मात्रा</p>
<div style="height:10px;overflow:hidden">पूरा नहीं दिखता, क्योंकि डिब्बा बहुत नीचा है</div>
<img src="https://img.example.com/1.jpg" alt="धुँधला" width="300" height="200"
 style="color:#777777;background-color:#888888">
<img src="https://img.example.com/2.jpg" width="30" height="20">
<div style="padding-top:800px">{LINKS}</div>
</td></tr></table></td></tr></table></td></tr></table></td></tr></table>
</body></html>
"""
