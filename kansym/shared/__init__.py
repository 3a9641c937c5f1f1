"""What every folder uses: errors, findings, progress, tables and files."""
