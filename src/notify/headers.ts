import type { ChannelSettingsReader } from "./settings.ts";

/** The headers in `headersFile`, one per line, as `Name: value`; lines that begin with `#` are comments. */
export function headersOf(settings: ChannelSettingsReader): () => Promise<{ readonly [name: string]: string }> {
  const held = settings.held("headers");
  return async () => {
    const lines = (await held?.())?.split("\n").map((line) => line.trim()) ?? [];
    return Object.fromEntries(
      lines.filter((line) => line !== "" && !line.startsWith("#")).map((line, at) => headerOf(line, at, settings)),
    );
  };
}

function headerOf(line: string, at: number, settings: ChannelSettingsReader): [string, string] {
  const colon = line.indexOf(":");
  const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
  if (colon > 0 && /^[\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)) return [name, value];
  throw settings.wrong("headersFile", `has no header in its line ${at + 1}`, "Authorization: Bearer …");
}
