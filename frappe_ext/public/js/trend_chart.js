// Readings of one device and type over time, with the bands of their policy. Drawn here because Frappe's charts place
// points by number, not by time, and put labels into HTML.

import { element, moment_text, svg_element } from "./dom";
import { FLAG_FILLS } from "./flags";

const HEIGHT = 220;
const MARGIN = { top: 12, right: 12, bottom: 26, left: 48 };
const SHARE_OF_ROOM = 0.08; // free above and below the highest and lowest

const TINTS = { good: "edge-band-good", warning: "edge-band-warning", critical: "edge-band-critical" };

// `trend`: points [{at, value, text, unit, flag, name}] by time, policy {title, warning, critical} or nothing.
// `marks`: {current: name of a point, at: UTC ms, from, to: UTC ms of a span}.
export function show_trend(parent, trend, marks = {}) {
	if (!trend.points.length) {
		parent.append(element("p", { class: "text-muted", text: __("No reading with a value around this time.") }));
		return;
	}
	const canvas = element("div", { class: "edge-trend", dir: "ltr" });
	const caption = element("p", { class: "edge-trend-caption text-muted", "aria-live": "polite" });
	caption.textContent = caption_of(trend);
	parent.append(canvas, caption);
	const draw = () => canvas.replaceChildren(drawing(canvas.clientWidth || 600, trend, marks, caption));
	draw();
	let width = canvas.clientWidth;
	new ResizeObserver(() => {
		if (canvas.clientWidth === width) return;
		width = canvas.clientWidth;
		draw();
	}).observe(canvas);
}

function caption_of({ policy }) {
	if (!policy) return __("No policy's limits apply to these readings.");
	return __("Limits as policy {0} has them today.", [policy.title]);
}

function drawing(width, trend, marks, caption) {
	const scale = scale_of(width, trend, marks);
	const label = __("{0} readings over time", [trend.points.length]);
	const svg = svg_element("svg", { width, height: HEIGHT, role: "img", "aria-label": label });
	svg.append(...bands(scale, trend.policy), ...axes(scale), ...marked(scale, marks));
	svg.append(line(scale, trend.points), ...trend.points.map((point) => dot(scale, point, marks, caption)));
	return svg;
}

function scale_of(width, { points, policy }, marks) {
	const times = [...points.map((point) => point.at), marks.at, marks.from, marks.to].filter(Boolean);
	const limits = ["warning", "critical"].flatMap((band) => policy?.[band] || []);
	const values = [...points.map((point) => point.value), ...limits.filter((end) => end !== null).map(Number)];
	const [first, last] = room(Math.min(...times), Math.max(...times), 0.02, 60000);
	const [low, high] = room(Math.min(...values), Math.max(...values), SHARE_OF_ROOM, 1);
	const plot = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: HEIGHT - MARGIN.bottom };
	return {
		plot,
		first,
		last,
		low,
		high,
		x: (at) => plot.left + ((at - first) / (last - first)) * (plot.right - plot.left),
		y: (value) => plot.bottom - ((value - low) / (high - low)) * (plot.bottom - plot.top),
	};
}

function room(low, high, share, least) {
	const free = (high - low) * share || least;
	return [low - free, high + free];
}

// From the worst at the back to the best in front; a band without a limit reaches the edge.
function bands(scale, policy) {
	if (!policy || !(policy.warning || policy.critical)) return [];
	const outside = policy.critical ? TINTS.critical : TINTS.warning;
	const drawn = [stripe(scale, [null, null], outside)];
	if (policy.critical) drawn.push(stripe(scale, policy.critical, policy.warning ? TINTS.warning : TINTS.good));
	if (policy.warning) drawn.push(stripe(scale, policy.warning, TINTS.good));
	return drawn;
}

function stripe({ plot, y }, [min, max], tint) {
	const inside = (at) => Math.min(Math.max(at, plot.top), plot.bottom);
	const top = max === null ? plot.top : inside(y(Number(max)));
	const bottom = min === null ? plot.bottom : inside(y(Number(min)));
	const [x, width, height] = [plot.left, plot.right - plot.left, Math.max(bottom - top, 0)];
	return svg_element("rect", { x, y: top, width, height, class: tint });
}

function axes({ plot, first, last, low, high, x, y }) {
	const drawn = [];
	for (const value of ticks(low, high)) {
		drawn.push(svg_element("line", { x1: plot.left, x2: plot.right, y1: y(value), y2: y(value), class: "edge-grid" }));
		const text = String(Number(value.toPrecision(6)));
		drawn.push(svg_element("text", { x: plot.left - 6, y: y(value) + 4, "text-anchor": "end", text }));
	}
	const days = last - first > 86400000;
	const anchors = { 0: "start", 0.5: "middle", 1: "end" };
	for (const [share, anchor] of Object.entries(anchors)) {
		const at = first + (last - first) * Number(share);
		const text = moment_text(at, days).replace(/:\d\d$/, (seconds) => (days ? "" : seconds));
		drawn.push(svg_element("text", { x: x(at), y: HEIGHT - 8, "text-anchor": anchor, text }));
	}
	return drawn;
}

// About four round numbers.
function ticks(low, high) {
	const raw = (high - low) / 4;
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw);
	const found = [];
	for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
	return found;
}

function marked({ plot, x }, { at, from, to }) {
	const drawn = [];
	const height = plot.bottom - plot.top;
	if (from && to) {
		const width = Math.max(x(to) - x(from), 2);
		drawn.push(svg_element("rect", { x: x(from), y: plot.top, width, height, class: "edge-span" }));
	}
	if (at) drawn.push(svg_element("line", { x1: x(at), x2: x(at), y1: plot.top, y2: plot.bottom, class: "edge-now" }));
	return drawn;
}

function line({ x, y }, points) {
	const path = points.map((point) => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`).join(" ");
	return svg_element("polyline", { points: path, class: "edge-line" });
}

function dot({ x, y }, point, { current }, caption) {
	const is_current = point.name === current;
	const text = [moment_text(point.at), `${point.text} ${point.unit || ""}`.trim(), __(point.flag)].join(" · ");
	const circle = svg_element(
		"circle",
		{
			cx: x(point.at),
			cy: y(point.value),
			r: is_current ? 6 : 3.5,
			fill: FLAG_FILLS[point.flag] || FLAG_FILLS.Invalid,
			class: is_current ? "edge-dot edge-dot-current" : "edge-dot",
			"data-flag": point.flag,
		},
		svg_element("title", { text }),
	);
	circle.addEventListener("pointerenter", () => (caption.textContent = text));
	if (!is_current) circle.addEventListener("click", () => frappe.set_route("Form", "Observation", point.name));
	return circle;
}
