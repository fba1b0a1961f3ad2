import { HIDDEN_NAME } from "../../model/candidate.ts";
import type { Evidence } from "../evidence.ts";
import { shownName } from "../names/in-name.ts";
import { readName } from "../names/names.ts";
import { BESIDE_USER, OF_PROGRAM, type TakenBy } from "./flags.ts";
import type { FlagKind } from "./program.ts";

/**
 * The finding with its program and flag: as the masked command shows them, and as `why` names them. `program` is a name
 * from the table of programs, or null. A flag that the table does not list is shown only if its name says secret.
 */
export function onCommandLine(
  found: Evidence,
  program: string | null,
  name: string,
  step: string,
  by: TakenBy | undefined,
): Evidence {
  const before = by === undefined ? (step === "assignment" ? shownSetting("", name) : "") : shownBefore(by, name, step);
  const [, ...rest] = found.via ?? [];
  return { ...found, via: [stepText(program, name, step, by, before), ...rest], command: { program, before } };
}

/** The words up to the value; empty if they may hold more than a name. */
function shownBefore({ before, kind }: TakenBy, name: string, step: string): string {
  // A flag or word of the program's table, or one of those that mean the same everywhere.
  if (kind !== null && (step === OF_PROGRAM || step === "header" || step === "cookie")) return before;
  if (step === BESIDE_USER) return before;
  return before.endsWith(`${name}=`) ? shownSetting(before.slice(0, -name.length - 1), name) : shownSetting(before, "");
}

function shownSetting(start: string, name: string): string {
  const words = `${start}${name}`;
  const last = (name === "" ? start : name).replace(/^-{1,2}|^\/|[\s:=]$/g, "");
  if (!/^[\w.: =/-]{1,80}$/.test(words) || readName(last).family === null) return "";
  return shownName(words.replace(/[\s:=]/g, "-")) === HIDDEN_NAME ? "" : name === "" ? start : `${words}=`;
}

const WHAT: { readonly [kind in FlagKind]?: string } = {
  token: "token",
  key: "key",
  community: "SNMP community",
  file: "password of the certificate",
  header: "header",
  cookie: "cookie",
};

function stepText(program: string | null, name: string, step: string, by: TakenBy | undefined, before: string): string {
  if (step === OF_PROGRAM && by?.kind !== undefined && by.kind !== null) {
    const what = WHAT[by.kind] ?? (by.kind === "assign" ? "value" : "password");
    if (program !== null) return `the ${what} that ${program} takes`;
    return before === "" ? `a ${what} on the command line` : `the ${what} behind ${before.trim()}`;
  }
  if (step === "assignment") return before === "" ? "assignment" : `the value of ${name}`;
  if (step === "flag" || step === "option") {
    const said = before.replace(/[\s:=]$/, "");
    return said === "" ? "a value on the command line" : `the value of ${said}`;
  }
  return step === BESIDE_USER ? `the value of ${before.trim()}, next to a user name` : (PLACES[step] ?? step);
}

/** What the steps of `by-position.ts` are to a reader. */
const PLACES: { readonly [step: string]: string } = {
  "by its place": "the argument that this command expects to be confidential",
  "behind its name": "the word after the name that says what it is",
};
