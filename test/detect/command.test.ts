import { describe, expect, test } from "vitest";
import type { Where } from "../../src/model/location.ts";
import { splitCommands, splitShell } from "../../src/detect/commands/shell.ts";
import { alarms } from "./ask.ts";
import { kit } from "../../src/detect/index.ts";

const make = kit(7);

const pw = make.base62(12);
const token = make.base62(40);

describe("secrets in commands", () => {
  test.each<[Where, string | readonly string[]]>([
    ["cmd", ["redis-server", "--requirepass", "weakpw"]],
    ["cmd", `redis-server --appendonly yes --requirepass ${pw}`],
    ["healthcheck", `CMD-SHELL redis-cli -a ${pw} ping | grep PONG`],
    ["healthcheck", ["CMD", "mysqladmin", "ping", "-h", "localhost", `-p${pw}`]],
    ["cmd", ["sh", "-c", `mysqldump -uroot -p'${pw}' db | gzip`]],
    ["healthcheck", `CMD-SHELL curl -f -u admin:${pw} http://localhost/health || exit 1`],
    ["cmd", ["curl", "-H", `Authorization: Bearer ${token}`, "http://x"]],
    ["cmd", `curl -H "PRIVATE-TOKEN: ${make.base62(20)}" https://git.example.org`],
    ["cmd", ["java", `-Dspring.datasource.password=${pw}`, "-jar", "app.jar"]],
    ["entrypoint", ["app", "--db-password", "hunter2"]],
    ["cmd", ["app", `--api-token=${token}`]],
    ["cmd", `sshpass -p ${pw} ssh u@h`],
    ["cmd", `mongosh -u root -p ${pw} --eval "db.ping()"`],
    ["cmd", `docker login -u me -p ${pw} registry.example.org`],
    ["cmd", `psql postgresql://u:${pw}@db/app -c "select 1"`],
    ["cmd", `rabbitmqctl add_user app ${pw}`],
    ["cmd", `htpasswd -bc /etc/htpasswd admin ${pw}`],
    ["cmd", `openssl enc -aes-256-cbc -pass pass:${pw}`],
    ["cmd", `ldapsearch -D cn=admin -w ${pw}`],
    ["cmd", `mc alias set minio http://minio:9000 minio ${pw}`],
    ["cmd", `sqlcmd -S localhost -U sa -P '${pw}' -Q "SELECT 1"`],
    ["cmd", `env DB_PASSWORD=${pw} ./start.sh`],
    ["cmd", ["bash", "-c", `export API_TOKEN=${token} && exec ./run`]],
    ["cmd", ["sh", "-c", `exec serve "$@"`, "serve", "--token", token]],
    ["history", `|2 NPM_TOKEN=${token} NODE_ENV=production /bin/sh -c npm ci`],
    ["history", `RUN |1 PIP_PASSWORD=${pw} /bin/sh -c pip install . # buildkit`],
    ["history", `RUN /bin/sh -c echo 'root:${pw}' | chpasswd # buildkit`],
    ["history", `/bin/sh -c #(nop)  ENV DB_PASSWORD=${pw}`],
    ["history", `ENV SECRET_KEY=${token}`],
    ["history", `/bin/sh -c #(nop)  ARG GITHUB_TOKEN=${token}`],
    ["history", `CMD ["redis-server" "--requirepass" "${pw}"]`],
    ["history", `RUN /bin/sh -c git clone https://x:${token}@git.example.org/a # buildkit`],
    ["history", `RUN /bin/sh -c echo "//registry.npmjs.org/:_authToken=${token}" > .npmrc # buildkit`],
    ["history", `RUN /bin/sh -c mysql -e "CREATE USER 'x'@'%' IDENTIFIED BY '${pw}'"`],
    ["history", `LABEL db.password=${pw}`],
    ["onbuild", `ENV API_KEY=${token}`],
    ["cmd", `consul agent -encrypt ${make.base64(16)}`],
    ["cmd", ["agent", "-server", `-encrypt=${make.base64(32)}`, "-client=0.0.0.0"]],
    ["cmd", ["agent", "-encrypt", make.base64(16)]],
    ["cmd", `aws configure set aws_secret_access_key ${token}`],
    ["cmd", "ttyd -c user:pw12 bash"],
    ["cmd", "jupyter lab --IdentityProvider.token=mytok"],
    ["cmd", "mount -t cifs //h/s /m -o username=u,password=cifspw"],
    ["history", "RUN /bin/sh -c echo histpw | docker login -u u --password-stdin"],
    ["history", `HEALTHCHECK &{["CMD-SHELL" "curl -u a:${pw} http://x"] "30s" "3s" "0s" '\\x03'}`],
    ["healthcheck", `CMD curl -H Authorization: Bearer ${token} http://x`],
    ["healthcheck", ["CMD-SHELL", `rabbitmqctl authenticate_user app ${pw}`]],
    ["healthcheck", ["CMD-SHELL", `mongosh --eval "db.getSiblingDB('admin').auth('app','${pw}')"`]],
    ["healthcheck", ["CMD-SHELL", `nodetool -u ops -pw ${pw} status`]],
    ["cmd", ["redis-server", "--user", "app", "on", `>${pw}`, "~*", "+@all"]],
    ["cmd", `redis-cli ACL SETUSER app on '>${pw}' allkeys +get`],
    ["cmd", `redis-sentinel /s.conf --sentinel auth-pass main ${make.lower(6)}_${make.lower(6)}`],
    ["cmd", ["-u", `app;${pw}`, "-s", "public;/share"]],
    ["cmd", ["web", "--add-local-user", "admin:admin"]],
    ["cmd", ["-url", "http://jenkins:8080", make.hex(64), "agent1"]],
    ["cmd", ["mongosh", "--host", "mysql-1", "-u", "app", "-p", make.lower(6) + make.digits(4)]],
    ["cmd", `smbclient //nas/share ${pw} -U app -c ls`],
    ["cmd", `aws ssm put-parameter --name /a/b --type SecureString --value ${pw}`],
    ["cmd", `rclone obscure ${pw}`],
    ["cmd", `nmcli dev wifi connect Office password ${make.lower(8)}`],
    ["cmd", `snyk auth ${make.hex(40)}`],
    ["cmd", `pulsar-admin --auth-params token:${token} tenants list`],
    ["cmd", `curl -b session=${token} http://x`],
    [
      "cmd",
      `ffmpeg -i a.mp4 -f flv rtmp://a.rtmp.youtube.com/live2/${make.lower(4)}-${make.alnum(4)}-${make.alnum(4)}-a1b2`,
    ],
    ["cmd", `sh -c 'mysql -e "ALTER USER '\\''root'\\''@'\\''%'\\'' IDENTIFIED BY '\\''${pw}'\\''"'`],
    ["cmd", `az keyvault secret set --vault-name v --name db --value ${pw}`],
    ["cmd", `gh secret set NPM_TOKEN --body ${pw} --repo o/r`],
    ["cmd", ["grafana", "server", `cfg:security.admin_password=${pw}`]],
    ["cmd", `isql prod app ${make.password()} -b`],
    ["cmd", `vault login -no-print s.${make.base62(24)}`],
    ["cmd", `evil-winrm -i mysql-4 -u Administrator -p ${make.password()}`],
    ["cmd", `echo "User.objects.create_superuser('admin','a@example.org','${pw}')" | python manage.py shell`],
    ["cmd", ["ffmpeg", "-f", "flv", `rtmp://live.restream.io/live/re_${make.digits(7)}_${make.hex(20)}`]],
    ["cmd", `sh -c 'echo ${make.base64(32)} > /private.key && wg set wg0 private-key /private.key'`],
    ["entrypoint", ["java", `-Dnewrelic.config.license_key=${make.hex(40)}`, "-jar", "a.jar"]],
    ["healthcheck", `(echo "AUTH ${pw}"; echo PING) | nc localhost 6379`],
    ["history", `RUN /bin/sh -c bundle config https://gems.example.org/ ci:${pw} # buildkit`],
    ["history", `RUN /bin/sh -c echo "deploy:${pw}" > /etc/sftp/users.conf # buildkit`],
    ["history", `RUN /bin/sh -c echo "[smtp.example.org]:587 ci:${pw}" > /etc/postfix/sasl_passwd # buildkit`],
    ["history", `RUN /bin/sh -c printf 'root:%s\\n' '${pw}' | chpasswd # buildkit`],
    ["history", `RUN /bin/sh -c echo "hudsonRealm.createAccount('admin','${pw}')" > /i.groovy # buildkit`],
    ["history", `LABEL config={"password":"${pw}"}`],
    ["cmd", `crudini --set /c.ini database password ${pw}`],
    ["cmd", `dig -y hmac-sha256:xfr:${make.base64(32)} @ns example.org AXFR`],
    ["cmd", `prosodyctl register app example.org ${pw}`],
    ["cmd", `yq -i '.auth.password = "${pw}"' /c.yml`],
    ["cmd", `php -r 'new PDO("mysql:host=h", "root", "${pw}");'`],
    ["cmd", `printf 'requirepass %s\\n' '${pw}' >> /r.conf`],
    ["history", `RUN /bin/sh -c printf 'dn: cn=a\\nuserPassword: ${pw}\\n' | ldapadd -x # buildkit`],
    ["history", `RUN /bin/sh -c (echo ${pw}; echo ${pw}) | pure-pw useradd bob -u ftp # buildkit`],
    ["history", `RUN /bin/sh -c pro attach C1${make.base62(28)} # buildkit`],
  ])("%s: %j", (where, command) => {
    expect(alarms("Cmd", typeof command === "string" ? command : JSON.stringify(command), where)).toBe(true);
  });
});

