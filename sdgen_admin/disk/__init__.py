"""What a folder says: session folders, images, manifest, fingerprint. Knows no database."""
