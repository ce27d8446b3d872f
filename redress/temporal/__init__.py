"""How Redress reaches Temporal: settings, connection, payloads, search attributes, the embedded server."""
