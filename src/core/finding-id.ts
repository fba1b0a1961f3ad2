import { createHash } from "node:crypto";
import { keyedDigest, type Fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import type { Location } from "../model/location.ts";

/** Gives a finding's id: see `findingIds`. */
export type IdOf = (print: Fingerprint, name: string, location: Location) => string;

/**
 * The ids of one scan's findings, asked in the order in which they stand in their subject: the same for the same secret
 * in the same place, whatever moves around it (lines above it, other variables, an image's layers). The second of the
 * same name and secret in one place has another id than the first. 12 hex digits.
 */
export function findingIds(key: FingerprintKey): IdOf {
  const before = new Map<string, number>();
  return (print, name, { host, subject, subjectName, where, path }) => {
    const called = subject === "file" ? bare(subjectName) : subjectName;
    // Without a host nothing is added: the ids of one machine alone are what they always were.
    const place = [...(host === undefined ? [] : [host]), subject, called, where, name, bare(path)].join("\0");
    const digest = keyedDigest(`${print}\0${place}`, key);
    const nth = before.get(digest) ?? 0;
    before.set(digest, nth + 1);
    return (nth === 0 ? digest : keyedDigest(`${digest}\0${nth}`, key)).slice(0, 12);
  };
}

/**
 * A place by itself, whatever secret is in it: what a scrubbed run remembers in place of a finding's id. No value is in
 * it, so it needs no key.
 */
export function placeId(name: string, { host, subject, subjectName, where, path }: Location): string {
  const called = subject === "file" ? bare(subjectName) : subjectName;
  const place = [...(host === undefined ? [] : [host]), subject, called, where, name, bare(path)].join("\0");
  return `place:${createHash("sha256").update(place).digest("hex").slice(0, 16)}`;
}

/** What changes of a place while the secret stays: a variable's number, a line's, an image's layers. */
const bare = (path: string): string => path.replace(LAYERS, "").replace(NUMBERS, "");

const LAYERS = /, (?:writable layer|layer \d{1,6} of \d{1,6}(?:, (?:deleted|replaced) in layer \d{1,6})?)$/;
const NUMBERS = /\[\d{1,9}\]$|:\d{1,9}(?= |$)|(?<=^| )line \d{1,9}(?= |$)/g;
