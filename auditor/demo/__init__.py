"""The embedded AWS and the made-up company in it: what `auditor demo` audits. Needs the extra `demo`."""
