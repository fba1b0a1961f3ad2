/** The consumers by how they were seen: with the value, restarted with it, or not running. */
export type GivenOut = { readonly seen: string[]; readonly restarted: string[]; readonly later: string[] };

export function proofText({ seen, restarted, later }: GivenOut, refused: boolean): string {
  const parts = [
    ...(refused ? ["the new value logs in, the old one is refused"] : []),
    ...(seen.length > 0 ? [`${seen.join(", ")} seen with the new value`] : []),
    ...(restarted.length > 0 ? [`${restarted.join(", ")} restarted with it, not seen to use it`] : []),
    ...(later.length > 0 ? [`${later.join(", ")} not running: has it at the next start`] : []),
  ];
  return parts.length === 0 ? "in the store; nobody here has it" : `proven: ${parts.join("; ")}`;
}
