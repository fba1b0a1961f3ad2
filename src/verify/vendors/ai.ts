import type { Vendor } from "../vendor.ts";
import { all, at, bearer, byStatus, get, inside, list, live, text } from "./make.ts";

/** Model providers. */
export const AI: readonly Vendor[] = [
  {
    // https://platform.openai.com/docs/api-reference/models/list; only a listed code is a refusal: 401 is also said of
    // another region's keys, and of restricted ones.
    id: "openai",
    name: "OpenAI",
    rules: ["openai-key", "openai-legacy-key"],
    // Others give out `sk-` keys too; OpenAI's have its own name inside, in base64.
    fits: ({ part }) => /^sk-(?:proj|svcacct|None)-/.test(part) || /^sk-[A-Za-z0-9]{20}T3BlbkFJ/.test(part),
    bases: at("https://api.openai.com"),
    ask: ({ part }) => get("/v1/models", bearer(part)),
    read: (answer) => {
      if (answer.status === 200) return live(list("data"))(answer);
      const message = inside(answer, "error", "message");
      if (typeof message === "string" && message.includes("Missing scopes")) return "limited";
      return answer.status === 401 && inside(answer, "error", "code") === "invalid_api_key" ? "dead" : null;
    },
    own: { names: /^OPENAI_(?:API_BASE|BASE_URL|API_BASE_URL|API_HOST|ENDPOINT)$/i, home: "openai.com", often: false },
  },
  {
    // https://docs.anthropic.com/en/api/errors
    id: "anthropic",
    name: "Anthropic",
    rules: ["anthropic-key"],
    fits: ({ part }) => part.startsWith("sk-ant-api03-"),
    bases: at("https://api.anthropic.com"),
    ask: ({ part }) => get("/v1/models", { "x-api-key": part, "anthropic-version": "2023-06-01" }),
    read: (answer) =>
      answer.status === 403 && inside(answer, "error", "type") === "permission_error"
        ? "limited"
        : byStatus({ 200: live(list("data")), 401: "dead" })(answer),
    own: { names: /^ANTHROPIC_(?:BASE_URL|API_URL|API_BASE)$/i, home: "anthropic.com", often: false },
  },
  {
    // https://huggingface.co/docs/hub/api#get-apiwhoami-v2
    id: "huggingface",
    name: "Hugging Face",
    rules: ["huggingface-token"],
    bases: at("https://huggingface.co"),
    ask: ({ part }) => get("/api/whoami-v2", bearer(part)),
    read: byStatus({ 200: live(all(text("name"), text("type"))), 401: "dead" }),
    own: { names: /^HF_ENDPOINT$/i, home: "huggingface.co", often: false },
  },
  {
    // https://replicate.com/docs/reference/http#account.get
    id: "replicate",
    name: "Replicate",
    rules: ["replicate-token"],
    bases: at("https://api.replicate.com"),
    ask: ({ part }) => get("/v1/account", bearer(part)),
    read: byStatus({ 200: live(all(text("type"), text("username"))), 401: "dead" }),
  },
  {
    // https://console.groq.com/docs/api-reference#models-list
    id: "groq",
    name: "Groq",
    rules: ["groq-key"],
    bases: at("https://api.groq.com"),
    ask: ({ part }) => get("/openai/v1/models", bearer(part)),
    read: byStatus({ 200: live(list("data")), 401: "dead" }),
  },
  {
    // https://openrouter.ai/docs/api-reference/api-keys/get-current-key
    id: "openrouter",
    name: "OpenRouter",
    rules: ["openrouter-key"],
    bases: at("https://openrouter.ai"),
    ask: ({ part }) => get("/api/v1/key", bearer(part)),
    read: byStatus({ 200: live(text("data", "label")), 401: "dead" }),
  },
];
