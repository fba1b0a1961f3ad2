import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openConfigured } from "../../../src/assembly/open-store.ts";
import type { Provider } from "../../../src/contract/provider.ts";
import { Secret } from "../../../src/model/secret.ts";
import { ageIdentities } from "../../../src/stores-kit/sops/index.ts";
import { makeKey } from "../../providers/aws-kms-world.ts";
import { startMoto } from "../../services/moto.ts";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { pythonProgram } from "../../services/python.ts";

type Env = { readonly [name: string]: string };

/** A moto with two KMS keys in two regions, an OpenBao with a transit key, an age identity; the real sops with any of their logins. */
export type MasterKeys = {
  readonly dir: string;
  readonly bao: OpenBao;
  /** What opens the keys of each kind, and of no other. */
  readonly logins: { readonly [kind in "age" | "kms" | "hc_vault"]: Env };
  /** As `.sops.yaml` names them. */
  readonly recipient: string;
  readonly arns: readonly [string, string];
  readonly transit: string;
  /** The real sops with these logins; throws with what it says. */
  sops(args: readonly string[], env: Env): Buffer;
  /** The store `local` below `dir`, one file a subject, with these logins. */
  open(env: Env, file?: string, roles?: readonly string[]): Promise<Provider>;
  /** Writes the creation rules of a folder below `dir`; the folder. */
  rules(folder: string, ...rules: readonly object[]): string;
  /** Puts a value as the subject `api` into the store's file, and tells which that is. */
  put(store: Provider, name: string, value: string): Promise<string>;
  get(store: Provider, name: string): Promise<string | null>;
  stop(): Promise<void>;
};

export async function masterKeys(): Promise<MasterKeys> {
  const [program, moto, bao] = await Promise.all([pythonProgram("sops"), startMoto(), startOpenBao()]);
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-master-keys-"));
  const identity = join(dir, "age.txt");
  const { recipient } = await ageIdentities({}, identity).ensure();
  await bao.api("POST", "sys/mounts/keys/transit", { type: "transit" });
  await bao.api("POST", "keys/transit/keys/app");
  const { HOME: _, ...aws } = moto.env;
  const origin = { runId: "r", subject: "api" };
  return {
    ...{ dir, bao, recipient },
    logins: {
      age: { SOPS_AGE_KEY_FILE: identity },
      kms: aws,
      hc_vault: { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token },
    },
    arns: [await makeKey(moto), await makeKey(moto, "eu-west-1")],
    transit: `${bao.address}/v1/keys/transit/keys/app`,
    sops(args, env) {
      const home = { PATH: process.env["PATH"], HOME: join(dir, "nobody"), AWS_EC2_METADATA_DISABLED: "true" };
      const ran = spawnSync(program, args, { cwd: dir, env: { ...home, ...env }, maxBuffer: 1 << 28 });
      if (ran.status !== 0)
        throw new Error(`sops ${args[0] ?? ""}: ${ran.status ?? ""} ${ran.stderr.toString("utf8")}`);
      return ran.stdout;
    },
    open: (env, file = "{subject}.sops.yaml", roles = []) =>
      openConfigured(
        "here",
        { provider: "local", dir, keys: { file, roles: [...roles] } },
        { HOME: join(dir, "nobody"), ...env },
      ),
    rules(folder, ...rules) {
      const path = join(dir, folder, ".sops.yaml");
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify({ creation_rules: rules }));
      return dirname(path);
    },
    async put(store, name, value) {
      const key = store.key({ subject: "api", project: "", name });
      await store.put(key, Secret.of(value), null, origin);
      return key.path;
    },
    async get(store, name) {
      const key = store.key({ subject: "api", project: "", name });
      return (await store.get(key))?.value.expose().toString("utf8") ?? null;
    },
    async stop() {
      await Promise.all([moto.stop(), bao.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
