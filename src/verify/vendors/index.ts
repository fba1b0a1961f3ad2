/*
 * One question a vendor: the documented identity call, and what its answers mean. An endpoint that is not the vendor's
 * own is used only when the configuration names it.
 */
import type { VendorInput, Vendor } from "../vendor.ts";
import { AI } from "./ai.ts";
import { AWS } from "./aws.ts";
import { CLOUD } from "./cloud.ts";
import { CODE } from "./code.ts";
import { MESSAGING } from "./messaging.ts";
import { WORK } from "./work.ts";

/** Every vendor that can be asked without changing anything. */
export const VENDORS: readonly Vendor[] = [...CODE, ...CLOUD, AWS, ...AI, ...MESSAGING, ...WORK];

/** Kinds that no vendor can be asked about without doing something. */
export const UNTOLD: { readonly [rule: string]: string } = {
  "slack-webhook": "a Slack webhook can be tried only by posting to it",
  "teams-webhook": "a Teams webhook can be tried only by posting to it",
  "google-chat-webhook": "a Google Chat webhook can be tried only by posting to it",
  "automation-webhook": "this webhook can be tried only by triggering it",
  "google-api-key": "Google has no call that checks a key without using one of its services",
};

/** The vendor to ask about a secret of this rule; null when there is none. */
export function vendorOf(rule: string, given: Pick<VendorInput, "part" | "name">): Vendor | null {
  return VENDORS.find(({ rules, fits }) => rules.includes(rule) && (fits?.(given) ?? true)) ?? null;
}
