CREATE TABLE article (
    id VARCHAR(40) NOT NULL,
    source TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    published TIMESTAMP WITH TIME ZONE NOT NULL,
    dated BOOLEAN NOT NULL,
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    content_hash VARCHAR(64) NOT NULL,
    content JSON NOT NULL,
    CONSTRAINT pk_article PRIMARY KEY (id)
);

CREATE INDEX ix_article_published ON article (published);

CREATE TABLE consent (
    id BIGSERIAL NOT NULL,
    address TEXT NOT NULL,
    what VARCHAR(32) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    wording TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (id)
);

CREATE INDEX ix_consent_address ON consent (address);

CREATE TABLE delivery (
    edition VARCHAR(64) NOT NULL,
    subscriber BIGINT NOT NULL,
    batch BIGINT,
    outcome VARCHAR(16),
    reason TEXT,
    CONSTRAINT pk_delivery PRIMARY KEY (edition, subscriber)
);

CREATE INDEX ix_delivery_batch_outcome ON delivery (batch, outcome);

CREATE INDEX ix_delivery_with_outcome ON delivery (edition, outcome) WHERE outcome IS NOT NULL;

CREATE TABLE edition (
    key VARCHAR(64) NOT NULL,
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
    composed_at TIMESTAMP WITH TIME ZONE,
    frozen_at TIMESTAMP WITH TIME ZONE,
    done_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_edition PRIMARY KEY (key)
);

CREATE TABLE erased (
    hash VARCHAR(64) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_erased PRIMARY KEY (hash)
);

CREATE TABLE inline_image (
    cid VARCHAR(64) NOT NULL,
    type VARCHAR(16) NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    data BYTEA NOT NULL,
    CONSTRAINT pk_inline_image PRIMARY KEY (cid)
);

CREATE TABLE meta (
    name VARCHAR(64) NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_meta PRIMARY KEY (name)
);

CREATE TABLE rate_window (
    name VARCHAR(64) NOT NULL,
    seconds INTEGER NOT NULL,
    start TIMESTAMP WITH TIME ZONE NOT NULL,
    used INTEGER NOT NULL,
    CONSTRAINT pk_rate_window PRIMARY KEY (name, seconds)
);

CREATE TABLE signup (
    id BIGINT NOT NULL,
    address TEXT NOT NULL,
    email TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    wording TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT pk_signup PRIMARY KEY (id)
);

CREATE INDEX ix_signup_address ON signup (address);

CREATE INDEX ix_signup_asked_at ON signup (asked_at);

CREATE TABLE source (
    name TEXT NOT NULL,
    etag TEXT DEFAULT '' NOT NULL,
    last_modified TEXT DEFAULT '' NOT NULL,
    body_hash TEXT DEFAULT '' NOT NULL,
    url TEXT DEFAULT '' NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE,
    last_good TIMESTAMP WITH TIME ZONE,
    last_new TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT '0' NOT NULL,
    last_error TEXT DEFAULT '' NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE,
    moved_to TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_source PRIMARY KEY (name)
);

CREATE TABLE subscriber (
    id BIGSERIAL NOT NULL,
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
    added_at TIMESTAMP WITH TIME ZONE NOT NULL,
    origin TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_subscriber PRIMARY KEY (id),
    CONSTRAINT uq_subscriber_address UNIQUE (address)
);

CREATE TABLE suppression (
    address TEXT NOT NULL,
    reason VARCHAR(32) NOT NULL,
    detail TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_suppression PRIMARY KEY (address)
);

CREATE TABLE webhook (
    id BIGSERIAL NOT NULL,
    provider VARCHAR(16) NOT NULL,
    digest VARCHAR(64) NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    body BYTEA NOT NULL,
    processed_at TIMESTAMP WITH TIME ZONE,
    error TEXT,
    CONSTRAINT pk_webhook PRIMARY KEY (id),
    CONSTRAINT uq_webhook_digest UNIQUE (digest)
);

CREATE INDEX ix_webhook_processed_at ON webhook (processed_at);

CREATE TABLE batch (
    id BIGSERIAL NOT NULL,
    edition VARCHAR(64) NOT NULL,
    variant VARCHAR(64) NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state VARCHAR(16) NOT NULL,
    size INTEGER NOT NULL,
    tries INTEGER DEFAULT '0' NOT NULL,
    parent BIGINT,
    CONSTRAINT pk_batch PRIMARY KEY (id),
    CONSTRAINT fk_batch_edition FOREIGN KEY(edition) REFERENCES edition (key)
);

CREATE INDEX ix_batch_edition_state_due_at_tries_id ON batch (edition, state, due_at, tries, id);

CREATE TABLE decision (
    id BIGSERIAL NOT NULL,
    edition VARCHAR(64) NOT NULL,
    batch BIGINT,
    what VARCHAR(32) NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_decision PRIMARY KEY (id),
    CONSTRAINT fk_decision_edition FOREIGN KEY(edition) REFERENCES edition (key)
);

CREATE TABLE delivery_event (
    edition VARCHAR(64) NOT NULL,
    subscriber BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_delivery_event PRIMARY KEY (edition, subscriber, kind),
    CONSTRAINT fk_delivery_event_edition FOREIGN KEY(edition, subscriber) REFERENCES delivery (edition, subscriber)
);

CREATE TABLE preference (
    subscriber BIGINT NOT NULL,
    topics JSON,
    frequency VARCHAR(16),
    hour VARCHAR(5),
    format VARCHAR(8),
    paused_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_preference PRIMARY KEY (subscriber),
    CONSTRAINT fk_preference_subscriber FOREIGN KEY(subscriber) REFERENCES subscriber (id)
);

CREATE TABLE rendered_email (
    edition VARCHAR(64) NOT NULL,
    variant VARCHAR(64) NOT NULL,
    subject TEXT NOT NULL,
    html TEXT NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pk_rendered_email PRIMARY KEY (edition, variant),
    CONSTRAINT fk_rendered_email_edition FOREIGN KEY(edition) REFERENCES edition (key)
);

CREATE TABLE attempt (
    id VARCHAR(32) NOT NULL,
    batch BIGINT NOT NULL,
    transport VARCHAR(32) NOT NULL,
    state VARCHAR(16) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    run VARCHAR(32) DEFAULT '' NOT NULL,
    send_at TIMESTAMP WITH TIME ZONE,
    schedule_id TEXT DEFAULT '' NOT NULL,
    current_recipient BIGINT,
    boot VARCHAR(64) DEFAULT '' NOT NULL,
    provider_id TEXT DEFAULT '' NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (id),
    CONSTRAINT fk_attempt_batch FOREIGN KEY(batch) REFERENCES batch (id)
);

CREATE INDEX ix_attempt_batch ON attempt (batch);
