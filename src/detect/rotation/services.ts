import type { Rotation } from "../../model/finding.ts";
import type { SecretService } from "../../model/secret-service.ts";

const DATABASES = "https://developer.hashicorp.com/vault/docs/secrets/databases";
const SHORT = "Vault's database secrets engine makes short-lived ones instead.";

/** How a password is changed at the service that checks it. */
export const AT_SERVICE: { readonly [service in SecretService]: Rotation } = {
  postgresql: {
    text: `Change it in PostgreSQL (ALTER ROLE … PASSWORD) and in everything that uses it; ${SHORT}`,
    url: DATABASES,
  },
  mysql: {
    text: `Change it in MySQL or MariaDB (ALTER USER … IDENTIFIED BY) and in everything that uses it; ${SHORT}`,
    url: DATABASES,
  },
  redis: {
    text: "Add the new password to the user (ACL SETUSER … >NEW), or set requirepass in the configuration and by CONFIG SET; give it to everything that uses the old one, then remove the old one.",
    url: "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/",
  },
  mongodb: {
    text: `Change it in MongoDB (db.changeUserPassword) and in everything that uses it; ${SHORT}`,
    url: DATABASES,
  },
  rabbitmq: {
    text: "Change it in RabbitMQ (rabbitmqctl change_password) and in everything that uses it; Vault's RabbitMQ secrets engine makes short-lived users instead.",
    url: "https://developer.hashicorp.com/vault/docs/secrets/rabbitmq",
  },
  smtp: { text: "Change it at the mail server or provider, and in everything that sends mail with it.", url: null },
  other: { text: "Change it at the service behind the address, and in everything that uses it.", url: null },
};
