// Import of scale tickets from a CSV file: first a dry run, then the import of the same file. What stands in the file is
// shown as text only.

frappe.pages["import-scale-tickets"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Import scale tickets"), single_column: true });
	new TicketImport(page);
};

const METHOD = "/api/method/frappe_ext.api.tickets.import_csv";
const HEADINGS = "ticket_number,lot,gross_kg,tare_kg,declared_net_kg,device,ticket_datetime,vehicle,driver";
const EXAMPLE = `${HEADINGS}\r\n1001,,38440,14580,23860,,2026-02-23 13:37,AB-123-C,\r\n`;

function element(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name === "text") node.textContent = value;
		else node.setAttribute(name, value);
	}
	node.append(...children.filter(Boolean));
	return node;
}

class TicketImport {
	constructor(page) {
		this.page = page;
		this.file = null;
		const body = element("div", { class: "frappe-card p-4 mb-4" });
		this.report = element("div", { "data-edge-import-report": "" });
		$(page.main).removeClass("frappe-card").append(body, this.report);
		body.append(this.guide(), this.fields(), this.actions());
		this.changed();
	}

	guide() {
		const list = element(
			"ul",
			{ class: "text-muted mb-3 ps-4", style: "padding-inline-start: 1.5rem" },
			element("li", { text: __("CSV in UTF-8 (or Excel's Unicode text), up to 5 MB and 5,000 rows.") }),
			element("li", { text: __("Weights in kg as 38440 or 38440.5. Times as 2026-02-23 13:37, or in the date format of this site.") }),
			element("li", { text: __("All rows are imported or none. A number that the site has already is skipped.") }),
		);
		const headings = element("code", { text: HEADINGS.replaceAll(",", ", "), dir: "ltr", class: "d-block mb-3" });
		return element("div", {}, element("p", { text: __("Columns:"), class: "mb-1" }), headings, list);
	}

	fields() {
		const row = element("div", { class: "row" });
		const site_place = element("div", { class: "col-md-6" });
		const file_place = element("div", { class: "col-md-6" });
		row.append(site_place, file_place);
		this.site = frappe.ui.form.make_control({
			parent: site_place,
			df: {
				fieldname: "site",
				fieldtype: "Link",
				options: "Site",
				label: __("Site"),
				description: __("May stay empty where the file has a column site with the site code."),
				change: () => this.changed(),
			},
			render_input: true,
		});
		this.input = element("input", { type: "file", accept: ".csv,.txt,.tsv,text/csv", class: "form-control", style: "height: auto", id: "edge-ticket-file" });
		this.input.addEventListener("change", () => {
			this.file = this.input.files[0] || null;
			this.changed();
		});
		const example = element("a", { href: "#", class: "small", text: __("Download an example") });
		example.addEventListener("click", (event) => {
			event.preventDefault();
			download("scale-tickets.csv", "\ufeff" + EXAMPLE);
		});
		file_place.append(element("label", { class: "control-label", for: "edge-ticket-file", text: __("File") }), this.input, example);
		return row;
	}

	actions() {
		this.try_button = element("button", { class: "btn btn-default btn-sm", text: __("Dry run") });
		this.import_button = element("button", { class: "btn btn-primary btn-sm", text: __("Import") });
		this.try_button.addEventListener("click", () => this.send(true));
		this.import_button.addEventListener("click", () => this.send(false));
		return element("div", { class: "mt-3 d-flex", style: "gap: 8px" }, this.try_button, this.import_button);
	}

	// A dry run speaks of one file and one site: any change takes its word back.
	changed() {
		this.try_button.disabled = !this.file;
		this.import_button.disabled = true;
		this.report.replaceChildren();
	}

	async send(dry_run) {
		const body = new FormData();
		body.append("file", this.file);
		body.append("dry_run", dry_run ? "1" : "0");
		if (this.site.get_value()) body.append("site", this.site.get_value());
		this.try_button.disabled = this.import_button.disabled = true;
		frappe.dom.freeze(dry_run ? __("Checking the file …") : __("Importing …"));
		try {
			const headers = { Accept: "application/json", "X-Frappe-CSRF-Token": frappe.csrf_token };
			const response = await fetch(METHOD, { method: "POST", headers, body });
			if (!response.ok) throw new Error(await refusal_of(response));
			const { message } = await response.json();
			this.show(message);
			this.import_button.disabled = !dry_run || message.error > 0 || !message.new;
		} catch (error) {
			this.report.replaceChildren(banner("red", error.message || __("The server could not be reached.")));
		} finally {
			frappe.dom.unfreeze();
			this.try_button.disabled = false;
		}
	}