describe("commands without one", () => {
  test.each<[Where, string | readonly string[]]>([
    ["cmd", ["redis-server", "--port", "6379"]],
    ["cmd", ["nginx", "-g", "daemon off;"]],
    ["cmd", 'mysqladmin ping -uroot -p"$MYSQL_ROOT_PASSWORD"'],
    ["cmd", "redis-cli -a $REDIS_PASSWORD ping"],
    ["cmd", ["sh", "-c", 'redis-server --requirepass "${REDIS_PASSWORD}"']],
    ["cmd", ["app", "--password-file", "/run/secrets/pw"]],
    ["cmd", "docker run -p 8080:80 nginx"],
    ["cmd", "docker run --label unsprawl.deliver.DB_PASSWORD=file --label unsprawl.store.DB_PASSWORD=prod nginx"],
    ["cmd", "psql -U postgres -p 5432 -h db"],
    ["cmd", "mkdir -p /var/lib/app"],
    ["entrypoint", ["sh", "-c", "printf '\\nregistration_requires_token: true\\n' >> /data/homeserver.yaml"]],
    ["cmd", "ssh -p 2222 host"],
    ["cmd", "etcd --name n1 --initial-cluster-token etcd-cluster-1"],
    ["cmd", ["agent", "-encrypt", "always", "-server"]],
    ["cmd", ["gpg", "--encrypt", "--recipient", "ops@example.org", "backup.tar"]],
    ["cmd", "app --token-ttl 3600 --auth-method ldap --secret-name db"],
    ["cmd", 'curl -u "$USER:$PASS" http://x'],
    ["cmd", "gunicorn -w 4 -b 0.0.0.0:8000 app:app"],
    ["healthcheck", "CMD-SHELL pg_isready -U postgres"],
    ["history", `|1 VERSION=1.2.3 /bin/sh -c wget https://x/y.tgz && echo "${make.hex(64)}  y.tgz" | sha256sum -c -`],
    ["history", `ENV PYTHON_SHA256=${make.hex(64)}`],
    ["history", `RUN /bin/sh -c gpg --batch --recv-keys ${make.hex(40).toUpperCase()} # buildkit`],
    ["history", "RUN /bin/sh -c apt-get update && apt-get install -y passwd openssl # buildkit"],
    [
      "history",
      "RUN --mount=type=secret,id=npm_token /bin/sh -c NPM_TOKEN=$(cat /run/secrets/npm_token) npm ci # buildkit",
    ],
    ["history", `LABEL org.opencontainers.image.revision=${make.hex(40)}`],
    ["history", "RUN /bin/sh -c mysql -e \"CREATE USER x IDENTIFIED BY '$PW'\""],
    ["cmd", ""],
    ["cmd", "nodetool -h cassandra -p 7199 status"],
    ["cmd", ["sh", "-c", 'echo "root:$1" | chpasswd']],
    ["cmd", "smbclient //nas/share -U guest% -c ls"],
    ["cmd", "smbclient //nas/share -A /etc/smb.cred -c ls"],
    ["cmd", "redis-cli ACL SETUSER app on nopass >/dev/null"],
    ["cmd", "aws ssm put-parameter --name /a/b --type String --value blue-green"],
    ["cmd", "ffmpeg -i rtsp://cam:8554/a -f flv rtmp://nginx/live/stream"],
    ["healthcheck", ["CMD-SHELL", "rabbitmqctl authenticate_user app $RABBITMQ_PASSWORD"]],
    ["cmd", "curl -u admin: http://x"],
    ["cmd", ["sh", "-c", "set -e; jupyter lab --IdentityProvider.token='' --ip=0.0.0.0"]],
    ["cmd", "ipmitool -I lan -H h -U admin -f /pw sdr"],
    ["cmd", "podman run --secret pw,type=env,target=DB_PASSWORD x"],
    ["cmd", "helm upgrade x c --set auth.existingSecretPasswordKey=password"],
    ["cmd", `printf 'Usage:\\npassword: the password of the user\\n'`],
    ["cmd", "printf 'password: %s\\n' \"$PASSWORD\""],
    ["history", "RUN /bin/sh -c apt-get install -y passwd=1:4.13+dfsg1-1 sshpass # buildkit"],
    ["history", 'RUN /bin/sh -c echo "mode:ldap" > /etc/auth.conf # buildkit'],
    ["cmd", `psql -c "ALTER SYSTEM SET password_encryption = 'scram-sha-256'"`],
    ["cmd", "gh pr create --title x --body 'Rotate the password2024 account'"],
    ["cmd", "az acr repository show-tags -n v -p 8080"],
    ["cmd", 'echo "AUTH LOGIN" | nc mail 25'],
    ["cmd", `sh -c 'echo ${make.base64(32)} > /etc/wireguard/publickey'`],
    ["history", "RUN /bin/sh -c echo 'app:100000:65536' > /etc/subuid # buildkit"],
    ["history", 'RUN /bin/sh -c echo "root:$PASSWORD" > /etc/app/users # buildkit'],
  ])("%s: %j", (where, command) => {
    expect(alarms("Cmd", typeof command === "string" ? command : JSON.stringify(command), where)).toBe(false);
  });
});

