/** What is typed for a run: the end of its id, which distinguishes it from others of the day. */
export function shortName(id: string): string {
  return id.split("-").at(-1) ?? id;
}
