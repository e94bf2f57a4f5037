BEGIN TRANSACTION;
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE article (
	id VARCHAR(40) NOT NULL, 
	source TEXT NOT NULL, 
	url TEXT NOT NULL, 
	title TEXT NOT NULL, 
	published DATETIME NOT NULL, 
	dated BOOLEAN NOT NULL, 
	first_seen DATETIME NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	content JSON NOT NULL, 
	CONSTRAINT pk_article PRIMARY KEY (id)
);
INSERT INTO "article" VALUES('483999a11f0b36b02e5a','डेस्क','','नहर में पानी आया','2026-11-22 23:30:00.000000',1,'2026-11-23 01:30:06.129368','7a7396e522ddf7b6d53b60c416d0d005','{"id": "483999a11f0b36b02e5a", "source": "डेस्क", "title": "नहर में पानी आया", "url": "", "guid": "file:2026-11-23.md", "kicker": "", "dated": true, "author": "", "section": "", "language": "hi", "excerpt": "", "place": "", "content_hash": "7a7396e522ddf7b6d53b60c416d0d005", "published": "2026-11-22T23:30:00+00:00", "updated": null, "image": null, "categories": [], "body": [{"kind": "p", "text": "किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। पानी बीस दिन तक चलेगा।"}], "warnings": []}');
INSERT INTO "article" VALUES('7e0360d1d6c040f876e8','डेस्क','','पुल की मरम्मत पूरी हुई','2026-11-23 23:30:00.000000',1,'2026-11-24 01:30:00.474465','1b4e3b75cd0f7b550ef751c55b87c39f','{"id": "7e0360d1d6c040f876e8", "source": "डेस्क", "title": "पुल की मरम्मत पूरी हुई", "url": "", "guid": "file:2026-11-24.md", "kicker": "", "dated": true, "author": "", "section": "", "language": "hi", "excerpt": "", "place": "", "content_hash": "1b4e3b75cd0f7b550ef751c55b87c39f", "published": "2026-11-23T23:30:00+00:00", "updated": null, "image": null, "categories": [], "body": [{"kind": "p", "text": "नदीपुर का पुराना पुल मंगलवार से फिर खुल गया है। काम तीन महीने चला।"}], "warnings": []}');
INSERT INTO "article" VALUES('6d0cc9f5afa4b7b4e755','डेस्क','','मेले में उमड़ी भीड़','2026-11-24 23:30:00.000000',1,'2026-11-25 01:30:00.203258','aaf0ae2ecc1e4a85963500224bb79635','{"id": "6d0cc9f5afa4b7b4e755", "source": "डेस्क", "title": "मेले में उमड़ी भीड़", "url": "", "guid": "file:2026-11-25.md", "kicker": "", "dated": true, "author": "", "section": "", "language": "hi", "excerpt": "", "place": "", "content_hash": "aaf0ae2ecc1e4a85963500224bb79635", "published": "2026-11-24T23:30:00+00:00", "updated": null, "image": null, "categories": [], "body": [{"kind": "p", "text": "बुधवार को मेले के पहले दिन हज़ारों लोग पहुंचे। मेला सात दिन चलेगा।"}], "warnings": []}');
CREATE TABLE attempt (
	id VARCHAR(32) NOT NULL, 
	batch INTEGER NOT NULL, 
	transport VARCHAR(32) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	run VARCHAR(32) DEFAULT '' NOT NULL, 
	send_at DATETIME, 
	schedule_id TEXT DEFAULT '' NOT NULL, 
	current_recipient INTEGER, 
	boot VARCHAR(64) DEFAULT '' NOT NULL, 
	provider_id TEXT DEFAULT '' NOT NULL, 
	detail TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_attempt PRIMARY KEY (id), 
	CONSTRAINT fk_attempt_batch FOREIGN KEY(batch) REFERENCES batch (id)
);
INSERT INTO "attempt" VALUES('78f9b846d26b0ba3',1,'outbox','accepted','2026-11-23 01:30:03.458673','2026-11-23 01:30:03.921170','1f157dacf4cefbdd',NULL,'',NULL,'76895df7-49ad-4766-a669-a67fa3ca1332','','');
INSERT INTO "attempt" VALUES('0a8b13f8d0f72bf7',2,'outbox','accepted','2026-11-23 01:30:03.458673','2026-11-23 01:30:03.794049','1f157dacf4cefbdd',NULL,'',NULL,'76895df7-49ad-4766-a669-a67fa3ca1332','','');
INSERT INTO "attempt" VALUES('162c3ad34efa38c1',3,'outbox','accepted','2026-11-23 01:30:03.458673','2026-11-23 01:30:03.794049','1f157dacf4cefbdd',NULL,'',NULL,'76895df7-49ad-4766-a669-a67fa3ca1332','','');
INSERT INTO "attempt" VALUES('0b73f29b4f30b096',4,'outbox','accepted','2026-11-23 01:30:03.458673','2026-11-23 01:30:03.921170','1f157dacf4cefbdd',NULL,'',NULL,'76895df7-49ad-4766-a669-a67fa3ca1332','','');
INSERT INTO "attempt" VALUES('12d8387e417393e4',5,'smtp','unknown','2026-11-24 01:30:02.143071','2026-11-24 01:30:02.275005','958af1fcde1723d1',NULL,'',NULL,'76895df7-49ad-4766-a669-a67fa3ca1332','','connection reset after the last byte');
INSERT INTO "attempt" VALUES('55df3c73bd8565d9',6,'smtp','unknown','2026-11-24 01:30:02.143071','2026-11-24 01:30:02.329123','958af1fcde1723d1',NULL,'',NULL,'76895df7-49ad-4766-a669-a67fa3ca1332','','connection reset after the last byte');
CREATE TABLE batch (
	id INTEGER NOT NULL, 
	edition VARCHAR(64) NOT NULL, 
	variant VARCHAR(64) NOT NULL, 
	due_at DATETIME NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	size INTEGER NOT NULL, 
	tries INTEGER DEFAULT '0' NOT NULL, 
	parent INTEGER, 
	CONSTRAINT pk_batch PRIMARY KEY (id), 
	CONSTRAINT fk_batch_edition FOREIGN KEY(edition) REFERENCES edition ("key")
);
INSERT INTO "batch" VALUES(1,'2026-11-23','html','2026-11-22 18:30:00.000000','accepted',2,1,NULL);
INSERT INTO "batch" VALUES(2,'2026-11-23','html','2026-11-22 18:30:00.000000','accepted',2,1,NULL);
INSERT INTO "batch" VALUES(3,'2026-11-23','html','2026-11-22 18:30:00.000000','accepted',1,1,NULL);
INSERT INTO "batch" VALUES(4,'2026-11-23','text','2026-11-22 18:30:00.000000','accepted',1,1,NULL);
INSERT INTO "batch" VALUES(5,'2026-11-24','html','2026-11-23 18:30:00.000000','unknown',2,1,NULL);
INSERT INTO "batch" VALUES(6,'2026-11-24','text','2026-11-23 18:30:00.000000','unknown',2,1,NULL);
CREATE TABLE consent (
	id INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	what VARCHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	source TEXT NOT NULL, 
	wording TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_consent PRIMARY KEY (id)
);
INSERT INTO "consent" VALUES(1,'gone@example.com','unsubscribed','2026-11-23 02:30:00.000000','web:unsubscribe','','');
INSERT INTO "consent" VALUES(2,'meera@example.com','changed','2026-11-23 03:30:00.000000','web:preferences','सहेजें','');
INSERT INTO "consent" VALUES(3,'asha@example.com','agreed','2026-11-23 01:30:00.000000','paper form','हाँ, भेजिए','');
CREATE TABLE decision (
	id INTEGER NOT NULL, 
	edition VARCHAR(64) NOT NULL, 
	batch INTEGER, 
	what VARCHAR(32) NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_decision PRIMARY KEY (id), 
	CONSTRAINT fk_decision_edition FOREIGN KEY(edition) REFERENCES edition ("key")
);
INSERT INTO "decision" VALUES(1,'2026-11-23',NULL,'approved','by an editor','2026-11-23 01:30:00.243051');
INSERT INTO "decision" VALUES(2,'2026-11-24',NULL,'approved','by an editor','2026-11-24 01:30:00.171973');
INSERT INTO "decision" VALUES(3,'2026-11-25',NULL,'approved','by an editor','2026-11-25 01:30:00.234107');
CREATE TABLE delivery (
	edition VARCHAR(64) NOT NULL, 
	subscriber INTEGER NOT NULL, 
	batch INTEGER, 
	outcome VARCHAR(16), 
	reason TEXT, 
	CONSTRAINT pk_delivery PRIMARY KEY (edition, subscriber)
)
 WITHOUT ROWID

