import { placeLine } from "./details.ts";
import { button, byId, counted, drawn, listed, make, named, number } from "./dom.ts";
import type { Findings } from "./findings.ts";
import { inOrder, LEVELS } from "./data.ts";

const AT_ONCE = 6;
const NODES = 8;
const [WIDTH, LEFT, NODE, LINE] = [560, 200, 290, 40];

/** Each secret that is in several places, the most copied first: as a graph and as a list. */
export function showCopies(findings: Findings, onlySecret: (secret: number) => void): void {
  const severity = inOrder(LEVELS);
  const worst = (rows: readonly number[]): string => findings.text("severity", rows[0] ?? 0);
  const groups = findings.bySecret
    .filter((rows) => rows.length > 1)
    .sort((a, b) => b.length - a.length || severity(worst(a), worst(b)));
  if (groups.length === 0) return;
  const section = byId("copies");
  const shelf = make("div", { class: "copies" });
  const rest = button("", {}, () => {
    const at = shelf.children.length;
    add();
    shelf.children[at]?.querySelector("button")?.focus();
  });
  const add = (): void => {
    const from = shelf.children.length;
    shelf.append(...groups.slice(from, from + AT_ONCE).map((rows) => copies(findings, rows, onlySecret)));
    const left = groups.length - shelf.children.length;
    rest.textContent = `Show ${Math.min(AT_ONCE, left)} more of ${number(left)}`;
    rest.hidden = left <= 0;
  };
  section.append(make("p", {}, `${counted(groups.length, "secret")} with more than one copy, the most copied first.`));
  section.append(shelf, make("p", { class: "actions" }, rest));
  add();
  section.hidden = false;
}

function copies(findings: Findings, rows: readonly number[], onlySecret: (secret: number) => void): HTMLElement {
  const row = rows[0] ?? 0;
  const name = findings.text("name", row);
  const title = make("h3", {}, named(name), `: ${counted(rows.length, "place")}`);
  const show = button("In the list", { class: "link", "aria-label": `Show ${name} in the list of findings` }, () =>
    onlySecret(findings.secret(row)),
  );
  const places = rows.map((one) => () => placeLine(findings, one));
  const list = make("details", {}, make("summary", {}, `As a list: ${counted(rows.length, "place")}`));
  // Made when it is opened: most are not.
  list.addEventListener("toggle", () => list.append(listed(places, 50, "places")), { once: true });
  return make(
    "article",
    {},
    make("header", {}, title, show),
    make("div", { class: "scroll" }, graph(findings, rows)),
    list,
  );
}

type GraphNode = { readonly name: string; readonly told: string };

/** The secret on the left, its subjects on the right, a line between them for each. */
function graph(findings: Findings, rows: readonly number[]): SVGElement {
  const nodes = nodesOf(findings, rows);
  // One more node is drawn instead of "and 1 more".
  const cut = nodes.length > NODES + 1 ? nodes.slice(0, NODES) : nodes;
  const left = nodes.length - cut.length;
  const height = (cut.length + (left > 0 ? 1 : 0)) * LINE;
  const name = findings.text("name", rows[0] ?? 0);
  const names = cut.map((node) => node.name).join(", ");
  const svg = drawn("svg", {
    class: "graph",
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: "img",
    "aria-label": `${name} is in ${names}${left > 0 ? ` and ${number(left)} more` : ""}`,
  });
  const middle = height / 2;
  const edge = (at: number): SVGElement => {
    const y = at * LINE + LINE / 2;
    const bend = (LEFT + NODE) / 2;
    return drawn("path", { d: `M${LEFT} ${middle}C${bend} ${middle} ${bend} ${y} ${NODE} ${y}` });
  };
  for (const [at, node] of cut.entries()) svg.append(edge(at), ...place(node, at));
  if (left > 0) {
    const y = cut.length * LINE + LINE / 2 + 5;
    svg.append(edge(cut.length), drawn("text", { class: "more", x: NODE + 10, y }, `and ${number(left)} more`));
  }
  const row = rows[0] ?? 0;
  const box = drawn("rect", { x: 1, y: middle - 18, width: LEFT - 1, height: 36, rx: 6 });
  const text = drawn("text", { x: 12, y: middle + 5 }, short(name, 22));
  svg.append(drawn("g", { class: `secret ${findings.text("severity", row)}` }, box, text));
  return svg;
}

function place({ name, told }: GraphNode, at: number): SVGElement[] {
  const top = at * LINE;
  return [
    drawn("rect", { x: NODE, y: top + 3, width: WIDTH - NODE - 1, height: LINE - 6, rx: 6 }),
    // Two texts, so that the text direction of one does not change the other.
    drawn("text", { x: NODE + 10, y: top + 18 }, short(name, 34)),
    drawn("text", { class: "path", x: NODE + 10, y: top + 32, "font-size": 11 }, short(told, 40)),
  ];
}

/** The subjects with the secret: each once, however often it occurs there. */
function nodesOf(findings: Findings, rows: readonly number[]): readonly GraphNode[] {
  const bySubject = new Map<number, number[]>();
  for (const row of rows) {
    const subject = findings.subjectNumber(row);
    const of = bySubject.get(subject);
    if (of) of.push(row);
    else bySubject.set(subject, [row]);
  }
  return [...bySubject.values()].map((of) => {
    const { name, kind } = findings.subject(of[0] ?? 0);
    const where = of.length > 1 ? counted(of.length, "place") : findings.text("path", of[0] ?? 0);
    return { name, told: `${kind}, ${where}` };
  });
}

function short(text: string, limit: number): string {
  const letters = Array.from(text);
  return letters.length > limit ? `${letters.slice(0, limit - 1).join("")}…` : text;
}
