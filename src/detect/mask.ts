import type { ClassifyInput } from "../contract/detector.ts";
import { isEvidence, standsInName, type Evidence, type EvidenceOutcome } from "./evidence.ts";
import { shownWords } from "./names/in-name.ts";
import { ruleById } from "./rules/index.ts";
import { urlAt } from "./structure/url.ts";

const DOTS = "••••••••";
const SHORT_DOTS = "••••";

/**
 * The value as it may be shown: a vendor's public prefix and dots, a URL with dots for its password, a command's program
 * and flag with dots for the value (`redis-server --requirepass ••••`), or dots alone.
 * The dots are as many whatever the length.
 */
export function mask(question: ClassifyInput, outcome: EvidenceOutcome): string {
  const text = question.value.expose().toString("utf8", 0, 8192).trim();
  if (!isEvidence(outcome) || standsInName(outcome)) return DOTS;
  if (outcome.rule === "url-password") return maskedUrl(text) ?? DOTS;
  const inside = (outcome.via ?? []).length > 0;
  // The secret's own prefix: encoded text may begin like another one.
  const shown = inside ? outcome.part : text;
  const prefix = ruleById(outcome.rule)?.prefixes.find(
    (start) => shown.startsWith(start) && outcome.part.startsWith(start) && shown.length >= start.length * 2,
  );
  return maskedCommand(outcome, prefix) ?? (prefix === undefined ? DOTS : prefix + DOTS);
}

/** `redis-server --requirepass ••••`; null if nothing before the value may be shown. */
function maskedCommand({ command, part }: Evidence, prefix = ""): string | null {
  if (command === undefined || command.before === "") return null;
  const before = command.program === null ? command.before : `${command.program} ${command.before}`;
  const bare = before.toLowerCase();
  if (pieces(part.slice(prefix.length).toLowerCase()).some((piece) => bare.includes(piece))) return null;
  return `${before}${prefix}${SHORT_DOTS}`;
}

/** `postgres://api:••••@db:5432/api`; null when anything but the password may be a secret, or repeats it. */
function maskedUrl(text: string): string | null {
  const at = text.indexOf("://");
  if (at < 1 || at > 31) return null;
  const url = urlAt(text, at);
  if (url === null || url.password === null || url.password === "" || url.end !== text.length) return null;
  if (url.scheme !== text.slice(0, at) || !/^[a-z][a-z0-9+]{1,20}$/.test(url.scheme)) return null;
  if (!/^[a-z][a-z_.-]{0,23}\d{0,3}$/i.test(url.user) || !/^[a-z0-9][a-z0-9.-]{0,80}(?::\d{1,5})?$/i.test(url.host))
    return null;
  const path = /^\/[a-z][a-z_-]{0,23}$/i.exec(url.rest.split("?", 1)[0] ?? "")?.[0] ?? "";
  // Tokens stand as users, hosts and paths too.
  const shown = `${url.scheme}://${shownWords(url.user)}:${SHORT_DOTS}@${shownHost(url.host)}${shownWords(path)}`;
  const bare = shown.toLowerCase();
  // A password that occurs elsewhere in the URL (`postgres:postgres@`) would be revealed by showing the rest.
  return pieces(url.password.toLowerCase()).some((piece) => bare.includes(piece)) ? null : shown;
}

/** The host, with its port. */
function shownHost(host: string): string {
  const [name = "", port] = host.split(":", 2);
  return port === undefined ? shownWords(name) : `${shownWords(name)}:${port}`;
}

/** The password and, when it is longer, each of its runs of five characters. */
function pieces(password: string): string[] {
  if (password.length <= 5) return [password];
  return Array.from({ length: Math.min(200, password.length - 4) }, (_, at) => password.slice(at, at + 5));
}
