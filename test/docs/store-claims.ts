import { stores } from "../../providers/index.ts";
import { table } from "./tables.ts";

/** What a store's tests talk to: the service, somebody else's imitation, or one of ours. */
type Behind = "real" | "emulator" | "double";

type StoreClaim = {
  readonly property: string;
  readonly stores: readonly string[];
  /** From test/. */
  readonly file: string;
  readonly title: string;
  /** Where it is not what the store's other tests talk to. */
  readonly behind: Behind | null;
};

/** Why nothing shows a property of a store. */
type StoreHole = { readonly property: string; readonly stores: readonly string[]; readonly why: string };

const BEHIND: { readonly [store: string]: readonly [Behind, string] } = {
  vault: ["real", "OpenBao; KV version 1 has no check-and-set, so nothing is promised across processes there"],
  local: ["real", "files, the real `sops`"],
  "aws-kms": ["emulator", "moto, the real `sops`"],
  "aws-secrets-manager": ["emulator", "moto"],
  "aws-ssm": ["emulator", "moto"],
  "azure-key-vault": ["double", "ours, driven by Azure's own client"],
  "gcp-secret-manager": ["double", "ours, from the discovery document; Google's own client uses it too"],
  keywhiz: ["double", "ours, held to recorded exchanges"],
};

const ALL = stores.map(({ name }) => name);
const VAULT = ["vault"];
const AZURE = ["azure-key-vault"];
const GCP = ["gcp-secret-manager"];
const KEYWHIZ = ["keywhiz"];
const LOCAL = ["local"];
const KMS = ["aws-kms"];
const VALUES_AT_AWS = ["aws-secrets-manager", "aws-ssm"];
const AWS = [...KMS, ...VALUES_AT_AWS];
const SERVERS = ALL.filter((name) => name !== "local");

type Row = readonly [stores: readonly string[], file: string, title: string, behind?: Behind];

const ROWS: { readonly [property: string]: readonly Row[] } = {
  "create-only": [[ALL, "conformance/values.ts", "what was written comes back, and a second creation is refused"]],
  "any bytes read back": [[ALL, "conformance/values.ts", "bytes come back as they went: %s"]],
  "concurrent writers": [
    [ALL, "conformance/writing.ts", "eight creators of one name at once: exactly one wins, the others are told"],
    [
      ALL.filter((name) => name !== "azure-key-vault"),
      "conformance/writing.ts",
      "writers in other processes: all survive, and of one name one wins",
    ],
    [
      AZURE,
      "providers/azure-secrets.test.ts",
      "another writer at the same moment is told, whether something was there or not",
    ],
  ],
  "forbidden is not absent": [
    [SERVERS, "conformance/rights.ts", "forbidden is told apart from absent, and names what is missing"],
    [LOCAL, "conformance/rights.ts", "a wrong credential is denied, not absent"],
  ],
  throttled: [
    [SERVERS, "conformance/faults.ts", 'a read through %s gives the value, or says why not; never "absent"', "double"],
    [SERVERS, "conformance/faults.ts", "a creation that is %s is there once, or not at all", "double"],
    [VAULT, "providers/vault-server.test.ts", "too many requests: waits, then gives up as throttled"],
  ],
  "sealed, standby, disabled": [
    [VAULT, "providers/vault-server.test.ts", "sealed, with the command that opens it, and usable again afterwards"],
    [VAULT, "providers/vault-cluster.test.ts", "is named as one, and every right works through it"],
    [
      KMS,
      "providers/aws-kms-errors.test.ts",
      "%s of a write is said as what it is, and nothing that KMS said is repeated",
      "double",
    ],
  ],
  "login ends midway": [
    [
      AWS,
      "providers/aws-renewed.test.ts",
      "%s: keys that end are denied, and the new ones in their files are used from then on",
    ],
    [
      KEYWHIZ,
      "providers/keywhiz-connection.test.ts",
      "of $who that are replaced in their files are used from then on: $kind",
    ],
    [
      VAULT,
      "providers/vault-auth.test.ts",
      "a token that is revoked meanwhile is replaced; a used-up secret id is denied",
    ],
    [VAULT, "providers/vault-lease.test.ts", "a given token that runs out in the middle is denied, with what to do"],
    [AZURE, "providers/azure-broken.test.ts", "a token that is %s in the middle of a run is taken anew"],
    [GCP, "providers/gcp-login.test.ts", "a token is asked for once, and again when it ends or is refused"],
  ],
  "replicas lag behind": [
    [
      VAULT,
      "providers/vault-cluster.test.ts",
      "what was written is what comes back, from whichever server of the cluster",
    ],
    [
      VAULT,
      "providers/vault-cluster.test.ts",
      "the state after a write goes along with what follows, the newest of several; behind it, a read waits",
      "double",
    ],
    [
      AZURE,
      "providers/azure-secrets.test.ts",
      "what unsprawl removed is recovered when it is written again, however slow the vault is",
    ],
    [
      GCP,
      "providers/gcp-secrets.test.ts",
      "what was written is read back while `latest` still lags, and nobody writes over it",
    ],
  ],
  "login is renewed": [
    [
      AWS,
      "providers/aws-renewed.test.ts",
      "%s: keys that end are denied, and the new ones in their files are used from then on",
    ],
    [
      KEYWHIZ,
      "providers/keywhiz-connection.test.ts",
      "of $who that are replaced in their files are used from then on: $kind",
    ],
    [VAULT, "providers/vault-lease.test.ts", "one that can be renewed is renewed, at two thirds of its time"],
    [VAULT, "providers/vault-lease.test.ts", "one that nears the end of its life is replaced by a fresh login"],
    [AZURE, "providers/azure-broken.test.ts", "a token that is %s in the middle of a run is taken anew"],
    [GCP, "providers/gcp-login.test.ts", "a token is asked for once, and again when it ends or is refused"],
  ],
  "namespaces, projects, regions": [
    [
      VAULT,
      "providers/vault-server.test.ts",
      "namespaces: from the environment and from the configuration, and in the reference",
    ],
    [VAULT, "providers/vault-server.test.ts", "a check in a namespace of '%s' finds every right"],
    [
      GCP,
      "providers/gcp-secrets.test.ts",
      "references of vals: a version, an alias, a field of a document, no project",
    ],
    [AZURE, "providers/azure-clouds.test.ts", "%s: the login goes to %s"],
    [KMS, "providers/aws-kms-sops.test.ts", "a key of another region is asked in its own"],
  ],
  "policy suffices, and is minimal": [
    [VAULT, "providers/vault-migrator.test.ts", "suffices for plan, migrate, rollback, scrub and a rotation's writes"],
    [VAULT, "providers/vault-migrator.test.ts", "without %s %s something fails"],
    [AWS, "providers/aws-migrator.test.ts", "its actions suffice for a value's life and for the check"],
    [AWS, "providers/aws-migrator.test.ts", "without any one of them something fails"],
    [AZURE, "providers/azure-migrator.test.ts", "its rights suffice, and without any one of them something fails"],
    [GCP, "providers/gcp-migrator.test.ts", "its permissions suffice, and without any one of them something fails"],
  ],
  "check names all that is missing": [
    [VAULT, "providers/vault-migrator.test.ts", "the check names all that is missing at once, and writes nothing"],
    [AWS, "providers/aws-migrator.test.ts", "names all that is missing at once, and leaves nothing"],
    [AZURE, "providers/azure-migrator.test.ts", "the check names all that is missing at once, and leaves nothing"],
    [GCP, "providers/gcp-migrator.test.ts", "the check names all that is missing at once, and leaves nothing"],
  ],
};

