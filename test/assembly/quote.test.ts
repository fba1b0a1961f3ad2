import { generateKeyPairSync, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { quotable } from "../../src/assembly/quote.ts";
import { detector } from "../../src/detect/index.ts";
import { containerCandidates } from "../../src/engine/candidates.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { Redactor } from "../../src/kit/text/redact.ts";

const tools = { redactor: new Redactor(), detector: async () => detector };
const pem = String(
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }),
);
const [weak, url] = [`hunter${randomBytes(1).toString("hex")}`, randomBytes(9).toString("hex")];

test("what an application prints is quoted without the secrets of its container, moved or not", async () => {
  const Env = [`ADMIN_PASSWORD=${weak}`, `DATABASE_URL=postgres://app:${url}@db/app`, "MODE=production"];
  const doc = { Id: "1", Name: "/app", Config: { Env }, HostConfig: {} } as unknown as ContainerDoc;
  const beside = containerCandidates("docker", doc, null, { odd: () => undefined });
  expect(await quotable(`${weak} and ${url} do not do in production`, tools, beside)).toBe(
    "[secret] and [secret] do not do in production",
  );
});

test("a private key that nobody knew is not quoted, whole or without its beginning", async () => {
  expect(await quotable(`loads\n${pem}fails`, tools)).toBe("loads\n[secret]\nfails");
  for (const lines of [1, 4, 12, 26])
    expect(await quotable(`…${pem.split("\n").slice(lines).join("\n")}fails`, tools)).toBe("…[secret]\nfails");
  expect(await quotable("…-----END of it", tools)).toBe("…-----END of it");
});
