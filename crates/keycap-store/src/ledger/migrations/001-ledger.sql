-- The ledger's first format. Times are Unix seconds; rids, secret ids and public keys are raw bytes; lists are JSON arrays of text.

-- Facts about the vault itself, and settings. Names beginning with "store." belong to keycap-store.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Every secret the vault has. `sealed` holds the bytes under the vault key; NULL when they rest in the keyring.
CREATE TABLE secret (
    id      BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind    TEXT NOT NULL,
    label   TEXT NOT NULL,
    sealed  BLOB,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keyring items that belong to no secret: not yet, or not any more. Whoever finds one here after a crash deletes the item.
CREATE TABLE loose_item (
    id    BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Key pairs of the vault's owner.
CREATE TABLE key (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT NOT NULL UNIQUE,
    noise   BLOB NOT NULL UNIQUE CHECK (length(noise) = 32),
    age     BLOB NOT NULL CHECK (length(age) = 32),
    secret  BLOB NOT NULL UNIQUE REFERENCES secret (id) DEFERRABLE INITIALLY DEFERRED,
    note    TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;

-- Key cards of other people.
CREATE TABLE card (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT NOT NULL UNIQUE,
    noise    BLOB NOT NULL UNIQUE CHECK (length(noise) = 32),
    age      BLOB NOT NULL CHECK (length(age) = 32),
    verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
    note     TEXT NOT NULL,
    created  INTEGER NOT NULL
) STRICT;

-- Services: those that can be served from here have a secret, the others are known by their card only.
CREATE TABLE service (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT NOT NULL UNIQUE,
    public    BLOB NOT NULL UNIQUE CHECK (length(public) = 32),
    secret    BLOB UNIQUE REFERENCES secret (id) DEFERRABLE INITIALLY DEFERRED,
    realm     TEXT,
    epoch     INTEGER NOT NULL,
    min_epoch INTEGER NOT NULL,
    hints     TEXT NOT NULL,
    note      TEXT NOT NULL,
    created   INTEGER NOT NULL
) STRICT;

-- The root secret of each epoch of a service.
CREATE TABLE service_root (
    service INTEGER NOT NULL REFERENCES service (id),
    epoch   INTEGER NOT NULL,
    secret  BLOB NOT NULL UNIQUE REFERENCES secret (id) DEFERRABLE INITIALLY DEFERRED,
    created INTEGER NOT NULL,
    PRIMARY KEY (service, epoch)
) STRICT, WITHOUT ROWID;

-- Capabilities minted here, and delegations of them that a gateway has met. `seq` orders them by arrival.
CREATE TABLE grant (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    rid            BLOB NOT NULL UNIQUE CHECK (length(rid) = 16),
    service        INTEGER NOT NULL REFERENCES service (id),
    parent         BLOB REFERENCES grant (rid),
    name           TEXT NOT NULL,
    block          BLOB NOT NULL,
    epoch          INTEGER NOT NULL,
    holder         BLOB CHECK (length(holder) = 32),
    created        INTEGER NOT NULL,
    expires        INTEGER,
    origin         TEXT NOT NULL CHECK (origin IN ('minted', 'shared', 'met')),
    shared         INTEGER,
    first_used     INTEGER,
    last_used      INTEGER,
    last_from      TEXT,
    uses           INTEGER NOT NULL,
    revoked        INTEGER,
    revoked_reason TEXT,
    revoked_note   TEXT
) STRICT;
-- The names make these two wide, for short searches; counting goes by a narrow one.
CREATE INDEX grant_by_service ON grant (service, seq, name);
CREATE INDEX grant_by_seq ON grant (seq, name);
CREATE INDEX grant_count ON grant (service);
CREATE INDEX grant_by_parent ON grant (parent, seq) WHERE parent IS NOT NULL;
CREATE INDEX grant_roots ON grant (service, seq) WHERE parent IS NULL;
CREATE INDEX grant_all_roots ON grant (seq) WHERE parent IS NULL;
CREATE INDEX grant_by_name ON grant (name);
CREATE INDEX grant_by_holder ON grant (holder, seq) WHERE holder IS NOT NULL;
CREATE INDEX grant_by_expiry ON grant (expires) WHERE expires IS NOT NULL AND revoked IS NULL;
CREATE INDEX grant_revoked ON grant (service, seq) WHERE revoked IS NOT NULL;

-- Finds any three or more characters in a grant's name without reading all grants.
CREATE VIRTUAL TABLE grant_text USING fts5 (name, content = 'grant', content_rowid = 'seq', tokenize = 'trigram');
CREATE TRIGGER grant_text_insert AFTER INSERT ON grant BEGIN
    INSERT INTO grant_text (rowid, name) VALUES (new.seq, new.name);
END;
CREATE TRIGGER grant_text_delete AFTER DELETE ON grant BEGIN
    INSERT INTO grant_text (grant_text, rowid, name) VALUES ('delete', old.seq, old.name);
END;
CREATE TRIGGER grant_text_update AFTER UPDATE OF name ON grant BEGIN
    INSERT INTO grant_text (grant_text, rowid, name) VALUES ('delete', old.seq, old.name);
    INSERT INTO grant_text (rowid, name) VALUES (new.seq, new.name);
END;

-- Refused rids. A rid need not be among the grants: a delegation can be revoked before a gateway has met it.
CREATE TABLE revocation (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    rid        BLOB NOT NULL UNIQUE CHECK (length(rid) = 16),
    service    INTEGER NOT NULL REFERENCES service (id),
    drop_after INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    note       TEXT NOT NULL
) STRICT;
CREATE INDEX revocation_by_service ON revocation (service, seq);
CREATE INDEX revocation_by_drop ON revocation (drop_after);

-- Capabilities held. The chain key of a delegated one follows from its parent's; the others have a secret.
CREATE TABLE capability (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT NOT NULL UNIQUE,
    service_public BLOB NOT NULL CHECK (length(service_public) = 32),
    service_name   TEXT,
    chain          BLOB NOT NULL UNIQUE,
    parent         INTEGER REFERENCES capability (id),
    secret         BLOB UNIQUE REFERENCES secret (id) DEFERRABLE INITIALLY DEFERRED,
    holder         BLOB CHECK (length(holder) = 32),
    hints          TEXT NOT NULL,
    gateway        TEXT,
    expires        INTEGER,
    added          INTEGER NOT NULL,
    note           TEXT NOT NULL,
    CHECK ((parent IS NULL) <> (secret IS NULL))
) STRICT;
CREATE INDEX capability_by_service ON capability (service_public);
CREATE INDEX capability_by_parent ON capability (parent) WHERE parent IS NOT NULL;

-- Gateways that ran, or run, from this vault.
CREATE TABLE gateway (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    service   INTEGER NOT NULL REFERENCES service (id),
    pid       INTEGER NOT NULL,
    host      TEXT NOT NULL,
    listen    TEXT NOT NULL,
    upstreams TEXT NOT NULL,
    started   INTEGER NOT NULL,
    heartbeat INTEGER NOT NULL,
    stopped   INTEGER
) STRICT;
CREATE INDEX gateway_by_service ON gateway (service, id);
CREATE INDEX gateway_running ON gateway (id) WHERE stopped IS NULL;

-- Sessions at those gateways. `rids` joins the 16-byte rids of the session's chain, the grant's first.
CREATE TABLE session (
    gateway      INTEGER NOT NULL REFERENCES gateway (id),
    id           INTEGER NOT NULL,
    rids         BLOB NOT NULL CHECK (length(rids) > 0 AND length(rids) % 16 = 0),
    holder       BLOB CHECK (length(holder) = 32),
    from_address TEXT NOT NULL,
    pattern      INTEGER NOT NULL,
    suite        INTEGER NOT NULL,
    opened       INTEGER NOT NULL,
    streams      INTEGER NOT NULL,
    target       TEXT,
    closed       INTEGER,
    close_reason TEXT,
    PRIMARY KEY (gateway, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_live ON session (gateway, id) WHERE closed IS NULL;
CREATE INDEX session_closed ON session (closed) WHERE closed IS NOT NULL;

-- Which gateway applied a revocation, and how many sessions it cut for it.
CREATE TABLE receipt (
    rid          BLOB NOT NULL CHECK (length(rid) = 16),
    gateway      INTEGER NOT NULL REFERENCES gateway (id),
    applied      INTEGER NOT NULL,
    sessions_cut INTEGER NOT NULL,
    PRIMARY KEY (rid, gateway)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_by_gateway ON receipt (gateway);

-- The audit log; see ledger/audit.rs for what each MAC covers.
CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY,
    time   INTEGER NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    result TEXT NOT NULL,
    detail TEXT NOT NULL,
    mac    BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_action ON audit (action, seq);
CREATE INDEX audit_by_target ON audit (target, seq);
