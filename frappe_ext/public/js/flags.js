// How flags and states look, in lists, forms and charts alike.

export const FLAG_COLORS = { OK: "green", Warning: "orange", Quarantine: "red", Invalid: "gray" };
export const FLAG_FILLS = {
	OK: "var(--green-500, #30a66d)",
	Warning: "var(--orange-500, #e79913)",
	Quarantine: "var(--red-500, #e03636)",
	Invalid: "var(--gray-600, #7c7c7c)",
};
export const EXCURSION_COLORS = { Cleared: "blue", Released: "green" };

export const flag_color = (flag) => FLAG_COLORS[flag] || "gray";

// An open one is as bad as what it is about.
export function excursion_color({ status, severity }) {
	if (status !== "Open") return EXCURSION_COLORS[status] || "gray";
	return severity === "Warning" ? "orange" : "red";
}
