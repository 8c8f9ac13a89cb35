"""Bringing a message to people: mail by SMTP or SES, chats and webhooks. Knows nothing of audits."""
