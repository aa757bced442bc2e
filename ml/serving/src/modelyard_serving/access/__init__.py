"""Who may ask for what: API keys, or tokens of Microsoft Entra ID."""
