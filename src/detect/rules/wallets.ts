import rows from "./wallets.json" with { type: "json" };
import { table } from "./table.ts";
import { base58Check, base58Right, bech32Right, bech32Sum } from "./checksum.ts";
import type { Kit } from "./kit.ts";
import { byChecksum, type Rule } from "./rule.ts";

const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

const coded = (kit: Kit, head: string, length: number): string => {
  const data = kit.of(BECH32, length);
  return data + bech32Sum(head, data);
};

/** A BIP-32 key: seventy-eight bytes, the first four of which say what it is. */
const extended = (kit: Kit, version: string): string =>
  base58Check(Buffer.concat([Buffer.from(version, "hex"), Buffer.from(kit.hex(148), "hex")])).slice(4);

/** Private keys of wallets and of validators: who holds one holds the money. */
export const WALLETS: readonly Rule[] = table(rows, {
  "extended-private-key": {
    examples: (kit) => [`xprv${extended(kit, "0488ade4")}`, `zprv${extended(kit, "04b2430c")}`],
    validate: byChecksum(base58Right),
  },
  "nostr-secret-key": {
    make: (kit) => coded(kit, "nsec", 52),
    validate: byChecksum(bech32Right),
  },
  "sui-private-key": {
    make: (kit) => coded(kit, "suiprivkey", 53),
    validate: byChecksum(bech32Right),
  },
});
