import { describe, expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { urlOf } from "../ask.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// What reads like code, markup or a comment and is a secret, and what stands under a secret's name and is none.

const kit = makeKit(17);
const V = `${kit.base62(14)}9aZ`;
/** As a generator of passwords draws them; the brackets are in no pairs, unlike those of an expression. */
const NOISE = `dJ[X)]*9(!%<+_${kit.base62(3)}d%`;
const MARKED = `W%db+*X1${kit.base62(3)}e+X(35J&>`;
const TOKEN = kit.hex(40);
const DOLLAR = ["c0pp", "3r$8", "0"].join("");
const HASHED = ["#iS7n", "P3ChsY"].join("");
const WORDS = ["pepper", "velvet", "thunder", "cobalt", "phoenix"].join(" ");
const SNAKE = ["dolphin", "neptune"].join("_");
const WEAK = "password";

describe("found", () => {
  test.each([
    ["marks of a generator", ".bash_history", `export DB_PWD='${NOISE}'`, NOISE],
    ["the same in code", "main.go", `\tDbPwd: "${NOISE}",`, NOISE],
    ["marks that a format has, too", "settings.py", `USER_PASSWORD: str = "${MARKED}"`, MARKED],
    ["a short name for a password", "config.go", `\tpsw = "${V}"`, V],
    ["another", "main.go", `\tbindPw := "${V}"`, V],
    ["a dollar before a digit", "config.php", `'pswd' => '${DOLLAR}',`, DOLLAR],
    ["a hash sign in front", "db.properties", `user.password=${HASHED}`, HASHED],
    ["words of which one names a secret", "values.yaml", `traefik-password: "${WORDS}"`, WORDS],
    ["words under a foreign name", "config.php", `define( 'SIFRE', '${SNAKE}' );`, SNAKE],
    ["a PIN in an element", "settings.xml", "<hsmPin>70898682</hsmPin>", "70898682"],
    ["a name with a digit before a capital", "config.php", "$pkcs11Pin = '323251';", "323251"],
    ["an account that a program adds", "a.sh", `rabbitmqctl add_user app ${SNAKE} && true`, SNAKE],
    ["a login behind a slash", "a.sh", `sqlplus 'system/${SNAKE}@//db.internal:1521/X'`, SNAKE],
    ["options in a here-document", "a.sh", `cat > .env <<E\nMYSQL_ARGS=-h db -u root -p${V}\nE`, V],
    ["a document in a here-document", "a.sh", `cat > .env <<E\nCONFIG={"db.password":"${V}","port":1}\nE`, V],
    ["quotes behind backslashes", "a.js", `  INIT: 'CREATE ROLE app LOGIN PASSWORD \\'${V}\\';',`, V],
    ["an address of Go's driver", "a.js", `const dbConnection = 'app:${V}@tcp(db.internal:3306)/app';`, V],
    ["braces of ODBC", "values.yaml", `conn: "Driver={ODBC Driver};Server=tcp:db;Uid=a;Pwd={${V}};"`, V],
    ["the weakest of all", "values.yaml", `redis: "cache:6379,password=${WEAK},defaultDatabase=2"`, WEAK],
    ["the same in a login of a registry", ".env", `X_REGISTRY_AUTH=${loginOf("ci", WEAK)}`, WEAK],
    ["a token that logs in", "a.sh", `sonar-scanner -Dsonar.projectKey=app -Dsonar.login=${TOKEN}`, TOKEN],
    ["a variable of the process", "a.js", `process.env.LOGGED_IN_KEY = "${V}";`, V],
  ])("%s", (_, path, text, part) => {
    expect(partsIn(path, `${text}\n`)).toEqual([part]);
  });

  test("each token of a kind, however near it is to the one before", () => {
    const hashes = [kit.base62(53), kit.base62(53), kit.base62(53)].map((body) => `$2y$10$${body}`);
    const users = hashes.map((hash, at) => `user${at}:${hash}\n`).join("");
    expect(partsIn("data/users.txt", users)).toEqual(hashes);
    expect(partsIn("users.py", hashes.map((hash) => `add("${hash}")\n`).join(""))).toEqual(hashes);
  });
});

describe("silent", () => {
  test.each([
    ["a package is the key of a map", "src/lock.rs", 'let exe_key: PackageKey = "@scope/name@11.0.0".parse();'],
    ["a workflow's cache", ".github/workflows/ci.yml", "      with:\n        shared-key: integrated-benchmark"],
    ["one that a template continues", ".github/workflows/ci.yml", "          key: ci-v11-cas-only-${{ matrix.os }}"],
    ["a cache's key with a digest", "src/cache.ts", `const primaryKey = "Linux-node-${kit.hex(40)}";`],
    ["a prefix of such keys", "a.php", "$userKey = 'season:2020:user:' . $uid;"],
    [
      "a dialog's state",
      "src/page.vue",
      '<p-dialog :show="dialog.password" @close="dialog.password = false"></p-dialog>',
    ],
    ["what to put here", "compose.yaml", '    environment:\n      DB_PASSWORD: "_admin_password_"'],
    ["a variable of the environment", "config.yml", 'users:\n  - password: "{env}WEBDAV_PASSWORD"'],
    ["a route", "routes/api.php", "Route::get('apps/verify_credentials', 'Api\\ApiController@getApp');"],
    ["a list of words", "config.php", "'ignored' => env('SPAM_IGNORED_TOKENS', 'the,a,of,and'),"],
    ["a function in a string", "a.py", `"Authorization": f"Bearer {self.configuration.get('token')}",`],
    ["a message about flags", "a.go", 'return errors.New("--realm and --kerberos-password are required")'],
    ["a chart's name of an object", "values.yaml", "initdbScriptsSecret: my-init-scripts\nenvFromSecret: app-license"],
    ["the name of an entry", "values.yaml", 'existingSecret: influx\nsecretKey: "connection-string"'],
    ["a nonce of WebSockets", "a_test.go", `req.Header.Set("Sec-WebSocket-Key", "${kit.base64(16)}")`],
    ["Compose's project", ".github/workflows/ci.yml", "  - run: docker compose -p project run db psql -U app -c x"],
    ["a parameter without a value", "values.yaml", 'pam: "https://info.test/tokeninfo?access_token= uid realm=/users"'],
    ["zeros", "values.yaml", `datadog:\n  apiKey: "f${"0".repeat(31)}"`],
    ["encoded words for a value", "secret.yaml", `licenseKey: ${Buffer.from("<licence_key>").toString("base64")}`],
    ["the image of an action", ".github/workflows/ci.yml", `  - uses: docker://docker:29.3@sha256:${kit.hex(64)}`],
    ["a quota", "quota.yaml", 'hard:\n  secrets: "100"'],
    ["a field of another document", "map.yaml", "datadog.appKey: spec.global.credentials.appKey"],
    ["weak values that test a chart", "charts/app/ci/00-values.yaml", "app:\n  password: test1234"],
    ["weak logins of a test", "src/tests.rs", `let url = "${urlOf("https", "user", "hunter2", "npm.internal/x")}";`],
    [
      "an API's examples",
      "api.yaml",
      `paths:\n  /a:\n    post:\n      source: |\n        token: 'sk_xxx',\n        password: 'x'`,
    ],
  ])("%s", (_, path, text) => {
    expect(alarmsIn(path, `${text}\n`)).toEqual([]);
  });
});

/** A login in the form that registries take in a header. */
function loginOf(username: string, password: string): string {
  return Buffer.from(JSON.stringify({ username, password, serveraddress: "ghcr.io" })).toString("base64");
}
