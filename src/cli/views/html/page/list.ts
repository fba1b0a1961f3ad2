import { Controls } from "./controls.ts";
import { details } from "./details.ts";
import { button, byId, counted, make, number } from "./dom.ts";
import type { Findings } from "./findings.ts";
import { matching, ordered, type Sort } from "./query.ts";
import { detailRow, TableHead, tableRow } from "./rows.ts";

const PAGE = 50;
const PRINTED = 1000;

/** The findings that the filter leaves, a page at a time: few elements however many there are. */
export class List {
  readonly #findings: Findings;
  readonly #controls: Controls;
  readonly #head: TableHead;
  readonly #body: HTMLTableSectionElement = make("tbody");
  readonly #table: HTMLTableElement;
  readonly #status: HTMLElement = make("p", { role: "status" });
  readonly #printed: HTMLElement = make("p", { class: "printed" });
  readonly #none: HTMLElement = make("p", { class: "none", hidden: true }, "Nothing matches this filter.");
  readonly #pager: Pager;
  #order: readonly number[];
  #sort: Sort = "severity";
  #down = false;
  /** Each is a finding, or the matching places of a secret. */
  #shown: readonly (readonly number[])[] = [];
  #open = new Set<number>();
  #page = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
    this.#order = ordered(findings, this.#sort, this.#down);
    this.#controls = new Controls(findings, () => this.#filter());
    this.#head = new TableHead((sort) => this.#sortBy(sort));
    const caption = make("caption", {}, "Click a name for details.");
    this.#table = make("table", { class: "findings" }, caption, this.#head.element, this.#body);
    this.#pager = new Pager((page) => this.#turn(page));
    const line = make("div", { class: "state-line" }, this.#status, this.#controls.clear);
    const scroll = make("div", { class: "scroll" }, this.#table);
    const parts = [this.#controls.element, line, this.#printed, this.#none, scroll, this.#pager.element];
    byId("list").replaceChildren(...(findings.count === 0 ? [make("p", {}, "No secrets were found.")] : parts));
    this.#filter();
    window.addEventListener("beforeprint", () => this.#draw(PRINTED));
    window.addEventListener("afterprint", () => this.#draw());
  }

  onlySecret(secret: number): void {
    this.#controls.onlySecret(secret);
    byId("findings").scrollIntoView();
    byId("findings").focus({ preventScroll: true });
  }

  #filter(): void {
    const { query, grouped } = this.#controls;
    const rows = matching(this.#findings, query, this.#order);
    this.#shown = grouped ? this.#grouped(rows) : rows.map((row) => [row]);
    this.#open = new Set();
    this.#page = 0;
    const all = number(this.#findings.count);
    this.#status.textContent = grouped
      ? `${number(this.#shown.length)} of ${counted(this.#findings.bySecret.length, "secret")}, in ${number(rows.length)} of ${counted(this.#findings.count, "place")}`
      : `${number(rows.length)} of ${all} findings`;
    const one = query.secret === null ? undefined : this.#findings.bySecret[query.secret]?.[0];
    if (one !== undefined) this.#status.append(`: one secret, ${this.#findings.text("name", one)}`);
    this.#controls.clear.hidden = rows.length === this.#findings.count;
    this.#draw();
  }

  #grouped(rows: readonly number[]): readonly (readonly number[])[] {
    const bySecret = new Map<number, number[]>();
    for (const row of rows) {
      const secret = this.#findings.secret(row);
      const group = bySecret.get(secret);
      if (group) group.push(row);
      else bySecret.set(secret, [row]);
    }
    return [...bySecret.values()];
  }

  #sortBy(sort: Sort): void {
    this.#down = this.#sort === sort && !this.#down;
    this.#sort = sort;
    this.#order = ordered(this.#findings, sort, this.#down);
    this.#filter();
  }

  #turn(page: number): void {
    this.#page = page;
    this.#draw();
    this.#table.scrollIntoView();
  }

  /** Fills the table; on paper with as many rows as allowed, since nobody can turn the page there. */
  #draw(atOnce = PAGE): void {
    const printing = atOnce !== PAGE;
    const first = printing ? 0 : this.#page * PAGE;
    const shown = this.#shown.slice(first, first + atOnce);
    this.#printed.textContent =
      this.#shown.length > atOnce
        ? `The first ${number(atOnce)} of ${number(this.#shown.length)}: filter the page before printing it to get the others.`
        : "";
    this.#head.show(this.#sort, this.#down);
    this.#body.replaceChildren(...shown.flatMap((rows) => this.#rows(rows)));
    this.#none.hidden = this.#shown.length > 0;
    this.#table.hidden = this.#shown.length === 0;
    this.#pager.show(this.#page, Math.ceil(this.#shown.length / PAGE));
  }

  #rows(rows: readonly number[]): HTMLTableRowElement[] {
    const key = rows[0] ?? 0;
    const id = `detail-${key}`;
    const open = this.#open.has(key);
    const row = tableRow(this.#findings, rows, open, id, () => this.#toggle(key, rows, row));
    return open ? [row, detailRow(id, this.#details(rows))] : [row];
  }

  /** In place, so that the keyboard focus stays on the button. */
  #toggle(key: number, rows: readonly number[], row: HTMLTableRowElement): void {
    const open = !this.#open.delete(key);
    if (open) this.#open.add(key);
    row.classList.toggle("opened", open);
    row.querySelector(".open")?.setAttribute("aria-expanded", open ? "true" : "false");
    if (open) row.after(detailRow(`detail-${key}`, this.#details(rows)));
    else row.nextElementSibling?.remove();
  }

  #details(rows: readonly number[]): HTMLElement {
    return details(this.#findings, rows, (secret) => this.onlySecret(secret));
  }
}

/** Previous, next, and the current page. */
class Pager {
  readonly element: HTMLElement;
  readonly #earlier: HTMLButtonElement;
  readonly #later: HTMLButtonElement;
  readonly #where: HTMLElement = make("p", { "aria-live": "polite" });
  #page = 0;

  constructor(turn: (page: number) => void) {
    this.#earlier = button("Previous", {}, () => turn(this.#page - 1));
    this.#later = button("Next", {}, () => turn(this.#page + 1));
    this.element = make("nav", { class: "pager", "aria-label": "Pages of findings" });
    this.element.append(this.#earlier, this.#where, this.#later);
  }

  show(page: number, pages: number): void {
    this.#page = page;
    this.element.hidden = pages < 2;
    this.#where.textContent = `Page ${number(page + 1)} of ${number(pages)}`;
    // A disabled button would lose the keyboard focus.
    for (const [one, off] of [
      [this.#earlier, page === 0],
      [this.#later, page >= pages - 1],
    ] as const) {
      if (off && document.activeElement === one) (one === this.#later ? this.#earlier : this.#later).focus();
      one.disabled = off;
    }
  }
}
