checksum of me
