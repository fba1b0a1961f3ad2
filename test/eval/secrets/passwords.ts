import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { named, PRODUCTS, WORDS } from "../tools/words.ts";

/** A password as a person makes one: words, a year, a mark, letters swapped for digits. */
export function humanPassword(random: Random): string {
  const word = random.pick(WORDS);
  const other = random.pick(WORDS);
  const capital = (text: string): string => (text[0] ?? "").toUpperCase() + text.slice(1);
  return random.pick([
    () => `${capital(word)}${random.int(1970, 2026)}${random.from("!?#*.", 1)}`,
    () => `${word}${random.int(1, 9999)}`,
    () => `${capital(word)}${capital(other)}${random.int(1, 99)}`,
    () =>
      `${word.replaceAll("a", "4").replaceAll("o", "0").replaceAll("e", "3").replaceAll("i", "1")}${random.from("!$#", 1)}${random.int(10, 99)}`,
    () => `P@ssw0rd${random.int(1, 999)}`,
    () => `${capital(word)}@${random.int(100, 999)}`,
    () => `${random.pick(PRODUCTS)}${random.int(1, 999)}!`,
    () => `${word}_${other}`,
    () => `${word}.${other}.${random.int(10, 99)}`,
    () => random.fill("{2:l}{2:U}{3:d}!{2:l}"),
    () => `${capital(word)}-${capital(other)}-${random.int(1, 9)}`,
    () => `I<3${capital(word)}s${random.int(1, 99)}`,
    () => `${word}#${other}`,
    () => `qwe${random.int(100, 999)}RTY`,
    () => `${capital(word)}£${random.int(1, 99)}é`,
  ])();
}

export const WEAK: readonly string[] = (
  "changeme admin postgres root password secret 123456 12345678 qwerty letmein guest test toor welcome passw0rd Password1 " +
  "admin123 root123 pass123 mysql rabbitmq minioadmin minio123 changeit supersecret topsecret s3cr3t hunter2 iloveyou " +
  "abc123 monkey dragon master 111111 example1 docker wordpress nextcloud grafana keycloak elastic demo1234 test1234 " +
  "mypassword rootpassword dbpassword secret123 foobar pass1234 vagrant raspberry ubnt default1"
).split(" ");

const HEADS =
  "PASSWORD PASSWD PASS PWD USER_PASSWORD DB_PASSWORD ROOT_PASSWORD ADMIN_PASSWORD DATABASE_PASSWORD SMTP_PASSWORD LDAP_BIND_PASSWORD MAIL_PASSWORD REDIS_PASSWORD KEYSTORE_PASSWORD TRUSTSTORE_PASSWORD SUPERUSER_PASSWORD INITIAL_ADMIN_PASSWORD REPLICATION_PASSWORD BASIC_AUTH_PASSWORD PROXY_PASSWORD DB_PASS DB_PWD ADMIN_PWD KEY_PASSWORD SSL_KEY_PASSWORD LOGIN_PASSWORD";

/** Names that products document for a password, more telling than any made from words. */
const DOCUMENTED =
  "POSTGRES_PASSWORD MYSQL_ROOT_PASSWORD MYSQL_PASSWORD MARIADB_ROOT_PASSWORD PGPASSWORD MYSQL_PWD MONGO_INITDB_ROOT_PASSWORD RABBITMQ_DEFAULT_PASS MINIO_ROOT_PASSWORD KC_BOOTSTRAP_ADMIN_PASSWORD KEYCLOAK_ADMIN_PASSWORD GF_SECURITY_ADMIN_PASSWORD ELASTIC_PASSWORD KIBANA_PASSWORD SA_PASSWORD MSSQL_SA_PASSWORD ORACLE_PWD REDISCLI_AUTH NEXTCLOUD_ADMIN_PASSWORD WORDPRESS_DB_PASSWORD GITEA__database__PASSWD DOCKER_INFLUXDB_INIT_PASSWORD COUCHDB_PASSWORD CLICKHOUSE_PASSWORD VNC_PASSWORD PGADMIN_DEFAULT_PASSWORD SPRING_DATASOURCE_PASSWORD spring.datasource.password ConnectionSettings__Password OPENSEARCH_INITIAL_ADMIN_PASSWORD SONAR_JDBC_PASSWORD ARANGO_ROOT_PASSWORD LDAP_ADMIN_PASSWORD RESTIC_PASSWORD BORG_PASSPHRASE SSHPASS KAFKA_CLIENT_PASSWORDS HTTP_PASSWORD WEBUI_PASSWORD PIHOLE_PASSWORD FTLCONF_webserver_api_password TRANSMISSION_PASS";

