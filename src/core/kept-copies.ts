import type { Finding } from "../model/finding.ts";

/**
 * Splits off findings in old copies, which runs of this installation keep for rollback. `isOwnCopy` recognises one by
 * its subject's name. Such a copy still has the values, as it must; it is counted, and is no finding.
 */
export function withoutKept(
  findings: readonly Finding[],
  isOwnCopy: (subjectName: string) => boolean = () => false,
): { readonly findings: readonly Finding[]; readonly copies: number } {
  const isKept = ({ state, location }: Finding): boolean => state === "migrated" && isOwnCopy(location.subjectName);
  const kept = findings.filter(isKept);
  return {
    findings: kept.length === 0 ? findings : findings.filter((one) => !isKept(one)),
    copies: new Set(kept.map(({ location: { subject, subjectName } }) => `${subject}\0${subjectName}`)).size,
  };
}

/** `2 old copies kept for rollback`; empty if there are none. */
export function keptText(copies: number): string {
  if (copies === 0) return "";
  return `${copies} old ${copies === 1 ? "copy" : "copies"} kept for rollback`;
}
