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

/** What each format is read by, and the text that its reader gets; throws when it cannot be read. */
const READERS: { readonly [format: string]: (text: string) => string } = {
  // For people: each line is as it stands.
  table: (text) => text,
  json: jsonTexts,
  ndjson: (text) => text.split("\n").map(jsonTexts).join("\n"),
  sarif: jsonTexts,
  gitlab: jsonTexts,
  baseline: jsonTexts,
  junit: (text) => {
    using document = XmlDocument.fromString(text);
    return document
      .find("//text() | //@*")
      .map(({ content }) => content)
      .join("\n");
  },
  html: (text) => {
    expect(text).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
    const data = [...text.matchAll(/<script type="application\/json"[^>]*>([^<]*)<\/script>/g)];
    return [...data.map(([, body = ""]) => jsonTexts(body)), unescapedHtml(text)].join("\n");
  },
  markdown: (text) => {
    const rows = text.split("\n").filter((line) => line.startsWith("|"));
    for (const row of rows) expect(row.replace(/\\[!-~]/g, "").split("|")).toHaveLength(9);
    expect(rows.length).toBeGreaterThan(2);
    return text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
  },
  github: (text) => {
    const commands = text.split("\n").slice(0, -1);
    for (const line of commands)
      expect(line).toMatch(/^::(?:error|warning|notice) (?:(?:file|line|title)=[^,:]*,?)+::.*$/);
    return commands.join("\n").replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%25", "%");
  },
};

/** Every text of a document, as its parser gives it. */
function jsonTexts(text: string): string {
  const found: string[] = [];
  JSON.parse(text, (key, value: unknown) => {
    found.push(key);
    if (typeof value === "string") found.push(value);
    return value;
  });
  return found.join("\n");
}

function unescapedHtml(text: string): string {
  const named: { readonly [name: string]: string } = { lt: "<", gt: ">", quot: '"', amp: "&" };
  return text.replace(/&(?:#(\d+)|(lt|gt|quot|amp));/g, (_, code: string | undefined, name: string) =>
    code === undefined ? (named[name] ?? "") : String.fromCodePoint(Number(code)),
  );
}

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

test("every format has its reader here", () => {
  expect(Object.keys(READERS).toSorted()).toEqual([...FORMAT_NAMES].toSorted());
});

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
        expect(out).not.toContain(text);
        expect(READERS[format]?.(out)).not.toContain(text);
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
