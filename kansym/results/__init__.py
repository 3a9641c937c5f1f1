"""What an extraction returns, as text, page, JSON and report."""
