"""What a folder says: roots, session folders, sources of facts, fingerprints. Knows no database."""
