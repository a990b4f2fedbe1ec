-- What people asked to be made: each thing that is known of a task is a line, and lines only grow until a task is forgotten.
CREATE TABLE task_lines (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    task TEXT NOT NULL,
    line TEXT NOT NULL
) STRICT;

CREATE INDEX task_lines_by_task ON task_lines (task);
