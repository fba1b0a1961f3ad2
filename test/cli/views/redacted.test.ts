import fc from "fast-check";
import { XmlDocument } from "libxml2-wasm";
import { describe, expect, test } from "vitest";
import { FORMAT_NAMES, render } from "../../../src/cli/views/index.ts";
import type { ScanReport } from "../../../src/core/scan.ts";
import { Redactor } from "../../../src/kit/text/redact.ts";
import { Secret } from "../../../src/model/secret.ts";
import { ANY_SUBJECT } from "../../../src/model/subject-ref.ts";
import { finding, reportWith } from "../../support/reports.ts";

// A value never changes what a format is: each output parses with its own parser, whatever is known, and shows none.

const SHOWING = { terminal: false, cwd: "/", fails: () => true };

/** What each format is read by; throws when it cannot be. */
const READERS: { readonly [format: string]: (text: string) => unknown } = {
  json: JSON.parse,
  ndjson: (text) => text.split("\n").map((line) => JSON.parse(line) as unknown),
  sarif: JSON.parse,
  gitlab: JSON.parse,
  baseline: JSON.parse,
  junit: (text) => {
    using document = XmlDocument.fromString(text);
    return document.root.name;
  },
  html: (text) => {
    expect(text).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
    for (const [, body = ""] of text.matchAll(/<script type="application\/json"[^>]*>([^<]*)<\/script>/g))
      JSON.parse(body);
  },
};

/** A report in which the engine repeats a value, as its messages do. */
function report(value: string): ScanReport {
  const message = `cannot start: ${value} refused`;
  return reportWith([finding(0), finding(1, { name: "OIDC_CLIENT_SECRET", exposure: [message] })], {
    sources: [{ source: "docker:", subjects: 2, errors: [{ subject: "api", about: ANY_SUBJECT, message, hint: "" }] }],
    notes: [message],
  });
}

async function shown(value: string, format: string): Promise<string> {
  const redactor = new Redactor();
  redactor.know(Secret.of(value));
  return render(redactor.data(report(value)), format, SHOWING);
}

describe.each(FORMAT_NAMES)("%s", (format) => {
  test("is read by its own parser and shows no value, whatever the value is", async () => {
    const value = fc
      .tuple(
        fc.string({ unit: "grapheme", minLength: 8, maxLength: 40 }),
        fc.constantFrom(...Array.from("\"'{}[]:,<>&/\\")),
        fc.stringMatching(/^[a-z]\d[A-Z]\d$/),
      )
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        const out = await shown(text, format);
        READERS[format]?.(out);
        expect(out).not.toContain(text);
      }),
      { numRuns: 60 },
    );
  });

  test.each(['"password"', '"severity"', "secret", '"medium"', "severity", "CLIENT_SECRET", "docker:", "[secret]"])(
    "keeps its own words and names beside the value %s",
    async (value) => {
      const [out, plain] = [await shown(value, format), await render(report(value), format, SHOWING)];
      READERS[format]?.(out);
      expect(out.replaceAll("[secret]", value)).toHaveLength(plain.replaceAll("[secret]", value).length);
      if (plain.includes("OIDC_CLIENT_SECRET")) expect(out).toContain("OIDC_CLIENT_SECRET");
      expect(out).not.toContain("OIDC_[secret]");
    },
  );
});
