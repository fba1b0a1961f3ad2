import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { DeliverySubject } from "../../src/contract/delivery.ts";
import { fileDelivery } from "../../src/delivery/file.ts";
import type { Move } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { random } from "../support/canary.ts";

const memory = mkdtempSync("/dev/shm/unsprawl-test-");
const delivery = fileDelivery({ UNSPRAWL_RUNTIME_DIR: memory });
afterAll(() => rmSync(memory, { recursive: true, force: true }));

const moves = (...names: string[]): Move[] => names.map((name) => ({ name }) as Move);
const ONE = moves("DB_PASSWORD");

/** An image of these files, run so. */
function subject(files: { readonly [path: string]: string }, more: Partial<DeliverySubject> = {}): DeliverySubject {
  return {
    id: "api-run",
    entrypoint: ["docker-entrypoint.sh"],
    cmd: ["server"],
    imageEnv: new Set(["PATH"]),
    env: ["PATH", "DB_PASSWORD"],
    path: "/usr/local/bin:/bin",
    user: "",
    health: [],
    runtime: null,
    mountTargets: [],
    consumer: "container:app",
    references: new Map(),
    engineRuntimes: [],
    unreachableHost: null,
    otherwise: "",
    readFile: async (path) => (path in files ? Buffer.from(files[path] ?? "") : null),
    hasFile: async (path) => path in files,
    ...more,
  };
}

const script = (text: string): { readonly [path: string]: string } => ({
  "/usr/local/bin/docker-entrypoint.sh": `#!/bin/sh\n${READER}${text}\nexec "$@"\n`,
});
/** docker-library's function. */
const READER = `file_env() {
	local var="$1" fileVar="\${1}_FILE" val=""
	if [ "\${!var:-}" ]; then val="\${!var}"
	elif [ "\${!fileVar:-}" ]; then val="$(< "\${!fileVar}")"
	fi
	export "$var"="$val"
	unset "$fileVar"
}
`;
const FILE_ENV = script("file_env 'DB_PASSWORD'");
const NOT_FOR_EXEC = ["`docker exec` in this container will not see the values (the application does)"];
const S6 = { entrypoint: ["/init"] };
const ENVFILE = 'for FILE in $(env | grep "^FILE__"); do export; done\n';
const OLD_ENVFILE = "/etc/cont-init.d/01-envfile";
const NEW_ENVFILE = "/etc/s6-overlay/s6-rc.d/init-envfile/run";

describe("a file that the entrypoint writes at each start", () => {
  it.each([
    ["{\n  echo 'a = b'\n} > /etc/php/redis.ini", ["/etc/php/redis.ini"]],
    [
      'echo "$A" >"/etc/app.conf"; envsubst <"/etc/app.tmpl" > /etc/other.conf 2>/dev/null',
      ["/etc/app.conf", "/etc/other.conf"],
    ],
    ["[ -f /etc/app.key ] || openssl rand -hex 32 > /etc/app.key", []],
    ["KEY=/etc/app.key\necho a > /etc/app.key", []],
    ["echo a >> /etc/app.conf\necho b 2> /etc/errors\necho c &> /etc/all", []],
    ["# echo a > /etc/app.conf", []],
    ["[ -e /data/done ] || head -c 9 /dev/urandom > /etc/app.key", []],
    ["echo a > /data/app\ncp /data/app.d/x /y", []],
    ["grep -q x /etc/app.conf || echo a > /etc/app.conf", []],
  ])("%j: %j", async (text, paths) => {
    expect(await delivery.rewrites?.(subject(script(text)))).toEqual(paths);
  });

  it("is looked for in bounded time, whatever an image's scripts name", async () => {
    const count = 20_000;
    const lines = Array.from({ length: count }, (_, at) => `. /lib/${at}.sh\n> /etc/${at}.conf`);
    const files = script(lines.join("\n"));
    let questions = 0;
    const dirs = Array.from({ length: count }, (_, at) => `/opt/${at}`);
    const hostile = subject(files, {
      path: ["/usr/local/bin", ...dirs].join(":"),
      entrypoint: ["tini", "docker-entrypoint.sh"],
      readFile: async (path) => {
        questions++;
        return path in files ? Buffer.from(files[path] ?? "") : null;
      },
    });
    expect(await delivery.rewrites?.(hostile)).toEqual([]);
    expect(questions).toBeLessThan(300);
  });
});

