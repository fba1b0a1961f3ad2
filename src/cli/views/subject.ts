import type { Location } from "../../model/location.ts";

/** The subject of a value, as people read it: `web1: api` on a host of the fleet. */
export function subjectIn({ host, subjectName }: Location): string {
  return host === undefined ? subjectName : `${host}: ${subjectName}`;
}

/** What a source could not read, with its host. */
export function unreadIn(
  { source, host }: { readonly source: string; readonly host?: string },
  subject: string,
): string {
  const where = host === undefined ? source : `${host}: ${source}`;
  return subject === host || subject === source ? where : `${where} ${subject}`;
}