describe("settings in a value", () => {
  test.each([
    ["DOTENV", `# of the site\\nPORT=3000\\nDB_PASSWORD=${pw}\\nLOG_LEVEL=info`],
    ["DSN", `DRIVER={ODBC Driver 18};SERVER=db;UID=app;PWD={${make.lower(12)}}`],
    ["MAILER_DSN", `postmark+api://${make.uuid()}@default`],
    ["REDIS_ACL", `user app on >${pw} ~* +@all`],
    ["caddy.reverse_proxy.header_up", `Authorization "Bearer ${token}"`],
    ["TASK", JSON.stringify([{ Name: "DB_PASSWORD", Value: pw }])],
    ["STACK", JSON.stringify([{ ParameterKey: "DBPassword", ParameterValue: pw }])],
    ["BLOB", JSON.stringify(JSON.stringify({ users: { alice: { password: pw } } }))],
    ["SAVE_PATH", `tcp://redis:6379?auth=${make.lower(9)}&database=2`],
    ["METRICS_URL", `http://influx:8086/write?db=x&u=admin&p=${make.lower(9)}`],
    ["FEED_URL", `https://feeds.example.org/a?token=${make.uuid()}`],
    ["FTP_USERS", `one|${pw}|/home/one`],
    ["KAFKA_API_KEY", make.hex(40)],
    ["app.config.encryption_key", make.hex(32)],
    ["REDIS_ACCESS_KEY", make.base64(32)],
    ["INPUT_NPM_TOKEN", make.uuid()],
    ["CACHE", `redis-sentinel://${make.lower(9)}1@s1:26379,s2:26379?sentinelMasterId=main`],
  ])("%s: %s", (name, value) => {
    expect(alarms(name, value)).toBe(true);
  });

  test.each([
    ["DOTENV", "PORT=3000\nAPI_KEY=\nJWT_SECRET=${JWT_SECRET}\nTOKEN_TTL=60\n"],
    ["DSN", "DRIVER={ODBC Driver 18};SERVER=db;UID=app;PWD={your_password}"],
    ["caddy.reverse_proxy", "Token Service"],
    ["DOCKER_USER", "nginx:1.25-alpine"],
    ["RULES", JSON.stringify({ rules: { password: "required|min:8" } })],
    ["CHALLENGE", `Bearer realm="https://auth.example.org/token",service="registry"`],
    ["MASK", JSON.stringify([{ pattern: String.raw`token=\w+` }])],
    ["DSN", "jdbc:oracle:thin:/@wallet_alias"],
    ["description", "Run with -e ADMIN_PASSWORD=<your password>"],
    ["AD", JSON.stringify([{ username: "datadog", password: "ENC[db]" }])],
    ["KAFKA_MESSAGE_KEY", make.hex(16)],
    ["PUBLIC_API_KEY", make.hex(32)],
    ["APT_SIGNING_KEY", make.hex(40).toUpperCase()],
    ["STOP_TOKEN", "<|im_end|>"],
    ["MAX_OUTPUT_TOKEN", "4096"],
    ["INITIAL_CLUSTER_TOKEN", make.hex(16)],
    ["ETCD_CLUSTER_TOKEN", make.hex(16)],
    ["PAGES_URL", "https://x.example.org/list?u=me&p=12"],
  ])("none in %s: %s", (name, value) => {
    expect(alarms(name, value)).toBe(false);
  });
});

test("splits as a shell does", () => {
  const split = (text: string): string[][] => splitCommands(splitShell(text));
  expect(split(`a 'b c' "d \\"e" f\\ g`)).toEqual([["a", "b c", 'd "e', "f g"]]);
  expect(split("a && b | c; d")).toEqual([["a"], ["b"], ["c"], ["d"]]);
  expect(split(`a "unclosed`)).toEqual([["a", "unclosed"]]);
  expect(split("a $(cat /x y) b")).toEqual([["a", "$(cat /x y)", "b"]]);
  expect(split("curl http://h/?a=1&b=2")).toEqual([["curl", "http://h/?a=1&b=2"]]);
});
