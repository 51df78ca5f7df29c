"""The sidecar: serves what the measured processes of its pod have run."""
