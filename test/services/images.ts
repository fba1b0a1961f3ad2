import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { need } from "./apt.ts";
import type { TestEngine } from "./engine.ts";

/** An image with a shell and the usual tools. */
export const BUSYBOX = "unsprawl-test/busybox:1";
/** One whose entrypoint reads NAME_FILE for DB_PASSWORD and API_TOKEN, as docker-library's do. */
export const FILE_ENV = "unsprawl-test/file-env:1";
/** One without a shell: static programs only. */
export const SHELL_LESS = "unsprawl-test/shell-less:1";

/** A command that stays up and ends at once on SIGTERM: a bare `sleep` as process 1 is waited for until it is killed. */
export const APP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];

const ENTRYPOINT = `#!/bin/sh
set -eu
# file_env VAR: takes the value from VAR_FILE, as docker-library's images do.
file_env() {
  var=$1 file_var="$1_FILE"
  eval "value=\\\${$var:-}" "file=\\\${$file_var:-}"
  if [ -n "$value" ] && [ -n "$file" ]; then echo "both $var and $file_var are set" >&2; exit 1; fi
  if [ -n "$file" ]; then value=$(cat "$file"; printf x); value=\${value%x}; export "$var=$value"; unset "$file_var"; fi
}
file_env 'DB_PASSWORD'
file_env API_TOKEN
exec "$@"
`;

/** Makes the test images: there is no registry to pull from. */
export async function makeImages(engine: Pick<TestEngine, "docker">): Promise<void> {
  const busybox = await staticBusybox();
  const applets = [
    "sh",
    "cat",
    "sleep",
    "env",
    "ls",
    "wget",
    "nc",
    "httpd",
    "id",
    "touch",
    "mkdir",
    "true",
    "false",
    "test",
    "grep",
  ];
  importImage(engine, BUSYBOX, (root) => tools(root, busybox, applets), ['CMD ["/bin/sh"]', "ENV PATH=/bin"]);
  importImage(
    engine,
    FILE_ENV,
    (root) => {
      tools(root, busybox, applets);
      mkdirSync(join(root, "usr/local/bin"), { recursive: true });
      writeFileSync(join(root, "usr/local/bin/docker-entrypoint.sh"), ENTRYPOINT);
      chmodSync(join(root, "usr/local/bin/docker-entrypoint.sh"), 0o755);
    },
    ["ENV PATH=/usr/local/bin:/bin", 'ENTRYPOINT ["docker-entrypoint.sh"]', `CMD ${JSON.stringify(APP)}`],
  );
  // Busybox decides by its own name, so a copy named `sleep` is no shell.
  importImage(
    engine,
    SHELL_LESS,
    (root) => {
      mkdirSync(join(root, "app"));
      for (const name of ["sleep", "cat"]) copyFileSync(busybox, join(root, "app", name));
    },
    ["ENV PATH=/app", 'ENTRYPOINT ["/app/sleep"]', 'CMD ["100000"]'],
  );
}

/**
 * An image like Elasticsearch's: its entrypoint is a bash script that writes down the environment it got, and `/bin/sh` drops
 * variables such as `discovery.type`. With perl, as every image that is made from Debian's, if asked for.
 */
export async function makeBashImage(
  engine: Pick<TestEngine, "docker">,
  tag: string,
  { perl = false }: { readonly perl?: boolean } = {},
): Promise<void> {
  const busybox = await staticBusybox();
  const programs = ["/bin/bash", ...(perl ? [await need("perl", ["perl-base"])] : [])];
  const libraries = programs.flatMap((program) => execFileSync("ldd", [program]).toString().match(/\/\S+/g) ?? []);
  importImage(
    engine,
    tag,
    (root) => {
      tools(root, busybox, ["sh", "cat", "env", "sleep"]);
      for (const file of [...programs, ...libraries]) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        copyFileSync(file, join(root, file));
      }
      writeFileSync(join(root, "bin/search"), '#!/bin/bash\ncat /proc/self/environ >/tmp/seen\nexec "$@"\n', {
        mode: 0o755,
      });
    },
    ["ENV PATH=/bin", 'ENTRYPOINT ["search"]', `CMD ${JSON.stringify(APP)}`],
  );
}

/** docker-library's function, in words that BusyBox's shell has too. */
const READER = `file_env() {
  eval "value=\\\${$1:-}" "file=\\\${$1_FILE:-}"
  if [ -z "$value" ] && [ -n "$file" ]; then value="$(cat "$file")"; fi
  export "$1=$value"
  unset "$1_FILE"
}
`;
/** Writes its password down, with a full stop, and stays. */
const SERVER = `#!/bin/sh
printf "%s." "\${DB_PASSWORD-none}" >/tmp/seen
trap 'exit 0' TERM
while :; do sleep 1000 & wait $!; done
`;

/**
 * An image of a server with this entrypoint, which has docker-library's `file_env`, and three programs that do the same:
 * serverd (its command), backup, helper.
 */
export async function makeServerImage(
  engine: Pick<TestEngine, "docker">,
  tag: string,
  entrypoint: string,
): Promise<string> {
  const busybox = await staticBusybox();
  const programs = { "docker-entrypoint.sh": `#!/bin/sh\n${READER}${entrypoint}\n` };
  importImage(
    engine,
    tag,
    (root) => {
      tools(root, busybox, [
        "sh",
        "cat",
        "sleep",
        "env",
        "id",
        "kill",
        "mkdir",
        "printf",
        "true",
        "tr",
        "grep",
        "touch",
        "test",
      ]);
      const all = { ...programs, serverd: SERVER, backup: SERVER, helper: SERVER };
      for (const [name, text] of Object.entries(all)) writeFileSync(join(root, "bin", name), text, { mode: 0o755 });
    },
    ["ENV PATH=/bin", 'ENTRYPOINT ["docker-entrypoint.sh"]', 'CMD ["serverd"]'],
  );
  return tag;
}

/** Debian also has a busybox that needs the C library, which no test image has. */
export async function staticBusybox(): Promise<string> {
  const found = await need("busybox", ["busybox-static"]);
  // The loader that a dynamic program asks for is named at the beginning of the file (ELF, PT_INTERP).
  if (!readFileSync(found).subarray(0, 4096).includes("/ld-")) return found;
  return need("busybox", ["busybox-static"], true);
}

/** Imports a folder as an image with Dockerfile instructions for its config. */
export function importImage(
  engine: Pick<TestEngine, "docker">,
  tag: string,
  fill: (root: string) => void,
  changes: readonly string[],
): void {
  const root = mkdtempSync(join(tmpdir(), "unsprawl-image-"));
  try {
    fill(root);
    execFileSync("tar", ["-C", root, "-cf", `${root}.tar`, "."]);
    engine.docker("import", ...changes.flatMap((change) => ["-c", change]), `${root}.tar`, tag);
  } finally {
    rmSync(root, { recursive: true, force: true });
    rmSync(`${root}.tar`, { force: true });
  }
}

export function tools(root: string, busybox: string, applets: readonly string[]): void {
  mkdirSync(join(root, "bin"));
  mkdirSync(join(root, "etc"));
  mkdirSync(join(root, "tmp"));
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const name of applets) symlinkSync("busybox", join(root, "bin", name));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\napp:x:1234:1235::/:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\napp:x:1235:\n");
}
