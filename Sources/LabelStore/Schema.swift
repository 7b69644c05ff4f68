import GRDB

/// The tables. A version's migration never changes once it is published; what changes the tables is another one.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { try $0.execute(sql: first) }
    return migrator
  }

  private static let first = """
    CREATE TABLE project (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE COLLATE NOCASE,
      caption TEXT, -- what to look for, where it is not the labels
      threshold REAL NOT NULL,
      created TEXT NOT NULL -- ISO 8601
    ) STRICT;
    CREATE TABLE label (
      id INTEGER PRIMARY KEY,
      project INTEGER NOT NULL REFERENCES project ON DELETE CASCADE,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      UNIQUE (project, name)
    ) STRICT;
    -- A file once, however many projects have it.
    CREATE TABLE file (
      hash TEXT PRIMARY KEY NOT NULL, -- SHA-256
      bytes INTEGER NOT NULL,
      type TEXT NOT NULL, -- media type
      width INTEGER NOT NULL, -- of the upright picture
      height INTEGER NOT NULL,
      thumbnail BLOB NOT NULL -- JPEG
    ) STRICT;
    CREATE TABLE picture (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      project INTEGER NOT NULL REFERENCES project ON DELETE CASCADE,
      file TEXT NOT NULL REFERENCES file,
      name TEXT NOT NULL,
      stem TEXT NOT NULL COLLATE NOCASE, -- the name without its extension, for formats that go by it
      detected INTEGER NOT NULL DEFAULT 0,
      reviewed INTEGER NOT NULL DEFAULT 0,
      revision INTEGER NOT NULL DEFAULT 1,
      UNIQUE (project, file),
      UNIQUE (project, stem)
    ) STRICT;
    CREATE INDEX picture_file ON picture (file);
    CREATE TABLE box (
      id INTEGER PRIMARY KEY,
      picture INTEGER NOT NULL REFERENCES picture ON DELETE CASCADE,
      label INTEGER NOT NULL REFERENCES label,
      x REAL NOT NULL,
      y REAL NOT NULL,
      width REAL NOT NULL CHECK (width > 0),
      height REAL NOT NULL CHECK (height > 0),
      score REAL -- null for what somebody has drawn or corrected
    ) STRICT;
    CREATE INDEX box_picture ON box (picture);
    CREATE INDEX box_label ON box (label);
    """
}
