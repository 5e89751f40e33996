"""The ingest contract (docs/wire.md) without any framework: serves the Frappe app and the stand-in alike.

Never imports frappe. Rules of quality, form and identity are not here: they are C++ (frappe_ext.native).
"""
