import type { RotatorAbout } from "../../contract/rotator.ts";

export const about: RotatorAbout = {
  id: "redis",
  title: "Redis and Valkey",
  schemes: ["redis", "rediss", "valkey", "valkeys"],
  names: ["*REDIS_PASSWORD", "*VALKEY_PASSWORD"],
  images: [
    {
      repositories: ["bitnami/redis", "bitnami/valkey", "bitnamilegacy/redis", "bitnamilegacy/valkey"],
      port: 6379,
      firstInit: [
        { variable: "REDIS_PASSWORD", login: { variable: null, otherwise: "default" }, administers: true },
        { variable: "VALKEY_PASSWORD", login: { variable: null, otherwise: "default" }, administers: true },
      ],
      read: "always",
    },
    {
      repositories: ["redis", "valkey/valkey", "redis/redis-stack-server"],
      port: 6379,
      firstInit: [],
      read: "always",
    },
  ],
  overlap: "both",
  needs: "a user with the commands ACL and CONFIG, as the default user has them",
  page: "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/",
};
