import { button, byId, listed, make, named, number } from "./dom.ts";
import type { Findings } from "./findings.ts";

const ROWS = 20;
const NAMES = 12;
const UNKNOWN = "not known: nothing that was scanned shows who else can see these";

type ExposureRow = {
  readonly head: string;
  readonly names: ReadonlySet<string>;
  readonly secrets: ReadonlySet<number>;
};

/** Who can see what, and the reverse: what is seen by whom. Empty if nobody else is known at all. */
export function showExposure(findings: Findings): void {
  const byWho = new Table();
  const byWhat = new Table();
  let known = false;
  for (let row = 0; row < findings.count; row++) {
    const { kind, name, host } = findings.subject(row);
    // The socket of one host is not that of another.
    const who = findings.list("exposure", row).map((one) => (host === "" ? one : `${host}: ${one}`));
    known ||= who.length > 0;
    for (const one of who.length > 0 ? who : [UNKNOWN]) {
      byWho.add(one, `${kind} ${name}`, findings.secret(row));
      byWhat.add(`${kind} ${name}`, one, findings.secret(row));
    }
  }
  if (!known) return;
  const place = make("div", { class: "scroll" });
  const ways = [
    { word: "who can see what", head: "who", list: "sees", rows: byWho.rows },
    { word: "what is seen by whom", head: "what", list: "is seen by", rows: byWhat.rows },
  ] as const;
  const choices = ways.map((way, at) => {
    const radio = make("input", { type: "radio", name: "turn", checked: at === 0 });
    radio.addEventListener("change", () => place.replaceChildren(...table(way.word, way.head, way.list, way.rows)));
    return make("label", { class: "chip" }, radio, way.word);
  });
  place.replaceChildren(...table(ways[0].word, ways[0].head, ways[0].list, ways[0].rows));
  const legend = make("legend", {}, "Read the table as");
  const turn = make("fieldset", { class: "turn" }, legend, make("div", { class: "chips" }, ...choices));
  const section = byId("exposure");
  section.append(turn, place);
  section.hidden = false;
}

class Table {
  readonly #rows = new Map<string, { head: string; names: Set<string>; secrets: Set<number> }>();

  add(head: string, name: string, secret: number): void {
    let row = this.#rows.get(head);
    if (row === undefined) this.#rows.set(head, (row = { head, names: new Set(), secrets: new Set() }));
    row.names.add(name);
    row.secrets.add(secret);
  }

  /** Those with the most entries come first. */
  get rows(): readonly ExposureRow[] {
    return [...this.#rows.values()].sort((a, b) => b.secrets.size - a.secrets.size || b.names.size - a.names.size);
  }
}

function table(word: string, head: string, list: string, rows: readonly ExposureRow[]): Node[] {
  const body = make("tbody");
  const titles = [
    make("th", { scope: "col" }, head),
    make("th", { scope: "col", class: "number" }, "secrets"),
    make("th", { scope: "col" }, list),
  ];
  const rest = button("", {}, () => {
    const at = body.rows.length;
    add();
    const next = body.rows[at];
    if (next) {
      next.tabIndex = -1;
      next.focus();
    }
  });
  const add = (): void => {
    body.append(...rows.slice(body.rows.length, body.rows.length + ROWS).map(tableRow));
    const left = rows.length - body.rows.length;
    rest.textContent = `and ${number(left)} more`;
    rest.hidden = left <= 0;
  };
  add();
  const made = make(
    "table",
    { class: "who" },
    make("caption", {}, word),
    make("thead", {}, make("tr", {}, ...titles)),
    body,
  );
  return [made, rest];
}

function tableRow({ head, names, secrets }: ExposureRow): HTMLTableRowElement {
  const items = [...names].map((name) => () => named(name));
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, named(head)),
    make("td", { class: "number" }, number(secrets.size)),
    make("td", {}, listed(items, NAMES, "")),
  );
}
