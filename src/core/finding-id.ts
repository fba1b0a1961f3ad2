import { createHash } from "node:crypto";
import { keyedDigest, type Fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import type { Location } from "../model/location.ts";

/** Returns a finding's id: see `findingIds`. */
export type IdOf = (print: Fingerprint, name: string, location: Location) => string;

/**
 * The ids of one scan's findings, 12 hex digits. Call it in the order of the findings in their subject. The same secret
 * in the same place has the same id in every scan, even if its surroundings change (lines above it, other variables, an
 * image's layers). Repeated findings with the same name and secret in one place get different ids.
 */
export function findingIds(key: FingerprintKey): IdOf {
  const before = new Map<string, number>();
  return (print, name, { host, subject, subjectName, where, path }) => {
    const called = subject === "file" ? bare(subjectName) : subjectName;
    // Added only for fleet hosts, so that ids on a single machine do not change.
    const place = [...(host === undefined ? [] : [host]), subject, called, where, name, bare(path)].join("\0");
    const digest = keyedDigest(`${print}\0${place}`, key);
    const nth = before.get(digest) ?? 0;
    before.set(digest, nth + 1);
    return (nth === 0 ? digest : keyedDigest(`${digest}\0${nth}`, key)).slice(0, 12);
  };
}

/**
 * Identifies a place regardless of its secret: stands for a finding's id in a scrubbed run. Contains no value, so it
 * needs no key.
 */
export function placeId(name: string, { host, subject, subjectName, where, path }: Location): string {
  const called = subject === "file" ? bare(subjectName) : subjectName;
  const place = [...(host === undefined ? [] : [host]), subject, called, where, name, bare(path)].join("\0");
  return `place:${createHash("sha256").update(place).digest("hex").slice(0, 16)}`;
}

/** Removes the parts of a path that may change while the secret stays: index, line number, layers. */
const bare = (path: string): string => path.replace(LAYERS, "").replace(NUMBERS, "");

const LAYERS = /, (?:writable layer|layer \d{1,6} of \d{1,6}(?:, (?:deleted|replaced) in layer \d{1,6})?)$/;
const NUMBERS = /\[\d{1,9}\]$|:\d{1,9}(?= |$)|(?<=^| )line \d{1,9}(?= |$)/g;
