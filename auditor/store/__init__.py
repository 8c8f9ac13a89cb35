"""What runs leave behind: files in a folder here, and the store of runs (`place`, `runs`, `lease`, `deliveries`)."""

from __future__ import annotations

from auditor.store.files import load_evidence, require_writable, save_evidence, write_atomically

__all__ = ["load_evidence", "require_writable", "save_evidence", "write_atomically"]
