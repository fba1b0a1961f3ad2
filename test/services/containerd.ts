import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { need } from "./apt.ts";
import { APP, staticBusybox, tools } from "./images.ts";
import { forget, remember, unmountBelow } from "./running.ts";

const PROTO = fileURLToPath(new URL("cri.proto", import.meta.url));

/** An image with a shell, and the one of each pod's sandbox. */
const POD_IMAGE = "unsprawl.example/app:1";

export type PodOptions = {
  readonly namespace?: string;
  readonly container?: string;
  /** The runtime handler that the pod's RuntimeClass names. */
  readonly handler?: string;
  readonly image?: string;
  readonly env?: { readonly [name: string]: string };
  readonly annotations?: { readonly [name: string]: string };
};

export type Pod = {
  readonly sandbox: string;
  readonly container: string;
  /** What the container's command prints, run as a probe or `kubectl exec` does. */
  readonly exec: (...words: string[]) => Promise<string>;
  /** All that containerd tells of the container. */
  readonly info: () => Promise<string>;
  readonly remove: () => Promise<void>;
};

export type Containerd = {
  readonly dir: string;
  readonly configFile: string;
  readonly state: string;
  /** With another configuration; pods stay. */
  readonly restart: (config: string) => Promise<void>;
  readonly stop: () => Promise<void>;
  /** As kubelet asks for it. Throws what containerd says of a container that does not start. */
  readonly pod: (options: PodOptions) => Promise<Pod>;
  readonly makeImage: (tag: string, env: readonly string[]) => Promise<void>;
};

/** A real containerd with its CRI, in folders of its own, and asked as kubelet asks it. */
export async function startContainerd(): Promise<Containerd> {
  const program = await need("containerd", ["containerd", "runc"]);
  const dir = mkdtempSync("/var/tmp/unsprawl-containerd-");
  const [configFile, socket, state] = ["config.toml", "c.sock", "state"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(configFile, configOf(dir, socket, state));
  let child: ChildProcess | null = null;
  const { RuntimeService } = (
    loadPackageDefinition(loadSync(PROTO, { keepCase: true, defaults: true })) as unknown as {
      runtime: { v1: { RuntimeService: ServiceClientConstructor } };
    }
  ).runtime.v1;
  const client = new RuntimeService(`unix://${socket}`, credentials.createInsecure());
  const call = (method: string, ask: object): Promise<Answer> =>
    new Promise((done, fail) => {
      const asked = client[method] as (ask: object, done: (error: Error | null, answer: Answer) => void) => void;
      asked.call(client, ask, (error, answer) => (error ? fail(error) : done(answer)));
    });

  async function start(): Promise<void> {
    const log = openSync(join(dir, "log"), "a");
    child = spawn(program, ["--config", configFile], { stdio: ["ignore", log, log], detached: true });
    child.unref();
    remember(child.pid ?? 0, dir);
    for (let tries = 0; tries < 400; tries++) {
      try {
        await call("Version", {});
        return;
      } catch {
        await sleep(50);
      }
    }
    throw new Error(`containerd does not answer: ${readFileSync(join(dir, "log"), "utf8").slice(-2000)}`);
  }

  async function end(): Promise<void> {
    if (child === null) return;
    const ended = once(child, "exit");
    child.kill();
    await ended;
    forget(child.pid ?? 0);
  }

  await start();
  const makeImage = async (tag: string, env: readonly string[]): Promise<void> => {
    const archive = await imageArchive(dir, tag, env);
    execFileSync("ctr", ["--address", socket, "--namespace", "k8s.io", "images", "import", archive]);
  };
  await makeImage(POD_IMAGE, []);
  return {
    dir,
    configFile,
    state,
    makeImage,
    async restart(config) {
      await end();
      writeFileSync(configFile, config);
      await start();
    },
    pod: (options) => startPod(call, options),
    async stop() {
      await end();
      client.close();
      unmountBelow(dir);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Answer = { readonly [field: string]: string } & { readonly info?: object; readonly exit_code?: number };
type Call = (method: string, ask: object) => Promise<Answer>;

async function startPod(call: Call, options: PodOptions): Promise<Pod> {
  const { namespace = "shop", container: name = "app", handler = "", image = POD_IMAGE, annotations = {} } = options;
  const uid = createHash("sha256").update(`${Math.random()}`).digest("hex").slice(0, 12);
  // The host's network: pods with one of their own need plug-ins of CNI.
  const linux = { security_context: { namespace_options: { network: 2, pid: 1, ipc: 0 } } };
  const config = { metadata: { name: `pod-${uid}`, uid, namespace, attempt: 0 }, annotations, linux };
  const { pod_sandbox_id: sandbox = "" } = await call("RunPodSandbox", { config, runtime_handler: handler });
  const remove = async (): Promise<void> => {
    await call("StopPodSandbox", { pod_sandbox_id: sandbox });
    await call("RemovePodSandbox", { pod_sandbox_id: sandbox });
  };
  try {
    const envs = Object.entries(options.env ?? {}).map(([key, value]) => ({ key, value }));
    const asked = { metadata: { name }, image: { image }, command: APP, envs, annotations };
    const made = await call("CreateContainer", { pod_sandbox_id: sandbox, sandbox_config: config, config: asked });
    const container = made["container_id"] ?? "";
    await call("StartContainer", { container_id: container });
    return {
      sandbox,
      container,
      remove,
      async exec(...cmd) {
        const {
          stdout,
          stderr,
          exit_code: code,
        } = await call("ExecSync", { container_id: container, cmd, timeout: 20 });
        if (code !== 0) throw new Error(String(stderr));
        return String(stdout);
      },
      info: async () => JSON.stringify(await call("ContainerStatus", { container_id: container, verbose: true })),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** As `docker save` writes it, of one layer. */
async function imageArchive(dir: string, tag: string, env: readonly string[]): Promise<string> {
  const at = mkdtempSync(join(dir, "image-"));
  mkdirSync(join(at, "root"));
  tools(join(at, "root"), await staticBusybox(), ["sh", "sleep", "env", "cat", "printf"]);
  execFileSync("tar", ["-C", join(at, "root"), "-cf", join(at, "layer.tar"), "."]);
  const layer = createHash("sha256")
    .update(readFileSync(join(at, "layer.tar")))
    .digest("hex");
  const config = {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { Env: ["PATH=/bin", ...env], Cmd: APP },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
  };
  writeFileSync(join(at, "config.json"), JSON.stringify(config));
  const manifest = [{ Config: "config.json", RepoTags: [tag], Layers: ["layer.tar"] }];
  writeFileSync(join(at, "manifest.json"), JSON.stringify(manifest));
  execFileSync("tar", ["-C", at, "-cf", join(at, "all.tar"), "manifest.json", "config.json", "layer.tar"]);
  return join(at, "all.tar");
}

/** Where the host lets it: AppArmor and a lower OOM score are root's outside of a container. */
function configOf(dir: string, socket: string, state: string): string {
  return `version = 2
root = "${dir}/root"
state = "${state}"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${POD_IMAGE}"
  disable_apparmor = ${existsSync("/sys/kernel/security/apparmor/profiles") ? "false" : "true"}
  restrict_oom_score_adj = true
`;
}
