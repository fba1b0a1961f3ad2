import type { Stored } from "../contract/provider.ts";

/** `written` of a stored value by what the store says of the time; nothing for what is no time. */
export function writtenAt(said: unknown, clock: NonNullable<Stored["written"]>["clock"]): Pick<Stored, "written"> {
  const at = said instanceof Date ? said.getTime() : typeof said === "string" ? Date.parse(said) : Number.NaN;
  return Number.isFinite(at) ? { written: { at, clock } } : {};
}
