"""Settings of the privacy notice: who is responsible, who helps, and where to complain (docs/privacy.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from digest.config.types import AddressOrNone, Line, SettingsModel, section

Law = Literal["dpdp", "gdpr"]


class Grievance(SettingsModel):
    """The contact for subscribers' complaints."""

    name: Line = Field(default="", description="Name or office, such as the grievance officer.")
    email: AddressOrNone = Field(default="", description="Address. Empty: `newsletter.reply_to` or the sender.")
    phone: Line = Field(default="", description="Phone number, if there is one.")
    days: int = Field(
        default=30,
        ge=1,
        le=90,
        description="Within how many days you answer; at most 90 (rule 14 of the DPDP Rules 2025).",
    )


class Processor(SettingsModel):
    """Somebody who handles subscribers' data for the newsletter."""

    name: Line = Field(min_length=1, description="Name of the company.")
    task: Line = Field(min_length=1, description="What it does, in the language of the newsletter.")
    country: Line = Field(default="", description="Where it keeps the data.")


class Purpose(SettingsModel):
    """Data that the newsroom itself stores about subscribers, besides the digest's."""

    data: Line = Field(min_length=1, description="Which data, in the language of the newsletter.")
    purpose: Line = Field(min_length=1, description="What for.")
    kept: Line = Field(min_length=1, description="How long it is kept.")


class Privacy(SettingsModel):
    """The privacy notice at `/privacy`. Its version is stored with each consent (docs/privacy.md)."""

    responsible: Line = Field(
        default="",
        description="Legal name of the organisation responsible for the data, for the notice. Empty: `newsletter.name` "
        "with `newsletter.postal_address`.",
    )
    grievance: Grievance = section(Grievance, "The contact for questions and complaints.")
    laws: tuple[Law, ...] = Field(
        default=("dpdp",),
        description="Laws whose rights the notice names: `dpdp` (India), `gdpr` (European Union).",
    )
    minimum_age: int = Field(
        default=18,
        ge=0,
        le=18,
        description="Age that a new subscriber states with the consent: 18 in India, where younger people need the "
        "verifiable consent of a parent. 0: no statement.",
    )
    processors: tuple[Processor, ...] = Field(
        default=(),
        description="Companies that handle subscribers' data for you, such as the host of the server. The email "
        "provider is named without this.",
    )
    purposes: tuple[Purpose, ...] = Field(
        default=(),
        description="Data that you keep about subscribers outside the digest, each with purpose and time.",
    )
