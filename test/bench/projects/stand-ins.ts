import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { TestEngine } from "../../services/engine.ts";
import { need, which } from "../../services/apt.ts";
import { importImage, staticBusybox } from "../../services/images.ts";
import { baseOf } from "./built.ts";
import { BARE, KINDS, SHELL_LESS, hasPerl } from "./kinds.ts";

const CLIENTS =
  "pg_isready psql createdb mysqladmin mysql mariadb mariadb-admin mysqldump pg_dump redis-cli valkey-cli mongo mongosh curl nc ping dig host wait-for-it.sh wait-for-it wait-for pip pip3 npm yarn pnpm apt-get apt apk composer openssl git mc jq tar dpkg useradd adduser groupadd su-exec nslookup rabbitmqctl rabbitmq-plugins rabbitmq-diagnostics vault kafka-topics kafka-topics.sh cub flock envsubst";

/** Stays up as a container's process, and passes as a health check: that one's first ancestor is not process 1. */
const ANY = `#!/bin/sh
name=\${0##*/} root=$$
while [ "$root" -gt 1 ]; do
  while read -r key value; do [ "$key" = PPid: ] && break; done < /proc/$root/status
  root=$value
done
[ "$root" = 1 ] || exit 0
case " ${CLIENTS} " in *" $name "*) exit 0 ;; esac
case "$name" in
find) case "$*" in *-exec*) exit 0 ;; esac ;;
date) case "$*" in *--rfc*) set -- ;; esac ;;
esac
case "$name" in grep | wget | date | find) exec /bin/busybox "$name" "$@" ;; esac
case " $* " in *" --help "* | *" --version "*)
  trap '' PIPE
  mkdir -p /var/lib/mysql/mysql /run/mysqld 2>/dev/null
  printf 'datadir /var/lib/mysql/\\nsocket /run/mysqld/mysqld.sock\\n'
  exit 0 ;;
esac
trap 'exit 0' TERM INT
while :; do sleep 100000 & wait $!; done
`;

/** As an existing database has it, so that no entrypoint creates one. */
const GOSU = `#!/bin/sh
case "$1" in
postgres) home=$PGDATA && mkdir -p "$home" && echo 16 >"$home/PG_VERSION" ;;
mysql) home=/var/lib/mysql ;;
mongodb) home=/data/db && touch "$home/WiredTiger" ;;
redis) home=/data ;;
*) home=/var/lib/rabbitmq ;;
esac
chown -R "$1" "$home" 2>/dev/null
exec /usr/local/bin/gosu-itself "$@"
`;

const USERS = [
  ...["postgres", "mysql", "mongodb", "mongo", "redis", "rabbitmq", "www-data", "node", "grafana", "nginx"],
  ...["appuser", "django", "laravel", "nextjs", "nestjs", "nonroot", "airflow"],
];
const SERVERS = [
  "postgres",
  "mysqld",
  "mariadbd",
  "mongod",
  "redis-server",
  "rabbitmq-server",
  "grafana",
  "php",
  "apache2-foreground",
  "php-fpm",
  "traefik",
];
/** Folders of the images that their own users write to. */
const WRITTEN = [
  ...["var/lib/postgresql/data", "var/lib/mysql/mysql", "data/db", "var/lib/redis", "var/lib/rabbitmq", "var/www/html"],
  ...[
    "usr/src/wordpress",
    "usr/src/nextcloud",
    "usr/local/etc/php/conf.d",
    "run/mysqld",
    "run/postgresql",
    "var/run/postgresql",
  ],
];
/** As linuxserver's init: what FILE__NAME names becomes NAME. */
const INIT = `#!/bin/bash
for name in $(compgen -e); do
  case "$name" in FILE__*) export "\${name#FILE__}=$(cat "\${!name}")"; unset "$name" ;; esac
done
exec /usr/local/bin/any
`;
const ENVFILE = "#!/usr/bin/with-contenv bash\nfor FILENAME in /run/s6/container_environment/FILE__*; do :; done\n";
const NAME = "stand-in";

export type StandIns = {
  /** Makes an image of this name, with whatever programs the service's own command or health check calls. */
  readonly make: (image: string, programs: readonly string[], build: unknown) => void;
};

