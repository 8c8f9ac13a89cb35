"""Pictures of an audit: one file each; what they draw is the audit's own figures, laid out and never computed anew."""
