import { GLYPHS } from "./data.ts";
import { button, counted, make, named } from "./dom.ts";
import type { Findings } from "./findings.ts";
import { SORTS, type Sort } from "./query.ts";

const COLUMNS: readonly {
  readonly title: string;
  readonly sort: Sort | null;
  /** Hidden when the window is narrow. */
  readonly wide: "" | "wide" | "medium-wide";
}[] = [
  { title: "severity", sort: "severity", wide: "" },
  { title: "name", sort: "name", wide: "" },
  { title: "value", sort: null, wide: "medium-wide" },
  { title: "place", sort: "place", wide: "" },
  { title: "confidence", sort: "confidence", wide: "wide" },
  { title: "state", sort: "state", wide: "medium-wide" },
  { title: "why", sort: null, wide: "wide" },
];

/** The head of the list, each sortable column's title a button. */
export class TableHead {
  readonly element: HTMLTableSectionElement;
  readonly #cells = new Map<Sort, HTMLTableCellElement>();

  constructor(onSort: (sort: Sort) => void) {
    const row = make("tr");
    for (const { title, sort, wide } of COLUMNS) {
      const cell = make("th", { scope: "col", class: wide });
      if (sort === null) cell.append(make("span", {}, title));
      else {
        const by = button("", { class: "sort" }, () => onSort(sort));
        by.append(make("span", {}, title), make("i", { "aria-hidden": "true" }));
        cell.append(by);
        this.#cells.set(sort, cell);
      }
      row.append(cell);
    }
    this.element = make("thead", {}, row);
  }

  show(sorted: Sort, down: boolean): void {
    for (const sort of SORTS) {
      const cell = this.#cells.get(sort);
      const mark = cell?.querySelector("i");
      if (!cell || !mark) continue;
      // The worst and the surest come first.
      const falling = down !== (sort === "severity" || sort === "confidence");
      mark.textContent = sort === sorted ? (falling ? "▼" : "▲") : "";
      if (sort === sorted) cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
  }
}

/** A row for a finding, or for a secret when it has several; `detailId` is the element that its button opens. */
export function tableRow(
  findings: Findings,
  rows: readonly number[],
  open: boolean,
  detailId: string,
  onToggle: () => void,
): HTMLTableRowElement {
  // The worst of a secret's places: the report is in that order.
  const row = Math.min(...rows);
  const toggle = make("button", {
    type: "button",
    class: "open",
    "aria-expanded": open ? "true" : "false",
    "aria-controls": detailId,
  });
  toggle.append(named(names(findings, rows)));
  toggle.addEventListener("click", onToggle);
  const severity = findings.text("severity", row);
  const states = [...new Set(rows.map((one) => findings.text("state", one)))];
  const badges = (): Node[] =>
    states.flatMap((state) => [make("span", { class: `state ${state}` }, state), document.createTextNode(" ")]);
  // Without what is not known.
  const since = rows
    .flatMap((one) => findings.text("since", one) || [])
    .reduce((a, b) => (a !== "" && a < b ? a : b), "");
  const age = findings.text("moved", row) || (since === "" ? "" : `since ${since}`);
  const copies = findings.copies(row).length;
  const [first = "", second] = findings.list("why", row);
  const why = [first, second, copies > 1 ? `same value in ${copies} places` : undefined].filter(Boolean).join("; ");
  return make(
    "tr",
    { class: open ? "opened" : "" },
    make(
      "td",
      { class: `level ${severity}` },
      make("i", { "aria-hidden": "true" }, GLYPHS[severity] ?? ""),
      " ",
      make("span", { class: "word" }, severity),
    ),
    make(
      "th",
      { scope: "row" },
      toggle,
      make("small", { class: "under" }, findings.text("rule", row)),
      // Where there is no room for the column of its state.
      make("span", { class: "narrow under" }, ...badges()),
    ),
    make("td", { class: "medium-wide" }, make("code", {}, findings.text("masked", row))),
    place(findings, rows),
    make("td", { class: "wide" }, `${findings.text("confidence", row)} ${findings.score(row).toFixed(2)}`),
    make("td", { class: "medium-wide" }, ...badges(), age === "" ? "" : make("small", {}, age)),
    make("td", { class: "wide why" }, why),
  );
}

/** A secret may have several names. */
function names(findings: Findings, rows: readonly number[]): string {
  const all = [...new Set(rows.map((row) => findings.text("name", row)))];
  return all.length > 2 ? `${all.slice(0, 2).join(", ")} and ${all.length - 2} more` : all.join(", ");
}

function place(findings: Findings, rows: readonly number[]): HTMLTableCellElement {
  const row = rows[0] ?? 0;
  if (rows.length === 1) {
    const origin = findings.text("origin", row);
    const path = make("small", {}, named(findings.text("path", row)), origin === "" ? "" : `, ${origin}`);
    return make("td", {}, named(findings.subject(row).name), path);
  }
  const subjects = [...new Set(rows.map((one) => findings.subject(one).name))];
  const rest = subjects.length > 3 ? ` and ${subjects.length - 3} more` : "";
  const shown = subjects.slice(0, 3).flatMap((name, at) => [at > 0 ? ", " : "", named(name)]);
  return make("td", {}, counted(rows.length, "place"), make("small", {}, ...shown, rest));
}

/** What a row's button opens. */
export function detailRow(id: string, content: Node): HTMLTableRowElement {
  return make("tr", { class: "detail", id }, make("td", { colspan: COLUMNS.length }, content));
}
