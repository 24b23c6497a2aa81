"""What a Caddy host needs beside its server: its SSH host key, the proof that it serves, and its withdrawal."""
