import { expect, test } from "vitest";
import { alarmsIn, partsIn } from "./spot.ts";

// What clients, forms and descriptors take, and what only looks like it.

const V = ["Harbor", "#4711"].join("");

test.each([
  ["Cache.java", `new JedisPool(config, "cache", 6379, 2000, "${V}");`],
  ["Db.java", `MongoCredential.createCredential("app", "admin", "${V}".toCharArray());`],
  ["db.py", `cx_Oracle.connect("app", "${V}", "db/ORCL")`],
  ["login.ts", `signInWithEmailAndPassword(auth, "ada@shop.test"); auth.signInWithEmailAndPassword("ada", "${V}");`],
  ["db.rs", `OptsBuilder::new().user(Some("app")).pass(Some("${V}"));`],
  ["web.xml", `<param-name>dbPassword</param-name>\n<param-value>${V}</param-value>`],
  ["export.xml", `<String><Key>Password</Key><Value ProtectInMemory="True">${V}</Value></String>`],
  ["login.xml", `<input value="${V}" type="password" name="login">`],
  ["application.yml", `password: \${DB_PASSWORD:${V}}`],
  ["application.properties", `spring.datasource.password=\${DB_PASSWORD:${V}}`],
])("%s: %s", (path, text) => {
  expect(partsIn(path, `${text}\n`)).toEqual([V]);
});

test.each([
  ["deploy.sh", "DB_PASS=`grep password /etc/app.conf | cut -d= -f2`\nrclone obscure >/dev/null"],
  ["app.service", "Environment=DB_PASSWORD=%d/db\nExecStart=/bin/app -Ddb.password=%d/db"],
  ["main.cf", "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\nsmtp_auth = proxy:mysql:/etc/postfix/auth.cf"],
  ["wifi.nmconnection", "phase2-auth=mschapv2"],
  ["keys.ipynb", '{ "source": ["password = getpass.getpass()\\n", "pwd = os.getcwd()\\n"] }'],
  ["users.ldif", "sambaPwdLastSet: 1501200000"],
  ["ask.bat", "set /p PASSWORD=Password:"],
  ["configuration.yaml", "mqtt:\n  password: !secret mqtt_password\n  token: !env_var TOKEN"],
  ["login.xml", '<input type="password" name="password" value="${form.password}">'],
])("%s says nothing: %s", (path, text) => {
  expect(alarmsIn(path, `${text}\n`)).toEqual([]);
});
