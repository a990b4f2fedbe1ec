-- Not even a mistake of this service, or a hand at the console, rewrites what was written.
CREATE TRIGGER entries_append_only_update BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries is append only'); END;
CREATE TRIGGER entries_append_only_delete BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries is append only'); END;
CREATE TRIGGER amendments_append_only_update BEFORE UPDATE ON amendments
    BEGIN SELECT RAISE(ABORT, 'amendments is append only'); END;
CREATE TRIGGER amendments_append_only_delete BEFORE DELETE ON amendments
    BEGIN SELECT RAISE(ABORT, 'amendments is append only'); END;
CREATE TRIGGER consents_append_only_update BEFORE UPDATE ON consents
    BEGIN SELECT RAISE(ABORT, 'consents is append only'); END;
CREATE TRIGGER consents_append_only_delete BEFORE DELETE ON consents
    BEGIN SELECT RAISE(ABORT, 'consents is append only'); END;
CREATE TRIGGER accesses_append_only_update BEFORE UPDATE ON accesses
    BEGIN SELECT RAISE(ABORT, 'accesses is append only'); END;
CREATE TRIGGER accesses_append_only_delete BEFORE DELETE ON accesses
    BEGIN SELECT RAISE(ABORT, 'accesses is append only'); END;
CREATE TRIGGER patients_stay BEFORE DELETE ON patients
    BEGIN SELECT RAISE(ABORT, 'patients is append only'); END;
