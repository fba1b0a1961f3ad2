import { createHash } from "node:crypto";
import { CLEAN_BLOBS } from "./clean/blobs.ts";
import { COMMAND } from "./clean/commands.ts";
import { HARD } from "./clean/hard.ts";
import { ORDINARY } from "./clean/ordinary.ts";
import { CLEAN_PLACES } from "./clean/places.ts";
import { PUBLIC } from "./clean/public.ts";
import { REFERENCES } from "./clean/references.ts";
import { SETTINGS } from "./clean/settings.ts";
import { VALUES } from "./clean/values.ts";
import { BLOBS } from "./secrets/blobs.ts";
import { CAPABILITIES } from "./secrets/capabilities.ts";
import { CONNECTIONS } from "./secrets/connections.ts";
import { dataFlags } from "./secrets/flags-data.ts";
import { TOOL_FLAGS } from "./secrets/flags-tools.ts";
import { KEYS } from "./secrets/keys.ts";
import { ODDITIES } from "./secrets/odd.ts";
import { PASSWORDS } from "./secrets/passwords.ts";
import { PLACES } from "./secrets/places.ts";
import { SIGNING } from "./secrets/signing.ts";
import { TOKENS } from "./secrets/tokens.ts";
import { Random } from "./tools/random.ts";
import type { Drawn, Kind, Row } from "./tools/row.ts";

export const SECRET_KINDS: readonly Kind[] = [
  ...TOKENS,
  ...PASSWORDS,
  ...KEYS,
  ...SIGNING,
  ...CONNECTIONS,
  ...CAPABILITIES,
  ...BLOBS,
  dataFlags,
  ...TOOL_FLAGS,
  ...PLACES,
  ...ODDITIES,
];

export const CLEAN_KINDS: readonly Kind[] = [
  ...REFERENCES,
  ...SETTINGS,
  ...PUBLIC,
  ...VALUES,
  ...ORDINARY,
  COMMAND,
  ...CLEAN_PLACES,
  ...CLEAN_BLOBS,
  ...HARD,
];

/**
 * A labelled set of about `size` rows, half of them secrets, in an order that says nothing of the label.
 * The seed decides every row; a kind's rows do not depend on the other kinds'.
 */
export function generate(seed: number, size = 2000): Row[] {
  const rows = [...half(seed, size, SECRET_KINDS, true), ...half(seed, size, CLEAN_KINDS, false)];
  return stream(seed, "order")
    .shuffle(rows)
    .map((row, at) => ({ id: `r${String(at + 1).padStart(5, "0")}`, ...row }));
}

/** Choices of one purpose: other purposes' draws do not move them. */
export function stream(seed: number, purpose: string): Random {
  return new Random(createHash("sha256").update(`${seed}\n${purpose}`).digest().readUInt32LE());
}

function half(seed: number, size: number, kinds: readonly Kind[], secret: boolean): Omit<Row, "id">[] {
  const weights = kinds.reduce((sum, { weight }) => sum + weight, 0);
  return kinds.flatMap(({ kind, weight, make }) => {
    const draw = make(stream(seed, kind));
    const count = Math.max(1, Math.round((weight * size) / 2 / weights));
    return distinct(draw, count).map((drawn) => ({ ...drawn, secret, kind }));
  });
}

/** `count` rows, none twice; fewer where a kind has no more to say. */
function distinct(draw: () => Drawn, count: number): Drawn[] {
  const seen = new Map<string, Drawn>();
  for (let tries = 0; seen.size < count && tries < count * 5; tries++) {
    const drawn = draw();
    seen.set(JSON.stringify(drawn), drawn);
  }
  return [...seen.values()];
}
