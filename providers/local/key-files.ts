import { holdersOf, type DataKeys, type Identities } from "../../src/stores-kit/sops/index.ts";
import type { KeyFile, StoreKey } from "../../src/model/plan.ts";
import { otherRecipients } from "./keys.ts";

/**
 * The age keys that alone open the files of these places. Readers that unsprawl has issued live on this machine too, so
 * they are no second copy; every other recipient is one.
 */
export async function keyFiles(
  places: readonly StoreKey[],
  identities: Identities,
  env: NodeJS.ProcessEnv,
  readers: readonly string[],
  keys: DataKeys,
): Promise<readonly KeyFile[]> {
  const own = await identities.load();
  const found = new Map<string | null, KeyFile>();
  for (const file of new Set(places.map(({ path }) => path))) {
    const { names, from } = await keys.recipients(file);
    const planned = from === null ? [own[0]?.recipient ?? "", ...otherRecipients(env)].map(asHolder) : names;
    const holders = (await holdersOf(file)) ?? planned;
    const others = holders.filter((holder) => !readers.some((reader) => holder === asHolder(reader)));
    const mine = own.filter(({ recipient }) => others.includes(asHolder(recipient)));
    const [first] = mine;
    if (first !== undefined) {
      if (others.every((holder) => mine.some(({ recipient }) => holder === asHolder(recipient))))
        found.set(first.recipient, { file: first.from, id: first.recipient, isThere: true });
      continue;
    }
    const [missing = ""] = others;
    if (others.length !== 1 || !missing.startsWith("age ")) continue;
    const id = missing === asHolder("") ? null : missing.slice(asHolder("").length);
    found.set(id, { file: identities.file, id, isThere: false });
  }
  return [...found.values()];
}

const asHolder = (recipient: string): string => `age ${recipient}`;
