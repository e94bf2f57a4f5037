"""Returned mail in the forms of Postfix, Exim, qmail and Exchange: invented samples."""

from __future__ import annotations

EMAIL_HEADERS = """\
Received: by mx.example.net with ESMTP id 77; Mon, 23 Nov 2026 07:00:09 +0530
From: Subah Ki Khabar <news@example.com>
To: {address}
Subject: =?UTF-8?B?4KS44KWB4KSs4KS5?=
Message-ID: <{message_id}>
List-Unsubscribe: <https://news.example.com/leave/{token}>,
 <mailto:desk@example.com?subject=unsubscribe%20{token}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
"""


def returned(*, address: str = "asha@example.com", message_id: str = "m@digest.example.com", token: str = "") -> str:
    return EMAIL_HEADERS.format(address=address, message_id=message_id, token=token)


def dsn(
    email: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <asha@example.com>: Recipient address rejected: User unknown",
    recipient: str = "asha@example.com",
    original: str = "",
    to: str = "news@example.com",
    kind: str = "text/rfc822-headers",
) -> bytes:
    """A report by RFC 3464, as Postfix writes one."""
    first = f"Original-Recipient: rfc822;{original}\n" if original else ""
    return f"""\
Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4X.1795/mx.example.net"

This is a MIME-encapsulated message.

--4X.1795/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

--4X.1795/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4X1795
Arrival-Date: Mon, 23 Nov 2026 07:00:09 +0530 (IST)

Final-Recipient: rfc822; {recipient}
{first}Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.org
Diagnostic-Code: {diagnostic}

--4X.1795/mx.example.net
Content-Description: Undelivered Message
Content-Type: {kind}

{email}
--4X.1795/mx.example.net--
""".replace("\n", "\r\n").encode()


def qmail(email: str, why: str = "Sorry, no mailbox here by that name. (#5.1.1)") -> bytes:
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: news@example.com
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<asha@example.com>:
{why}

--- Below this line is a copy of the message.

Return-Path: <news@example.com>
{email}
body
""".encode()


def exim(email: str, why: str = "550 5.1.1 no such user") -> bytes:
    return f"""\
Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: news@example.com
X-Failed-Recipients: asha@example.com
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  asha@example.com
    host mail.example.org [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<asha@example.com>:
    {why}

------ This is a copy of the message, including all the headers. ------

{email}
body
""".encode()


def exchange(email: str) -> bytes:
    """Exchange's prose, in base64 and in another charset, with the headers at its end."""
    import base64

    text = f"""\
Delivery has failed to these recipients or groups:

asha@example.com
The email address you entered couldn't be found. Please check the recipient's email address.

Diagnostic information for administrators:

Generating server: EXCH01.example.net
asha@example.com
Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'

Original message headers:

{email}
"""
    body = base64.encodebytes(text.encode("cp1252")).decode()
    return f"""\
From: Microsoft Outlook <postmaster@example.net>
To: news@example.com
Subject: Undeliverable: =?windows-1252?Q?news?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=_000_x

--_000_x
Content-Type: multipart/alternative; boundary="_001_y"

--_001_y
Content-Type: text/plain; charset="no-such-charset"
Content-Transfer-Encoding: base64

{body}
--_001_y
Content-Type: text/html

<b>Delivery has failed</b>
--_001_y--
--_000_x--
""".encode()


def complaint(email: str, sort: str = "abuse") -> bytes:
    """A complaint by RFC 5965. The recipient is redacted, as most providers do."""
    return f"""\
From: <abusedesk@example.net>
To: <abuse@example.com>
Subject: FW: news
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.
--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {sort}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <news@example.com>
Original-Rcpt-To: <redacted@example.net>
Reported-Domain: example.com

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

{email}
body

--part1_13d.2e68ed54_boundary--
""".encode()


OUT_OF_OFFICE = b"""\
From: Asha <asha@example.com>
To: news@example.com
Subject: Automatic reply: news
Auto-Submitted: auto-replied
X-Auto-Response-Suppress: All

I am away until Monday. Your message could not be delivered to my mind. asha@example.com
"""
EMAIL_TO_THE_DESK = b"""\
From: Ravi <ravi@example.com>
To: desk@example.com
Subject: unsubscribe

Please take ravi@example.com off; delivery failed to please me.
"""
