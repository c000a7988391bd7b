-- The store of the collector, version 2. Times are UTC, ISO 8601.

CREATE TABLE exchange (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  epoch         TEXT,                        -- cursor: of the last batch
  last_sequence INTEGER NOT NULL DEFAULT 0,  -- cursor: last sequence stored in that epoch
  last_contact  TEXT,                        -- when it last answered, to about ten seconds
  last_warning  TEXT,                        -- the last that was wrong with it, as in the log
  warned_at     TEXT
);

-- What the exchange sent, once per answer that brought something new.
CREATE TABLE answer (
  id        INTEGER PRIMARY KEY,
  exchange  INTEGER NOT NULL REFERENCES exchange (id),
  received  TEXT NOT NULL,
  raw_bytes INTEGER NOT NULL,                -- length before compression
  raw_zlib  BLOB NOT NULL
);

-- Identity is where a ticket was received, never its content: identical neighbours are real.
CREATE TABLE ticket (
  id        INTEGER PRIMARY KEY,             -- order of receipt
  exchange  INTEGER NOT NULL REFERENCES exchange (id),
  epoch     TEXT NOT NULL,
  sequence  INTEGER NOT NULL,
  answer    INTEGER NOT NULL REFERENCES answer (id),
  canonical BLOB NOT NULL,                   -- canonical JSON, one line
  UNIQUE (exchange, epoch, sequence)
);

-- What is no ticket, as it came. Epoch '' and sequence 0: a whole answer.
CREATE TABLE quarantine (
  id         INTEGER PRIMARY KEY,
  exchange   INTEGER NOT NULL REFERENCES exchange (id),
  epoch      TEXT NOT NULL,
  sequence   INTEGER NOT NULL,
  place      TEXT NOT NULL,
  reason     TEXT NOT NULL,
  digest     BLOB NOT NULL,                  -- SHA-256 of the raw bytes
  raw_bytes  INTEGER NOT NULL,
  raw_zlib   BLOB NOT NULL,
  seen_count INTEGER NOT NULL,               -- the same again is counted, not stored again
  seen_first TEXT NOT NULL,
  seen_last  TEXT NOT NULL,
  UNIQUE (exchange, epoch, sequence, digest)
);

-- What somebody should look into, though the collection goes on: a certificate that changed.
CREATE TABLE alarm (
  id         INTEGER PRIMARY KEY,
  exchange   INTEGER NOT NULL REFERENCES exchange (id),
  text       TEXT NOT NULL,
  seen_count INTEGER NOT NULL,               -- the same again is counted, not stored again
  seen_first TEXT NOT NULL,
  seen_last  TEXT NOT NULL,
  UNIQUE (exchange, text)
);
