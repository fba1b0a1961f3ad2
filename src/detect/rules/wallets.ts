import { base58Check, base58Right, bech32Right, bech32Sum } from "./checksum.ts";
import type { Kit } from "./kit.ts";
import { prefixed } from "./marked.ts";
import { named, type Rule } from "./rule.ts";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

const coded = (kit: Kit, head: string, length: number): string => {
  const data = kit.of(BECH32, length);
  return data + bech32Sum(head, data);
};

/** A BIP-32 key: seventy-eight bytes, the first four of which say what it is. */
const extended = (kit: Kit, version: string): string =>
  base58Check(Buffer.concat([Buffer.from(version, "hex"), Buffer.from(kit.hex(148), "hex")])).slice(4);

/** Private keys of wallets and of validators: who holds one holds the money. */
export const WALLETS: readonly Rule[] = [
  prefixed({
    id: "extended-private-key",
    vendor: "Bitcoin",
    description: "BIP-32 extended private key",
    prefix: ["xprv", "yprv", "zprv", "tprv"],
    body: "[1-9A-HJ-NP-Za-km-z]{107}",
    make: (kit) => kit.of(BASE58, 107),
    examples: (kit) => [`xprv${extended(kit, "0488ade4")}`, `zprv${extended(kit, "04b2430c")}`],
    validate: base58Right,
    severity: "critical",
    reference: "https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki",
  }),
  prefixed({
    id: "nostr-secret-key",
    vendor: "Nostr",
    description: "Nostr secret key",
    prefix: ["nsec1"],
    body: "[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{58}",
    make: (kit) => coded(kit, "nsec", 52),
    validate: bech32Right,
    severity: "critical",
    reference: "https://github.com/nostr-protocol/nips/blob/master/19.md",
  }),
  prefixed({
    id: "sui-private-key",
    vendor: "Sui",
    description: "Sui private key",
    prefix: ["suiprivkey1"],
    body: "[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{59}",
    make: (kit) => coded(kit, "suiprivkey", 53),
    validate: bech32Right,
    severity: "critical",
    reference: "https://docs.sui.io/concepts/cryptography/transaction-auth/keys-addresses",
  }),
  prefixed({
    id: "cardano-signing-key",
    vendor: "Cardano",
    description: "Cardano signing key",
    prefix: [
      "ed25519_sk1",
      "ed25519e_sk1",
      "root_xsk1",
      "acct_xsk1",
      "addr_xsk1",
      "stake_xsk1",
      "addr_sk1",
      "stake_sk1",
    ],
    body: "[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{58,200}",
    make: (kit) => kit.of(BECH32, 160),
    severity: "critical",
    reference: "https://cips.cardano.org/cip/CIP-5",
  }),
  prefixed({
    id: "tezos-secret-key",
    vendor: "Tezos",
    description: "Tezos secret key",
    prefix: ["edsk"],
    body: "(?:[1-9A-HJ-NP-Za-km-z]{50}|[1-9A-HJ-NP-Za-km-z]{94})",
    make: (kit) => kit.of(BASE58, 50),
    severity: "critical",
    reference: "https://octez.tezos.com/docs/user/key-management.html",
  }),
  prefixed({
    id: "aptos-private-key",
    vendor: "Aptos",
    description: "Aptos private key",
    prefix: ["ed25519-priv-0x", "secp256k1-priv-0x"],
    body: "[0-9a-f]{64}",
    make: (kit) => kit.hex(64),
    severity: "critical",
    reference: "https://github.com/aptos-foundation/AIPs/blob/main/aips/aip-80.md",
  }),
  prefixed({
    id: "near-private-key",
    vendor: "NEAR",
    description: "NEAR private key, twice as long as the public one",
    prefix: ["ed25519:"],
    body: "[1-9A-HJ-NP-Za-km-z]{85,88}",
    make: (kit) => kit.of(BASE58, 87),
    counterExamples: (kit) => [`ed25519:${kit.of(BASE58, 44)}`],
    severity: "critical",
    reference: "https://docs.near.org/protocol/access-keys",
  }),
  named({
    id: "wallet-private-key",
    vendor: "Ethereum",
    description: "Private key of a wallet (Ethereum, Bitcoin, Solana, Stellar)",
    keywords: ["private", "wallet", "deployer", "signer", "eth", "pk", "solana", "stellar", "keypair"],
    names:
      /(?:private|wallet|deployer|signer|eth|mnemonic|account|solana|stellar|payer).{0,40}(?:key|keypair|seed)|_pk$/,
    shape: "(?:0x)?[0-9a-fA-F]{64}|[5KL][1-9A-HJ-NP-Za-km-z]{50,51}|[1-9A-HJ-NP-Za-km-z]{86,88}|S[A-Z2-7]{55}",
    as: "DEPLOYER_PRIVATE_KEY",
    make: (kit) => `0x${kit.hex(64)}`,
    severity: "critical",
    reference: "https://ethereum.org/en/developers/docs/accounts/",
  }),
];
