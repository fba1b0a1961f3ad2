import { button, counted, listed, make, named, number } from "./dom.ts";
import type { Findings } from "./findings.ts";

const PLACES = 20;

/** All details of a finding; for a secret (`rows` are its matching places) its places too. */
export function details(
  findings: Findings,
  rows: readonly number[],
  onlySecret: (secret: number) => void,
): HTMLElement {
  const row = Math.min(...rows);
  const list = make("dl");
  const tell = (term: string, ...said: (Node | string)[]): void => {
    list.append(make("dt", {}, term), make("dd", {}, ...said));
  };
  const texts = (all: readonly string[]): HTMLElement => make("ul", {}, ...all.map((one) => make("li", {}, one)));
  tell("why", texts(findings.list("why", row)));
  const unless = findings.text("unless", row);
  if (unless !== "") tell("not a secret if", unless);
  tell("the secret part", named(findings.text("part", row)));
  tell("shown as", make("code", {}, findings.text("masked", row)), `, ${counted(findings.length(row), "byte")} in all`);
  if (rows.length === 1) place(findings, row, tell);
  const exposure = findings.list("exposure", row);
  tell("who can see it", exposure.length > 0 ? texts(exposure) : "not known to be anyone else");
  const [liveness, ignored] = [findings.text("liveness", row), findings.text("ignored", row)];
  const since = findings.text("since", row);
  if (since !== "") tell("first seen", since);
  const moved = findings.text("moved", row);
  if (moved !== "") tell("by unsprawl", moved);
  if (liveness !== "") tell("still valid", liveness);
  if (ignored !== "") tell("ignored by", ignored);
  const rotation = findings.rotation(row);
  if (rotation !== null) tell("to rotate it", rotation.text, ...pageLink(rotation.page));
  tell("rule", make("code", {}, findings.text("rule", row)));
  tell("fingerprint", make("code", {}, findings.print(row)));
  if (rows.length > 1) {
    const places = rows.map((one) => () => placeLine(findings, one));
    tell(counted(rows.length, "place"), listed(places, PLACES, "places"));
  }
  const copies = findings.copies(row).length;
  const cell = make("div", {}, list);
  if (rows.length < copies)
    cell.append(button(`Show all ${number(copies)} places of this secret`, {}, () => onlySecret(findings.secret(row))));
  return cell;
}

/** The pages are unsprawl's; nothing but such an address becomes a link. */
function pageLink(page: string): (Node | string)[] {
  return page.startsWith("https://") ? [" ", make("a", { href: page, rel: "noreferrer" }, page)] : [];
}

function place(findings: Findings, row: number, tell: (term: string, ...said: (Node | string)[]) => void): void {
  const { source, kind, name, id, host } = findings.subject(row);
  tell(
    "place",
    `${kind} `,
    named(name),
    ", ",
    make("code", {}, named(findings.text("path", row))),
    origin(findings, row),
  );
  tell("where", findings.text("where", row));
  if (id !== name) tell("full id", make("code", {}, id));
  tell("read from", make("code", {}, source), host === "" ? "" : ` on ${host}`);
  tell("id of this finding", make("code", {}, findings.text("id", row)));
}

/** One place of a secret, in a line. */
export function placeLine(findings: Findings, row: number): HTMLElement {
  const { kind, name } = findings.subject(row);
  const state = findings.text("state", row);
  return make(
    "span",
    {},
    `${kind} `,
    make("b", {}, named(name)),
    " ",
    make("code", {}, named(findings.text("path", row))),
    origin(findings, row),
    state === "new" ? "" : `, ${state}`,
  );
}

function origin(findings: Findings, row: number): string {
  const text = findings.text("origin", row);
  return text === "" ? "" : `, ${text}`;
}