describe("fits", () => {
  it.each([
    ["file_env, as docker-library's images do", subject(FILE_ENV)],
    ["NAME_FILE by itself", subject(script('export DB_PASSWORD="$(cat "$DB_PASSWORD_FILE")"'))],
    [
      "a loop over such variables, as Elasticsearch's do",
      subject(
        script('for FILE in API_TOKEN_FILE DB_PASSWORD_FILE; do export "${FILE%_FILE}"="$(cat "${!FILE}")"; done'),
      ),
    ],
    ["MariaDB's function", subject(script('_mariadb_file_env() {\n file_env "$1"\n}\n_mariadb_file_env DB_PASSWORD'))],
    ["a call over two lines", subject(script("file_env \\\n  DB_PASSWORD"))],
    [
      "a file that the script sources",
      subject({
        "/usr/local/bin/docker-entrypoint.sh": '#!/bin/sh\n. /lib/env.sh\nexec "$@"\n',
        "/lib/env.sh": `${READER}file_env DB_PASSWORD\n`,
      }),
    ],
    [
      "a script behind tini",
      subject(
        { "/start.sh": `#!/bin/sh\n${READER}file_env DB_PASSWORD\n` },
        { entrypoint: ["tini", "--", "/start.sh"] },
      ),
    ],
    [
      "a script that is the command",
      subject({ "/start.sh": `#!/bin/sh\n${READER}file_env DB_PASSWORD\n` }, { entrypoint: [], cmd: ["/start.sh"] }),
    ],
  ])("an entrypoint with %s", async (_what, image) => {
    const { fits, why, warnings } = await delivery.fits(image, ONE);
    expect([fits, why, warnings]).toEqual([
      true,
      expect.stringMatching(/^the image's entrypoint \(\/.*\.sh\) reads NAME_FILE$/),
      NOT_FOR_EXEC,
    ]);
    expect(delivery.change(image, ONE)).toMatchObject({
      unset: ["DB_PASSWORD"],
      set: [{ name: "DB_PASSWORD_FILE", value: "/run/secrets/DB_PASSWORD" }],
    });
  });

  it.each([NEW_ENVFILE, OLD_ENVFILE])(
    "an image on s6-overlay with %s, whose variables are FILE__NAME",
    async (path) => {
      const image = subject({ [path]: ENVFILE }, S6);
      expect(await delivery.fits(image, ONE)).toEqual({
        fits: true,
        why: `the image's /init (${path}) reads FILE__NAME`,
        warnings: NOT_FOR_EXEC,
      });
      expect(delivery.change(image, moves("DB_PASSWORD", "API_TOKEN"))).toEqual({
        unset: ["DB_PASSWORD", "API_TOKEN"],
        set: [
          { name: "FILE__DB_PASSWORD", value: "/run/secrets/DB_PASSWORD" },
          { name: "FILE__API_TOKEN", value: "/run/secrets/API_TOKEN" },
        ],
        mounts: [{ source: join(memory, "units/api-run/secrets"), target: "/run/secrets" }],
        entrypointPrefix: null,
        healthcheckPrefix: null,
        runtime: null,
      });
    },
  );
});

/** Of MariaDB's entrypoint: docker-library's file_env, called with each name and with the one derived from it. */
const MARIADB = script(
  `_mariadb_file_env() {\n\tlocal maria="MARIADB_\${var#MYSQL_}"\n\tfile_env "$maria" "\${!var}"\n}\n_mariadb_file_env 'MYSQL_ROOT_PASSWORD'`,
);
/** Of Grafana's run.sh. */
const GRAFANA = {
  "/run.sh":
    "#!/bin/bash -e\nfor VAR_NAME in $(env | grep '^GF_[^=]\\+__FILE=.\\+' | sed -r \"s/([^=]*)__FILE=.*/\\1/g\"); do :; done\n",
};

it("reads the names that an entrypoint derives, and Grafana's form", async () => {
  const root = moves("MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD");
  expect(await delivery.fits(subject(MARIADB), root)).toMatchObject({ fits: true });
  expect(await delivery.fits(subject(MARIADB), moves("MARIADB_OTHER"))).toMatchObject({ fits: false });
  const grafana = subject(GRAFANA, { entrypoint: ["/run.sh"], cmd: [] });
  const admin = moves("GF_SECURITY_ADMIN_PASSWORD");
  expect(await delivery.fits(grafana, admin)).toMatchObject({ fits: true });
  expect(delivery.change(grafana, admin).set).toEqual([
    { name: "GF_SECURITY_ADMIN_PASSWORD__FILE", value: "/run/secrets/GF_SECURITY_ADMIN_PASSWORD" },
  ]);
  const other = await delivery.fits(grafana, ONE);
  expect(other).toMatchObject({ fits: false, why: "the image's entrypoint does not read DB_PASSWORD_FILE" });
});

describe("whether the command that is started reaches the reader", () => {
  /** The frame of docker-library's images of servers: MariaDB's, MySQL's, PostgreSQL's. */
  const server = `setup_env() {
	file_env 'DB_PASSWORD'
}
_main() {
	if [ "\${1:0:1}" = '-' ]; then
		set -- serverd "$@"
	fi
	if [ "$1" = 'serverd' ] || [ "$1" = 'server' ] && ! _want_help "$@"; then
		if [ "$(id -u)" = "0" ]; then
			exec gosu server "\${BASH_SOURCE[0]}" "$@"
		fi
		setup_env
	fi
	exec "$@"
}
if ! _is_sourced; then
	_main "$@"
fi`;
  const within = (test: string): string => `if ${test}; then\n\tfile_env DB_PASSWORD\nfi`;
  it.each<readonly [string, string, readonly string[], boolean]>([
    ["the server", server, ["serverd"], true],
    ["the server by its other name", server, ["server", "--flag"], true],
    ["options of the server", server, ["--max-connections=5"], true],
    ["nothing, which the frame does not name", server, [], false],
    ["a backup script, the usual sidecar", server, ["backup.sh"], false],
    ["a shell that names the server", server, ["sh", "-c", "serverd & dump"], false],
    ["a longer name", server, ["serverd-safe"], false],
    ["a name by its beginning", within('[[ "$1" == apache2* ]]'), ["apache2-foreground"], true],
    ["another one", within('[[ "$1" == apache2* ]]'), ["php-fpm"], false],
    ["any but a named one", within('[ "$1" != server ]'), ["server"], false],
    ["none but a named one", within('[ ! "$1" = server ]'), ["server"], false],
    ["what a list of cases has", 'case "$1" in\n  server) file_env DB_PASSWORD ;;\nesac', ["server"], false],
    ["another branch", 'if [ "$1" = "x" ]; then :; else file_env DB_PASSWORD; fi', ["server"], false],
    ["a new installation alone, as Nextcloud's", within('[ "$installed_version" = "0.0.0.0" ]'), ["server"], false],
    ["an earlier program", `if [ "$1" = "sh" ]; then exec "$@"; fi\nfile_env DB_PASSWORD`, ["server"], false],
    [
      "the file that is set",
      'if [ -n "$DB_PASSWORD_FILE" ]; then export DB_PASSWORD="$(cat "$DB_PASSWORD_FILE")"; fi',
      [],
      true,
    ],
    ["the file that is there", '[ -f "$DB_PASSWORD_FILE" ] && export DB_PASSWORD=$(cat "$DB_PASSWORD_FILE")', [], true],
    ["two lines", 'DB_PASSWORD="$(< "$DB_PASSWORD_FILE")"\nexport DB_PASSWORD', [], true],
    ["no export, so that the program does not get it", 'DB_PASSWORD="$(< "$DB_PASSWORD_FILE")"', [], false],
    ["a variable of another", 'init --password "$(cat "$DB_PASSWORD_FILE")"', [], false],
    ["a function that nothing calls", "setup() {\n file_env DB_PASSWORD\n}", ["server"], false],
    ["a function that exports nothing", 'load_secret() { cat "$1"; }\nload_secret DB_PASSWORD', ["server"], false],
    ["what runs if something else fails", "[ -s /data/done ] || file_env DB_PASSWORD", ["server"], false],
    ["what runs unless something else does", within("! pg_isready"), ["server"], false],
    ["a subshell", "(\n  file_env DB_PASSWORD\n)", ["server"], false],
    ["a substitution", 'it="$(file_env DB_PASSWORD)"', ["server"], false],
    ["a function that is defined again", "file_env() { :; }\nfile_env DB_PASSWORD", ["server"], false],
    ["an export that is none", "export() { :; }\nfile_env DB_PASSWORD", ["server"], false],
    ["an alias", "alias file_env=true\nfile_env DB_PASSWORD", ["server"], false],
    ["the file's variable taken away", "unset DB_PASSWORD_FILE\nfile_env DB_PASSWORD", ["server"], false],
    ["a default, beside which the file is an error", ': "${DB_PASSWORD:=x}"\nfile_env DB_PASSWORD', ["server"], false],
    ["another default", "DB_PASSWORD=${DB_PASSWORD:-x}\nfile_env DB_PASSWORD", ["server"], false],
    ["other arguments", `set -- other "$@"\n${within('[ "$1" = server ]')}`, ["server"], false],
    ["more arguments", `set -- "$@" --port 1\n${within('[ "$1" = server ]')}`, ["server"], true],
    ["a copy of the argument", `was="$1"\nset -- other "$@"\n${within('[ "$was" = server ]')}`, ["server"], true],
    ["a function's own argument", `setup() {\n${within('[ "$1" = server ]')}\n}\nsetup now`, ["server"], false],
    [
      "a function that is given the arguments",
      `setup() {\n${within('[ "$1" = server ]')}\n}\nsetup "$@"`,
      ["server"],
      true,
    ],
    ["a loop over nothing, perhaps", "for one in $LIST; do file_env DB_PASSWORD; done", ["server"], false],
    ["a pattern where none is meant", within('[ "$1" = apache2* ]'), ["apache2-foreground"], false],
    ["one of two", within('[ "$1" = other ] || [ "$1" = server ]'), ["server"], true],
    ["both of two", within('[ "$1" = server ] && [ "$2" = x ]'), ["server"], false],
    ["the variable that is not set", within('[ -z "${DB_PASSWORD:-}" ]'), ["server"], true],
    ["the variable that is set", within('[ -n "$DB_PASSWORD" ]'), ["server"], false],
    ["another file that is there", within('[ -f "$OTHER_FILE" ]'), ["server"], false],
    ["text that is no command", "cat <<'END'\nfile_env DB_PASSWORD\nEND", ["server"], false],
  ])("%s", async (_what, text, cmd, fits) => {
    expect(await delivery.fits(subject(script(text), { cmd }), ONE)).toMatchObject({ fits });
  });
});

describe("a health check that reads the variable, which has the container's environment alone", () => {
  const check = (text: string): string => `#!/bin/sh\n${text}\n`;
  const files = {
    ...FILE_ENV,
    "/usr/local/bin/reads": check('mysql -p"$DB_PASSWORD"'),
    "/usr/local/bin/reads-files": check("file_env DB_PASSWORD\nmysql -p$DB_PASSWORD"),
    "/usr/local/bin/mentions": check("# DB_PASSWORD is not read"),
  };
  it.each([
    [["CMD-SHELL", "mysqladmin ping -p$DB_PASSWORD"], false],
    [["CMD-SHELL", 'test -n "${DB_PASSWORD:-}" || exit 1'], false],
    [["CMD", "bash", "-c", "mysqladmin ping -p$DB_PASSWORD"], false],
    [["CMD", "reads"], false],
    [["CMD-SHELL", "exec reads || exit 1"], false],
    [["CMD", "mysqladmin", "ping", "-p$DB_PASSWORD"], true],
    [["CMD-SHELL", "mysqladmin ping -p$DB_PASSWORD_OLD"], true],
    [["CMD", "reads-files"], true],
    [["CMD", "mentions"], true],
    [[], true],
  ])("%j", async (health, fits) => {
    expect(await delivery.fits(subject(files, { health }), ONE)).toMatchObject({ fits });
  });
});

describe("does not fit", () => {
  const s6 = { [NEW_ENVFILE]: ENVFILE };
  it.each([
    ["s6-overlay without the script", subject({}, S6), "/init does not read FILE__NAME"],
    ["s6-overlay with another script there", subject({ [OLD_ENVFILE]: "echo\n" }, S6), "/init does not read"],
    [
      "s6-overlay that reads NAME_FILE only",
      subject({ "/init": "#!/bin/sh\nfile_env DB_PASSWORD\n" }, S6),
      "/init does",
    ],
    ["FILE__NAME that is set", subject(s6, { ...S6, env: ["FILE__DB_PASSWORD"] }), "FILE__DB_PASSWORD is set already"],
    ["/init with arguments", subject(s6, { entrypoint: ["/init", "/app"] }), "is not a script that can be read"],
    ["/init as the command", subject(s6, { entrypoint: [], cmd: ["/init"] }), "is not a script that can be read"],
    ["NAME_FILE that is set", subject(FILE_ENV, { env: ["DB_PASSWORD_FILE"] }), "DB_PASSWORD_FILE is set already"],
    [
      "the image's own NAME",
      subject(FILE_ENV, { imageEnv: new Set(["DB_PASSWORD"]) }),
      "the image sets DB_PASSWORD itself",
    ],
    [
      "a program",
      subject({ "/usr/local/bin/docker-entrypoint.sh": "\u007fELF" }, { entrypoint: ["server"] }),
      "not a script",
    ],
    [
      "a list of variables that are refused",
      subject(script('deprecatedEnvVars=(\n\tDB_PASSWORD_FILE\n)\n[ -z "${!deprecated[DB_PASSWORD_FILE]:-}" ]')),
      "does not read DB_PASSWORD_FILE",
    ],
    ["a comment", subject(script("# file_env DB_PASSWORD")), "does not read DB_PASSWORD_FILE"],
    [
      "a longer name",
      subject(script("file_env DB_PASSWORD_OLD; echo $OLD_DB_PASSWORD_FILE")),
      "does not read DB_PASSWORD",
    ],
    [
      "files that do not get there",
      subject(FILE_ENV, { unreachableHost: { why: "another host", way: "" } }),
      "another host",
    ],
  ])("%s", async (_what, image, why) => {
    expect(await delivery.fits(image, ONE)).toEqual({ fits: false, why: expect.stringContaining(why), warnings: [] });
  });

  it("when one of several variables is not read", async () => {
    const fit = await delivery.fits(subject(FILE_ENV), moves("DB_PASSWORD", "API_TOKEN"));
    expect(fit).toMatchObject({ fits: false, why: "the image's entrypoint does not read API_TOKEN_FILE" });
  });
});

it.each([
  [["/run/secrets"], "/run/unsprawl/secrets"],
  [["/run/secrets/tls", "/data"], "/run/unsprawl/secrets"],
  [["/run", "/run/secrets-old"], "/run/secrets"],
])("beside mounts at %j the files are in %s", (mountTargets, target) => {
  const { set, mounts } = delivery.change(subject(FILE_ENV, { mountTargets }), ONE);
  expect([set[0]?.value, mounts[0]?.target]).toEqual([`${target}/DB_PASSWORD`, target]);
});

it("files are there for their owner alone, twice as once, until they are discarded", async () => {
  const value = random(20);
  const values = new Map([["DB_PASSWORD", Secret.of(value)]]);
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const dir = join(memory, "units/api-run/secrets");
  for (let twice = 0; twice < 2; twice++) await delivery.prepare("api-run", owner, ONE, values);
  expect(readFileSync(join(dir, "DB_PASSWORD"), "utf8")).toBe(value);
  const modes = [dir, join(dir, "DB_PASSWORD")].map((at) => (statSync(at).mode & 0o777).toString(8));
  expect(modes).toEqual(["500", "400"]);
  for (let twice = 0; twice < 2; twice++) await delivery.discard("api-run");
  expect(existsSync(join(memory, "units/api-run"))).toBe(false);
});

describe("the file belongs to whoever the entrypoint is when it reads it", () => {
  const PASSWD = { "/etc/passwd": "root:x:0:0::/:/bin/sh\nmongodb:x:999:998::/:/bin/sh\n" };
  const again = 'exec gosu mongodb "$BASH_SOURCE" "$@"';
  const read = 'file_env "DB_PASSWORD"';
  it.each([
    ["another user, as MongoDB's", `if root; then\n  ${again}\nfi\n${read}`, "", { uid: 999, gid: 998 }],
    ["root, as PostgreSQL's", `${read}\nif root; then ${again}; fi`, "", { uid: 0, gid: 0 }],
    ["root: another program than the script begins", `${read}\nexec gosu mongodb mongod`, "root", { uid: 0, gid: 0 }],
    ["the container's own user, who can become no other", `${again}\n${read}`, "5:6", { uid: 5, gid: 6 }],
  ])("%s", async (_name, text, user, owner) => {
    const image = subject({ ...script(text), ...PASSWD }, { user });
    expect(await delivery.fits(image, ONE)).toMatchObject({ fits: true });
    expect(await delivery.owner(image)).toEqual(owner);
  });

  it("and where a variable names that user, no file fits", async () => {
    const image = subject(script(`exec su-exec "\${user}" "$0" "$@"\nfile_env DB_PASSWORD`));
    expect(await delivery.fits(image, ONE)).toMatchObject({ fits: false });
  });
});
