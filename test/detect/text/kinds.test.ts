import { describe, expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { urlOf } from "../ask.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// A file is read as what it is: what names a value there is its name, and what ends a value there ends it.

const kit = makeKit(11);
const V = `${kit.base62(14)}9aZ`;
const WORDY = ["chocolate", "teapot"].join("-");
const HUMAN = ["Summer", "2024!"].join("");

/** Files by path, each with lines in which V is the secret, under a name of a password. */
const FOUND: readonly (readonly [path: string, text: string])[] = [
  [".env", `DB_PASSWORD=${V}`],
  ["app.env", `DB_PASSWORD="${V}" # the database`],
  ["etc/environment", `DB_PASSWORD=${V}`],
  ["etc/default/app", `DB_PASSWORD='${V}'`],
  ["etc/profile.d/app.sh", `export DB_PASSWORD=${V}`],
  ["root/.bashrc", `export PATH=/bin DB_PASSWORD=${V}`],
  ["root/.bash_history", `DB_PASSWORD=${V} ./deploy.sh`],
  ["root/.zsh_history", `: 1700000000:0;export DB_PASSWORD=${V}`],
  ["entrypoint", `#!/bin/sh\ncat > /app.env <<EOF\nDB_PASSWORD=${V}\nEOF`],
  ["Makefile", `DB_PASSWORD ::= ${V}`],
  ["Makefile", `deploy:\n\tDB_PASSWORD=${V} ./deploy.sh`],
  ["Dockerfile", `FROM a\nENV A=1 \\\n    DB_PASSWORD=${V}`],
  ["Dockerfile", `ENV DB_PASSWORD ${V}`],
  ["Dockerfile", `ARG DB_PASSWORD="${V}"`],
  ["config.php", `define( 'DB_PASSWORD', '${V}' );`],
  ["config.php", `$config['db_password'] = '${V}';`],
  ["config.php", `putenv('DB_PASSWORD=${V}');`],
  ["settings.py", `DB_PASSWORD: str = "${V}"`],
  ["settings.py", `os.environ.setdefault("DB_PASSWORD", "${V}")`],
  ["settings.py", `password = os.getenv("DB_PASSWORD") or "${V}"`],
  ["config.ts", `const dbPassword: string = '${V}';`],
  ["config.js", `password: process.env.DB_PASSWORD || "${V}",`],
  ["application.properties", `spring.datasource.password=${V}`],
  ["app.ini", `[db]\npassword = ${V} ; the database`],
  ["redis.conf", `requirepass ${V}`],
  ["settings.xml", `<server><password>${V}</password></server>`],
  ["web.config", `<add key="DbPassword" value="${V}" />`],
  ["context.xml", `<Environment value="${V}" name="dbPassword" type="java.lang.String"/>`],
  ["values.yaml", `db:\n  password: ${V} # change`],
  ["docker-compose.yml", `services:\n  a:\n    environment:\n      - "DB_PASSWORD=${V}"`],
  ["main.go", `os.Setenv("DB_PASSWORD", "${V}")`],
  ["main.go", "\tdbPassword := `" + V + "`"],
  ["config.rb", `ENV["DB_PASSWORD"] ||= "${V}"`],
  ["config.rb", `  :db_password => '${V}',`],
  ["main.tf", `variable "db_password" {\n  type    = string\n  default = "${V}"\n}`],
  ["main.tf", `  environment = [{ name = "DB_PASSWORD", value = "${V}" }]`],
  ["deployment.yaml", `env:\n  - name: DB_PASSWORD\n    value: ${V}`],
  ["deployment.yaml", `env:\n  - value: "${V}"\n    name: DB_PASSWORD\n  - name: PORT\n    value: "80"`],
  ["deployment.yaml", `env: [{ name: DB_PASSWORD, value: ${V} }]`],
  ["task.json", `{"environment": [{ "name": "DB_PASSWORD", "value": "${V}" }]}`],
  ["task.json", `[\n  {\n    "name": "DB_PASSWORD",\n    "value": "${V}"\n  }\n]`],
  ["stack.json", `[{ "ParameterKey": "DbPassword", "ParameterValue": "${V}" }]`],
  ["config.json", `{ "dbPassword": "${V}" }`],
  ["Jenkinsfile", `environment { DB_PASSWORD = '${V}' }`],
  ["Jenkinsfile", `withEnv(['DB_PASSWORD=${V}']) {}`],
  ["Db.java", `@Value("\${db.password:${V}}")`],
  ["Db.java", `connect("jdbc:mysql://db/shop?user=app&password=${V}");`],
  ["Db.cs", `public string Password { get; set; } = "${V}";`],
  ["Db.cs", `Connect("Data Source=db;User ID=app;Pwd=${V}");`],
  ["Db.kt", `val login = mapOf("password" to "${V}")`],
  ["Db.kt", `val password = System.getenv("DB_PASSWORD") ?: "${V}"`],
  ["Db.scala", `Map("password" -> "${V}")`],
  ["Db.swift", `Environment.get("DB_PASSWORD") ?? "${V}"`],
  ["db.rs", `static DB_PASSWORD: &'static str = "${V}";`],
  ["db.rs", `let p = env::var("DB_PASSWORD").unwrap_or_else(|_| "${V}".into());`],
  ["db.go", "var password string = `" + V + "`"],
  ["db.go", `sql.Open("mysql", "app:${V}@tcp(db:3306)/shop")`],
  ["db.c", `static const char password[] = "${V}";`],
  ["db.lua", `local password <const> = '${V}'`],
  ["db.pl", `$self->{password} = '${V}';`],
  ["db.pl", `if ($password eq '${V}') {`],
  ["db.py", `password = """${V}"""`],
  ["db.py", `parser.add_argument('--password', default='${V}')`],
  ["db.py", `db_passwords = ['${V}']`],
  ["db.py", `db_passwrod = '${V}'`],
  ["db.ex", `@password "${V}"`],
  ["db.exs", `config :app, :password, "${V}"`],
  ["build.gradle", `storePassword "${V}"`],
  ["app.js", `fetch("https://shop.test/v1?api_key=${V}&page=1")`],
  ["app.js", `headers.push('X-Api-Key: ${V}')`],
  ["app.js", `send(to, "Bearer ${V}")`],
  ["app.js", `const WEATHER_API = '${V}';`],
  ["args.json", `{ "args": ["--password", "${V}"] }`],
  // What says nothing by its ending is read as it looks.
  ["accounts", `user: app\npassword: ${V}`],
  ["settings.local", `# shop\n[db]\npassword = ${V}`],
  ["etc/app.conf.bak", `password = ${V}`],
  ["api.http", `GET https://shop.test/\nAuthorization: Bearer ${V}`],
  ["api.rest", `@token = ${V}`],
  ["inventory/hosts", `web ansible_user=app ansible_password=${V}`],
  ["db.nmconnection", `[wifi-security]\npsk=${V}`],
  ["pillar/db.sls", `mysql:\n  root_password: ${V}`],
  ["users.csv", `name,password\nada,${V}`],
  ["users.tsv", `host\tpassword\nshop\t"${V}"`],
  ["keys.ipynb", `{ "source": [\n  "db_password = \\"${V}\\"\\n"\n] }`],
  ["keys.ipynb", `{ "source": [ "%env DB_PASSWORD=${V}\\n" ] }`],
  ["values.yaml", `password: |\n  ${V}\nhost: db`],
  ["values.yaml", `passwords:\n  - ${V}\nhost: db`],
  ["values.yaml", `password: &shared ${V}`],
  ["hive-site.xml", `<property>\n  <name>db.password</name>\n  <value>${V}</value>\n</property>`],
  ["beans.xml", `<property name="password"><value>${V}</value></property>`],
  ["beans.xml", `<password><![CDATA[${V}]]></password>`],
  ["main.tf", `user_data = <<EOF\nmysql -u root -p${V} shop\nEOF`],
  ["nginx.conf", `location / {\n  proxy_set_header Authorization "Bearer ${V}";\n}`],
  ["apache.conf", `SetEnv DB_PASSWORD ${V}`],
  ["slapd.conf", `rootpw\t\t${V}`],
  ["router.cfg", `enable password 7 ${V}`],
  ["router.cfg", `snmp-server community ${V} RO`],
  ["redis.conf", `user app on >${V} ~* +@all`],
  ["sentinel.conf", `sentinel sentinel-pass ${V}`],
  ["etc/pgbouncer/userlist.txt", `"app" "${V}"`],
  ["etc/postfix/sasl_passwd", `[smtp.shop.test]:587 app:${V}`],
  ["Config.java", `config.setDbPassword("${V}");`],
  ["Config.java", `case "prod": dbPassword = "${V}"; break;`],
  ["Config.java", `String extraPassword = "${V}";`],
  ["Config.kt", `props.setProperty("db.password", "${V}")`],
  ["Client.cs", `.WithPassword("${V}")`],
  ["a.sh", `mysql -u root -p${V} -e 'select 1'`],
  ["a.sh", `curl -fsS -u admin:${V} https://api.internal/x`],
  ["a.sh", `tee /tmp/a <<<word\nmysql -u root -p${V}`],
  ["a.sh", `y=$((1 <<N))\nmysql -u root -p${V}`],
  ["Dockerfile", `RUN redis-cli -a ${V} ping`],
  ["Makefile", `ping:\n\t@redis-cli -a ${V} ping`],
  [".github/workflows/ci.yml", `steps:\n  - run: docker login -u bot -p ${V} registry.internal`],
  [".gitlab-ci.yml", `job:\n  script:\n    - docker login -u bot -p ${V} registry.internal`],
  ["Jenkinsfile", `sh 'docker login -u bot -p ${V} registry.internal'`],
  ["server.ts", `const db = connect("${urlOf("postgres", "app", V, "db:5432/app")}");`],
  ["server.ts", `headers: { "X-Api-Key": "${V}" }`],
];

describe("found", () => {
  test.each(FOUND)("in %s: %s", (path, text) => {
    expect(partsIn(path, `${text}\n`)).toEqual([V]);
  });

  test.each([
    ["words in an environment", "app.py", `os.environ["DB_PASSWORD"] = "${WORDY}"`],
    ["a human password in code", "app.js", `const password = '${HUMAN}';`],
    ["a human password of a case", "App.java", `case "prod": dbPassword = "${HUMAN}"; break;`],
    ["a human password of a parameter", "App.java", `String paramPassword = "${HUMAN.slice(0, -1)}";`],
    ["a default password", "Config.java", `String adminPassword = "${["change", "me"].join("")}";`],
    ["a name in another language", "config.php", `$contrasena = '${HUMAN}';`],
    ["an application's key", ".env", `APP_KEY=base64:${kit.base64(32)}`],
    ["an encryption key", "values.yaml", `encryption-key: ${kit.hex(64)}`],
    ["base64 of settings", "config.yml", `blob: ${Buffer.from(`password: ${V}\nport: 1\n`).toString("base64")}`],
    ["options of Java", "app.env", `JAVA_OPTS=-Xmx1g -Dspring.datasource.password=${V}`],
  ])("%s", (_, path, text) => {
    expect(alarmsIn(path, `${text}\n`)).toHaveLength(1);
  });

  test("in a cell with quotes and separators", () => {
    const value = `${V.slice(0, 8)}",${V.slice(8)}`;
    const text = `name,note,password\n"ada","a, ""b""","${value.replaceAll('"', '""')}"\nbob,,\n`;
    expect(partsIn("users.csv", text)).toEqual([value]);
  });

  test("with its name and its line", () => {
    const text = `env:\n  - name: DB_PASSWORD\n    value: ${V}\n`;
    expect(alarmsIn("deployment.yaml", text)).toEqual(["DB_PASSWORD"]);
  });
});

/** Names of secret objects, pointers, labels and code. */
const SILENT: readonly (readonly [path: string, text: string])[] = [
  [".gitleaksignore", "cmd/rules/privatekey.go:private-key:25\napp/token.go:generic-api-key:7"],
  [
    "compose.yaml",
    "services:\n  a:\n    secrets: [db_password]\nsecrets:\n  db_password:\n    file: ./db_password.txt",
  ],
  ["compose.yaml", "    secrets:\n      - db_password\n      - source: api_token\n        target: token"],
  ["compose.yaml", '      JWT_KEY: "$$(aws ssm get-parameter --name /prod/key --query Parameter.Value)"'],
  ["service.yaml", "basicAuth:\n  secret: grafana-basic-auth"],
  [
    "values.yaml",
    "auth:\n  existingSecret: db-auth\n  passwordSecretKey: db-password\n  secretKeys:\n    adminPasswordKey: postgres-password",
  ],
  ["web.container", "[Container]\nSecret=db_password,type=env,target=DB_PASSWORD"],
  [".github/workflows/ci.yml", "permissions:\n  id-token: write\n  contents: read"],
  [".github/workflows/ci.yml", "        with:\n          token: Bearer ${{ secrets.API_TOKEN }}"],
  [
    "deployment.yaml",
    "env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: db\n        key: password",
  ],
  ["deployment.yaml", "env:\n  - value: Password1\n    name: GREETING\n  - name: TOKEN_FILE\n    value: /run/token"],
  [
    "task.json",
    '{"secrets": [{ "name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/db" }]}',
  ],
  ["messages.properties", "label.password=Password\nerror.password.short = The password is too short"],
  ["fr.json", '{ "password": "Mot de passe", "forgotPassword": "Mot de passe oublié ?" }'],
  ["a.sh", 'pass=0\nfail=0\nPASSWORD="${PASSWORD:?must be set}"\nTOKEN=$(cat /run/secrets/token)'],
  ["a.sh", 'docker login -u "$USER" -p "$PASS" registry.internal\nread -rs PASSWORD'],
  ["Makefile", "TOKEN ?= $(shell cat .token)\nrun:\n\t@echo $(TOKEN)"],
  [
    "app.py",
    'PASSWORD_FIELD = "password"\ntoken = request.headers.get("X-Token")\nraise ValueError("password: too short")',
  ],
  ["app.ts", "type: 'password', passwordLabel: 'Your password', const TOKEN_KEY = \"access_token\";"],
  ["Config.java", 'public static final String PASSWORD = "password";\n@Value("${db.password}") String password;'],
  ["main.go", 'Password string `json:"password,omitempty"`\nreturn errors.New("password is required")'],
  ["main.tf", 'password = var.db_password\nsecret_name = "app-db"\ndescription = "Password of the database"'],
  ["web.config", '<input type="password" name="password" placeholder="Password"/>'],
];

describe("silent", () => {
  test.each(SILENT)("in %s: %s", (path, text) => {
    expect(alarmsIn(path, `${text}\n`)).toEqual([]);
  });
});

describe("several secrets in one value", () => {
  const W = `${kit.base62(16)}Q4`;

  test.each([
    ["options of Java", ".env", `JAVA_OPTS="-Ddb.password=${V} -Dapi.token=${W}"`],
    ["a command", "a.sh", `app --db-password ${V} --api-token ${W}`],
    ["a document", ".env", `SETTINGS={"db":{"password":"${V}"},"api":{"token":"${W}"}}`],
    ["base64", "values.yaml", `blob: ${Buffer.from(`password: ${V}\ntoken: ${W}\n`).toString("base64")}`],
    ["a line of a Dockerfile", "Dockerfile", `ENV DB_PASSWORD=${V} API_TOKEN=${W}`],
    ["a list of URLs", ".env", `DSNS=${urlOf("amqp", "a", V, "mq1:5672")},${urlOf("amqp", "b", W, "mq2:5672")}`],
  ])("%s", (_, path, text) => {
    expect(partsIn(path, `${text}\n`).toSorted()).toEqual([V, W].toSorted());
  });
});
