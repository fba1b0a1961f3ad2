import { expect, test } from "vitest";
import { atLeast } from "../../src/model/finding.ts";
import { detector } from "../../src/detect/index.ts";
import { kit } from "../../src/detect/rules/kit.ts";
import { alarms, urlOf } from "./ask.ts";

/** The names and parts that a person would be alarmed of in this text. */
function found(path: string, text: string): string[] {
  return detector
    .text(Buffer.from(text), path)
    .spotted.filter(({ verdict }) => atLeast(verdict.confidence, "medium"))
    .map(({ part }) => part.expose().toString());
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const make = kit(18);
const [random, password] = [make.base62(24), make.password()];

test.each([
  ["templates/secret.yaml", '{{- $password := .Values.auth.password | default "" }}'],
  ["templates/config.yaml", 'password: <%= ENV["DB_PASSWORD"] %>'],
  ["template.toml", 'root_password = "${password:32}"'],
  ["values.yaml", "adminPassword: <defaults to random>"],
  ["compose.yaml", "  - GOOGLE_KEY=${SERVICE_API_KEY:-user_provided}"],
  ["run.sh", 'if [ -n "${POSTGRES_PASSWORD:-}" ]; then'],
  ["template.toml", 'env = [\n  "JWT_SECRET=${jwt_secret}",\n]'],
  ["deploy.sh", 'header="Authorization: $_auth"'],
  ["deploy.sh", 'data="user=$user&password=$password&page=1"'],
  ["deploy.sh", 'echo -e "Password: \\e[32m$DB_PASS\\e[0m" >>~/app.creds'],
  ["Start.php", '$list->push("REDIS_PASSWORD={$this->database->redis_password}");'],
  ["main.yaml", "  ServiceToken: !GetAtt ResetFunction.Arn"],
])("a template: %s %s", (path, text) => {
  expect(found(path, text)).toEqual([]);
});

test.each([
  ["bot.yml", "  const token = await login();"],
  ["bot.yml", "  const token = JSON.parse(answer.body).token;"],
  ["lambda.yaml", "  privateKey=response['privateKey']"],
  ["lambda.json", '{"ZipFile": "keys(\\n    privateKey=privateKey\\n)"}'],
  ["server.ts", "public SMTP_PASSWORD = environment.SMTP_PASSWORD;"],
  ["config.toml", '"db_password" => System.get_env("POSTGRES_PASSWORD"),'],
  ["ruby.js", 'rules = [{token:"keyword.$S2"}]'],
  ["rules.yaml", 'password: "^[A-Za-z0-9]{8,}$"'],
  ["setup.json", '"run": "sed -i \'/^KEY=/c\\\\ENCRYPTION_KEY=\'$(openssl rand -hex 32) .env"'],
  ["bot.yml", "  out.push(one.default_password ? '*(set)*' : 'no')"],
  ["ntfy.py", 'headers["Authorization"] = f"Bearer {settings.NTFY_TOKEN}"'],
  ["main.json", `"jdbcPassword": "[steps('applicationDetails').jdbcPassword]"`],
  ["install.sh", "export AGENT_SECRET=$RELEASE-agent-tls"],
  ["install.sh", 'export TMDB_API_KEY="$tmdbapikey"'],
  ["package.json", '"reset-password": "node extra/reset-password.js",'],
  ["page.json", '"nextPageToken": "CAEQAA",'],
  ["visitor.go", "if !ser.FollowExternalSymlinks {"],
  ["fields.go", 'const appIDKey = "app-id"'],
  ["keys.php", "const SETUP_SECRET_SESSION_KEY = 'mfa-setup-totp-secret';"],
  ["base64.js", `var keyStr = '${UPPER}${UPPER.toLowerCase()}0123456789+/=';`],
  ["tests/UserTest.php", "'password' => 'password1234',"],
  ["setup.sh", `PASSWORD="$(grep -oP 'SA_PASSWORD=["'"'"']?\\K[^"'"'"'\\s]+' dev/.env)"`],
  ["setup.sh", 'printf "\\nbasicConstraints = CA:FALSE" >>"$conf"'],
  ["ci.yml", "uses: owner/gh-action-publish@release/v1"],
])("code: %s %s", (path, text) => {
  expect(found(path, text)).toEqual([]);
});

test.each([
  ["lang/lang.de-de.json", '"password": "Passwort",'],
  ["locales/cs/auth.json", '"reset_password": "Obnovit heslo",'],
  ["src/i18n/en.json", '"new_password_must_differ": "New password must be different"'],
  ["messages/ru.yml", "password: Пароль"],
  ["ui/labels.json", '"client_secret": "Client secret",'],
  ["ui/labels.json", '"confirm_password": "Подтверждение пароля (повтор)",'],
  ["openapi.yaml", "  adminPassword: User Password here..."],
])("words for people: %s %s", (path, text) => {
  expect(found(path, text)).toEqual([]);
});

test.each([
  ["package-lock.json", '"js-tokens": "^4.0.0",'],
  ["yarn.lock", 'js-tokens: "npm:^4.0.0"'],
  ["packages.lock.json", '"Microsoft.Extensions.Configuration.UserSecrets": "[10.0.10, 10.0.10]",'],
  ["pnpm-lock.yaml", "'@inquirer/password': 5.1.1(@types/node@26.1.2)"],
  ["mise.toml", '"1password-cli" = "2.35.0"'],
  ["values.schema.json", '"password": {'],
  ["values.yaml", "pullSecrets: [ ]"],
  ["secret.yaml", "token: |-"],
  ["push.yaml", "secretKey: &key tls.crt"],
  ["Dockerfile", "RUN echo 'app ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers"],
  ["compose.yaml", "- /etc/passwd:/host/etc/passwd:ro"],
  ["appsettings.json", '"sendGridApiKey": "SECRET",'],
  ["values.yaml", "##  --from-literal=client-passwords=CLIENT_PASSWORD1,CLIENT_PASSWORD2"],
  ["values.yaml", "# password: changeme"],
  ["app.ini", ";admin_password = admin"],
  [".env", `# DATABASE_URL=${urlOf("postgres", "app", "changeme", "db:5432/app")}`],
  ["values.yaml", `url: ${urlOf("mqtt", "user", "pass", "example.com:1883")}`],
  ["ci/values.yaml", 'token: "my-token"'],
  ["seeds.json", '"password": "fakeLoginPagePassword",'],
])("no setting with its value: %s %s", (path, text) => {
  expect(found(path, text)).toEqual([]);
});

test.each([
  ["compose.yaml", `  - POSTGRES_PASSWORD=changeme`, "changeme"],
  ["compose.yaml", `  - POSTGRES_PASSWORD=\${DB_PASS:-authentik}`, "authentik"],
  ["compose.yaml", `  - PASSWORD=${random} # change this`, random],
  ["values.yaml", `# password: ${random}`, random],
  ["src/config.php", "'cookie_secret' => 'purple-sunshine-madrid',", "purple-sunshine-madrid"],
  ["lang/setup.json", `"password": "${random}"`, random],
  ["values.yaml", `adminPassword: "${password}"`, password],
  ["de.yml", `db_password: "${random}"`, random],
  ["app.properties", "spring.datasource.password=hunter2", "hunter2"],
  [".env", "DB_PASSWORD=correct horse battery staple", "correct horse battery staple"],
])("a secret: %s %s", (path, text, part) => {
  expect(found(path, text)).toContain(part);
});

test("a key that counts up is an example where examples stand", () => {
  const keys = ["1234567890abcdefghijkl", "0123456789abcdef0123456789abcdef", "a1B2c3D4e5F6g7H8"];
  for (const key of keys) {
    expect(found("values.yaml", `# api_key: ${key}`)).toEqual([]);
    expect(found("examples/values.yaml", `api_key: "${key}"`)).toEqual([]);
    expect(alarms("SERVICE_API_KEY", key)).toBe(true);
  }
  expect(found("examples/values.yaml", `api_key: "${make.hex(32)}"`)).not.toEqual([]);
});

test("a key that holds the whole alphabet is one in settings, an alphabet alone is none", () => {
  const letters = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at)).join("");
  const key = `${make.digits(6)}${letters}${make.digits(6)}`;
  expect(found("values.yaml", `service_api_key: "${key}"`)).toEqual([key]);
  expect(found("values.yaml", `# service_api_key: ${key}`)).toEqual([]);
  expect(found("examples/values.yaml", `service_api_key: "${key}"`)).toEqual([]);
  expect(found("README.md", `service_api_key: "${key}"`)).toEqual([]);
  for (const alphabet of [letters, `${letters.toUpperCase()}${letters}0123456789+/`, `${letters.toUpperCase()}234567`])
    expect(found("src/token.ts", `const TOKEN_KEY = "${alphabet}";`)).toEqual([]);
});

