import rows from "./public.json" with { type: "json" };
import { table } from "./table.ts";
import { decoded, insideBase64 } from "./proofs.ts";
import { byFormat, type Rule } from "./rule.ts";

/** Kinds that are made to be seen by everyone: they clear a value, whatever its name says. */
export const PUBLIC: readonly Rule[] = table(rows, {
  "clerk-publishable-key": {
    validate: byFormat((key) => (decoded(key.slice(8)).endsWith("$") ? "right" : "fake")),
    examples: (kit) => [`pk_live_${Buffer.from(`clerk.${kit.lower(8)}.test$`).toString("base64")}`],
  },
  "public-key-base64": {
    examples: (kit) => [
      Buffer.from(`-----BEGIN PUBLIC KEY-----\n${kit.base64(91)}\n-----END PUBLIC KEY-----\n`).toString("base64"),
      `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${kit.base62(86)}==`,
    ],
    counterExamples: (kit) => [
      Buffer.from(`-----BEGIN PRIVATE KEY-----\n${kit.base64(91)}\n-----END PRIVATE KEY-----\n`).toString("base64"),
    ],
  },
  "mapbox-public-token": {
    examples: (kit) => [
      `pk.${Buffer.from(JSON.stringify({ u: kit.lower(8), a: kit.alnum(25) })).toString("base64url")}.${kit.urlsafe(22)}`,
    ],
  },
  "supabase-anon-key": {
    pattern: new RegExp(
      `^eyJ[A-Za-z0-9_-]{10,200}\\.[A-Za-z0-9_-]{0,400}(?:${insideBase64('"role":"anon"')}|${insideBase64('"role": "anon"')})[A-Za-z0-9_-]{0,400}\\.[A-Za-z0-9_-]{20,100}$`,
      "d",
    ),
    examples: (kit) => [
      kit.jwt({ iss: "supabase", ref: kit.lower(20), role: "anon", iat: 1_700_000_000, exp: 2_000_000_000 }),
      kit.jwt({ role: "anon", iss: "supabase", iat: 1_700_000_000 }),
    ],
    counterExamples: (kit) => [kit.jwt({ iss: "supabase", ref: kit.lower(20), role: "service_role" })],
  },
  "firebase-web-config": {
    examples: (kit) => [
      JSON.stringify({
        apiKey: `AIzaSy${kit.urlsafe(33)}`,
        authDomain: `${kit.lower(8)}.firebaseapp.com`,
        projectId: kit.lower(8),
        appId: `1:${kit.digits(12)}:web:${kit.hex(22)}`,
      }),
    ],
    counterExamples: (kit) => [JSON.stringify({ authDomain: "a.firebaseapp.com", privateKey: kit.base62(40) })],
  },
});
