/*
 * How a found secret is rotated, by its rule: one text and one page of the vendor's. Loaded only when something was
 * found.
 */
import type { Rotation } from "../../model/finding.ts";
import type { SecretService } from "../../model/secret-service.ts";
import { ruleById } from "../rules/index.ts";
import { HOW } from "./how.ts";
import { PAGE_BY_RULE, PAGE_BY_VENDOR } from "./pages.ts";
import { AT_SERVICE } from "./services.ts";

/** Kinds that many services have: the rule's reference is about one of them, or about none. */
const NOBODY: ReadonlySet<string> = new Set(["various", "generic", "AI"]);

/**
 * How to rotate what a rule found; of a password, at the service that checks it, if that is known: a specific sentence for some kinds (`how.ts`), for all others to issue a new one and
 * revoke the old one; with the vendor's page for that (`pages.ts`), else the page that the rule refers to. A rule that
 * is not built in gets general advice.
 */
export function rotationFor(id: string, service: SecretService | null = null): Rotation {
  if (service !== null) return AT_SERVICE[service];
  const rule = ruleById(id);
  if (rule?.publishable === true) return { text: "It is meant to be public: there is nothing to rotate.", url: null };
  const how = HOW.get(id);
  const vendor = rule === null || NOBODY.has(rule.vendor) ? null : rule.vendor;
  const page = own(PAGE_BY_RULE, id) ?? (vendor === null ? null : own(PAGE_BY_VENDOR, vendor));
  const reference = vendor === null || how?.page === false ? null : (rule?.reference ?? null);
  return { text: how?.text ?? anew(vendor), url: page ?? reference };
}

function anew(vendor: string | null): string {
  return `Issue a new one at ${vendor ?? "the service that it is for"}, give it to everything that uses this one, then revoke this one.`;
}

/** A custom rule may have any name, `constructor` too. */
function own(pages: { readonly [name: string]: string }, name: string): string | null {
  return Object.hasOwn(pages, name) ? (pages[name] ?? null) : null;
}
