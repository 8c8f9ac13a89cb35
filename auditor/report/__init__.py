"""An audit as HTML, PDF, JSON and text on a terminal: all show the same figures, none computes one."""
