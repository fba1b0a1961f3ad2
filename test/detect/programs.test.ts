import { describe, expect, test } from "vitest";
import type { Where } from "../../src/model/location.ts";
import { alarms, urlOf } from "./ask.ts";
import { kit } from "../../src/detect/index.ts";

const make = kit(7);

const pw = make.base62(20);
const human = `Harbour${make.digits(4)}!`;
const token = make.base62(40);
const whole = (command: string | readonly string[]): string =>
  typeof command === "string" ? command : JSON.stringify(command);

describe("a secret where this program takes it", () => {
  test.each<[string | readonly string[], Where?]>([
    [["impdp", `userid=system/${pw}@XEPDB1`, "directory=DATA"]],
    [["swift", "-A", "https://auth.example.org/v1.0", "-U", "acct:user", "-K", pw, "list"]],
    [["dotnet", "nuget", "push", "a.nupkg", "-k", make.alnum(46), "-s", "https://api.nuget.org/v3/index.json"]],
    [`nuget setapikey ${make.uuid()}`],
    [`rclone config create remote s3 provider Minio access_key_id minio secret_access_key ${token}`],
    [`bundle config --local gems.example ci:${pw}`],
    [`yarn config set //npm.example.org/:_authToken ${make.uuid()}`],
    [`geth --nodekeyhex ${make.hex(64)} --http`],
    [["pt-online-schema-change", `D=app,t=orders,h=db,u=root,p=${pw}`, "--execute"]],
    [`nifi.sh set-single-user-credentials admin ${human}`],
    [`wrangler deploy --var API_TOKEN:${token}`],
    [`pm2 link ${make.alnum(15)} ${make.alnum(15)}`],
    [`wandb login ${make.hex(40)}`],
    [`dvc remote modify --local origin password ${human}`],
    [`radtest bob ${pw} localhost 0 shared`],
    [`radclient radius:1812 auth ${pw}`],
    [`pihole setpassword ${pw}`],
    [`emqx ctl admins passwd admin ${pw}`],
    [`bin/console fos:user:create admin a@example.org ${pw} --super-admin`],
    [["robot", "--variable", `PASSWORD:${pw}`, "tests/"]],
    [`taos -uroot -p${pw}`],
    [["sc", "-u", "corp", "-k", make.uuid()]],
    [`traefik --certificatesresolvers.le.acme.eab.hmacencoded=${make.urlsafe(43)}`],
    [`conda config --add channels https://conda.example.org/t/${make.base62(32)}/main`],
    [`subscription-manager register --org=1234567 --activationkey=rhel9-${make.base62(20)}`],
    [`sh -c 'echo "stats auth admin:${pw}" >> /usr/local/etc/haproxy/haproxy.cfg'`],
    [`sh -c "printf 'user1\\n${pw}\\n' > /etc/openvpn/auth.txt"`],
    [`echo ${pw} | docker secret create db_password -`],
    [`RUN /bin/sh -c wpa_passphrase Office ${pw} > /etc/wpa_supplicant.conf # buildkit`, "history"],
    [`RUN /bin/sh -c augtool set /files/etc/app.conf/password ${pw} # buildkit`, "history"],
    [`RUN /bin/sh -c xmlstarlet ed -L -u "/c/password" -v ${pw} /c.xml # buildkit`, "history"],
    [`RUN /bin/sh -c sed -i 's/<password>.*<\\/password>/<password>${pw}<\\/password>/' /c.xml # buildkit`, "history"],
    [`powershell -Command $env:SA_PASSWORD='${human}'; sqlcmd -i init.sql`, "history"],
    [`powershell -Command $env:SA_PASSWORD = '${human}'; sqlcmd -i init.sql`, "history"],
    [`powershell -Command [Environment]::SetEnvironmentVariable('API_TOKEN', '${token}', 'Machine')`, "history"],
    [`cmd /S /C setx /M DB_PASSWORD ${human}`, "history"],
    [`RUN /bin/bash -o errexit -o pipefail -c htpasswd -bc /etc/nginx/.htpasswd admin ${pw} # buildkit`, "history"],
    [["bash", "-euxo", "pipefail", "-c", `npm config set _auth ${make.base64(24)}`]],
    [["ssh", "host", `rabbitmqctl add_user app ${pw}`]],
    [`sh -c 'TOKEN=$(curl -fsS -u ci:${pw} https://id.example.org/token) exec ./run'`],
    [["CMD-SHELL", `test "$(redis-cli -a ${pw} ping)" = PONG`], "healthcheck"],
    [["sh", "-c", `OUT=\`mysqldump -uroot -p${pw} app\` && echo $OUT`]],
    [`sed -i 's/^APP_KEY=.*/APP_KEY=base64:${make.hex(40)}/' .env`],
    [["bash", "-ec", `echo '${pw}' | ldapadd -x -D cn=admin -y /dev/stdin -f /l.ldif`]],
  ])("%j", (command, where = "cmd") => {
    expect(alarms("Cmd", whole(command), where)).toBe(true);
  });
});