test("a digest of a Secret, and a private key with dots for its middle, are none", () => {
  expect(found("rendered.yaml", `    annotations:\n      checksum/secret: ${make.hex(64)}`)).toEqual([]);
  const lines = make.pem("RSA PRIVATE KEY").split("\n");
  expect(found("values.yaml", lines.join("\n"))).toHaveLength(1);
  expect(found("README.md", [...lines.slice(0, 2), "...", ...lines.slice(-3)].join("\n"))).toEqual([]);
});

test("Amazon's published key, the nil UUID and John Doe's token are none", () => {
  expect(alarms("kSecret", ["wJalrXUtnFEMI", "K7MDENG", "bPxRfiCYEXAMPLEKEY"].join("/"))).toBe(false);
  expect(alarms("API_KEY", "00000000-0000-0000-0000-000000000000")).toBe(false);
  expect(found("values.yaml", `token: ${make.jwt({ sub: "1234567890", name: "John Doe" })}`)).toEqual([]);
  expect(found("values.yaml", `token: ${make.jwt({ sub: "4711" })}`)).toHaveLength(1);
});

test("a reference to a store that nobody listed is one, a login is none", () => {
  const id = make.uuid();
  for (const reference of [`keyhole:prod/db#password`, `bw-cli:${id}`, "hush:db-password"])
    expect(alarms("DB_PASSWORD", reference)).toBe(false);
  expect(alarms("DB_PASSWORD", "admin:db-password")).toBe(true);
  expect(alarms("DB_PASSWORD", `base64:${make.base64(24)}`)).toBe(true);
  // A property of Spring's, and a shell's variable with its default.
  expect(alarms("DB_PASSWORD", "${redis-password}")).toBe(false);
  expect(alarms("DB_PASSWORD", "${DB_PASS-hunter2}")).toBe(true);
});
