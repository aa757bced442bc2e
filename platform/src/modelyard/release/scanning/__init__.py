"""Known vulnerabilities of what an image holds."""