;
INSERT INTO "delivery" VALUES('2026-11-23',1,1,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-23',2,4,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-23',3,1,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-23',4,2,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-23',5,2,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-23',6,3,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-24',1,5,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-24',2,6,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-24',3,6,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-24',4,5,NULL,NULL);
INSERT INTO "delivery" VALUES('2026-11-24',5,NULL,'excluded','unsubscribed');
INSERT INTO "delivery" VALUES('2026-11-24',6,NULL,'excluded','bounced');
CREATE TABLE delivery_event (
	edition VARCHAR(64) NOT NULL, 
	subscriber INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	at DATETIME NOT NULL, 
	reason TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_delivery_event PRIMARY KEY (edition, subscriber, kind), 
	CONSTRAINT fk_delivery_event_edition FOREIGN KEY(edition, subscriber) REFERENCES delivery (edition, subscriber)
)
 WITHOUT ROWID

;
CREATE TABLE edition (
	"key" VARCHAR(64) NOT NULL, 
	day DATE NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	subject TEXT NOT NULL, 
	preheader TEXT NOT NULL, 
	intro TEXT NOT NULL, 
	lead TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	sections JSON NOT NULL, 
	editorial_changes JSON NOT NULL, 
	composed_at DATETIME, 
	frozen_at DATETIME, 
	done_at DATETIME, 
	CONSTRAINT pk_edition PRIMARY KEY ("key")
);
INSERT INTO "edition" VALUES('2026-11-23','2026-11-23',1,'done','नहर में पानी आया · 23 नवंबर','किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। पानी बीस दिन तक चलेगा।','','sc899f5a0d090','','[{"name": "देश", "stories": [{"id": "sc899f5a0d090", "title": "नहर में पानी आया", "summary": "किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। पानी बीस दिन तक चलेगा।", "url": "", "published": "2026-11-22T23:30:00Z", "dated": true, "sources": ["डेस्क"], "articles": [], "article_ids": ["483999a11f0b36b02e5a"], "section": "देश", "image": null, "score": 2.3815, "reasons": ["sources 1 → 1.00", "source weight 1 → 0.50", "age 2.0 h → 0.88", "section देश: no evidence"], "label": "", "language": "hi"}]}]','{}','2026-11-23 01:30:08.138780','2026-11-23 01:30:00.688385','2026-11-23 01:30:03.960099');
INSERT INTO "edition" VALUES('2026-11-24','2026-11-24',2,'sending','पुल की मरम्मत पूरी हुई · 24 नवंबर','नदीपुर का पुराना पुल मंगलवार से फिर खुल गया है।','','s80adc9601086','','[{"name": "देश", "stories": [{"id": "s80adc9601086", "title": "पुल की मरम्मत पूरी हुई", "summary": "नदीपुर का पुराना पुल मंगलवार से फिर खुल गया है।", "url": "", "published": "2026-11-23T23:30:00Z", "dated": true, "sources": ["डेस्क"], "articles": [], "article_ids": ["7e0360d1d6c040f876e8"], "section": "देश", "image": null, "score": 2.3816, "reasons": ["sources 1 → 1.00", "source weight 1 → 0.50", "age 2.0 h → 0.88", "section देश: no evidence"], "label": "", "language": "hi"}]}]','{}','2026-11-24 01:30:00.788983','2026-11-24 01:30:00.193273',NULL);
INSERT INTO "edition" VALUES('2026-11-25','2026-11-25',3,'approved','मेले में उमड़ी भीड़ · 25 नवंबर','बुधवार को मेले के पहले दिन हज़ारों लोग पहुंचे।','','sce547a59f31f','','[{"name": "देश", "stories": [{"id": "sce547a59f31f", "title": "मेले में उमड़ी भीड़", "summary": "बुधवार को मेले के पहले दिन हज़ारों लोग पहुंचे।", "url": "", "published": "2026-11-24T23:30:00Z", "dated": true, "sources": ["डेस्क"], "articles": [], "article_ids": ["6d0cc9f5afa4b7b4e755"], "section": "देश", "image": null, "score": 2.3816, "reasons": ["sources 1 → 1.00", "source weight 1 → 0.50", "age 2.0 h → 0.88", "section देश: no evidence"], "label": "", "language": "hi"}]}]','{}','2026-11-25 01:30:00.645840',NULL,NULL);
CREATE TABLE erased (
	hash VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_erased PRIMARY KEY (hash)
);
CREATE TABLE inline_image (
	cid VARCHAR(64) NOT NULL, 
	type VARCHAR(16) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_inline_image PRIMARY KEY (cid)
);
CREATE TABLE meta (
	name VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('list','af6a34e130ccfb717d6b35b18c1e9cbf4a7328de7761b0d0807a1dcc636431c5');
INSERT INTO "meta" VALUES('signing_key','1ab244f9b79eb608c6a767e4bf29129b0d483204d20561a4c95cb7d0b0a133f0');
INSERT INTO "meta" VALUES('delivering','1f157dacf4cefbdd');
CREATE TABLE preference (
	subscriber INTEGER NOT NULL, 
	topics JSON, 
	frequency VARCHAR(16), 
	hour VARCHAR(5), 
	format VARCHAR(8), 
	paused_until DATETIME, 
	CONSTRAINT pk_preference PRIMARY KEY (subscriber), 
	CONSTRAINT fk_preference_subscriber FOREIGN KEY(subscriber) REFERENCES subscriber (id)
);
INSERT INTO "preference" VALUES(3,NULL,NULL,NULL,'text',NULL);
CREATE TABLE rate_window (
	name VARCHAR(64) NOT NULL, 
	seconds INTEGER NOT NULL, 
	start DATETIME NOT NULL, 
	used INTEGER NOT NULL, 
	CONSTRAINT pk_rate_window PRIMARY KEY (name, seconds)
);
CREATE TABLE rendered_email (
	edition VARCHAR(64) NOT NULL, 
	variant VARCHAR(64) NOT NULL, 
	subject TEXT NOT NULL, 
	html TEXT NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_rendered_email PRIMARY KEY (edition, variant), 
	CONSTRAINT fk_rendered_email_edition FOREIGN KEY(edition) REFERENCES edition ("key")
);
INSERT INTO "rendered_email" VALUES('2026-11-23','html','नहर में पानी आया · 23 नवंबर','<!DOCTYPE html>
<html lang="hi" dir="ltr" xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>नहर में पानी आया · 23 नवंबर</title>
<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript>
<style>td,th,div,p,a,h1,h2,h3{font-family:"Nirmala UI",Mangal,sans-serif !important;mso-ascii-font-family:"Nirmala UI";mso-bidi-font-family:"Nirmala UI"}
td,p{font-size:17px;line-height:165%;color:#1d1a16}</style><![endif]--><style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
h1,h2,h3{font-family:"Noto Serif Devanagari","Kohinoor Devanagari","Nirmala UI",serif}
@media (max-width:480px){
.px{padding-left:18px!important;padding-right:18px!important}
.h1{font-size:31px!important}
.h2{font-size:24px!important}
.th{width:88px!important}
.im{width:88px!important;padding-left:12px!important}
}
@media (prefers-color-scheme:dark){
body{background-color:#13110e!important}
.pg{background-color:#13110e!important}
.pp{background-color:#1d1a16!important}
.tt{background-color:#262119!important}
.w{color:#f1ebe0!important}
.i{color:#f1ebe0!important}
.a{color:#ff9d8a!important}
.g{color:#b9ad9b!important}
.b{color:#1d1a16!important}
.b{background-color:#ff9d8a!important}
.r{border-color:#f1ebe0!important}
.l,.n{border-color:#453e33!important}
.e{border-color:#ff9d8a!important}
}
[data-ogsb] .pg{background-color:#13110e!important}
[data-ogsb] .pp{background-color:#1d1a16!important}
[data-ogsb] .tt{background-color:#262119!important}
[data-ogsc] .w{color:#f1ebe0!important}
[data-ogsc] .i{color:#f1ebe0!important}
[data-ogsc] .a{color:#ff9d8a!important}
[data-ogsc] .g{color:#b9ad9b!important}
[data-ogsc] .b{color:#1d1a16!important}
[data-ogsb] .b{background-color:#ff9d8a!important}
</style>
</head>
<body style="margin:0; padding:0; background-color:#efe9dc">
<div lang="hi" dir="ltr" style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all">किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। पानी बीस दिन तक चलेगा। ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ </div>
<div class="pg w" role="article" aria-roledescription="email" aria-label="नहर में पानी आया · 23 नवंबर" lang="hi" dir="ltr" style=''background-color:#efe9dc; font-family:"Noto Sans Devanagari", "Kohinoor Devanagari", "Nirmala UI", "Devanagari Sangam MN", "Lohit Devanagari", Mangal, sans-serif; font-size:17px; line-height:1.65; word-break:break-word; color:#1d1a16''>
<!--[if mso]><table role="presentation" align="center" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table class="pp" role="presentation" align="center" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#fffdf8; max-width:600px; margin:0 auto">
<tr><td class="px" style="padding:0 28px; padding-top:18px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="g" style="color:#5d554a; font-size:14px">सोमवार, 23 नवंबर 2026</td>
<td class="g" align="right" style="color:#5d554a; font-size:14px">अंक 1</td></tr></table>
<h1 class="h1 i" style="margin:0; line-height:1.7; font-weight:700; color:#1d1a16; font-size:38px; text-align:center">नदीपुर समाचार</h1>
<div class="r" style="border-top:3px solid #1d1a16;border-bottom:1px solid #1d1a16;padding-top:3px;font-size:0;line-height:0"> </div>
<p class="g" style="margin:10px 0 4px; color:#5d554a; font-size:14px; text-align:center">1 ख़बर · 1 मिनट में पढ़ें<br><a class="g" href="https://nadipur.example/view/2026-11-23/-DGX_VIEW-" style="color:#5d554a; font-size:14px; text-decoration:underline">ब्राउज़र में देखें</a> · <a class="g" href="https://nadipur.example/preferences/-DGX_PREFS-" style="color:#5d554a; font-size:14px; text-decoration:underline">पसंद बदलें</a> · <a class="g" href="https://nadipur.example/leave/-DGX_LEAVE-" style="color:#5d554a; font-size:14px; text-decoration:underline">सदस्यता छोड़ें</a></p>
</td></tr>
<tr><td class="px" style="padding:0 28px; padding-top:20px">
<p class="k a" style="margin:14px 0 2px; color:#9c1c1c; font-size:14px; font-weight:700">बड़ी ख़बर</p>
<h2 class="h2 i" style="margin:0 0 6px; line-height:1.7; font-weight:700; color:#1d1a16; font-size:28px">नहर में पानी आया</h2>
<p style="margin:0 0 6px">किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। पानी बीस दिन तक चलेगा।</p>
<p class="g" style="margin:0 0 6px; color:#5d554a; font-size:14px">डेस्क · आज सुबह 5:00 बजे</p>
</td></tr>
<tr><td style="padding-top:26px;font-size:0;line-height:0"> </td></tr>
<tr><td class="px tt" style="background-color:#f6f0e2; padding:0 28px; padding-top:22px; padding-bottom:26px">
<p style="margin:0 0 14px">आज के लिए इतना ही। आपका दिन अच्छा बीते।</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>
<td class="bt e" style="border:1px solid #9c1c1c; border-radius:3px; mso-padding-alt:9px 18px"><a class="ba a k" href="https://nadipur.example/preferences/-DGX_PREFS-" style="color:#9c1c1c; font-size:14px; font-weight:700; display:inline-block; text-decoration:none; line-height:1.65; padding:9px 18px">पसंद बदलें</a></td>
<td width="10"> </td>
<td class="bt e" style="border:1px solid #9c1c1c; border-radius:3px; mso-padding-alt:9px 18px"><a class="ba a k" href="https://nadipur.example/preferences/-DGX_PREFS-" style="color:#9c1c1c; font-size:14px; font-weight:700; display:inline-block; text-decoration:none; line-height:1.65; padding:9px 18px">दो हफ़्ते रोकें</a></td>
</tr></table>
<div style="height:14px;font-size:14px;line-height:14px"> </div>
<p class="g" style="margin:0 0 6px; color:#5d554a; font-size:14px">यह ईमेल -DGX_EMAIL_H- को भेजी गई, क्योंकि आपने ‘नदीपुर समाचार’ की सदस्यता ली है।
<a class="g" href="https://nadipur.example/leave/-DGX_LEAVE-" style="color:#5d554a; font-size:14px; text-decoration:underline">एक क्लिक में सदस्यता छोड़ें</a></p>
<p class="g" style="margin:0 0 6px; color:#5d554a; font-size:14px">नदीपुर समाचार, 12 प्रेस मार्ग, नदीपुर 000000 · अंक 1 · 23 नवंबर 2026</p>
</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</div>
</body>
</html>','नदीपुर समाचार
════════════
सोमवार, 23 नवंबर 2026 · अंक 1
1 ख़बर · 1 मिनट में पढ़ें

ब्राउज़र में देखें:
https://nadipur.example/view/2026-11-23/-DGX_VIEW-
सदस्यता छोड़ें:
https://nadipur.example/leave/-DGX_LEAVE-

बड़ी ख़बर
───────
नहर में पानी आया
किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। पानी बीस दिन तक चलेगा।
डेस्क · आज सुबह 5:00 बजे

────────────────────────
आज के लिए इतना ही। आपका दिन अच्छा बीते।

पसंद बदलें · दो हफ़्ते रोकें:
https://nadipur.example/preferences/-DGX_PREFS-

यह ईमेल -DGX_EMAIL_T- को भेजी गई, क्योंकि आपने ‘नदीपुर समाचार’ की सदस्यता ली है।
एक क्लिक में सदस्यता छोड़ें:
https://nadipur.example/leave/-DGX_LEAVE-

नदीपुर समाचार, 12 प्रेस मार्ग, नदीपुर 000000 · अंक 1 · 23 नवंबर 2026
');
INSERT INTO "rendered_email" VALUES('2026-11-23','text','नहर में पानी आया · 23 नवंबर','','नदीपुर समाचार
════════════
सोमवार, 23 नवंबर 2026 · अंक 1
1 ख़बर · 1 मिनट में पढ़ें

ब्राउज़र में देखें:
https://nadipur.example/view/2026-11-23/-DGX_VIEW-
सदस्यता छोड़ें:
https://nadipur.example/leave/-DGX_LEAVE-

बड़ी ख़बर
───────
नहर में पानी आया
किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। पानी बीस दिन तक चलेगा।
डेस्क · आज सुबह 5:00 बजे

────────────────────────
आज के लिए इतना ही। आपका दिन अच्छा बीते।

पसंद बदलें · दो हफ़्ते रोकें:
https://nadipur.example/preferences/-DGX_PREFS-

यह ईमेल -DGX_EMAIL_T- को भेजी गई, क्योंकि आपने ‘नदीपुर समाचार’ की सदस्यता ली है।
एक क्लिक में सदस्यता छोड़ें:
https://nadipur.example/leave/-DGX_LEAVE-

नदीपुर समाचार, 12 प्रेस मार्ग, नदीपुर 000000 · अंक 1 · 23 नवंबर 2026
');
INSERT INTO "rendered_email" VALUES('2026-11-24','html','पुल की मरम्मत पूरी हुई · 24 नवंबर','<!DOCTYPE html>
<html lang="hi" dir="ltr" xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>पुल की मरम्मत पूरी हुई · 24 नवंबर</title>
<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript>
<style>td,th,div,p,a,h1,h2,h3{font-family:"Nirmala UI",Mangal,sans-serif !important;mso-ascii-font-family:"Nirmala UI";mso-bidi-font-family:"Nirmala UI"}
td,p{font-size:17px;line-height:165%;color:#1d1a16}</style><![endif]--><style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
h1,h2,h3{font-family:"Noto Serif Devanagari","Kohinoor Devanagari","Nirmala UI",serif}
@media (max-width:480px){
.px{padding-left:18px!important;padding-right:18px!important}
.h1{font-size:31px!important}
.h2{font-size:24px!important}
.th{width:88px!important}
.im{width:88px!important;padding-left:12px!important}
}
@media (prefers-color-scheme:dark){
body{background-color:#13110e!important}
.pg{background-color:#13110e!important}
.pp{background-color:#1d1a16!important}
.tt{background-color:#262119!important}
.w{color:#f1ebe0!important}
.i{color:#f1ebe0!important}
.a{color:#ff9d8a!important}
.g{color:#b9ad9b!important}
.b{color:#1d1a16!important}
.b{background-color:#ff9d8a!important}
.r{border-color:#f1ebe0!important}
.l,.n{border-color:#453e33!important}
.e{border-color:#ff9d8a!important}
}
[data-ogsb] .pg{background-color:#13110e!important}
[data-ogsb] .pp{background-color:#1d1a16!important}
[data-ogsb] .tt{background-color:#262119!important}
[data-ogsc] .w{color:#f1ebe0!important}
[data-ogsc] .i{color:#f1ebe0!important}
[data-ogsc] .a{color:#ff9d8a!important}
[data-ogsc] .g{color:#b9ad9b!important}
[data-ogsc] .b{color:#1d1a16!important}
[data-ogsb] .b{background-color:#ff9d8a!important}
</style>
</head>
<body style="margin:0; padding:0; background-color:#efe9dc">
<div lang="hi" dir="ltr" style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all">नदीपुर का पुराना पुल मंगलवार से फिर खुल गया है। ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ ͏‌ </div>
<div class="pg w" role="article" aria-roledescription="email" aria-label="पुल की मरम्मत पूरी हुई · 24 नवंबर" lang="hi" dir="ltr" style=''background-color:#efe9dc; font-family:"Noto Sans Devanagari", "Kohinoor Devanagari", "Nirmala UI", "Devanagari Sangam MN", "Lohit Devanagari", Mangal, sans-serif; font-size:17px; line-height:1.65; word-break:break-word; color:#1d1a16''>
<!--[if mso]><table role="presentation" align="center" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table class="pp" role="presentation" align="center" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#fffdf8; max-width:600px; margin:0 auto">
<tr><td class="px" style="padding:0 28px; padding-top:18px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="g" style="color:#5d554a; font-size:14px">मंगलवार, 24 नवंबर 2026</td>
<td class="g" align="right" style="color:#5d554a; font-size:14px">अंक 2</td></tr></table>
<h1 class="h1 i" style="margin:0; line-height:1.7; font-weight:700; color:#1d1a16; font-size:38px; text-align:center">नदीपुर समाचार</h1>
<div class="r" style="border-top:3px solid #1d1a16;border-bottom:1px solid #1d1a16;padding-top:3px;font-size:0;line-height:0"> </div>
<p class="g" style="margin:10px 0 4px; color:#5d554a; font-size:14px; text-align:center">1 ख़बर · 1 मिनट में पढ़ें<br><a class="g" href="https://nadipur.example/view/2026-11-24/-DGX_VIEW-" style="color:#5d554a; font-size:14px; text-decoration:underline">ब्राउज़र में देखें</a> · <a class="g" href="https://nadipur.example/preferences/-DGX_PREFS-" style="color:#5d554a; font-size:14px; text-decoration:underline">पसंद बदलें</a> · <a class="g" href="https://nadipur.example/leave/-DGX_LEAVE-" style="color:#5d554a; font-size:14px; text-decoration:underline">सदस्यता छोड़ें</a></p>
</td></tr>
<tr><td class="px" style="padding:0 28px; padding-top:20px">
<p class="k a" style="margin:14px 0 2px; color:#9c1c1c; font-size:14px; font-weight:700">बड़ी ख़बर</p>
<h2 class="h2 i" style="margin:0 0 6px; line-height:1.7; font-weight:700; color:#1d1a16; font-size:28px">पुल की मरम्मत पूरी हुई</h2>
<p style="margin:0 0 6px">नदीपुर का पुराना पुल मंगलवार से फिर खुल गया है।</p>
<p class="g" style="margin:0 0 6px; color:#5d554a; font-size:14px">डेस्क · आज सुबह 5:00 बजे</p>
</td></tr>
<tr><td style="padding-top:26px;font-size:0;line-height:0"> </td></tr>
<tr><td class="px tt" style="background-color:#f6f0e2; padding:0 28px; padding-top:22px; padding-bottom:26px">
<p style="margin:0 0 14px">आज के लिए इतना ही। आपका दिन अच्छा बीते।</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>
<td class="bt e" style="border:1px solid #9c1c1c; border-radius:3px; mso-padding-alt:9px 18px"><a class="ba a k" href="https://nadipur.example/preferences/-DGX_PREFS-" style="color:#9c1c1c; font-size:14px; font-weight:700; display:inline-block; text-decoration:none; line-height:1.65; padding:9px 18px">पसंद बदलें</a></td>
<td width="10"> </td>
<td class="bt e" style="border:1px solid #9c1c1c; border-radius:3px; mso-padding-alt:9px 18px"><a class="ba a k" href="https://nadipur.example/preferences/-DGX_PREFS-" style="color:#9c1c1c; font-size:14px; font-weight:700; display:inline-block; text-decoration:none; line-height:1.65; padding:9px 18px">दो हफ़्ते रोकें</a></td>
</tr></table>
<div style="height:14px;font-size:14px;line-height:14px"> </div>
<p class="g" style="margin:0 0 6px; color:#5d554a; font-size:14px">यह ईमेल -DGX_EMAIL_H- को भेजी गई, क्योंकि आपने ‘नदीपुर समाचार’ की सदस्यता ली है।
<a class="g" href="https://nadipur.example/leave/-DGX_LEAVE-" style="color:#5d554a; font-size:14px; text-decoration:underline">एक क्लिक में सदस्यता छोड़ें</a></p>
<p class="g" style="margin:0 0 6px; color:#5d554a; font-size:14px">नदीपुर समाचार, 12 प्रेस मार्ग, नदीपुर 000000 · अंक 2 · 24 नवंबर 2026</p>
</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</div>
</body>
</html>','नदीपुर समाचार
════════════
मंगलवार, 24 नवंबर 2026 · अंक 2
1 ख़बर · 1 मिनट में पढ़ें

ब्राउज़र में देखें:
https://nadipur.example/view/2026-11-24/-DGX_VIEW-
सदस्यता छोड़ें:
https://nadipur.example/leave/-DGX_LEAVE-

बड़ी ख़बर
───────
पुल की मरम्मत पूरी हुई
नदीपुर का पुराना पुल मंगलवार से फिर खुल गया है।
डेस्क · आज सुबह 5:00 बजे

────────────────────────
आज के लिए इतना ही। आपका दिन अच्छा बीते।

पसंद बदलें · दो हफ़्ते रोकें:
https://nadipur.example/preferences/-DGX_PREFS-

यह ईमेल -DGX_EMAIL_T- को भेजी गई, क्योंकि आपने ‘नदीपुर समाचार’ की सदस्यता ली है।
एक क्लिक में सदस्यता छोड़ें:
https://nadipur.example/leave/-DGX_LEAVE-

नदीपुर समाचार, 12 प्रेस मार्ग, नदीपुर 000000 · अंक 2 · 24 नवंबर 2026
');
INSERT INTO "rendered_email" VALUES('2026-11-24','text','पुल की मरम्मत पूरी हुई · 24 नवंबर','','नदीपुर समाचार
════════════
मंगलवार, 24 नवंबर 2026 · अंक 2
1 ख़बर · 1 मिनट में पढ़ें

ब्राउज़र में देखें:
https://nadipur.example/view/2026-11-24/-DGX_VIEW-
सदस्यता छोड़ें:
https://nadipur.example/leave/-DGX_LEAVE-

बड़ी ख़बर
───────
पुल की मरम्मत पूरी हुई
नदीपुर का पुराना पुल मंगलवार से फिर खुल गया है।
डेस्क · आज सुबह 5:00 बजे

────────────────────────
आज के लिए इतना ही। आपका दिन अच्छा बीते।

पसंद बदलें · दो हफ़्ते रोकें:
https://nadipur.example/preferences/-DGX_PREFS-

यह ईमेल -DGX_EMAIL_T- को भेजी गई, क्योंकि आपने ‘नदीपुर समाचार’ की सदस्यता ली है।
एक क्लिक में सदस्यता छोड़ें:
https://nadipur.example/leave/-DGX_LEAVE-

नदीपुर समाचार, 12 प्रेस मार्ग, नदीपुर 000000 · अंक 2 · 24 नवंबर 2026
');
CREATE TABLE signup (
	id BIGINT NOT NULL, 
	address TEXT NOT NULL, 
	email TEXT NOT NULL, 
	asked_at DATETIME NOT NULL, 
	confirmed_at DATETIME, 
	wording TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_signup PRIMARY KEY (id)
);
CREATE TABLE source (
	name TEXT NOT NULL, 
	etag TEXT DEFAULT '' NOT NULL, 
	last_modified TEXT DEFAULT '' NOT NULL, 
	body_hash TEXT DEFAULT '' NOT NULL, 
	url TEXT DEFAULT '' NOT NULL, 
	asked_at DATETIME, 
	last_good DATETIME, 
	last_new DATETIME, 
	failures INTEGER DEFAULT '0' NOT NULL, 
	last_error TEXT DEFAULT '' NOT NULL, 
	not_before DATETIME, 
	moved_to TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_source PRIMARY KEY (name)
);
INSERT INTO "source" VALUES('डेस्क','','','','articles','2026-11-25 01:30:00.083610','2026-11-25 01:30:00.083610','2026-11-25 01:30:00.083610',0,'',NULL,'');
CREATE TABLE subscriber (
	id INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	email TEXT NOT NULL, 
	name TEXT NOT NULL, 
	topics JSON NOT NULL, 
	frequency VARCHAR(16) NOT NULL, 
	timezone VARCHAR(64) NOT NULL, 
	hour VARCHAR(5) NOT NULL, 
	format VARCHAR(8) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	listed BOOLEAN NOT NULL, 
	added_at DATETIME NOT NULL, 
	origin TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_subscriber PRIMARY KEY (id), 
	CONSTRAINT uq_subscriber_address UNIQUE (address)
);
INSERT INTO "subscriber" VALUES(1,'asha@example.com','asha@example.com','आशा वर्मा','[]','daily','Asia/Kolkata','','html','active',1,'2026-11-23 01:30:01.555818','');
INSERT INTO "subscriber" VALUES(2,'ravi@example.com','ravi@example.com','','[]','daily','Asia/Kolkata','','text','active',1,'2026-11-23 01:30:01.555818','');
INSERT INTO "subscriber" VALUES(3,'meera@example.com','meera@example.com','','[]','weekdays','Asia/Kolkata','','html','active',1,'2026-11-23 01:30:01.555818','');
INSERT INTO "subscriber" VALUES(4,'imran@example.com','imran@example.com','','[]','daily','Asia/Kolkata','08:30','html','active',1,'2026-11-23 01:30:01.555818','');
INSERT INTO "subscriber" VALUES(5,'gone@example.com','gone@example.com','','[]','daily','Asia/Kolkata','','html','active',1,'2026-11-23 01:30:01.555818','');
INSERT INTO "subscriber" VALUES(6,'bounced@example.com','bounced@example.com','','[]','daily','Asia/Kolkata','','html','active',1,'2026-11-23 01:30:01.555818','');
CREATE TABLE suppression (
	address TEXT NOT NULL, 
	reason VARCHAR(32) NOT NULL, 
	detail TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_suppression PRIMARY KEY (address)
);
INSERT INTO "suppression" VALUES('gone@example.com','unsubscribed','','2026-11-23 02:30:00.000000');
INSERT INTO "suppression" VALUES('bounced@example.com','bounced','550 5.1.1 no such mailbox','2026-11-23 01:30:00.000000');
CREATE TABLE webhook (
	id INTEGER NOT NULL, 
	provider VARCHAR(16) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	received_at DATETIME NOT NULL, 
	body BLOB NOT NULL, 
	processed_at DATETIME, 
	error TEXT, 
	CONSTRAINT pk_webhook PRIMARY KEY (id), 
	CONSTRAINT uq_webhook_digest UNIQUE (digest)
);
CREATE INDEX ix_consent_address ON consent (address);
CREATE INDEX ix_signup_asked_at ON signup (asked_at);
CREATE INDEX ix_signup_address ON signup (address);
CREATE INDEX ix_article_published ON article (published);
CREATE INDEX ix_delivery_batch_outcome ON delivery (batch, outcome);
CREATE INDEX ix_delivery_with_outcome ON delivery (edition, outcome) WHERE outcome IS NOT NULL;
CREATE INDEX ix_webhook_processed_at ON webhook (processed_at);
CREATE INDEX ix_batch_edition_state_due_at_tries_id ON batch (edition, state, due_at, tries, id);
CREATE INDEX ix_attempt_batch ON attempt (batch);
COMMIT;
