/*
 * The OCI runtime for the pods of a Kubernetes node: its installation, its state, and what is left to the operators of
 * containerd and the cluster. Neither's configuration is changed from here.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Provider } from "../../../contract/provider.ts";
import type { JsonObject } from "../../../kit/json-object.ts";
import { UnsprawlError } from "../../../model/error.ts";
import type { ReferenceBinding } from "../../../model/binding.ts";
import { programFile, writeRuntime, type ProgramFile } from "../files.ts";
import { onThisHost } from "../install.ts";
import type { OpenStore } from "../resolve.ts";
import { podRuntimeHome, readSettings } from "../settings.ts";
import { installedLines, line, type StatusLine } from "../status.ts";
import { HANDLER, readContainerd, type Containerd } from "./config.ts";

const AGAIN = "unsprawl runtime install containerd --to STORE";
const DEFAULT_CONFIG = "/etc/containerd/config.toml";

/** What a node and its cluster get. Holds no credential. */
export type PodRuntimePreview = ProgramFile & {
  readonly configFile: string;
  /** What to append to containerd's configuration; null if it has it. */
  readonly append: string | null;
  /** The RuntimeClass, for `kubectl apply`. */
  readonly manifest: string;
};

export type PodRuntimeStatus = {
  readonly installed: boolean;
  readonly stores: readonly string[];
  /** Which container of a namespace may use which reference in which variable. */
  readonly bindings: readonly ReferenceBinding[];
  readonly lines: readonly StatusLine[];
};

/** What `installPodRuntime` would write, and what is left to do by hand. Throws what `readContainerd` throws. */
export async function previewPodRuntime(env: NodeJS.ProcessEnv, configFile: string | null): Promise<PodRuntimePreview> {
  const { made, file, containerd } = await lookedAt(env, configFile);
  return { ...made, configFile: file, append: containerd.append, manifest: MANIFEST };
}

/**
 * Installs the runtime for the pods of this node: the program in front of runc, and a credential for each store that can only
 * read. containerd's configuration is its operator's to change, and the cluster's too: see `PodRuntimePreview`. Repeat it
 * to add stores. Throws `denied` without root, and what `readContainerd` throws.
 */
export async function installPodRuntime(
  providers: readonly Provider[],
  env: NodeJS.ProcessEnv,
  configFile: string | null,
): Promise<PodRuntimePreview & { readonly stores: readonly string[] }> {
  if (process.getuid?.() !== 0)
    throw new UnsprawlError(
      "denied",
      "only root can install a runtime",
      "run as root, or: unsprawl runtime install containerd --print",
    );
  const { made, file, containerd, realRuntime } = await lookedAt(env, configFile);
  const settings = { realRuntime, pods: { configFile: file, state: containerd.state } };
  const stores = await writeRuntime(podRuntimeHome(env), made, providers, env, settings, AGAIN);
  return { ...made, configFile: file, append: containerd.append, manifest: MANIFEST, stores };
}

/** Removes program, bindings and credentials. Throws what `mustBeFreeOfPods` throws. */
export function uninstallPodRuntime(env: NodeJS.ProcessEnv): void {
  mustBeFreeOfPods(env);
  rmSync(podRuntimeHome(env), { recursive: true, force: true });
}

/** Throws `refused` while pods of this node run by the runtime: containerd needs it to end them, too. */
export function mustBeFreeOfPods(env: NodeJS.ProcessEnv): void {
  const home = podRuntimeHome(env);
  const settings = readSettings(home);
  const users = settings?.pods === undefined ? [] : podsUsing(settings.pods.state, join(home, "unsprawl-runc"));
  if (users.length > 0)
    throw new UnsprawlError(
      "refused",
      `the runtime is used by the pods ${users.join(", ")}`,
      "kubectl drain this node, or move its pods to another RuntimeClass",
    );
}

/** Whether pods of this node would get their values: known to containerd, complete on disk, its stores reachable. */
export async function podRuntimeStatus(env: NodeJS.ProcessEnv, open: OpenStore): Promise<PodRuntimeStatus> {
  const home = podRuntimeHome(env);
  const settings = readSettings(home);
  if (settings === null)
    return { installed: false, stores: [], bindings: [], lines: [line(false, "", "not installed", AGAIN)] };
  const file = settings.pods?.configFile ?? DEFAULT_CONFIG;
  const lines = [line(true, `installed in ${home}`, ""), await handlerLine(env, file)];
  const bindings = await installedLines(home, settings.stores, open, lines);
  return { installed: true, stores: settings.stores.map(({ name }) => name), bindings, lines };
}

/** The pods, as NAMESPACE/NAME, that this program starts, by what its shim keeps of each container (containerd `runtime-v2`, the file `runtime`). */
function podsUsing(state: string, program: string): readonly string[] {
  const tasks = join(state, "io.containerd.runtime.v2.task/k8s.io");
  const named = (existsSync(tasks) ? readdirSync(tasks) : []).flatMap((id) => {
    if (readText(join(tasks, id, "runtime")).trim() !== program) return [];
    const { annotations = {} } = JSON.parse(readText(join(tasks, id, "config.json")) || "{}") as Bundle;
    const [space, pod] = ["namespace", "name"].map((one) => String(annotations[`io.kubernetes.cri.sandbox-${one}`]));
    return [`${space}/${pod}`];
  });
  return [...new Set(named)].toSorted();
}

async function handlerLine(env: NodeJS.ProcessEnv, file: string): Promise<StatusLine> {
  try {
    const { append } = await readContainerd(file, join(podRuntimeHome(env), "unsprawl-runc"), env);
    const bad = `${file} has no handler ${HANDLER}`;
    return line(
      append === null,
      `${file} has the handler ${HANDLER}`,
      bad,
      "unsprawl runtime install containerd --print",
    );
  } catch (error) {
    if (error instanceof UnsprawlError) return line(false, "", error.message, error.hint ?? AGAIN);
    throw error;
  }
}

type Looked = { made: ProgramFile; file: string; containerd: Containerd; realRuntime: string };

async function lookedAt(env: NodeJS.ProcessEnv, configFile: string | null): Promise<Looked> {
  const home = podRuntimeHome(env);
  const file = configFile ?? readSettings(home)?.pods?.configFile ?? DEFAULT_CONFIG;
  const containerd = await readContainerd(file, join(home, "unsprawl-runc"), env);
  const realRuntime = onThisHost(containerd.realRuntime);
  return { made: programFile(home, realRuntime, env), file, containerd, realRuntime };
}

type Bundle = { readonly annotations?: JsonObject };

/** Empty if it is gone since it was listed. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Source: Kubernetes, "Runtime Class", node.k8s.io/v1. Pods go to labelled nodes only: on others they would not start. */
const MANIFEST = `apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata:
  name: ${HANDLER}
handler: ${HANDLER}
scheduling:
  nodeSelector:
    unsprawl-runtime: "true"
`;
