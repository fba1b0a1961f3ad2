import { chmodSync, copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { agentInstallation } from "../../agent/install/index.ts";
import { AGENT_UNIT } from "../../core/agent-state.ts";
import { ROOTS_AGENT_HOME } from "../../delivery/readers.ts";
import { run } from "./tools.ts";

/** What a package installs besides the program: texts that the program and the build write. */
export type PackageTexts = {
  /** The folder of `npm run build`. */
  readonly dist: string;
  readonly licenses: string;
  readonly bom: string;
  /** The checkout. */
  readonly root: string;
};

/**
 * Lays a root folder as a package fills it: program, Docker CLI plug-in, manual page, completions, the agent's unit (which
 * no package enables), schema, licenses. `native` is an executable that runs here.
 */
export function layTree(tree: string, program: string, native: string, texts: PackageTexts): void {
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  const copy = (from: string, path: string): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    copyFileSync(from, join(tree, path));
    chmodSync(join(tree, path), 0o644);
  };
  copy(program, "usr/bin/unsprawl");
  chmodSync(join(tree, "usr/bin/unsprawl"), 0o755);
  const plugins = join(tree, "usr/libexec/docker/cli-plugins");
  mkdirSync(plugins, { recursive: true });
  symlinkSync("../../../bin/unsprawl", join(plugins, "docker-unsprawl"));
  for (const page of manualPages(texts.dist)) {
    const path = `usr/share/man/man${page.at(-1) ?? ""}/${page}`;
    copy(join(texts.dist, page), path);
    // Debian Policy, section 12.1.
    run("gzip", ["-n", "-9", join(tree, path)]);
  }
  copy(join(texts.dist, "unsprawl.schema.json"), "usr/share/unsprawl/unsprawl.schema.json");
  for (const [shell, path] of Object.entries(COMPLETIONS)) put(path, run(native, ["completion", shell]));
  put(`usr/lib/systemd/system/${AGENT_UNIT}`, agentUnitText());
  copy(join(texts.root, "LICENSE"), "usr/share/doc/unsprawl/copyright");
  copy(join(texts.root, "docs/changelog.md"), "usr/share/doc/unsprawl/changelog.md");
  put("usr/share/doc/unsprawl/THIRD-PARTY-LICENSES", texts.licenses);
  put("usr/share/doc/unsprawl/sbom.cdx.json", texts.bom);
}

const COMPLETIONS = {
  bash: "usr/share/bash-completion/completions/unsprawl",
  zsh: "usr/share/zsh/vendor-completions/_unsprawl",
  fish: "usr/share/fish/vendor_completions.d/unsprawl.fish",
} as const;

/** The unit as `unsprawl agent install systemd` writes it for root, with everything in its usual place. */
function agentUnitText(): string {
  const { files } = agentInstallation("systemd", {
    words: [],
    program: ["/usr/bin/unsprawl"],
    image: null,
    config: null,
    state: "/root/.local/state/unsprawl",
    memory: "/run/unsprawl",
    home: ROOTS_AGENT_HOME,
    userUnits: null,
    socket: null,
    userHome: "/root",
  });
  return files[0]?.text ?? "";
}

/** The manual pages that the build wrote. */
function manualPages(dist: string): string[] {
  return readdirSync(dist).filter((name) => /\.[15]$/.test(name));
}
