import { prefixed } from "./marked.ts";
import { named, type Rule } from "./rule.ts";

const OAUTH = "https://developers.google.com/identity/protocols/oauth2";
const HMAC = "https://cloud.google.com/storage/docs/authentication/hmackeys";

/** Google: Cloud and OAuth. Service accounts are JSON with a private key, which `private-key` finds. */
export const GOOGLE: readonly Rule[] = [
  prefixed({
    id: "google-api-key",
    vendor: "Google",
    description: "Google API key",
    prefix: ["AIza"],
    body: "[A-Za-z0-9_-]{35}",
    make: (kit) => kit.urlsafe(35),
    reference: "https://cloud.google.com/docs/authentication/api-keys",
  }),
  prefixed({
    id: "google-bound-api-key",
    vendor: "Google",
    description: "Google API key that is bound to a service account (Gemini, Vertex AI)",
    prefix: ["AQ.Ab8"],
    body: "[A-Za-z0-9_-]{40,80}",
    make: (kit) => `RN6${kit.urlsafe(44)}`,
    reference: "https://cloud.google.com/vertex-ai/generative-ai/docs/start/api-keys",
  }),
  prefixed({
    id: "google-oauth-client-secret",
    vendor: "Google",
    description: "Google OAuth client secret",
    prefix: ["GOCSPX-"],
    body: "[A-Za-z0-9_-]{28}",
    make: (kit) => kit.urlsafe(28),
    reference: OAUTH,
  }),
  prefixed({
    id: "google-oauth-token",
    vendor: "Google",
    description: "Google OAuth access token",
    prefix: ["ya29."],
    body: "[A-Za-z0-9_.-]{30,2048}",
    make: (kit) => kit.urlsafe(120),
    reference: OAUTH,
  }),
  prefixed({
    id: "google-oauth-refresh-token",
    vendor: "Google",
    description: "Google OAuth or Firebase CI refresh token",
    prefix: ["1//0"],
    body: "[A-Za-z0-9_-]{50,300}",
    make: (kit) => kit.urlsafe(96),
    severity: "critical",
    reference: OAUTH,
  }),
  prefixed({
    id: "google-hmac-key-id",
    vendor: "Google",
    description: "Google Cloud Storage HMAC access id, half of a key pair",
    prefix: ["GOOG"],
    body: "(?:[A-Z0-9]{57}|[A-Z0-9]{20})",
    make: (kit) => `1E${kit.base32(55)}`,
    confidence: "medium",
    reference: HMAC,
  }),
  named({
    id: "google-hmac-secret",
    vendor: "Google",
    description: "Google Cloud Storage HMAC secret",
    keywords: ["gcs", "gcp", "google"],
    names: /(?:gcs|gcp|google)_(?:[a-z0-9]{1,20}_){0,3}(?:secret|hmac|hmac_key)(?:_|$)/,
    shape: "[A-Za-z0-9+/]{40}",
    as: "GCS_HMAC_SECRET",
    make: (kit) => kit.base62(39).concat("/"),
    severity: "critical",
    reference: HMAC,
  }),
];
