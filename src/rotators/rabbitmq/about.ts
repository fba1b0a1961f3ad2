import type { RotatorAbout } from "../../contract/rotator.ts";

export const about: RotatorAbout = {
  id: "rabbitmq",
  title: "RabbitMQ",
  schemes: ["amqp", "amqps"],
  names: ["*RABBITMQ_PASSWORD", "*RABBIT_PASSWORD", "*AMQP_PASSWORD"],
  images: [
    {
      repositories: ["rabbitmq"],
      port: 5672,
      firstInit: [
        {
          variable: "RABBITMQ_DEFAULT_PASS",
          login: { variable: "RABBITMQ_DEFAULT_USER", otherwise: "guest" },
          administers: true,
        },
      ],
      read: "once",
    },
    {
      repositories: ["bitnami/rabbitmq", "bitnamilegacy/rabbitmq"],
      port: 5672,
      firstInit: [
        {
          variable: "RABBITMQ_PASSWORD",
          login: { variable: "RABBITMQ_USERNAME", otherwise: "user" },
          administers: true,
        },
      ],
      read: "once",
    },
  ],
  overlap: "none",
  needs: "a user with the tag administrator, at the management plugin (port 15672)",
  page: "https://www.rabbitmq.com/docs/passwords",
};
