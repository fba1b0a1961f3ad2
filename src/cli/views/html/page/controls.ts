import { GLYPHS, inOrder, LEVELS, STATES } from "./data.ts";
import { button, byId, make, number } from "./dom.ts";
import type { Findings } from "./findings.ts";
import { everything, FACETS, type PageFacet, type PageQuery } from "./query.ts";

/** The filter: search, levels, rule, source, grouping. Calls `changed` with each change, and never reloads anything. */
export class Controls {
  readonly element: HTMLFormElement;
  readonly search: HTMLInputElement;
  readonly #boxes: HTMLInputElement[] = [];
  readonly #rule: HTMLSelectElement;
  readonly #source: HTMLSelectElement;
  readonly #host: HTMLSelectElement;
  readonly #group: HTMLInputElement;
  #secret: number | null = null;
  readonly #changed: () => void;
  /** Resets every part of the filter. */
  readonly clear: HTMLButtonElement = button("Show all findings", {}, () => {
    this.#reset();
    this.#changed();
    this.search.focus();
  });

  constructor(findings: Findings, changed: () => void) {
    this.#changed = changed;
    this.search = make("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false" });
    this.search.setAttribute("aria-keyshortcuts", "/");
    const rows = Array.from({ length: findings.count }, (_, row) => row);
    const tally = (text: (row: number) => string): Map<string, number> => {
      const counts = new Map<string, number>();
      for (const row of rows) counts.set(text(row), (counts.get(text(row)) ?? 0) + 1);
      return counts;
    };
    this.#rule = choice(
      "rule",
      tally((row) => findings.text("rule", row)),
    );
    this.#source = choice(
      "source",
      tally((row) => findings.subject(row).source),
    );
    this.#host = choice(
      "host",
      tally((row) => findings.subject(row).host),
    );
    this.#group = make("input", { type: "checkbox", id: "group", checked: true });
    const title = make("span", {}, "Search names, places, rules, reasons ", make("kbd", {}, "/"));
    this.element = make("form", { class: "filter", role: "search", "aria-label": "Filter the findings" });
    this.element.append(make("label", { class: "field search" }, title, this.search));
    for (const facet of FACETS) {
      const field = this.#facet(
        facet,
        tally((row) => findings.text(facet, row)),
      );
      if (field !== null) this.element.append(field);
    }
    for (const [word, select] of [
      ["Rule", this.#rule],
      ["Source", this.#source],
      ["Host", this.#host],
    ] as const)
      if (select.options.length > 2) this.element.append(make("label", { class: "field" }, word, select));
    this.element.append(make("label", { class: "chip" }, this.#group, "Group by secret"));
    this.element.addEventListener("input", changed);
    this.element.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => this.#slash(event));
    for (const link of document.querySelectorAll<HTMLElement>("[data-facet]"))
      link.addEventListener("click", () => this.#only(link.dataset["facet"] ?? "", link.dataset["value"] ?? ""));
  }

  get query(): PageQuery {
    const query = everything();
    query.words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    query.rule = this.#rule.value;
    query.source = this.#source.value;
    query.host = this.#host.value;
    query.secret = this.#secret;
    for (const box of this.#boxes) if (box.checked) query.chosen[box.name as PageFacet].add(box.value);
    return query;
  }

  get grouped(): boolean {
    return this.#group.checked;
  }

  /** Excludes everything but one secret. */
  onlySecret(secret: number): void {
    this.#reset();
    this.#secret = secret;
    this.#group.checked = false;
    this.#changed();
  }

  #reset(): void {
    this.search.value = "";
    for (const box of this.#boxes) box.checked = false;
    this.#rule.value = "";
    this.#source.value = "";
    this.#host.value = "";
    this.#secret = null;
  }

  /** What all findings have in common has no checkbox. */
  #only(facet: string, value: string): void {
    this.#reset();
    for (const box of this.#boxes) box.checked = box.name === facet && box.value === value;
    this.#changed();
  }

  /** Null if all findings have the same. */
  #facet(facet: PageFacet, counts: ReadonlyMap<string, number>): HTMLElement | null {
    if (counts.size < 2) return null;
    const order = inOrder(facet === "state" ? STATES : LEVELS);
    const chips = [...counts]
      .sort(([a], [b]) => order(a, b))
      .map(([word, count]) => {
        const box = make("input", { type: "checkbox", name: facet, value: word });
        this.#boxes.push(box);
        const glyph =
          facet === "severity" ? [make("i", { class: word, "aria-hidden": "true" }, GLYPHS[word] ?? "")] : [];
        return make("label", { class: "chip" }, box, ...glyph, word, make("span", { class: "count" }, number(count)));
      });
    const title = `${facet.slice(0, 1).toUpperCase()}${facet.slice(1)}`;
    return make("fieldset", {}, make("legend", {}, title), make("div", { class: "chips" }, ...chips));
  }

  #slash(event: KeyboardEvent): void {
    const { target } = event;
    const typing =
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && target.type === "search");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    byId("findings").scrollIntoView();
    this.search.focus();
  }
}

function choice(id: string, counts: ReadonlyMap<string, number>): HTMLSelectElement {
  const options = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([value, count]) => {
      const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
      return make("option", { value }, `${shown} (${number(count)})`);
    });
  return make("select", { id }, make("option", { value: "" }, "all"), ...options);
}
