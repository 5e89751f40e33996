"""What ingest needs of a gateway's sites, devices, policies and tolerances, kept in the process.

A version of the configuration never comes back (it carries its time), so the kept one is right as long as the gateway's
row names the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import frappe

from frappe_ext import configuration, native
from frappe_ext.auth import Sender


@dataclass(frozen=True, slots=True)
class Registry:
	"""Of one gateway at one version of its configuration."""

	version: str
	book: native.Book
	tolerances: native.ToleranceBook
	site_of_code: dict[str, str]
	code_of_site: dict[str, str]
	device_names: dict[tuple[str, str], str]
	"""(site_code, device_id) → name of the Device."""


_kept: dict[tuple[str, str], Registry] = {}


def registry_of(sender: Sender) -> Registry:
	"""`sender` as read in this transaction. Raises native.NativeMissing."""
	key = (frappe.local.site, sender.name)
	kept = _kept.get(key)
	if kept is None or kept.version != sender.config_published:
		kept = _kept[key] = _load(sender)
	return kept


def _load(sender: Sender) -> Registry:
	sites = configuration.sites_of(sender.name)
	codes = {name: code for name, (code, _) in sites.items()}
	rows = configuration.device_rows(sites)
	names = {(codes[row.site], row.device_id): row.name for row in rows}
	return Registry(
		version=sender.config_published,
		book=native.Book(configuration.policies(sites), list(names)),
		tolerances=native.ToleranceBook(configuration.tolerances(sites)),
		site_of_code={code: name for name, code in codes.items()},
		code_of_site=codes,
		device_names=names,
	)
