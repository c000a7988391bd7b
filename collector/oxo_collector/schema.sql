-- The store of the collector, version 5. Times are UTC, ISO 8601.

-- One wire of one exchange.
CREATE TABLE source (
  id            INTEGER PRIMARY KEY,
  exchange      TEXT NOT NULL,               -- its name in the configuration
  wire          TEXT NOT NULL,               -- taxation, account, stream, nmc, v24 or ohl
  epoch         TEXT,                        -- cursor: of the last batch
  last_sequence INTEGER NOT NULL DEFAULT 0,  -- cursor: last sequence stored in that epoch
  last_contact  TEXT,                        -- when it last answered, to about ten seconds
  last_warning  TEXT,                        -- the last that was wrong with it, as in the log
  warned_at     TEXT,
  headings      TEXT,                        -- JSON: rows of titles that the stream last told (v24)
  UNIQUE (exchange, wire)
);

-- What the exchange sent, once per answer, file or reading that brought something new.
CREATE TABLE answer (
  id        INTEGER PRIMARY KEY,
  source    INTEGER NOT NULL REFERENCES source (id),
  received  TEXT NOT NULL,
  raw_bytes INTEGER NOT NULL,                -- length before compression
  raw_zlib  BLOB NOT NULL
);

-- Identity is where a ticket was received, never its content: identical neighbours are real.
CREATE TABLE ticket (
  id        INTEGER PRIMARY KEY,             -- order of receipt
  source    INTEGER NOT NULL REFERENCES source (id),
  epoch     TEXT NOT NULL,
  sequence  INTEGER NOT NULL,
  answer    INTEGER NOT NULL REFERENCES answer (id),
  canonical BLOB NOT NULL,                   -- canonical JSON, one line
  record    BLOB,                            -- the same on account and stream: hour, then digest
  same_as   INTEGER REFERENCES ticket (id),  -- earlier one of the other wire, the same record
  UNIQUE (source, epoch, sequence)
);
CREATE INDEX ticket_record ON ticket (record, source, same_as) WHERE record IS NOT NULL;
CREATE INDEX ticket_same_as ON ticket (same_as) WHERE same_as IS NOT NULL;

-- The last account file that is stored, as it lay on the exchange; moved with its tickets.
CREATE TABLE marker (
  source     INTEGER PRIMARY KEY REFERENCES source (id),
  name       TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  digest     TEXT NOT NULL,                  -- SHA-256 of it as it lay there, hexadecimal
  moved      TEXT NOT NULL
);

-- When the stream was lost: something may be missing that only account files tell.
CREATE TABLE outage (
  id          INTEGER PRIMARY KEY,
  source      INTEGER NOT NULL REFERENCES source (id),
  epoch       TEXT NOT NULL,                 -- of the connection that ended
  last_heard  TEXT NOT NULL,                 -- when something last came on it
  ended       TEXT NOT NULL,                 -- when its end was noticed, or spooled last
  why         TEXT NOT NULL,
  resumed     TEXT,                          -- when the next connection was made
  until_local TEXT,                          -- end of the first call told there, exchange's clock
  healed_by   TEXT,                          -- the account file that covers it
  healed      TEXT,
  UNIQUE (source, epoch)
);

-- What is no ticket, as it came. Epoch '' and sequence 0: a whole answer.
CREATE TABLE quarantine (
  id         INTEGER PRIMARY KEY,
  source     INTEGER NOT NULL REFERENCES source (id),
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
  UNIQUE (source, epoch, sequence, digest)
);

-- What somebody should look into, though the collection goes on: a certificate that changed.
CREATE TABLE alarm (
  id         INTEGER PRIMARY KEY,
  source     INTEGER NOT NULL REFERENCES source (id),
  text       TEXT NOT NULL,
  seen_count INTEGER NOT NULL,               -- the same again is counted, not stored again
  seen_first TEXT NOT NULL,
  seen_last  TEXT NOT NULL,
  UNIQUE (source, text)
);

-- What was fetched whole; its tickets stand under the epoch <wire>:<name>:<beginning of digest>
-- and, from the second of one name and content on, :<time>.
CREATE TABLE file (
  id            INTEGER PRIMARY KEY,
  source        INTEGER NOT NULL REFERENCES source (id),
  name          TEXT NOT NULL,
  size_bytes    INTEGER NOT NULL,
  digest        TEXT NOT NULL,               -- SHA-256 of its bytes (nmc), of its records (account)
  fetched       TEXT NOT NULL,               -- last time
  answer        INTEGER NOT NULL REFERENCES answer (id),
  tickets_told  INTEGER,                     -- by its header
  tickets_found INTEGER NOT NULL,            -- readable or not
  state         TEXT NOT NULL,               -- fetched, deleted, left, undeleted, gone, former
  seen_count    INTEGER NOT NULL,            -- the same again is counted, not stored again
  time          INTEGER NOT NULL DEFAULT 1,  -- another of this name and content, once it was gone
  UNIQUE (source, name, digest, time)
);

-- What a wire told and is no ticket: a check-in, a change of the exchange's settings.
CREATE TABLE event (
  id        INTEGER PRIMARY KEY,             -- order of receipt
  source    INTEGER NOT NULL REFERENCES source (id),
  epoch     TEXT NOT NULL,
  sequence  INTEGER NOT NULL,
  received  TEXT NOT NULL,
  kind      TEXT NOT NULL,
  fields    TEXT NOT NULL,                   -- JSON
  raw       BLOB NOT NULL,
  UNIQUE (source, epoch, sequence)
);
