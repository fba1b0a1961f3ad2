import { createHash } from "node:crypto";
import { keyedDigest, type Fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import { earlierLastingText } from "../model/earlier-place.ts";
import type { Location } from "../model/location.ts";
import { lastingText } from "../model/place.ts";

/** Returns a finding's id: see `findingIds`. */
export type IdOf = (print: Fingerprint, name: string, location: Location) => string;

/**
 * The ids of one scan's findings, 12 hex digits. Call it in the order of the findings in their subject. The same secret
 * in the same place has the same id in every scan, even if its surroundings change (lines above it, other variables, an
 * image's layers). Repeated findings with the same name and secret in one place get different ids.
 */
export function findingIds(key: FingerprintKey): IdOf {
  const before = new Map<string, number>();
  return (print, name, location) => {
    const digest = keyedDigest(`${print}\0${lastingPlace(name, location)}`, key);
    const nth = before.get(digest) ?? 0;
    before.set(digest, nth + 1);
    return (nth === 0 ? digest : keyedDigest(`${digest}\0${nth}`, key)).slice(0, 12);
  };
}

/**
 * Identifies a place regardless of its secret: stands for a finding's id in a scrubbed run. Contains no value, so it
 * needs no key.
 */
export function placeId(name: string, location: Location): string {
  return `place:${createHash("sha256").update(lastingPlace(name, location)).digest("hex").slice(0, 16)}`;
}

function lastingPlace(name: string, location: Location): string {
  const { host, subject, subjectName, lastingName = subjectName, where, place, path } = location;
  const lasting =
    place === undefined
      ? [
          subject,
          subject === "file" ? earlierLastingText(subjectName) : subjectName,
          where,
          name,
          earlierLastingText(path),
        ]
      : [subject, lastingName, where, name, lastingText(place)];
  // The host is added only for a fleet, so that ids on a single machine do not change.
  return [...(host === undefined ? [] : [host]), ...lasting].join("\0");
}