/** `parts` holds `bash` and `gosu`, both static; `entrypoints` the public scripts, where they are at hand. */
export async function standIns(engine: TestEngine, parts: string, entrypoints: string | null): Promise<StandIns> {
  const busybox = await staticBusybox();
  const applets = execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n").filter(Boolean);
  for (const applet of applets) OWN.add(applet);
  const fill = (root: string): void => fillRoot(root, busybox, applets, parts);
  const path = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const made = new Set<string>();
  const add = (kind: string, more: (root: string) => void, changes: readonly string[]): void => {
    importImage(
      engine,
      `${NAME}/${kind}`,
      (root) => {
        fill(root);
        more(root);
      },
      [path, ...changes],
    );
    made.add(kind);
  };
  const perl = await need("perl", ["perl-base"]);
  const withPerl = (root: string): void => copyProgram(root, perl, "/usr/bin/perl");
  const generic = ['ENTRYPOINT ["/usr/local/bin/app"]', 'CMD ["serve"]'];
  add("generic", () => undefined, generic);
  add("perl", withPerl, generic);
  add("bare", () => undefined, ['CMD ["app"]']);
  add("bare-perl", withPerl, ['CMD ["app"]']);
  for (const [name, kind] of Object.entries(KINDS)) {
    const from = join(entrypoints ?? "/nowhere", name);
    if (Object.keys(kind.files).some((file) => !existsSync(join(from, file)))) continue;
    const env = (kind.env ?? []).map((one) => `ENV ${one}`);
    const volume = kind.volume === undefined ? [] : [`VOLUME ${kind.volume}`];
    const workdir = kind.workdir === undefined ? [] : [`WORKDIR ${kind.workdir}`];
    const check = kind.isChecked === true ? ["HEALTHCHECK --interval=1s CMD true"] : [];
    const argv = [`ENTRYPOINT ${JSON.stringify(kind.entrypoint)}`, `CMD ${JSON.stringify(kind.cmd)}`];
    const copied = (root: string): void => {
      for (const [file, to] of Object.entries(kind.files))
        put(root, to, () => copyFileSync(join(from, file), root + to));
      const [first = ""] = kind.entrypoint;
      const made = name === "linuxserver" ? INIT : ANY;
      if (first.startsWith("/") && !existsSync(root + first)) put(root, first, (to) => writeFileSync(to, made));
      if (name === "linuxserver") {
        put(root, "/etc/s6-overlay/s6-rc.d/init-envfile/run", (to) => writeFileSync(to, ENVFILE));
      }
    };
    add(name, copied, [...env, ...workdir, ...volume, ...check, ...argv]);
  }
  addShellLess(engine, made);
  return { make: (image, programs, build) => makeOne(engine, kindOf(image, build, made), image, programs) };
}

function kindOf(image: string, build: unknown, made: ReadonlySet<string>): string {
  const from = build === undefined ? image : (baseOf(build) ?? image);
  const repository = from.replace(/^docker\.io\/(library\/)?/, "").replace(/@.*$|:[^/:]*$/g, "");
  const found = Object.entries(KINDS).find(([name, { of }]) => made.has(name) && of.test(repository));
  if (found) return found[0];
  const [, program = "shell-less"] = /(?:^|\/)(cloudflared|watchtower)$/.exec(repository) ?? [];
  if (SHELL_LESS.test(repository) && made.has(program)) return program;
  if (build !== undefined || BARE.test(repository)) return hasPerl(from) ? "bare-perl" : "bare";
  return hasPerl(from) ? "perl" : "generic";
}