describe("none where it looks like one", () => {
  test.each<[string | readonly string[], Where?]>([
    [["swift", "build", "-K", "release"]],
    ["dotnet nuget push a.nupkg -k $NUGET_KEY"],
    ["rclone config create remote s3 provider AWS env_auth true region eu-west-1"],
    ["bundle config --local without development:test"],
    ["bundle config --global mirror.https://rubygems.org https://gems.example.org"],
    ["yarn config set //npm.example.org/:_authToken ${NPM_TOKEN}"],
    [["pt-online-schema-change", "D=app,t=orders,h=db,u=root", "--ask-pass"]],
    ["wp user reset-password admin --skip-email"],
    ["getent passwd user1001"],
    [["CMD-SHELL", 'test "$(redis-cli -a "$(cat /run/secrets/redis)" ping)" = PONG'], "healthcheck"],
    ["sh -c 'SECRET_KEY=$(openssl rand -hex 32) TOKEN=`cat /run/token` exec ./run'"],
    [["sh", "-c", "echo $((1 + 2)) $(date +%s) $(id -u) > /tmp/x"]],
    [`crane digest library/nginx@sha256:${make.hex(64)}`],
    ["npx github:user/repo@main npm:react@18.2.0"],
    ["docker service create --secret source=db,target=/run/secrets/db,mode=0400 app"],
    ["docker run -v secret-data:/run/secrets app"],
    ["wrangler deploy --var API_HOST:api.example.org"],
    ["robot --variable BROWSER:chrome tests/"],
    ["pihole status"],
    ["wandb login $WANDB_API_KEY"],
    ["vault kv get -field=password secret/app"],
    ["kubectl get secret db-x7k2p9 -o yaml"],
    ["geth --authrpc.jwtsecret /jwt.hex --password /run/secrets/geth"],
    ["celery -A app flower --auth=.*@example.org"],
    [`minisign -V -P RWQ${make.base62(53)} -m a.tgz`],
    [`conda config --add channels https://conda.anaconda.org/conda-forge`],
    [`sh -c 'echo "stats auth $STATS_USER:$STATS_PASSWORD" >> /haproxy.cfg'`],
    [`sh -c "printf '%s\\n%s\\n' $USER $PASSWORD > /etc/openvpn/auth.txt"`],
    ['echo "$DB_PASSWORD" | docker secret create db_password -'],
    ["RUN /bin/sh -c sed -i 's/<password>.*<\\/password>/<password>$PW<\\/password>/' /c.xml # buildkit", "history"],
    ["powershell -Command $env:PATH = 'C:\\app;' + $env:PATH; $env:TOKEN = $env:OTHER", "history"],
    ["powershell -Command [Environment]::SetEnvironmentVariable('PATH', 'C:\\app', 'Machine')", "history"],
    ["cmd /S /C setx /M PATH C:\\app", "history"],
    [
      `RUN /bin/sh -c DATABASE_URL=${urlOf("postgresql", "user", "pass", "localhost/db")} npx prisma generate # buildkit`,
      "history",
    ],
    [
      `RUN /bin/sh -c DATABASE_URL=${urlOf("nulldb", "user", "pass", "127.0.0.1/x")} rake assets:precompile # buildkit`,
      "history",
    ],
  ])("%j", (command, where = "cmd") => {
    expect(alarms("Cmd", whole(command), where)).toBe(false);
  });

  test("a database that is asked for a build counts when its password looks random, or nothing is built", () => {
    const line = (password: string, then: string): string =>
      `RUN /bin/sh -c DATABASE_URL=${urlOf("postgresql", "user", password, "db/app")} ${then} # buildkit`;
    expect(alarms("history", line(pw, "npx prisma generate"), "history")).toBe(true);
    expect(alarms("history", line("pass", "npx prisma migrate deploy"), "history")).toBe(true);
  });
});

