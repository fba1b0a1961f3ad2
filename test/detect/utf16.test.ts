import { expect, test } from "vitest";
import { fromUtf16 } from "../../src/detect/text/utf16.ts";

const text = "DB_HOST=db\r\nGREETING=héllo, Ünïcödé\r\n\tPORT=5432\r\n";
const little = (of: string): Buffer => Buffer.from(of, "utf16le");
const big = (of: string): Buffer => little(of).swap16();

test.each([
  ["with a mark", `\ufeff${text}`],
  ["without one", text],
  ["without one, with letters of another language", `PLACE=Київ\r\n${text}`],
  ["without one, longer than what is looked at", text.repeat(100)],
])("%s", (_what, of) => {
  for (const bytes of [little(of), big(of)])
    expect(Buffer.from(fromUtf16(bytes) ?? []).toString()).toBe(of.replace("\ufeff", ""));
});

test("of a text that is cut within a character", () => {
  expect(Buffer.from(fromUtf16(little(text).subarray(0, -1)) ?? []).toString()).toContain("PORT=5432");
});

test.each([
  ["UTF-8", Buffer.from(text)],
  ["too little to tell", little("A=b")],
  ["numbers of two bytes", Buffer.from(Uint16Array.from({ length: 200 }, (_, at) => at + 32).buffer)],
  ["numbers of four bytes", Buffer.from(Uint32Array.from({ length: 200 }, (_, at) => at + 32).buffer)],
  ["UTF-32", Buffer.from(Uint32Array.from(text, (char) => char.codePointAt(0) ?? 0).buffer)],
  ["NULs alone", Buffer.alloc(200)],
  ["a text with NULs", Buffer.from(`a\0${text}`)],
  ["names that end in NULs", Buffer.from("a\0b\0cd\0ef\0ghi\0".repeat(20))],
  ["text of another language alone", little("Київ".repeat(20))],
  ["text with a control character", little(`${text}\u0001`)],
])("no text in UTF-16: %s", (_what, bytes) => {
  expect(fromUtf16(bytes)).toBeNull();
});
