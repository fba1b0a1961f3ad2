import { DEFAULT_SOURCES, SOURCES } from "../assembly/plug-ins.ts";
import { nearestWord } from "../kit/text/nearest.ts";
import type { ScanTarget } from "./state.ts";

/** What is scanned when nothing is named. */
export const HERE: ScanTarget = { sources: DEFAULT_SOURCES, hosts: null };

/** What the words name, as `compose:FILE image:REF` or `docker: --hosts web1 web2`; a text says what is wrong with them. */
export function parseTarget(words: readonly string[]): ScanTarget | string {
  const sources: string[] = [];
  let hosts: string[] | null = null;
  for (const word of words) {
    const named = /^--hosts(?:=(.*))?$/.exec(word);
    if (named) hosts = [...(hosts ?? []), ...(named[1] ?? "").split(",").filter(Boolean)];
    else if (word.includes(":")) sources.push(word);
    else if (hosts !== null && !word.startsWith("-")) hosts.push(word);
    else return `not a source: ${word}; for a container: docker:${word}`;
  }
  const wrong = sources.find((one) => !KINDS.includes(kindOf(one)));
  if (wrong !== undefined) {
    const near = nearestWord(kindOf(wrong), KINDS);
    const known = `known sources: ${KINDS.map((kind) => `${kind}:`).join(" ")}`;
    return `not a source: ${wrong}; ${near === null ? known : `did you mean ${near}:?`}`;
  }
  return { sources: sources.length > 0 ? sources : DEFAULT_SOURCES, hosts };
}

/** The target as it is typed: what has spaces is in quotes. */
export function targetText({ sources, hosts }: ScanTarget): string {
  const quoted = sources.map((one) => (!/[\s'"]/.test(one) ? one : one.includes('"') ? `'${one}'` : `"${one}"`));
  return [...quoted, ...(hosts === null ? [] : ["--hosts", ...hosts])].join(" ");
}

/** The words of a target as it is typed, without their quotes. */
export function targetWords(text: string): readonly string[] {
  return [...text.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"),
  );
}

/** The sources whose kind begins as the last word does, with what each reads. */
export function offeredSources(text: string): readonly string[] {
  const word = text.split(/\s+/).at(-1) ?? "";
  const left = SOURCES.filter(({ kind }) => kind.startsWith(kindOf(word)));
  return (left.length > 0 ? left : SOURCES).map(({ usage, summary }) => `${usage}  ${summary}`);
}

const KINDS = SOURCES.map(({ kind }) => kind);

const kindOf = (source: string): string => (source.includes(":") ? source.slice(0, source.indexOf(":")) : source);