const LANGUAGES =
  "MDP MOT_DE_PASSE MOTDEPASSE SENHA SENHA_BANCO PASSWORT DB_PASSWORT KENNWORT CONTRASENA CONTRASENIA CLAVE_ACCESO WACHTWOORD HASLO LOSENORD SALASANA PAROLA SIFRE HESLO PAROL JELSZO ADGANGSKODE PASSORD PALAVRA_PASSE KATA_SANDI MAT_KHAU CLE_SECRETE CLE_API GEHEIMNIS PAROLACHIAVE";

const human: Kind = {
  kind: "password-human",
  weight: 95,
  make: (random) => {
    const head = random.deck(HEADS.split(" "));
    const whole = random.deck(DOCUMENTED.split(" "));
    return () => env(random, random.chance(0.4) ? whole() : named(random, head()), humanPassword(random));
  },
};

const weak: Kind = {
  kind: "password-weak",
  weight: 65,
  make: (random) => {
    const [head, whole, value] = [random.deck(HEADS.split(" ")), random.deck(DOCUMENTED.split(" ")), random.deck(WEAK)];
    return () => env(random, random.chance(0.45) ? whole() : named(random, head()), value());
  },
};

const generated: Kind = {
  kind: "password-generated",
  weight: 45,
  make: (random) => {
    const head = random.deck([...HEADS.split(" "), ...DOCUMENTED.split(" ")]);
    return () => {
      const marks = (length: number): string =>
        random.from("!#$%&()*+,-./:;<=>?@[]^_{|}~abcXYZ0123456789defGHJ", length);
      const value = random.pick([
        () => random.of("n", 12),
        () => marks(18),
        () => random.of("a", 10),
        () => `${random.of("w", 24)}$`,
      ])();
      // A mark in front could make it a reference or an empty template to any reader.
      return env(
        random,
        head(),
        `${random.of("L", 1)}${value.replaceAll("${", "$|").replaceAll("$(", "$|").replaceAll("{{", "|")}`,
      );
    };
  },
};

const foreign: Kind = {
  kind: "password-language",
  weight: 30,
  make: (random) => {
    const head = random.deck(LANGUAGES.split(" "));
    return () =>
      env(
        random,
        random.chance(0.5) ? head() : named(random, head()),
        random.chance(0.3) ? random.pick(WEAK) : humanPassword(random),
      );
  },
};

const passphrase: Kind = {
  kind: "passphrase",
  weight: 40,
  make: (random) => {
    const head = random.deck([
      "PASSPHRASE",
      "SSH_KEY_PASSPHRASE",
      "GPG_PASSPHRASE",
      "SIGNING_PASSPHRASE",
      "WIFI_PASSPHRASE",
      "BACKUP_PASSPHRASE",
      "PASS_PHRASE",
      "KEY_PASSPHRASE",
    ]);
    return () => {
      const join = random.pick([" ", "-", " ", "."]);
      const words = Array.from({ length: random.int(3, 6) }, () => random.pick(WORDS));
      const name = random.pick([
        () => named(random, head()),
        () => named(random, head()),
        () => named(random, "PASSWORD"),
      ])();
      return env(random, name, words.join(join) + random.pick(["", "", String(random.int(1, 99)), "!"]));
    };
  },
};

const pin: Kind = {
  kind: "pin",
  weight: 25,
  make: (random) => {
    const head = random.deck([
      "PIN",
      "PIN_CODE",
      "PINCODE",
      "USER_PIN",
      "SO_PIN",
      "HSM_PIN",
      "TOKEN_PIN",
      "ADMIN_PIN",
      "DOOR_PIN",
      "SIM_PIN",
      "CARD_PIN",
      "UNLOCK_PIN",
      "PKCS11_PIN",
      "ALARM_PIN",
    ]);
    return () =>
      env(random, random.chance(0.6) ? head() : named(random, head()), random.of("d", random.pick([4, 4, 5, 6, 8])));
  },
};

export const PASSWORDS: readonly Kind[] = [human, weak, generated, foreign, passphrase, pin];