function makeOne(engine: TestEngine, kind: string, image: string, programs: readonly string[]): void {
  const missing = kind in SHELL_LESS_PROGRAMS ? [] : programs.filter((one) => !existsInRoot(one));
  if (missing.length === 0) {
    engine.docker("tag", `${NAME}/${kind}`, image);
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-programs-"));
  const id = engine.docker("create", `${NAME}/${kind}`);
  try {
    for (const program of missing) {
      const to = join(dir, program.includes("/") ? program : `usr/local/bin/${program}`);
      mkdirSync(dirname(to), { recursive: true });
      rmSync(to, { force: true });
      symlinkSync("/usr/local/bin/any", to);
    }
    engine.docker("cp", `${dir}/.`, `${id}:/`);
    engine.docker("commit", id, image);
  } finally {
    engine.docker("rm", "-f", id);
    rmSync(dir, { recursive: true, force: true });
  }
}

const OWN = new Set(["bash", "sh", "any", "app", "env", "exec", "export", "set", "gosu", ...SERVERS]);

const existsInRoot = (program: string): boolean =>
  OWN.has(program) || /^\/(usr\/)?(local\/)?s?bin\/(ba)?sh$/.test(program);

function fillRoot(root: string, busybox: string, applets: readonly string[], parts: string): void {
  for (const dir of ["bin", "etc", "tmp", "usr/bin", "usr/local/bin", "docker-entrypoint-initdb.d", ...WRITTEN]) {
    mkdirSync(join(root, dir), { recursive: true });
    if (WRITTEN.includes(dir)) chmodSync(join(root, dir), 0o777);
  }
  writeFileSync(join(root, "var/lib/postgresql/data/PG_VERSION"), "16\n");
  for (const file of ["var/www/html/index.php", "data/db/WiredTiger"]) writeFileSync(join(root, file), "");
  copyFileSync(busybox, join(root, "bin/busybox"));
  for (const applet of applets)
    if (!["sh", "ash", "bash", "busybox"].includes(applet)) symlinkSync("/bin/busybox", join(root, "bin", applet));
  // Not busybox's own shell: it prefers its own applets to what stands on PATH.
  copyFileSync(join(parts, "bash"), join(root, "bin/bash"));
  for (const name of ["bin/sh", "bin/ash"]) symlinkSync("bash", join(root, name));
  symlinkSync("/bin/busybox", join(root, "usr/bin/env"));
  copyFileSync(join(parts, "gosu"), join(root, "usr/local/bin/gosu-itself"));
  put(root, "/usr/local/bin/any", (to) => writeFileSync(to, ANY));
  put(root, "/usr/local/bin/gosu", (to) => writeFileSync(to, GOSU));
  for (const name of ["app", "grep", "wget", "date", "find", ...CLIENTS.split(" "), ...SERVERS]) {
    const to = join(root, "usr/local/bin", name);
    if (!existsSync(to)) symlinkSync("any", to);
  }
  const users = USERS.map((name, at) => `${name}:x:${999 - at}:${999 - at}::/:/bin/sh`);
  writeFileSync(
    join(root, "etc/passwd"),
    ["root:x:0:0::/:/bin/sh", "app:x:1000:1000::/:/bin/sh", ...users, ""].join("\n"),
  );
  const groups = USERS.map((name, at) => `${name}:x:${999 - at}:`);
  writeFileSync(join(root, "etc/group"), ["root:x:0:", "app:x:1000:", ...groups, ""].join("\n"));
}

function copyProgram(root: string, program: string, to: string): void {
  const libraries = execFileSync("ldd", [program], { encoding: "utf8" }).match(/\/\S+/g) ?? [];
  for (const [from, at] of [[program, to], ...libraries.map((file) => [file, file] as const)] as const)
    put(root, at, (file) => copyFileSync(from, file));
}

function put(root: string, to: string, write: (file: string) => void): void {
  mkdirSync(dirname(root + to), { recursive: true });
  write(root + to);
  chmodSync(root + to, 0o755);
}

/** By kind, its program: what an image starts tells how it reads a value. */
const SHELL_LESS_PROGRAMS = {
  "shell-less": "/app",
  cloudflared: "/usr/local/bin/cloudflared",
  watchtower: "/watchtower",
};

/** Without a C compiler these images are stood in for as all others. */
function addShellLess(engine: TestEngine, made: Set<string>): void {
  const source =
    // As a health check, whose parent is outside, it ends at once.
    "#include <unistd.h>\n#include <signal.h>\nvoid e(int s){_exit(0);} int main(){signal(SIGTERM,e);if(getpid()>1&&getppid()==0)_exit(0);for(;;)pause();}";
  try {
    for (const [kind, program] of Object.entries(SHELL_LESS_PROGRAMS)) {
      const fill = (root: string): void =>
        put(root, program, (to) => {
          execFileSync(which("cc") ?? "cc", ["-static", "-x", "c", "-o", to, "-"], {
            input: source,
            stdio: ["pipe", "pipe", "pipe"],
          });
        });
      importImage(engine, `${NAME}/${kind}`, fill, [`ENTRYPOINT ["${program}"]`]);
      made.add(kind);
    }
  } catch (error) {
    process.stderr.write(`no images without a shell: ${basename(String(error).split("\n", 1)[0] ?? "")}\n`);
  }
}
