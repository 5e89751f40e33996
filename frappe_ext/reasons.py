"""The reasons of the rules in words. Words only: what a reason does is said in protocols/record, nowhere here.

A reason is `code` or `code:detail` (wire.md §1). The detail may come from a device, so a sentence is plain text that
whoever shows it escapes. Desk has the same sentences in public/js/reasons.js; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping

from frappe import _lt

# {0}: the detail behind the code.
OF_READINGS = {
	"critical_max": _lt("The value is above the critical limit of {0}."),
	"critical_min": _lt("The value is below the critical limit of {0}."),
	"warning_max": _lt("The value is above the warning limit of {0}."),
	"warning_min": _lt("The value is below the warning limit of {0}."),
	"valid_max": _lt("The value is above {0}, the end of what this sensor can measure."),
	"valid_min": _lt("The value is below {0}, the end of what this sensor can measure."),
	"unknown_device": _lt("The device is not among the site's devices."),
	"unit_mismatch": _lt("The unit {0} is not the policy's: its limits were not applied."),
	"unit_missing": _lt("The reading has no unit: the policy's limits were not applied."),
	"bad_time": _lt("The device sent a time that cannot be used ({0}): the time of arrival stands instead."),
	"no_policy": _lt("No policy is active for this site and type."),
	"no_value": _lt("There is no value."),
	"not_a_number": _lt("The value is not a number ({0})."),
	"not_storable": _lt("The number is too large or has too many digits to be stored."),
	"comma_decimal": _lt("The value is written with a comma ({0}); it could mean two numbers."),
	"undecodable": _lt("The message could not be read: {0}."),
	"no_metric": _lt("The message does not say what was measured."),
	"bad_metric": _lt("What was measured has a name that cannot be stored ({0})."),
	"not_an_object": _lt("The message is JSON, but no reading ({0})."),
	"register_missing": _lt("The device did not answer for register {0}."),
	"sentinel": _lt("The device says that it has no valid value ({0})."),
	"spike": _lt("The value jumped by {0} and came back: more than this quantity can."),
	"rate": _lt("The value changes faster than this quantity can ({0} an hour)."),
	"flat_line": _lt("The value has not moved for {0} hours: the sensor may be stuck."),
	"gap": _lt("Readings are missing before this one ({0})."),
	"stale": _lt("The device was silent for {0} minutes."),
	"clock": _lt("The gateway's clock was wrong: the time was corrected."),
	"clock_unsynced": _lt("The gateway's clock was not set when this was measured."),
	"neighbour": _lt("It differs from the sensors beside it ({0})."),
}

OF_WEIGHTS = {
	"net_vs_declared": _lt("The net differs from the declared weight by {0}."),
	"net_arithmetic": _lt("Gross, tare and net do not fit together ({0})."),
	"gross_below_tare": _lt("The gross is below the tare."),
	"weight_not_captured": _lt(
		"The {0} weight is not the one that the scale captured, or its weighing never arrived."
	),
	"unit_mismatch": _lt("The two weighings have different units ({0})."),
	"preset_tare": _lt("The tare was preset in the indicator, not weighed."),
	"duplicate_ticket": _lt("The ticket that this one corrects has another correction already."),
	"chain_broken": _lt("The chain of weighings is broken here."),
	"indicator_net": _lt("The indicator's net differs."),
	"tare_drift": _lt("The tare is far from this vehicle's earlier ones ({0})."),
	"stale_tare": _lt("The stored tare is too old ({0})."),
	"time_order": _lt("The second weighing is earlier than the first."),
	"over_capacity": _lt("A weight is above the scale's capacity."),
	"below_min": _lt("A weight is below the scale's minimum."),
	"no_zero_return": _lt("The scale had not returned to zero before a weighing."),
	"unstable": _lt("A weight was taken in motion."),
	"manual_entry": _lt("A weight was typed by a person."),
	"stability_inferred": _lt("The indicator sends no stability; it was inferred from its readings."),
}

# About a scale's series, not about one ticket (contract/chain.py, late_weighings.py).
OF_SERIES = {
	"capture_without_ticket": _lt("A captured weight has no ticket."),
	"number_gap": _lt("A number of the scale's series is missing ({0})."),
	"chain_gap": _lt("A link of the chain of weighings is missing ({0})."),
	"chain_restarted": _lt("The chain of weighings was started anew."),
	"chain_fork": _lt("Two weighings claim the same place in the chain."),
	"chain_cut": _lt("The end of the chain of weighings is missing."),
}

SENTENCES = {**OF_READINGS, **OF_WEIGHTS, **OF_SERIES}
"""A code that readings and weights share (unit_mismatch) speaks of weights here."""

# Details that are words of ours; every other one stands as it came.
_DETAILS = {"weight_not_captured": {"gross": _lt("gross"), "tare": _lt("tare")}}


def sentence(reason: str, words: Mapping[str, object] = SENTENCES) -> str:
	"""In the user's language, as plain text; a code that no table knows (a newer gateway's) stands as it came."""
	code, _colon, detail = reason.partition(":")
	if code not in words:
		return reason
	detail = str(_DETAILS.get(code, {}).get(detail, detail))
	return str(words[code]).replace("{0}", detail or "?")


def sentences(reasons: str | None, words: Mapping[str, object] = SENTENCES) -> list[str]:
	"""Of a column with one reason a line."""
	return [sentence(reason, words) for reason in (reasons or "").splitlines() if reason]