describe("a login of Oracle's", () => {
  test.each([
    ["scott", "tiger", "orcl"],
    ["app", "app", "//db:1521/XEPDB1"],
    ["app", "app", "adb_high"],
    ["app", human, "db1"],
  ])("%s/%s@%s", (user, password, place) => {
    expect(alarms("CONN", `${user}/${password}@${place}`)).toBe(true);
  });
});

describe("settings files in a value", () => {
  test.each([
    ["REDIS_CONF", `bind 0.0.0.0\nrequirepass ${pw}`],
    ["REDIS_CONF", "bind 0.0.0.0\nmasterauth letmein"],
    ["SENTINEL_CONF", `sentinel monitor m 10.0.0.1 6379 2\nsentinel auth-pass m ${pw}`],
    ["MSMTPRC", `account default\nhost smtp.example.org\nuser a\npassword ${human}`],
    ["RNDC", `key "rndc" {\n algorithm hmac-sha256;\n secret "${make.base64(32)}";\n};`],
    ["USERS", `"app" "${pw}"\n"stats" "${pw}"`],
    ["HAPROXY_CFG", `userlist u\n user admin insecure-password ${pw}\n`],
    ["HAPROXY_CFG", `listen stats\n stats auth admin:${pw}\n`],
    ["CRONTAB", `*/5 * * * * curl -fsS -u ops:${pw} https://x.example.org/run`],
    ["JOBS", `@daily mysqldump -uroot -p${pw} app > /b.sql`],
    ["RABBITMQ_DEFINITIONS", JSON.stringify({ users: [{ name: "app", password_hash: make.base64(36) }] })],
  ])("%s: %j", (name, value) => {
    expect(alarms(name, value)).toBe(true);
  });

  test.each([
    ["REDIS_CONF", "bind 0.0.0.0\n# requirepass foobared\nprotected-mode no"],
    ["SENTINEL_CONF", "sentinel monitor m 10.0.0.1 6379 2\nsentinel auth-pass m $REDIS_PASSWORD"],
    ["PAM", "auth required pam_unix.so nullok\npassword sufficient pam_unix.so sha512 shadow"],
    ["SSHD", "PasswordAuthentication no\nPubkeyAuthentication yes\nAuthorizedKeysFile .ssh/authorized_keys"],
    ["NGINX", 'auth_basic "Restricted";\nauth_basic_user_file /etc/nginx/.htpasswd;\nssl_certificate_key /k.pem;'],
    ["TEXT", "Password required\nToken expired\nForgot password?"],
    ["HAPROXY_CFG", "defaults\n stats enable\n stats auth ${STATS_USER}:${STATS_PASSWORD}"],
    ["CRONTAB", "0 2 * * * pg_dump -U app app > /b.sql"],
    ["SCHEDULE", "0 0 2 * * *"],
    ["CONFIG", "auth:\n  username: admin\n  password: !ENV ${ADMIN_PASSWORD}\n"],
    ["ZIG_MINISIGN_KEY", `RWS${make.base62(53)}`],
    ["SECRET_KEY_BASE", "OVERWRITE_ME"],
    ["IMAGE", `library/nginx@sha256:${make.hex(64)}`],
    ["STEP", "actions/checkout@v4"],
    ["STEP", `actions/checkout@${make.hex(40)}`],
    ["TOOL", "owner/tool@main"],
    ["MIRROR", urlOf("ftp", "anonymous", "anonymous", "ftp.example.org/pub")],
    ["JWT_ALGS", "RS256,ES256"],
    ["STATEMENT", "UPDATE users SET password = crypt($1, gen_salt('bf')) WHERE id = $2"],
    ["PADDLE_CLIENT_TOKEN", `live_${make.hex(27)}`],
  ])("none in %s: %j", (name, value) => {
    expect(alarms(name, value)).toBe(false);
  });

  test("Helm's digest of a Secret is none", () => {
    expect(alarms("checksum/secret", make.hex(64), "annotation")).toBe(false);
    expect(alarms("checksum_secret", make.hex(64), "annotation")).toBe(true);
  });
});