export const CLAIMS: readonly StoreClaim[] = Object.entries(ROWS).flatMap(([property, rows]) =>
  rows.map(([of, file, title, behind = null]) => ({ property, stores: of, file, title, behind })),
);

const FILE = "the values are in a file of this machine";

export const HOLES: readonly StoreHole[] = [
  { property: "throttled", stores: LOCAL, why: "there is no server" },
  {
    property: "sealed, standby, disabled",
    stores: ALL.filter((name) => !["vault", "aws-kms"].includes(name)),
    why: "no such state; a server that answers 503 is in `test/conformance/faults.ts`",
  },
  { property: "login ends midway", stores: LOCAL, why: "there is no login, only a key" },
  { property: "replicas lag behind", stores: [...LOCAL, ...KMS], why: FILE },
  { property: "replicas lag behind", stores: VALUES_AT_AWS, why: "moto never lags" },
  { property: "replicas lag behind", stores: KEYWHIZ, why: "its servers share one database" },
  { property: "login is renewed", stores: LOCAL, why: "there is no login, only a key" },
  { property: "namespaces, projects, regions", stores: LOCAL, why: FILE },
  { property: "namespaces, projects, regions", stores: KEYWHIZ, why: "it has none" },
  {
    property: "namespaces, projects, regions",
    stores: VALUES_AT_AWS,
    why: "the client's region and account; which references are of another is in `test/providers/vals-references.test.ts`",
  },
  {
    property: "policy suffices, and is minimal",
    stores: KEYWHIZ,
    why: "an automation client may do everything or nothing; what lets an application read is in `test/providers/keywhiz-delivery.test.ts`",
  },
  {
    property: "policy suffices, and is minimal",
    stores: LOCAL,
    why: "the rights are those of the file and of its key",
  },
  {
    property: "check names all that is missing",
    stores: [...LOCAL, ...KEYWHIZ],
    why: "the check writes, reads and deletes, and stops at the first that fails: a folder's owner and a client have all rights or none",
  },
];

export const PROPERTIES: readonly string[] = Object.keys(ROWS);

const STRENGTH: readonly Behind[] = ["real", "emulator", "double"];

/** Properties × stores, what the stores' tests talk to, what shows each property, and what nothing shows. */
export function claimTables(): string {
  const matrix = table(
    ["", ...ALL.map((name) => `\`${name}\``)],
    PROPERTIES.map((property) => [property, ...ALL.map((name) => strongest(property, name))]),
  );
  const behind = table(
    ["store", "its tests talk to", "which is"],
    ALL.map((name) => [`\`${name}\``, ...(BEHIND[name] ?? ["", ""])]),
  );
  const shown = table(
    ["property", "stores", "shown by", "test"],
    CLAIMS.map((one) => [one.property, names(one.stores), `\`test/${one.file}\``, one.title]),
  );
  const holes = table(
    ["property", "stores", "why not"],
    HOLES.map((one) => [one.property, names(one.stores), one.why]),
  );
  return `${matrix}\n\n${behind}\n\n## What shows it\n\n${shown}\n\n## What nothing shows\n\n${holes}`;
}

function strongest(property: string, store: string): string {
  const found = CLAIMS.filter((one) => one.property === property && one.stores.includes(store)).map(
    ({ behind }) => behind ?? BEHIND[store]?.[0],
  );
  return STRENGTH.find((one) => found.includes(one)) ?? "–";
}

function names(of: readonly string[]): string {
  if (of.length === ALL.length) return "all";
  if (of.length > ALL.length / 2) return `all but ${coded(ALL.filter((name) => !of.includes(name)))}`;
  return coded(of);
}

const coded = (of: readonly string[]): string => of.map((name) => `\`${name}\``).join(", ");
