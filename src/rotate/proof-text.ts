/** How a consumer was seen: with the value, restarted with it, not running, or no longer there. */
export type Renewal = "seen" | "restarted" | "stopped" | "gone";

/** The consumers, by how they were seen. */
export type GivenOut = { readonly [how in Renewal]: string[] };

export function proofText(given: GivenOut, refused: boolean): string {
  const ways = Object.entries(given).flatMap(([how, names]) =>
    names.length === 0 ? [] : `${names.join(", ")} ${SEEN[how as Renewal]}`,
  );
  const parts = [...(refused ? ["the new value logs in, the old one is refused"] : []), ...ways];
  return parts.length === 0 ? "in the store; nobody here has it" : `proven: ${parts.join("; ")}`;
}

const SEEN: { readonly [how in Renewal]: string } = {
  seen: "seen with the new value",
  restarted: "restarted with it, not seen to use it",
  stopped: "not running: has it at the next start",
  gone: "removed meanwhile",
};
