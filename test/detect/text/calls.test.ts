import { describe, expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// Passwords that no name stands before: arguments of functions, statements of SQL, commands of Windows, comparisons.

const V = `${makeKit(13).base62(12)}9aZ`;

const FOUND: readonly (readonly [path: string, line: string])[] = [
  ["init.sql", `CREATE USER 'app'@'%' IDENTIFIED BY '${V}';`],
  ["init.sql", `ALTER ROLE app WITH LOGIN PASSWORD '${V}';`],
  ["init.sql", `ALTER USER app\n  WITH PASSWORD '${V}';`],
  ["init.sql", `SET PASSWORD FOR 'app'@'%' = PASSWORD('${V}');`],
  ["init.sql", `ALTER USER 'app'@'%' IDENTIFIED WITH mysql_native_password BY '${V}';`],
  ["init.sql", `CREATE LOGIN [app] WITH PASSWORD=N'${V}'`],
  ["init.sql", `create user app identified by ${V};`],
  ["init.sql", `DECLARE @password varchar(20) = '${V}';`],
  ["db.go", `db.Exec("CREATE USER app IDENTIFIED BY '${V}'")`],
  ["db.php", `$db = mysqli_connect("localhost", "root", "${V}", "shop");`],
  ["db.php", `$db = mysqli_connect($host, 'root', '${V}');`],
  ["db.php", `$db = new PDO('mysql:host=db;dbname=shop', 'root', '${V}');`],
  ["db.php", `ftp_login($ftp, "deploy", "${V}");`],
  ["db.php", `curl_setopt($ch, CURLOPT_USERPWD, "root:${V}");`],
  ["db.c", `curl_easy_setopt(curl, CURLOPT_PASSWORD, "${V}");`],
  ["db.c", `#define DB_PASSWORD "${V}"`],
  ["db.spec", `%global db_password "${V}"`],
  ["Db.java", `DriverManager.getConnection("jdbc:mysql://db/shop", "root", "${V}");`],
  ["Db.java", `new UsernamePasswordAuthenticationToken(user, "${V}");`],
  ["Db.java", `if (password.equals("${V}")) {`],
  ["db.py", `requests.get(url, auth=("admin", "${V}"))`],
  ["db.py", `requests.get(url, auth=HTTPBasicAuth("admin", "${V}"))`],
  ["db.py", `smtp.login("me@shop.example", "${V}")`],
  ["db.py", `if password == "${V}":`],
  ["db.js", `if (password !== '${V}') {`],
  ["db.js", `new Sequelize('shop', 'root', '${V}', {})`],
  ["db.go", `req.SetBasicAuth("admin", "${V}")`],
  ["db.c", `if (strcmp(password, "${V}") == 0)`],
  ["db.c", `mysql_real_connect(db, "localhost", "app",\n    "${V}", "shop", 0, NULL, 0);`],
  ["db.pl", `my $dbh = DBI->connect('dbi:mysql:shop', 'app', '${V}');`],
  ["db.py", `conn = pymysql.connect('db', 'app', '${V}', 'shop')`],
  ["db.py", `jwt.encode(payload, '${V}', algorithm='HS256')`],
  ["db.py", `cipher = AES.new(b'${V}', AES.MODE_CBC, iv)`],
  ["db.py", `creds = ('admin', '${V}')`],
  ["db.php", `new Client(['auth' => ['app', '${V}']]);`],
  ["db.php", `hash_hmac('sha256', $body, '${V}')`],
  ["db.ts", `jwt.sign({ id }, '${V}', { expiresIn: '1h' })`],
  ["db.ts", `crypto.createHmac('sha256', '${V}')`],
  ["db.ts", `await page.fill('#password', '${V}')`],
  ["db.rs", `client.get(url).basic_auth("app", Some("${V}"))`],
  ["db.go", `token.SignedString([]byte("${V}"))`],
  ["db.go", `auth := smtp.PlainAuth("", "app", "${V}", host)`],
  ["db.rb", `http.basic_auth 'app', '${V}'`],
  ["Db.java", `new SecretKeySpec("${V}".getBytes(), "AES")`],
  ["Db.java", `DriverManager.getConnection(url, "app", "${V}");`],
  ["Db.cs", `new AuthenticationHeaderValue("Bearer", "${V}")`],
  ["build.gradle", `buildConfigField 'String', 'API_KEY', '"${V}"'`],
  ["run.ps1", `$env:DB_PASSWORD = "${V}"`],
  ["run.ps1", `$p = ConvertTo-SecureString "${V}" -AsPlainText -Force`],
  ["run.ps1", `Connect-VIServer -Server vc -User root -Password '${V}'`],
  ["run.bat", `SET DB_PASSWORD=${V}`],
  ["run.cmd", `set "DB_PASSWORD=${V}"`],
  ["run.cmd", `mysql -u root -p${V} shop`],
];

const SILENT: readonly (readonly [path: string, line: string])[] = [
  ["init.sql", "-- CREATE USER app IDENTIFIED BY 'your_password'\nCREATE TABLE a (password VARCHAR(60) NOT NULL);"],
  ["db.php", `$db = mysqli_connect($host, $user, $password, "shop");`],
  ["db.php", `$db = new PDO('mysql:host=db', 'root', getenv('DB_PASSWORD'));`],
  ["db.py", 'client.login("google", "redirect")\nif token == "bearer":\n    pass\nif password == "x-oauth-basic":'],
  ["init.sql", 'CREATE TABLE a ("host" varchar(255), "user" text, "password" varchar(255));'],
  ["main.go", 'import (\n\tjwt "github.com/go-jose/go-jose/v3/jwt"\n)'],
  ["conf.c", 'if (!strcmp(token, "mqttv311")) x();\nif (!strncmp(password, "$argon2id$", 10)) y();'],
  [
    "app.ts",
    "page.fill('#search', 'Teapot12')\njwt.sign({ id }, secret)\njwt.sign({ id }, process.env.SECRET, { a: 'b' })",
  ],
  ["db.js", 'if (e.key === "Enter" || key !== "ArrowDown") {}\nif (type === "password") {}'],
  [
    "run.cmd",
    'for /f "usebackq tokens=1,2 delims==" %%a in ("%file%") do (\nset "DB_PASSWORD=%1"\nREM set DB_PASSWORD=abc',
  ],
  ["run.ps1", "$p = ConvertTo-SecureString $password -AsPlainText -Force\nConnect -Password $env:DB_PASSWORD"],
];

describe("Passwords by their place", () => {
  test.each(FOUND)("%s: %s", (path, line) => {
    expect(partsIn(path, line)).toEqual([V]);
  });

  test("the finding is named after what takes the password", () => {
    expect(alarmsIn("db.py", `requests.get(url, auth = ("admin", "${V}"))`)).toEqual(["auth"]);
    expect(alarmsIn("db.php", `ftp_login($ftp, "deploy", "${V}");`)).toEqual(["ftp_login"]);
  });

  test.each(SILENT)("nothing in %s: %s", (path, line) => {
    expect(alarmsIn(path, line)).toEqual([]);
  });
});

describe("a password with a bracket", () => {
  const [before, behind] = [V.slice(0, 9), V.slice(9)];
  test.each<[string, string]>([
    ["app.ini", "password = "],
    ["app.properties", "spring.datasource.password="],
    ["app.yaml", "password: "],
    ["app.env", "DB_PASSWORD="],
  ])("is found whole in %s", (path, head) => {
    for (const [open, close] of ["(", ")", "[", "{"].entries()) {
      const value = `x7${before}${close}${behind}${open}`;
      expect(partsIn(path, `${head}${value}\n`)).toEqual([value]);
    }
  });

  test.each<[string, string]>([
    ["app.yaml", "password: sha256(seed)"],
    ["app.yaml", "password: md5(concat("],
    ["app.ini", "password = b64decode(token"],
    ["app.py", "password = hash2(user"],
    ["app.py", "password = hash2(user, salt"],
  ])("is no call: %s, %s", (path, line) => {
    expect(alarmsIn(path, `${line}\n`)).toEqual([]);
  });
});
