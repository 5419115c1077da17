"""The tables of the state database. A database has the version of the last migration that it went through.

Times are Unix seconds. Ids that buttons carry are never given twice, not even after what they named is gone.
JSON is ASCII: Telegram's text may hold half a surrogate pair, and a file name bytes that are no UTF-8.
"""

from __future__ import annotations

_FIRST = """
CREATE TABLE updates (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, update_id INTEGER NOT NULL, digest BLOB NOT NULL, payload TEXT,
    attempts INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0, received REAL NOT NULL,
    UNIQUE (update_id, digest));
CREATE INDEX updates_unfinished ON updates (seq) WHERE payload IS NOT NULL;
CREATE INDEX updates_by_age ON updates (received);

CREATE TABLE parts (
    row INTEGER PRIMARY KEY, seq INTEGER NOT NULL REFERENCES updates (seq) ON DELETE CASCADE,
    message_id INTEGER NOT NULL);
CREATE INDEX parts_by_update ON parts (seq);

CREATE TABLE answer_ids (last INTEGER NOT NULL);
INSERT INTO answer_ids VALUES (0);
CREATE TABLE answers (
    id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL, topic INTEGER, user_id INTEGER, question_message_id INTEGER,
    parent INTEGER REFERENCES answers (id) ON DELETE SET NULL, created REAL NOT NULL, snapshot TEXT NOT NULL);
CREATE INDEX answers_by_asker ON answers (chat_id, topic, user_id, id);
CREATE INDEX answers_by_question ON answers (chat_id, question_message_id, id);
CREATE INDEX answers_by_user ON answers (user_id);
CREATE INDEX answers_by_parent ON answers (parent);
CREATE INDEX answers_by_age ON answers (created);

CREATE TABLE answer_messages (
    answer INTEGER NOT NULL REFERENCES answers (id) ON DELETE CASCADE, n INTEGER NOT NULL,
    chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL, PRIMARY KEY (answer, n)) WITHOUT ROWID;
CREATE INDEX answer_messages_by_message ON answer_messages (chat_id, message_id, answer);

CREATE TABLE votes (
    answer INTEGER NOT NULL REFERENCES answers (id) ON DELETE CASCADE, user_id INTEGER NOT NULL,
    value INTEGER NOT NULL CHECK (value IN (-1, 1)), created REAL NOT NULL,
    PRIMARY KEY (answer, user_id)) WITHOUT ROWID;
CREATE INDEX votes_by_user ON votes (user_id);
CREATE INDEX votes_by_age ON votes (created);

CREATE TABLE languages (user_id INTEGER PRIMARY KEY, language TEXT NOT NULL CHECK (language IN ('vi', 'en')));
CREATE TABLE bans (id INTEGER PRIMARY KEY, created REAL NOT NULL);
CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE examples (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE);
CREATE TABLE uploads (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, upload TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX uploads_by_user ON uploads (user_id);
CREATE INDEX uploads_by_age ON uploads (created);
CREATE TABLE removals (id INTEGER PRIMARY KEY AUTOINCREMENT, files TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX removals_by_age ON removals (created);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""Number n brings a database of version n - 1 to version n. What was released is never changed, only added to."""
