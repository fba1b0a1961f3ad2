/**
 * What `runtime install containerd` prints to append, judged by containerd: with it the configuration means what it meant,
 * and has one handler more.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HANDLER, readContainerd } from "../../../src/delivery/runtime/containerd/config.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { need } from "../../services/apt.ts";

const PROGRAM = "/etc/unsprawl/containerd/unsprawl-runc";
const CRI = 'plugins."io.containerd.grpc.v1.cri"';
let dir: string;

beforeAll(async () => {
  await need("containerd", ["containerd", "runc"]);
  dir = mkdtempSync(join(tmpdir(), "unsprawl-containerd-config-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Tree = { [key: string]: Tree };

function dump(file: string): Tree {
  return parse(
    execFileSync("containerd", ["--config", file, "config", "dump"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  ) as unknown as Tree;
}

const handlersIn = (tree: Tree): Tree =>
  tree["plugins"]?.["io.containerd.grpc.v1.cri"]?.["containerd"]?.["runtimes"] ?? {};

function withoutHandlers(tree: Tree): Tree {
  const cri = tree["plugins"]?.["io.containerd.grpc.v1.cri"] ?? {};
  const containerd = { ...cri["containerd"], runtimes: {} } as Tree;
  return { "io.containerd.grpc.v1.cri": { ...cri, containerd } };
}

/** Handlers without the settings that are not set: containerd shows those of its own default only. */
function set(handlers: Tree): unknown {
  const text = JSON.stringify(handlers, (_key, value: unknown) =>
    value === "" || value === 0 || value === false ? undefined : value,
  );
  return JSON.parse(text);
}

/** Configurations as people have them. */
const FILES: { readonly [what: string]: string } = {
  "the default one": "",
  "Debian's": `version = 2\n\n[plugins]\n  [${CRI}]\n    [${CRI}.cni]\n      bin_dir = "/usr/lib/cni"\n`,
  "kubeadm's": `version = 2\n[${CRI}.containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n  [${CRI}.containerd.runtimes.runc.options]\n    SystemdCgroup = true\n    BinaryName = "/usr/sbin/runc"`,
  "that of version 1": '[plugins.cri]\n  sandbox_image = "registry.example/pause:1"\n',
  "one with another handler": `version = 2\n[${CRI}.containerd]\n  default_runtime_name = "fast"\n[${CRI}.containerd.runtimes.fast]\n  runtime_type = "io.containerd.runc.v2"\n  [${CRI}.containerd.runtimes.fast.options]\n    BinaryName = "/usr/bin/crun"\n[${CRI}.containerd.runtimes.kata]\n  runtime_type = "io.containerd.kata.v2"\n`,
};

describe.each(Object.entries(FILES))("%s", (_what, text) => {
  it("means the same with the handler appended, and the handler is the default one by another program", async () => {
    const file = join(dir, "config.toml");
    writeFileSync(file, text);
    const before = dump(file);
    const found = await readContainerd(file, PROGRAM, process.env);
    writeFileSync(file, `${text}\n${found.append ?? ""}`);
    const after = dump(file);
    const { [HANDLER]: ours, ...others } = handlersIn(after);
    expect(set(others)).toEqual(set(handlersIn(before)));
    const usual = handlersIn(before)[text.includes('"fast"') ? "fast" : "runc"] ?? {};
    expect(set({ ours: ours ?? {} })).toEqual(
      set({ ours: { ...usual, options: { ...usual["options"], BinaryName: PROGRAM } } } as unknown as Tree),
    );
    const rest = (tree: Tree): unknown => set({ ...tree, plugins: { ...tree["plugins"], ...withoutHandlers(tree) } });
    expect(rest(after)).toEqual(rest(before));
    writeFileSync(file, `${text}\n${found.append ?? ""}`);
    expect((await readContainerd(file, PROGRAM, process.env)).append).toBeNull();
  });
});

it.each([
  [
    "without a CRI",
    'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n',
    "no default handler that starts runc",
  ],
  [
    "by Kata Containers",
    `version = 2\n[${CRI}.containerd.runtimes.runc]\n  runtime_type = "io.containerd.kata.v2"\n`,
    "starts runc",
  ],
  [
    "in one line",
    `version = 2\n${CRI}.containerd.runtimes = { runc = { runtime_type = "io.containerd.runc.v2" } }\n`,
    "takes no handler",
  ],
  [
    "with our handler by another program",
    `version = 2\n[${CRI}.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n[${CRI}.containerd.runtimes.${HANDLER}]\nruntime_type = "io.containerd.runc.v2"\n`,
    "takes no handler",
  ],
  ["that is no TOML", "version = = 2\n", "does not take"],
])("a configuration %s is refused in a sentence", async (_what, text, said) => {
  const file = join(dir, "config.toml");
  writeFileSync(file, text);
  const error = await readContainerd(file, PROGRAM, process.env).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnsprawlError);
  expect((error as UnsprawlError).code).toBe("config");
  expect((error as UnsprawlError).message).toContain(said);
});

it("says where to run it without containerd", async () => {
  symlinkSync("/bin/cat", join(dir, "cat"));
  symlinkSync("/bin/sh", join(dir, "sh"));
  const error = await readContainerd(join(dir, "none.toml"), PROGRAM, { PATH: dir }).catch((thrown: unknown) => thrown);
  expect((error as UnsprawlError).message).toBe("containerd is not on this host's PATH");
});