	show(answer) {
		this.report.replaceChildren(
			...[
				banner(...verdict_of(answer)),
				counts(answer),
				ignored(answer),
				this.errors(answer),
				rows_table(__("Mismatches"), answer.mismatches, answer.mismatch, [
					[__("Row"), (row) => row.row],
					[__("Ticket number"), (row) => row.ticket_number],
					[__("Why"), (row) => row.reasons.join(" ")],
				]),
				rows_table(__("Skipped duplicates"), answer.duplicates, answer.duplicate, [
					[__("Row"), (row) => row.row],
					[__("Ticket number"), (row) => row.ticket_number],
					[__("Weights"), (row) => (row.same ? __("the same") : __("differ from the first ticket: look at both"))],
				]),
			].filter(Boolean),
		);
	}

	errors(answer) {
		const table = rows_table(__("Errors"), answer.errors, answer.error, [
			[__("Row"), (row) => row.row || ""],
			[__("Column"), (row) => row.column],
			[__("Reason"), (row) => row.reason],
		]);
		if (!table) return null;
		const button = element("button", { class: "btn btn-default btn-xs mb-2", text: __("Download as CSV") });
		button.addEventListener("click", () => download("import-errors.csv", answer.errors_csv));
		table.querySelector("h5").after(button);
		return table;
	}
}

function verdict_of(answer) {
	if (answer.error) return ["red", __("{0} errors: nothing was imported.", [answer.error])];
	if (answer.dry_run && !answer.new) return ["orange", __("Nothing new: every row is a ticket that the site has.")];
	if (answer.dry_run) return ["blue", __("Dry run: {0} tickets would be imported. Nothing is stored yet.", [answer.new])];
	return ["green", __("{0} tickets imported.", [answer.stored])];
}

function banner(color, text) {
	const pill = element("span", { class: `indicator-pill ${color}`, text, style: "white-space: normal; height: auto" });
	return element("div", { class: "mb-3", role: "status" }, pill);
}

function counts(answer) {
	const shown = [
		[__("Rows"), answer.rows],
		[answer.dry_run ? __("Would be new") : __("Imported"), answer.dry_run ? answer.new : answer.stored],
		[__("Duplicates"), answer.duplicate],
		[__("Mismatches"), answer.mismatch],
		[__("Errors"), answer.error],
	];
	const cards = shown.map(([label, value]) =>
		element(
			"div",
			{ class: "frappe-card p-3", style: "min-width: 110px" },
			element("div", { class: "text-muted small", text: label }),
			element("div", { class: "h4 mb-0", text: String(value) }),
		),
	);
	return element("div", { class: "d-flex flex-wrap mb-3", style: "gap: 8px" }, ...cards);
}

function ignored(answer) {
	if (!answer.ignored_columns.length) return null;
	const text = __("Columns that nobody knows were left out: {0}", [answer.ignored_columns.join(", ")]);
	return element("p", { class: "text-muted", text });
}

function rows_table(title, rows, total, columns) {
	if (!rows.length) return null;
	const head = element("tr", {}, ...columns.map(([label]) => element("th", { text: label })));
	const lines = rows.map((row) =>
		element("tr", {}, ...columns.map(([, cell]) => element("td", {}, element("bdi", { text: String(cell(row)) })))),
	);
	const table = element("table", { class: "table table-bordered" }, element("thead", {}, head), element("tbody", {}, ...lines));
	const more = total > rows.length ? element("p", { class: "text-muted", text: __("and {0} more", [total - rows.length]) }) : null;
	return element("div", { class: "frappe-card p-3 mb-3" }, element("h5", { text: title }), table, more);
}

// Frappe's words to a refused request are HTML.
async function refusal_of(response) {
	try {
		const { _server_messages } = await response.json();
		const [first] = JSON.parse(_server_messages || "[]");
		const parsed = new DOMParser().parseFromString(JSON.parse(first).message, "text/html");
		return parsed.body.textContent;
	} catch {
		return response.status === 413 ? __("The file is too large.") : __("The server refused the file ({0}).", [response.status]);
	}
}

function download(name, text) {
	const link = element("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" })) });
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
